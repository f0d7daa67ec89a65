//! Only the newest record of each identity, against two sorted lists; in memory and put away.

use std::collections::BTreeMap;

use crosscheck::engine::{Engine, Entry, Input, Output, Settings};
use crosscheck::model::{PerSide, Reduction, Side, WindowCounts};

use super::away::Buckets;
use super::part_of;
use super::world::{Rng, decoded, settings};

const PARTITIONS: u32 = 3;

/// A record: partition, offset, timestamp, identity, digest, tombstone.
type Told = (u32, u64, Option<i64>, u64, u64, bool);

fn log(rng: &mut Rng) -> Vec<Told> {
    let mut next = [0; PARTITIONS as usize];
    let record = |_| {
        let partition = u32::try_from(rng.below(PARTITIONS.into())).unwrap();
        let offset = next[partition as usize];
        next[partition as usize] += 1 + rng.below(2);
        let timestamp = rng.chance(90).then(|| rng.within(0, 9));
        (
            partition,
            offset,
            timestamp,
            rng.below(12),
            rng.below(2),
            rng.chance(20),
        )
    };
    (0..30).map(record).collect()
}

/// (superseded, tombstones, what is left by identity).
fn newest(log: &[Told]) -> (u64, u64, BTreeMap<u64, u64>) {
    let mut sorted = log.to_vec();
    sorted.sort_by_key(|(partition, offset, timestamp, ..)| (*timestamp, *partition, *offset));
    let last: BTreeMap<u64, (u64, bool)> = sorted
        .iter()
        .map(|(.., identity, digest, tombstone)| (*identity, (*digest, *tombstone)))
        .collect();
    let superseded = u64::try_from(log.len() - last.len()).unwrap();
    let tombstones = last.values().filter(|(_, tombstone)| *tombstone).count();
    let left = last.into_iter().filter(|(_, (_, tombstone))| !tombstone);
    let left = left.map(|(identity, (digest, _))| (identity, digest)).collect();
    (superseded, u64::try_from(tombstones).unwrap(), left)
}

fn expected(logs: &[Vec<Told>; 2]) -> WindowCounts {
    let mut counts = WindowCounts::default();
    let [baseline, canary] = [0, 1].map(|at| newest(&logs[at]));
    for (side, (superseded, tombstone, _)) in [(Side::Baseline, &baseline), (Side::Canary, &canary)] {
        let own = counts.sides.get_mut(side);
        (own.excluded_superseded, own.excluded_tombstone) = (*superseded, *tombstone);
    }
    for (identity, digest) in &baseline.2 {
        match canary.2.get(identity) {
            Some(other) if other == digest => counts.matched += 1,
            Some(_) => counts.mismatched += 1,
            None => counts.missing += 1,
        }
    }
    counts.extra = u64::try_from(canary.2.keys().filter(|key| !baseline.2.contains_key(key)).count()).unwrap();
    for _ in 0..counts.matched {
        counts.skew.record(0);
    }
    counts
}

fn entry((_, offset, timestamp_ms, identity, digest, tombstone): Told) -> Entry {
    let mut entry = Entry {
        timestamp_ms,
        ..decoded(offset, identity, if tombstone { 9 } else { digest }, None)
    };
    if let Reduction::Decoded(print) = &mut entry.body {
        print.tombstone = tombstone;
    }
    entry
}

fn run(logs: &[Vec<Told>; 2], away: u64, rng: &mut Rng) -> WindowCounts {
    let mut engine = Engine::new(Settings {
        latest: true,
        window_ms: None,
        lateness_ms: None,
        grace_ms: None,
        ..settings()
    });
    let (mut outputs, mut buckets, mut at) = (Vec::new(), Buckets::default(), [0; 2]);
    for side in Side::PAIR {
        (0..PARTITIONS).for_each(|partition| engine.declare(side, partition, 0));
    }
    while let Some(index) = [0, 1]
        .into_iter()
        .filter(|at_| at[*at_] < logs[*at_].len())
        .max_by_key(|_| rng.below(9))
    {
        let told = logs[index][at[index]];
        at[index] += 1;
        let input = Input::Records {
            side: Side::PAIR[index],
            partition: told.0,
            entries: &[entry(told)],
            read_at_ms: 0,
        };
        engine.step(input, &mut outputs);
        assert!(outputs.is_empty());
        engine.conservation().unwrap();
        if rng.chance(away) {
            buckets.put_away(&mut engine);
        }
    }
    let pending = PerSide {
        baseline: engine.side(Side::Baseline).pending,
        canary: engine.side(Side::Canary).pending,
    };
    assert!(pending.baseline > 0 && pending.canary > 0);
    for side in Side::PAIR {
        for partition in 0..PARTITIONS {
            engine.step(Input::Completed { side, partition }, &mut outputs);
        }
    }
    if engine.is_away() {
        buckets.put_away(&mut engine);
        buckets.settle(&mut engine);
        engine.come_back(&mut outputs);
    }
    engine.conservation().unwrap();
    let mut counts = WindowCounts::default();
    for output in outputs {
        if let Output::Final(found) = output {
            found.windows.iter().for_each(|window| counts.add(&window.counts));
        }
    }
    counts
}

#[test]
fn the_newest_of_each_identity_is_compared_and_a_tombstone_is_absence() {
    let (mut compared, mut tombstones) = (0, 0);
    for seed in 0..part_of(2_000) {
        let mut rng = Rng(8_100_000 + seed);
        let logs = [log(&mut rng), log(&mut rng)];
        let truth = expected(&logs);
        assert_eq!(run(&logs, 0, &mut rng), truth, "seed {seed}: {logs:?}");
        assert_eq!(run(&logs, 10, &mut rng), truth, "seed {seed}, put away: {logs:?}");
        compared += truth.compared();
        tombstones += truth.sides.baseline.excluded_tombstone;
    }
    assert!(
        compared > part_of(10_000) && tombstones > part_of(1_000),
        "{compared} {tombstones}"
    );
}

/// A tombstone whose identity would stand in the value names nothing.
#[test]
fn a_tombstone_without_an_identity_takes_nothing_away() {
    let mut engine = Engine::new(Settings {
        latest: true,
        window_ms: None,
        ..settings()
    });
    let mut nameless = entry((0, 1, Some(9), 1, 1, true));
    if let Reduction::Decoded(print) = &mut nameless.body {
        print.by_content = true;
    }
    let baseline = [entry((0, 0, Some(1), 1, 1, false))];
    let canary = [entry((0, 0, Some(1), 1, 1, false)), nameless];
    let mut outputs = Vec::new();
    for (side, entries) in [(Side::Baseline, baseline.as_slice()), (Side::Canary, canary.as_slice())] {
        let (partition, read_at_ms) = (0, 0);
        let input = Input::Records {
            side,
            partition,
            entries,
            read_at_ms,
        };
        engine.step(input, &mut outputs);
        engine.step(Input::Completed { side, partition }, &mut outputs);
    }
    let Some(Output::Final(found)) = outputs.first() else {
        panic!("nothing final");
    };
    let counts = &found.windows[0].counts;
    assert_eq!((counts.matched, counts.sides.canary.excluded_tombstone), (1, 1));
}
