//! The simulator: the real worker (recovery, reading, engine, committer, store) over simulated logs, database, registries and
//! time, under faults, compared with an oracle of the whole truth.
//!
//! One seed is one run: `CROSSCHECK_SIM_SEEDS=FROM..TO` names others than the fast tier's. What a seed does not decide is what
//! the store draws by itself (ids, a key); nothing that is compared or traced holds them.

mod check;
mod clock;
pub mod database;
mod driver;
mod faults;
mod found;
#[cfg(feature = "mutants")]
mod mutants;
mod open;
mod oracle;
mod outside;
mod paced;
mod process;
mod sampled;
mod scheduler;
mod topic;
mod trace;
mod verdicts;
mod world;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crosscheck::app::clock::Clock;
use world::sometimes::Sometimes;

/// Seeds of the fast tier: few where the build is slow.
const FAST: Range<u64> = if cfg!(debug_assertions) { 0..60 } else { 0..20_000 };

/// Failures that are told before the rest is only counted.
const TOLD_MAX: usize = 20;

/// Seeds that somebody names.
#[expect(clippy::disallowed_methods, reason = "names other seeds than the fast tier's")]
fn seeds() -> Option<Range<u64>> {
    let text = std::env::var("CROSSCHECK_SIM_SEEDS").ok()?;
    let (from, to) = text.split_once("..").expect("CROSSCHECK_SIM_SEEDS is FROM..TO");
    Some(from.parse().unwrap()..to.parse().unwrap())
}

/// What all runs came to.
#[derive(Default)]
struct Tier {
    reached: Sometimes,
    /// Seed and what was wrong.
    failed: Vec<(u64, Vec<String>)>,
    records: u64,
}

impl Tier {
    fn add(&mut self, other: Self) {
        self.reached.add(&other.reached);
        self.failed.extend(other.failed);
        self.records += other.records;
    }
}

/// Runs seeds on all cores.
fn tier(seeds: &Range<u64>, told: bool) -> Tier {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut tier = Tier::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return tier;
            }
            let Ok((ran, mut wrong)) = std::panic::catch_unwind(|| one(seed, told)) else {
                tier.failed.push((seed, vec!["it panicked".to_owned()]));
                continue;
            };
            if told {
                ran.tell();
            }
            // The same seed is the same run.
            if seed.is_multiple_of(100) && driver::run(seed, false).trace != ran.trace {
                wrong.push("run again it is another run".to_owned());
            }
            tier.reached.add(&ran.reached);
            tier.records += ran.records();
            if !wrong.is_empty() {
                wrong.insert(0, ran.met());
                tier.failed.push((seed, wrong));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all = Tier::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            all.add(worker.join().unwrap());
        }
    });
    all.failed.sort();
    all
}

/// Runs a seed and checks it.
fn one(seed: u64, told: bool) -> (driver::Ran, Vec<String>) {
    let mut ran = driver::run(seed, told);
    let wrong = check::check(&mut ran);
    (ran, wrong)
}

fn replay(seed: u64) -> String {
    format!(
        "CROSSCHECK_SIM_SEEDS={seed}..{} cargo test simulation -- --nocapture",
        seed + 1
    )
}

#[test]
fn the_worker_stores_the_truth_under_every_fault() {
    let named = seeds();
    let seeds = named.clone().unwrap_or(FAST);
    let told = seeds.end - seeds.start == 1;
    let clock = Clock::start();
    let tier = tier(&seeds, told);
    let seconds = (clock.elapsed_ms() as f64 / 1_000.0).max(0.001);
    let runs = (seeds.end - seeds.start) as f64;
    println!(
        "{runs} runs, {} records, {seconds:.1} s, {:.0} runs a second on {} cores",
        tier.records,
        runs / seconds,
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    println!("{:?}", tier.reached);
    for (seed, wrong) in tier
        .failed
        .iter()
        .take(if named.is_some() { usize::MAX } else { TOLD_MAX })
    {
        println!("seed {seed}: {}", replay(*seed));
        wrong.iter().take(5).for_each(|wrong| println!("  {wrong}"));
    }
    let open: Vec<u64> = open::SEEDS.iter().map(|(seed, _)| *seed).collect();
    let (known, new): (Vec<u64>, Vec<u64>) = tier
        .failed
        .iter()
        .map(|(seed, _)| seed)
        .partition(|seed| open.contains(seed));
    println!("{} seeds skipped as open (simulation/open.rs): {known:?}", known.len());
    assert!(new.is_empty(), "{} of {runs} seeds failed: {new:?}", new.len());
    if named.is_none() && !cfg!(debug_assertions) {
        assert_eq!(tier.reached.short_of(faults::FAULTS, faults::LEAST), []);
    }
}

#[test]
fn what_was_found_once_stays_mended() {
    for (seed, was) in found::SEEDS {
        let (_, wrong) = one(*seed, false);
        assert!(
            wrong.is_empty(),
            "seed {seed}, once: {was}\n{}\n{wrong:#?}",
            replay(*seed)
        );
    }
}
