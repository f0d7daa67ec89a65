//! Holes: what retention took before it was read is an edge inside the log.

use crosscheck::engine::{Engine, Entry, Input, Output, Settings};
use crosscheck::model::{Side, WindowCounts};

use super::world::{decoded, settings};

/// One partition a side, a record at each of these times under an identity of its own; offsets are places in the list.
fn log(times: &[i64]) -> Vec<Entry> {
    let entry = |(offset, time): (u64, &i64)| decoded(offset, u64::try_from(*time).unwrap(), 1, Some(*time));
    (0..).zip(times).map(entry).collect()
}

struct Found {
    windows: Vec<(i64, WindowCounts, bool)>,
    mismatched: usize,
    gaps: u64,
}

/// Reads the canary whole, the baseline up to a hole and behind it.
fn run(settings: Settings, baseline: &[Entry], canary: &[Entry], hole: (u64, u64)) -> Found {
    let mut engine = Engine::new(settings);
    engine.want_pairs();
    let mut outputs = Vec::new();
    Side::PAIR.into_iter().for_each(|side| engine.declare(side, 0, 0));
    let (before, behind): (Vec<Entry>, Vec<Entry>) = baseline.iter().cloned().partition(|entry| entry.offset < hole.0);
    let behind: Vec<Entry> = behind.into_iter().filter(|entry| entry.offset >= hole.1).collect();
    let mut records = |engine: &mut Engine, side, entries: &[Entry]| {
        let (partition, read_at_ms) = (0, 0);
        engine.step(
            Input::Records {
                side,
                partition,
                entries,
                read_at_ms,
            },
            &mut outputs,
        );
    };
    records(&mut engine, Side::Canary, canary);
    records(&mut engine, Side::Baseline, &before);
    let mut more = Vec::new();
    engine.step(
        Input::Lost {
            side: Side::Baseline,
            partition: 0,
            from: hole.0,
            to: hole.1,
        },
        &mut more,
    );
    records(&mut engine, Side::Baseline, &behind);
    for side in Side::PAIR {
        engine.step(Input::Completed { side, partition: 0 }, &mut more);
    }
    outputs.extend(more);
    engine.conservation().unwrap();
    let mut found = Found {
        windows: Vec::new(),
        mismatched: 0,
        gaps: engine.side(Side::Baseline).gaps,
    };
    for output in outputs {
        match output {
            Output::Mismatched(_) => found.mismatched += 1,
            Output::Final(last) => found.windows.extend(
                last.windows
                    .into_iter()
                    .map(|window| (window.start_ms.unwrap(), window.counts, window.edge)),
            ),
        }
    }
    found.windows.sort_by_key(|(start, ..)| *start);
    found
}

#[test]
fn nothing_is_missing_by_a_hole_and_what_it_does_not_touch_counts() {
    // Windows of 10, lateness 5, grace 6. The hole is between 50 and 70: its span is 39 to 81.
    let times: Vec<i64> = (0..20).map(|at| at * 10).collect();
    let baseline = log(&times);
    // The canary lacks 20 and 150, and what the hole took.
    let canary = log(&times
        .iter()
        .copied()
        .filter(|time| ![20, 150].contains(time))
        .collect::<Vec<_>>());
    let found = run(settings(), &baseline, &canary, (6, 7));
    assert_eq!(found.gaps, 1);
    for (start, counts, edge) in &found.windows {
        let touched = (30..=80).contains(start);
        assert_eq!(*edge, touched, "{start}");
        let expected = match start {
            _ if touched => (0, 0, 0),
            20 | 150 => (0, 1, 0),
            _ => (1, 0, 0),
        };
        assert_eq!((counts.matched, counts.missing, counts.extra), expected, "{start}");
    }
}

#[test]
fn a_hole_without_a_record_behind_it_has_no_end() {
    let baseline = log(&[0, 10, 20, 30, 40, 50]);
    let canary = log(&[0, 10, 20, 30, 40, 50, 60, 70]);
    let found = run(settings(), &baseline, &canary, (3, 6));
    let counted: Vec<i64> = found
        .windows
        .iter()
        .filter(|(.., edge)| !edge)
        .map(|(start, ..)| *start)
        .collect();
    // 20 - 5 - 6 = 9.
    assert_eq!(counted, Vec::<i64>::new());
    assert!(found.windows.iter().all(|(_, counts, _)| counts.extra == 0));
}

#[test]
fn a_mismatched_pair_that_a_hole_touches_is_not_told() {
    let (mut baseline, canary) = (log(&[0, 10, 40, 50, 60, 100]), log(&[0, 10, 40, 50, 60, 100]));
    for at in [0, 2, 5] {
        baseline[at] = decoded(
            baseline[at].offset,
            u64::try_from([0, 10, 40, 50, 60, 100][at]).unwrap(),
            2,
            Some([0, 10, 40, 50, 60, 100][at]),
        );
    }
    // Settled before the hole comes, and yet an edge: 40 is in a window that 50 - 11 = 39 touches.
    let found = run(settings(), &baseline, &canary, (4, 5));
    assert_eq!(found.mismatched, 1);
    let mismatched: Vec<u64> = found.windows.iter().map(|(_, counts, _)| counts.mismatched).collect();
    assert_eq!(mismatched.iter().sum::<u64>(), 1);
}
