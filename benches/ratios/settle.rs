//! Settling alone: what a record in flight and a settled one hold, how long the longest step is, what ten million in flight
//! cost against one million, and what a record costs where one identity has them all.

use std::error::Error;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crosscheck::app::stream::PACE;
use crosscheck::engine::{Engine, Entry, Input, Output};
use crosscheck::model::{Digest, Fingerprint, Identity, Reduction, Side};

use super::data::Numbers;
use super::{each, files, line, median, ours};

/// Set for a process that is to hold records and tell its size.
const HOLD: &str = "CROSSCHECK_BENCH_HOLD";
const LATENESS_MS: i64 = 60_000;
const GRACE_MS: i64 = 30_000;
/// Records of a side that are in flight, in milliseconds: lateness, grace, and half of the span that each waits for.
const IN_FLIGHT_MS: u64 = 120_000;
/// Event time of a run: three times what is in flight and remembered.
const SPAN_MS: u64 = 420_000;
const BATCH: u64 = 1_024;
/// One of so many differs, unless said otherwise.
const ODD: u64 = 1_000;

/// What this process is to hold, if it was started for that.
pub fn asked_to_hold() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the bench starts itself again")]
    std::env::var(HOLD).ok()
}

/// Resident bytes a record by a slope over two sizes, each in a process of its own.
pub fn resident() -> Result<(), Box<dyn Error>> {
    for (what, target) in [("open", 48.0), ("settled", 24.0)] {
        let mut found = Vec::new();
        for count in [500_000_u32, 2_000_000] {
            let mut child = Command::new(std::env::current_exe()?);
            let output = child
                .env(HOLD, format!("{what} {count}"))
                .stderr(Stdio::inherit())
                .output()?;
            let text = String::from_utf8(output.stdout)?;
            let mut told = text.split_whitespace().map(str::parse::<f64>);
            let (Some(Ok(bytes)), Some(Ok(held))) = (told.next(), told.next()) else {
                return Err("no size; this row needs /proc".into());
            };
            found.push((f64::from(count), bytes, held));
        }
        let [(few, small, told_small), (many, large, told_large)] = found[..] else {
            return Err("two sizes".into());
        };
        let records = many - few;
        line(
            &format!("resident bytes a record, {what}"),
            (large - small) / records,
            " B",
            Some(target),
            false,
        )?;
        let told = (told_large - told_small) / records;
        line(&format!("bytes a record, {what}, as told"), told, " B", None, false)?;
    }
    Ok(())
}

/// Holds that many records and prints the resident bytes, and those that the engine tells. Open: no partner is known yet,
/// because no span is complete. Settled: matched span by span, half of them counted; one of a hundred differs.
pub fn hold(asked: &str) -> Result<(), Box<dyn Error>> {
    let (what, count) = asked.split_once(' ').ok_or("what, how many")?;
    let count: u64 = count.parse()?;
    let grace_ms = 600_000;
    let (lateness, span) = match what {
        "open" => (i64::from(i32::MAX), 30_000),
        // Those of one grace are counted and remembered, those of another are matched and not counted.
        _ => (0, u64::try_from(2 * grace_ms)?),
    };
    let mut engine = Engine::new(ours::engine_settings(Some(lateness), Some(grace_ms)));
    Side::PAIR.into_iter().for_each(|side| engine.declare(side, 0, 0));
    let mut outputs = Vec::new();
    for first in (0..count / 2).step_by(1_000) {
        for side in Side::PAIR {
            let entry = |number| {
                let time_ms = i64::try_from(number * span / (count / 2)).unwrap_or(0);
                entry(number, number, time_ms, side == Side::Canary && number % 100 == 1)
            };
            let entries: Vec<Entry> = (first..first + 1_000).map(entry).collect();
            engine.step(records(side, &entries), &mut outputs);
        }
    }
    let bytes = files::status("self", "VmRSS").ok_or("no /proc")?;
    writeln!(std::io::stdout(), "{bytes} {}", engine.held_bytes())?;
    drop(engine);
    Ok(())
}

fn records(side: Side, entries: &[Entry]) -> Input<'_> {
    Input::Records {
        side,
        partition: 0,
        entries,
        read_at_ms: 0,
    }
}

fn entry(number: u64, identity: u64, time_ms: i64, differs: bool) -> Entry {
    let half = |seed: u64| {
        let mut numbers = Numbers(seed);
        let mut half = [0; 16];
        half[..8].copy_from_slice(&numbers.next().to_le_bytes());
        half[8..].copy_from_slice(&numbers.next().to_le_bytes());
        half
    };
    let mut digest = half(number);
    digest[15] ^= u8::from(differs);
    Entry {
        offset: number,
        bytes: 73,
        timestamp_ms: None,
        body: Reduction::Decoded(Fingerprint {
            identity: Identity(half(identity)),
            by_content: false,
            tombstone: false,
            digest: Digest(digest),
            time_ms: Some(time_ms),
            tolerant: None,
            carried: None,
        }),
    }
}

