//! Bounds: memory at its limit stops the reading and loses nothing; a burst of differences keeps a hundred of each.

use std::collections::BTreeSet;

use crosscheck::engine::{
    AlignSettings, Aligner, Engine, Entry, Final, FinalWindow, Input, Level, Output, PartitionState, Settings,
};
use crosscheck::model::{Outcome, Side, WindowCounts};

use super::world::{Rng, decoded, settings};

const BATCH: usize = 100;
const LIMIT: u64 = 256 << 10;

/// Two logs of one partition each, read as the app reads them: what the aligner holds is not read.
struct Reading {
    engine: Engine,
    aligner: Aligner,
    logs: [Vec<Entry>; 2],
    /// How far each log is written, and how far it is read.
    written: [usize; 2],
    read: [usize; 2],
    outputs: Vec<Output>,
    /// The most that was held.
    most: u64,
    stalled: bool,
}

impl Reading {
    fn new(settings: Settings, logs: [Vec<Entry>; 2]) -> Self {
        let mut engine = Engine::new(settings.clone());
        Side::PAIR.into_iter().for_each(|side| engine.declare(side, 0, 0));
        Self {
            engine,
            aligner: Aligner::new(AlignSettings {
                ahead_max_ms: 1_000,
                held_max_bytes: settings.held_max_bytes,
            }),
            written: logs.each_ref().map(Vec::len),
            logs,
            read: [0; 2],
            outputs: Vec::new(),
            most: 0,
            stalled: false,
        }
    }

    /// Reads all that may be read.
    fn go_on(&mut self) {
        loop {
            let mut moved = false;
            for (index, side) in Side::PAIR.into_iter().enumerate() {
                let to = (self.read[index] + BATCH).min(self.written[index]);
                if self.aligner.held().contains(&(side, 0)) || to == self.read[index] {
                    continue;
                }
                let entries = &self.logs[index][self.read[index]..to];
                let input = Input::Records {
                    side,
                    partition: 0,
                    entries,
                    read_at_ms: 0,
                };
                self.engine.step(input, &mut self.outputs);
                self.read[index] = to;
                moved = true;
                self.align();
            }
            self.align();
            if !moved {
                return;
            }
        }
    }

    fn align(&mut self) {
        self.most = self.most.max(self.engine.held_bytes());
        let mut states = Vec::new();
        let mut sides = Vec::new();
        for (index, side) in Side::PAIR.into_iter().enumerate() {
            let view = self.engine.side(side);
            sides.push((
                side,
                match (view.silent_since_ms, view.watermark_ms) {
                    (Some(_), _) => Level::Silent,
                    (None, Some(watermark)) => Level::At(watermark),
                    (None, None) => Level::Unknown,
                },
            ));
            states.push(PartitionState {
                side,
                partition: 0,
                newest_ms: self.engine.partitions(side)[0].max_ms,
                at_end: self.read[index] == self.written[index],
                idle: view.silent_since_ms.is_some(),
            });
        }
        self.stalled = self.aligner.decide(&states, &sides, self.engine.held_bytes()).stalled;
    }

    fn quiet(&mut self, side: Side) {
        let position = u64::try_from(self.read[usize::from(side == Side::Canary)]).unwrap();
        let input = Input::Quiet {
            side,
            partition: 0,
            high_watermark: position,
            last_stable: position,
            since_ms: 1,
        };
        self.engine.step(input, &mut self.outputs);
    }

    fn total(mut self) -> WindowCounts {
        for side in Side::PAIR {
            self.engine
                .step(Input::Completed { side, partition: 0 }, &mut self.outputs);
        }
        self.engine.conservation().unwrap();
        total(&windows(self.outputs))
    }
}

fn windows(outputs: Vec<Output>) -> Vec<FinalWindow> {
    let finals = outputs.into_iter().filter_map(|output| match output {
        Output::Final(last) => Some(*last),
        Output::Mismatched(_) => None,
    });
    finals.flat_map(|Final { windows, .. }| windows).collect()
}

fn total(windows: &[FinalWindow]) -> WindowCounts {
    let mut counts = WindowCounts::default();
    windows.iter().for_each(|window| counts.add(&window.counts));
    counts
}

/// A record a millisecond, each with an identity of its own.
fn unique(records: u64, first: u64) -> Vec<Entry> {
    let time = |number: u64| i64::try_from(number).ok();
    (0..records)
        .map(|number| decoded(number, first + number, 1, time(number)))
        .collect()
}

