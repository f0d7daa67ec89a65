//! Where an engine goes on after a crash: frontier, resume offsets with running maxima, straddling pairs, stored inputs.

use serde::{Deserialize, Serialize};

use super::{Hole, RateFrom};
use crate::model::{Differing, Outcome, Position, Side, UndecodableReason};

/// Everything that is stored with the windows up to the frontier.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// End of the last final window; `None` before the first.
    pub frontier_ms: Option<i64>,
    /// Where each partition is read again from, ordered by (side, partition).
    pub partitions: Vec<PartitionCheckpoint>,
    /// Pairs with one record before the frontier and one at or after it, ordered.
    pub straddling: Vec<Straddling>,
    /// First millisecond that is evidence, once it is known.
    pub evidence_start_ms: Option<i64>,
    /// S of rule 13, once it is known.
    pub start_ms: Option<i64>,
    /// True after `close`.
    pub closing: bool,
    /// End of the evidence, once `close` has found it.
    pub evidence_end_ms: Option<i64>,
    /// Baseline's undecodable, untimely and diverted records that no canary record has taken yet, ordered.
    pub bad_baseline: Vec<BadRecord>,
    /// Canary's undecodable, untimely and diverted records of final windows that wait for their evidence, ordered.
    pub bad_canary: Vec<BadRecord>,
    /// Baseline's bad records at or after the frontier that a settled canary record has taken already, ordered.
    #[serde(default)]
    pub bad_taken: Vec<Position>,
    /// Which rates of the sample were in force, and from when on; empty where all identities are compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sampling: Vec<RateFrom>,
    /// The comparison of baseline and control; `None` without a control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlCheckpoint>,
}

/// Where the comparison of baseline and control goes on, and what was decided about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ControlCheckpoint {
    /// Everything before it is compared; at most the engine's frontier.
    pub frontier_ms: Option<i64>,
    /// Pairs of baseline and control with one record before that frontier and one at or after it, ordered.
    pub straddling: Vec<Straddling>,
    /// Records of both before it are not compared: the control was too far behind, not there yet, or lost some.
    pub cut_ms: Option<i64>,
    /// True once it is known since when it takes part.
    pub begun: bool,
    /// In stored inputs: ends of the windows that it was left out of because its watermark had not passed, ordered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<i64>,
    /// In stored inputs: later cuts, each with the engine's frontier from which on it holds, ordered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later_cuts: Vec<(i64, i64)>,
}

/// Where a partition is read again from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartitionCheckpoint {
    /// `None` only in a default value.
    pub side: Option<Side>,
    /// Which partition.
    pub partition: u32,
    /// First offset that was ever asked for.
    pub from: u64,
    /// First offset to read again: the first at which the running maximum is at or after frontier - grace.
    pub resume: u64,
    /// Running maximum of the event times before it.
    pub max_ms: Option<i64>,
    /// First timely event time of the partition.
    pub first_ms: Option<i64>,
    /// Records below `resume`.
    pub read: u64,
    /// Bytes below `resume`.
    pub bytes: u64,
    /// Gaps below `resume`.
    pub gaps: u64,
    /// Position at the commit: all before it had been read.
    pub position: u64,
    /// Running maxima that were raised from outside, at offsets at or after `resume`: (offset, value).
    pub raised: Vec<(u64, i64)>,
    /// Offsets at or after `resume` that our clock found untimely.
    pub untimely_by_clock: Vec<u64>,
    /// Since when our clock knows it idle, if it is.
    pub idle_since_ms: Option<i64>,
    /// What retention took, as far as windows that are not final may have been filled by it, in offset order.
    #[serde(default)]
    pub holes: Vec<Hole>,
}

impl Checkpoint {
    /// The rate of the sample that was set last, which its tape is read under.
    #[must_use]
    pub fn sampling(&self) -> f64 {
        self.sampling.last().map_or(1.0, |last| last.rate)
    }

    /// Takes in the stored inputs of a later one: then everything up to where that one had been read can be computed again
    /// from here, in one pass.
    pub fn learn(&mut self, later: Checkpoint) {
        for known in later.partitions {
            let place = (known.side, known.partition);
            match self
                .partitions
                .binary_search_by_key(&place, |own| (own.side, own.partition))
            {
                Ok(at) => self.partitions[at].learn(known),
                Err(at) => self.partitions.insert(at, known),
            }
        }
        self.evidence_start_ms = self.evidence_start_ms.or(later.evidence_start_ms);
        self.start_ms = self.start_ms.or(later.start_ms);
        self.sampling = later.sampling;
        self.closing |= later.closing;
        self.evidence_end_ms = later.evidence_end_ms.or(self.evidence_end_ms);
        if let Some((own, known)) = self.control.as_mut().zip(later.control) {
            own.learn(known, later.frontier_ms);
        }
    }
}

impl ControlCheckpoint {
    fn learn(&mut self, later: ControlCheckpoint, frontier_ms: Option<i64>) {
        self.left_out.extend(later.left_out);
        let last = self.later_cuts.last().map(|(_, cut)| *cut).or(self.cut_ms);
        if let Some((from, cut)) = frontier_ms.zip(later.cut_ms).filter(|(_, cut)| Some(*cut) > last) {
            self.later_cuts.push((from, cut));
        }
    }
}

impl PartitionCheckpoint {
    /// The first offset at or after `resume` that was not lost already when it was to be read: what is read again begins
    /// there, and a hole before it is an input.
    #[must_use]
    pub fn first_needed(&self) -> u64 {
        let beyond = |at: u64, hole: &Hole| if hole.from <= at { at.max(hole.to) } else { at };
        self.holes.iter().fold(self.resume, beyond)
    }

    fn learn(&mut self, later: PartitionCheckpoint) {
        self.first_ms = self.first_ms.or(later.first_ms);
        self.position = self.position.max(later.position);
        self.raised.extend(later.raised);
        self.raised.sort_unstable();
        self.raised.dedup();
        self.untimely_by_clock.extend(later.untimely_by_clock);
        self.untimely_by_clock.sort_unstable();
        self.untimely_by_clock.dedup();
        self.idle_since_ms = later.idle_since_ms;
        // As the later one has met them: larger after a crash, and with an end by now.
        if let Some(first) = later.holes.first() {
            self.holes.retain(|hole| hole.from < first.from);
            self.holes.extend(later.holes);
        }
    }
}

impl BadRecord {
    /// What it is.
    pub(super) fn outcome(&self) -> Outcome {
        match self.reason {
            Some(_) => Outcome::Undecodable,
            None if self.diverted => Outcome::Diverted,
            None => Outcome::Untimely,
        }
    }
}

/// A pair with one record on each side of the frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Straddling {
    /// The baseline's record.
    pub baseline: Position,
    /// The canary's record; of a control's pair, the control's.
    pub canary: Position,
    /// `Matched` or `Mismatched`.
    pub outcome: Outcome,
    /// The critical fields that differ.
    #[serde(default, skip_serializing_if = "Differing::is_none")]
    pub differing: Differing,
}

/// An undecodable, untimely or diverted record that is compared apart (rule 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BadRecord {
    /// Running maximum of its partition when it was read; `None` before the first timely record.
    pub max_ms: Option<i64>,
    /// Where it is.
    pub position: Position,
    /// Start of the window that counts it.
    pub window_ms: Option<i64>,
    /// Why it cannot be decoded; `None` for an untimely or a diverted record.
    pub reason: Option<UndecodableReason>,
    /// Hash of the raw bytes, or of identity and digest.
    pub hash: [u8; 16],
    /// It is in a dead letter log.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub diverted: bool,
}
