//! What is equal, what differs and in what, what cannot be said.

use super::*;
use crate::engine::Checkpoint;
use crate::model::{Digest, WindowCounts};

fn computed(start_ms: i64, mismatched: u64) -> FinalWindow {
    let counts = WindowCounts {
        matched: 5,
        mismatched,
        ..WindowCounts::default()
    };
    FinalWindow {
        start_ms: Some(start_ms),
        end_ms: Some(start_ms + 10),
        counts,
        edge: false,
        digest: Digest([u8::try_from(mismatched).unwrap(); 16]),
        candidates: Vec::new(),
        noise: Vec::new(),
        profile: None,
    }
}

fn stored(start_ms: i64, mismatched: u64) -> WindowRow {
    let FinalWindow {
        end_ms, counts, digest, ..
    } = computed(start_ms, mismatched);
    WindowRow {
        stream: "orders".to_owned(),
        start_ms: Some(start_ms),
        end_ms,
        edge: false,
        counts,
        digest: digest.to_string(),
        profile: None,
    }
}

fn tape(from: i64, until: i64) -> Tape {
    Tape {
        checkpoint: Checkpoint {
            frontier_ms: Some(from),
            ..Checkpoint::default()
        },
        until_ms: until,
    }
}

fn read(tape: Tape, windows: Vec<FinalWindow>, disturbance: Disturbance) -> Computed {
    Computed {
        tape,
        windows,
        disturbance,
    }
}

fn whats(different: &Different) -> Vec<String> {
    let of = |difference: &Difference| format!("{} {} {}", difference.what, difference.stored, difference.computed);
    different.differences.iter().map(of).collect()
}

#[test]
fn equal_is_equal_whatever_lies_outside() {
    let rows = [stored(0, 1), stored(10, 0)];
    // The pass ends in the middle of a window, and that one is not stored.
    let read = [read(
        tape(0, 20),
        vec![computed(0, 1), computed(10, 0), computed(20, 7)],
        None,
    )];
    let replayed = compare("orders", &rows, &read, &[]);
    assert_eq!((replayed.windows, replayed.equal), (2, 2));
    assert_eq!(replayed.verdict(), Verdict::Pass);
}

#[test]
fn differences_are_named() {
    let mut tampered = stored(10, 0);
    tampered.counts.sides.canary.late = 2;
    let rows = [stored(0, 3), tampered, stored(20, 0)];
    let read = [read(
        tape(0, 40),
        vec![computed(0, 1), computed(10, 0), computed(30, 0)],
        None,
    )];
    let replayed = compare("orders", &rows, &read, &[]);
    assert_eq!((replayed.windows, replayed.equal), (4, 0));
    let found: Vec<_> = replayed
        .different
        .iter()
        .map(|window| (window.start_ms.unwrap(), whats(window)))
        .collect();
    let digest = format!("digest {} {}", Digest([3; 16]), Digest([1; 16]));
    let expected = [
        (0, vec![digest.as_str(), "mismatched 3 1"]),
        (10, vec!["sides.canary.late 2 0"]),
        (20, vec!["window one none"]),
        (30, vec!["window none one"]),
    ];
    let expected: Vec<_> = expected
        .map(|(at, whats)| (at, whats.into_iter().map(str::to_owned).collect()))
        .into();
    assert_eq!(found, expected);
    assert_eq!(replayed.verdict(), Verdict::Fail);
}

#[test]
fn what_cannot_be_read_is_not_different() {
    let rows = [stored(0, 1), stored(10, 1), stored(20, 1), stored(30, 1), stored(40, 1)];
    let expired = Unreachable {
        from_ms: None,
        until_ms: 20,
        reason: Inconclusive::Expired,
        text: "gone".to_owned(),
    };
    let lost = Some((Inconclusive::Expired, "meanwhile".to_owned()));
    let read = [read(tape(20, 40), vec![computed(20, 1), computed(30, 0)], lost)];
    let replayed = compare("orders", &rows, &read, &[expired]);
    assert_eq!((replayed.equal, replayed.different.len()), (1, 0));
    let unsaid = |unsaid: &Unsaid| (unsaid.from_ms, unsaid.windows, unsaid.reason);
    let found: Vec<_> = replayed.inconclusive.iter().map(unsaid).collect();
    let expected = [
        (Some(0), 2, Inconclusive::Expired),
        (Some(30), 1, Inconclusive::Expired),
        (Some(40), 1, Inconclusive::Evidence),
    ];
    assert_eq!(found, expected);
    assert_eq!(replayed.verdict(), Verdict::Inconclusive);
    assert_eq!(compare("orders", &[], &[], &[]).verdict(), Verdict::Inconclusive);
}