fn timed(held_max_bytes: u64) -> Settings {
    Settings {
        window_ms: Some(100),
        lateness_ms: Some(100),
        grace_ms: Some(100),
        held_max_bytes,
        ..settings()
    }
}

/// Rows W1 and G4: the baseline goes on alone until memory is full, then nothing is read, nothing is missing; once the
/// canary goes on everything is matched.
#[test]
fn a_silent_side_stops_the_other_at_the_limit() {
    const RECORDS: u64 = 50_000;
    let log = unique(RECORDS, 0);
    let mut reading = Reading::new(timed(LIMIT), [log.clone(), log]);
    reading.written[1] = 1_000;
    reading.go_on();
    reading.quiet(Side::Canary);
    reading.align();
    reading.go_on();
    assert!(reading.stalled && reading.aligner.is_full());
    assert!(reading.read[0] < reading.written[0] / 2, "read {}", reading.read[0]);
    let so_far = total(&windows(reading.outputs.clone()));
    assert_eq!((so_far.missing, so_far.extra), (0, 0));

    reading.written[1] = reading.logs[1].len();
    reading.go_on();
    assert_eq!(reading.read, reading.written);
    // One batch may come over the limit; a row is far below 256 bytes.
    assert!(reading.most <= LIMIT + 256 * BATCH as u64, "{} held", reading.most);
    assert_eq!(reading.total().matched, RECORDS);
}

/// Row W4: no identity is there twice, so nothing pairs early. Memory has room for a fifth of what grace asks for: the
/// sides are read in step, no further than they must be, and every record is counted.
#[test]
fn an_explosion_of_identities_loses_nothing() {
    const RECORDS: u64 = 50_000;
    let settings = Settings {
        grace_ms: Some(10_000),
        ..timed(LIMIT)
    };
    let mut reading = Reading::new(settings, [unique(RECORDS, 0), unique(RECORDS, RECORDS)]);
    reading.go_on();
    assert_eq!(reading.read, reading.written);
    // Two sides of lateness + grace and what is ahead of that by a batch and a window, in rows and their groups.
    assert!(
        reading.most > LIMIT && reading.most < 2 * 11_000 * 512,
        "{} held",
        reading.most
    );
    let counts = reading.total();
    assert_eq!([counts.missing, counts.extra], [RECORDS, RECORDS]);
}

/// Row W5: all of a window differs: a hundred findings of each outcome, the rest counted, and the same hundred whatever
/// the order of arrival.
#[test]
fn a_burst_of_differences_keeps_a_hundred_of_each() {
    const EACH: u64 = 1_000;
    let entry = |number: u64, digest: u64| decoded(number, number, digest, Some(5));
    // Of 3,000 identities a third differs, a third is missing, a third is extra.
    let baseline: Vec<Entry> = (0..2 * EACH).map(|number| entry(number, 1)).collect();
    let canary: Vec<Entry> = (0..EACH)
        .chain(2 * EACH..3 * EACH)
        .map(|number| entry(number, 2))
        .collect();
    let run = |seed: u64| {
        let mut engine = Engine::new(Settings {
            findings_max: 100,
            ..settings()
        });
        Side::PAIR.into_iter().for_each(|side| engine.declare(side, 0, 0));
        let (mut rng, mut outputs) = (Rng(seed), Vec::new());
        let mut logs = [&baseline[..], &canary[..]];
        while logs.iter().any(|log| !log.is_empty()) {
            let index = usize::from(rng.chance(50));
            let size = usize::try_from(rng.below(200)).unwrap().min(logs[index].len());
            let (entries, rest) = logs[index].split_at(size);
            logs[index] = rest;
            let input = Input::Records {
                side: Side::PAIR[index],
                partition: 0,
                entries,
                read_at_ms: 0,
            };
            engine.step(input, &mut outputs);
        }
        for side in Side::PAIR {
            engine.step(Input::Completed { side, partition: 0 }, &mut outputs);
        }
        windows(outputs)
    };
    let once = run(1);
    let counts = total(&once);
    assert_eq!([counts.mismatched, counts.missing, counts.extra], [EACH; 3]);
    assert_eq!(once.len(), 1);
    for outcome in [Outcome::Mismatched, Outcome::Missing, Outcome::Extra] {
        let kept = once[0]
            .candidates
            .iter()
            .filter(|candidate| candidate.outcome == outcome);
        assert_eq!(kept.count(), 100, "{outcome:?}");
    }
    // A sample of all, not the first that came.
    let offsets: BTreeSet<_> = once[0]
        .candidates
        .iter()
        .filter_map(|candidate| candidate.baseline)
        .collect();
    assert!(
        offsets
            .iter()
            .any(|position| position.offset > EACH * 3 / 4 && position.offset < EACH)
    );
    for seed in 2..20 {
        assert_eq!(run(seed), once, "seed {seed}");
    }
}