/// A run over so many records in flight.
#[derive(Clone, Copy)]
struct Flow {
    in_flight: u64,
    /// One identity has all records.
    hot: bool,
}

/// What a run took: each step and each piece of work, in order.
struct Took {
    steps: Vec<Duration>,
    records: u64,
    /// The most that had no outcome.
    in_flight: u64,
}

impl Flow {
    fn run(self) -> Result<Took, Box<dyn Error>> {
        let mut engine = Engine::new(ours::engine_settings(Some(LATENESS_MS), Some(GRACE_MS)));
        engine.pace(PACE);
        Side::PAIR.into_iter().for_each(|side| engine.declare(side, 0, 0));
        let rate = self.in_flight / 2 / (IN_FLIGHT_MS / 1_000);
        let count = rate * (SPAN_MS / 1_000);
        let mut took = Took {
            steps: Vec::new(),
            records: 2 * count,
            in_flight: 0,
        };
        let mut outputs = Vec::new();
        let mut step = |engine: &mut Engine, input: Option<Input<'_>>| {
            #[expect(clippy::disallowed_methods, reason = "a measurement")]
            let start = Instant::now();
            match input {
                Some(input) => engine.step(input, &mut outputs),
                None => engine.work(&mut outputs),
            }
            took.steps.push(start.elapsed());
            outputs.drain(..).filter_map(matched).sum::<u64>()
        };
        let mut found = 0;
        for first in (0..count).step_by(usize::try_from(BATCH)?) {
            for side in Side::PAIR {
                let last = count.min(first + BATCH);
                let entries: Vec<Entry> = (first..last).map(|number| self.entry(side, number, rate)).collect();
                found += step(&mut engine, Some(records(side, &entries)));
                while engine.has_work() {
                    found += step(&mut engine, None);
                }
            }
            let pending = engine.side(Side::Baseline).pending + engine.side(Side::Canary).pending;
            took.in_flight = took.in_flight.max(pending);
        }
        for side in Side::PAIR {
            found += step(&mut engine, Some(Input::Completed { side, partition: 0 }));
            while engine.has_work() {
                found += step(&mut engine, None);
            }
        }
        engine.conservation()?;
        if found < count - count / ODD - 1 {
            return Err(format!("{found} of {count} pairs were found").into());
        }
        Ok(took)
    }

    /// The canary's clock is up to a second off.
    fn entry(self, side: Side, number: u64, rate: u64) -> Entry {
        let canary = side == Side::Canary;
        let skew = if canary { Numbers(number).next() % 1_000 } else { 0 };
        let time_ms = i64::try_from(number * 1_000 / rate + skew).unwrap_or(0);
        let identity = if self.hot { 1 } else { number };
        entry(number, identity, time_ms, canary && number % ODD == 1)
    }
}

fn matched(output: Output) -> Option<u64> {
    let Output::Final(last) = output else { return None };
    Some(last.windows.iter().map(|window| window.counts.matched).sum())
}

/// The runs in turns; of every step the shortest time over the repetitions counts: it is the same work each time, and what
/// other processes take is no part of it. Wall time, because no clock of a thread is fine enough for a step.
pub fn steps() -> Result<(), Box<dyn Error>> {
    let [one, ten, hot] = [(1, false), (10, false), (1, true)].map(|(millions, hot)| Flow {
        in_flight: millions * 1_000_000,
        hot,
    });
    let (mut best, mut costs): ([Option<Took>; 3], [Vec<f64>; 3]) = Default::default();
    for _ in 0..5 {
        for (at, flow) in [one, ten, hot].into_iter().enumerate() {
            let took = flow.run()?;
            costs[at].push(each(took.steps.iter().sum(), took.records));
            match &mut best[at] {
                Some(best) => {
                    let both = best.steps.iter_mut().zip(&took.steps);
                    both.for_each(|(best, step)| *best = (*best).min(*step));
                }
                none => *none = Some(took),
            }
        }
    }
    for (name, took, target) in [
        ("1 M in flight", &best[0], Some(1.0)),
        ("10 M in flight", &best[1], Some(5.0)),
        ("1 M in flight, one identity", &best[2], None),
    ] {
        let Some(took) = took else { continue };
        let in_flight = f64::from(u32::try_from(took.in_flight)?) / 1e6;
        line(&format!("{name}: most in flight"), in_flight, " M", None, false)?;
        let longest = took.steps.iter().max().copied().unwrap_or_default();
        let longest = longest.as_secs_f64() * 1e3;
        line(&format!("{name}: longest step"), longest, " ms", target, false)?;
    }
    let [one, ten, hot] = costs.each_mut().map(|costs| median(costs));
    line("settling at 1 M in flight", one, " ns", None, false)?;
    line("settling at 10 M in flight", ten, " ns", None, false)?;
    line("10 M in flight against 1 M", ten / one, "x", Some(1.3), false)?;
    line("settling where one identity has all", hot, " ns", None, false)?;
    line(
        "one identity has all, against ordinary",
        hot / one,
        "x",
        Some(5.0),
        false,
    )?;
    Ok(())
}
