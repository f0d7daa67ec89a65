//! How outcomes, reasons and places stand in the sums of a window. These numbers never change.

use super::Candidate;
use super::row::Settled;
use crate::model::{Outcome, Side, UndecodableReason};

/// An outcome in the sums.
pub(super) fn words(settled: &Settled, mark: u64) -> [u64; 5] {
    let mut words = [code(settled.outcome) | mark, 0, 0, 0, 0];
    for (at, sighting) in [(1, settled.baseline), (3, settled.canary)] {
        if let Some(sighting) = sighting {
            (words[at], words[at + 1]) = (key(sighting.partition), sighting.offset);
        }
    }
    words
}

/// A partition, apart from "no record".
pub(super) fn key(partition: u32) -> u64 {
    u64::from(partition) + 1
}

/// Numbers of the outcomes in the digest: they never change.
pub(super) fn code(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Matched => 1,
        Outcome::Mismatched => 2,
        Outcome::Missing => 3,
        Outcome::Extra => 4,
        Outcome::Duplicate => 5,
        Outcome::Conflict => 6,
        Outcome::Undecodable => 7,
        Outcome::Untimely => 8,
        Outcome::Diverted => 9,
    }
}

pub(super) fn reason_code(reason: UndecodableReason) -> u64 {
    match reason {
        UndecodableReason::Truncated => 1,
        UndecodableReason::Trailing => 2,
        UndecodableReason::Malformed => 3,
        UndecodableReason::Bounds => 4,
        UndecodableReason::Framing => 5,
        UndecodableReason::Schema => 6,
        UndecodableReason::Utf8 => 7,
        UndecodableReason::DuplicateKey => 8,
        UndecodableReason::Identity => 9,
    }
}

/// What a finding may be made of.
pub(super) fn candidate(settled: &Settled) -> Candidate {
    Candidate {
        outcome: settled.outcome,
        baseline: settled.baseline.map(|sighting| sighting.position(Side::Baseline)),
        canary: settled.canary.map(|sighting| sighting.position(Side::Canary)),
        identity: Some(settled.identity),
        time_ms: Some(settled.time()),
        reason: None,
        differing: settled.differing,
    }
}