/// Row W7: the two records of an event stand milliseconds apart on both sides of a window's edge: a pair, counted where
/// the baseline's record is.
#[test]
fn a_jitter_at_the_edges_of_windows_is_no_difference() {
    const WINDOW: i64 = 30_000;
    let settings = Settings {
        window_ms: Some(WINDOW),
        lateness_ms: Some(1_000),
        grace_ms: Some(30_000),
        ..settings()
    };
    let mut rng = Rng(7);
    let edges = 1..200_i64;
    let mut logs: [Vec<Entry>; 2] = Default::default();
    let mut expected = std::collections::BTreeMap::<i64, u64>::new();
    for (number, edge) in (0_u64..).zip(edges) {
        let [baseline, canary] = [(); 2].map(|()| edge * WINDOW + rng.within(-50, 50));
        logs[0].push(decoded(number, number, 1, Some(baseline)));
        logs[1].push(decoded(number, number, 1, Some(canary)));
        *expected.entry(baseline.div_euclid(WINDOW) * WINDOW).or_default() += 1;
    }
    let mut reading = Reading::new(settings, logs);
    reading.go_on();
    for side in Side::PAIR {
        reading
            .engine
            .step(Input::Completed { side, partition: 0 }, &mut reading.outputs);
    }
    let windows = windows(reading.outputs);
    let counts = total(&windows);
    assert_eq!((counts.matched, counts.missing, counts.extra), (199, 0, 0));
    let got: std::collections::BTreeMap<i64, u64> = windows
        .iter()
        .filter(|window| window.counts.matched > 0)
        .map(|window| (window.start_ms.unwrap(), window.counts.matched))
        .collect();
    assert_eq!(got, expected);
}

/// Row W10: the canary is ten minutes behind when the release is closed: its lag is told, and nothing becomes missing.
#[test]
fn a_lag_at_the_close_is_told_and_nothing_is_missing() {
    let settings = Settings {
        window_ms: Some(30_000),
        lateness_ms: Some(60_000),
        grace_ms: Some(30_000),
        range: crosscheck::engine::Range::Discovered,
        ..settings()
    };
    let log: Vec<Entry> = (0..3_600)
        .map(|second| decoded(second, second, 1, i64::try_from(second * 1_000).ok()))
        .collect();
    for (behind, told) in [(0, false), (85, false), (600, true)] {
        let mut reading = Reading::new(settings.clone(), [log.clone(), log[..3_600 - behind].to_vec()]);
        reading.engine.step(Input::Close, &mut reading.outputs);
        // What is ahead is held until the other side is complete.
        for (index, side) in Side::PAIR.into_iter().enumerate().rev() {
            let entries = reading.logs[index].clone();
            let input = Input::Records {
                side,
                partition: 0,
                entries: &entries,
                read_at_ms: 0,
            };
            reading.engine.step(input, &mut reading.outputs);
            reading
                .engine
                .step(Input::Completed { side, partition: 0 }, &mut reading.outputs);
        }
        assert_eq!(reading.engine.canary_behind_at_close(), Some(told), "{behind} s behind");
        let counts = total(&windows(reading.outputs));
        assert_eq!((counts.missing, counts.extra), (0, 0), "{behind} s behind");
        assert!(counts.matched > 2_000, "{behind} s behind: {}", counts.matched);
    }
}

/// Rows A7 and A14: a partition of which nothing was read stands in the way of every window: no evidence, no verdict.
#[test]
fn half_a_side_makes_nothing_final() {
    let log = unique(10_000, 0);
    let mut engine = Engine::new(timed(u64::MAX));
    let mut outputs = Vec::new();
    for (side, partition) in [(Side::Baseline, 0), (Side::Canary, 0), (Side::Canary, 1)] {
        engine.declare(side, partition, 0);
    }
    for side in Side::PAIR {
        let input = Input::Records {
            side,
            partition: 0,
            entries: &log,
            read_at_ms: 0,
        };
        engine.step(input, &mut outputs);
    }
    assert_eq!(outputs, []);
    assert_eq!(engine.side(Side::Canary).watermark_ms, None);
}
