//! Everything that an engine says.

use serde::{Deserialize, Serialize};

use super::Checkpoint;
use crate::model::{BadCounts, Differing, Digest, Identity, Outcome, Position, WindowCounts, WindowProfile};

/// A window that is final, with what must be stored in one transaction with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinalWindow {
    /// First millisecond; `None` for the one window of `event_time: none`.
    pub start_ms: Option<i64>,
    /// First millisecond after it.
    pub end_ms: Option<i64>,
    /// What it counts.
    pub counts: WindowCounts,
    /// True where no part of it is evidence (rule 13).
    pub edge: bool,
    /// Over outcomes, counts and positions: equal for equal (logs, schemas, settings, stored inputs).
    pub digest: Digest,
    /// A sample of what differed, and some pairs of each critical field that bears no difference, in the order of the positions.
    pub candidates: Vec<Candidate>,
    /// A sample of the pairs of baseline and control that differ, in the order of the positions: what may be noise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noise: Vec<Candidate>,
    /// What it has at the profiled paths, where the stream has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Box<WindowProfile>>,
}

/// A pair or record that a finding may be made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Candidate {
    /// What became of it.
    pub outcome: Outcome,
    /// The baseline's record.
    pub baseline: Option<Position>,
    /// The canary's record.
    pub canary: Option<Position>,
    /// Its identity; `None` where it could not be decoded.
    pub identity: Option<Identity>,
    /// Event time of the record that decides the window.
    pub time_ms: Option<i64>,
    /// For undecodable records, the reason.
    pub reason: Option<crate::model::UndecodableReason>,
    /// Of a mismatched pair, the critical fields that differ.
    #[serde(default, skip_serializing_if = "Differing::is_none")]
    pub differing: Differing,
}

/// Undecodable, untimely and diverted records of a window, once it is settled which of them both sides show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettledBad {
    /// The window.
    pub start_ms: Option<i64>,
    /// Its counts.
    pub counts: BadCounts,
}

/// What a step brings about.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// One or more windows became final: store them, in order, in one transaction with the checkpoint.
    Final(Box<Final>),
    /// A mismatched pair that counts, once its window is final (only if [`super::Engine::want_pairs`] was called): for the
    /// exact counts by field of a bounded run.
    Mismatched(Candidate),
}

/// What must be stored in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Final {
    /// The windows, oldest first.
    pub windows: Vec<FinalWindow>,
    /// Settled sharing of undecodable, untimely and diverted records, oldest window first.
    pub bad: Vec<SettledBad>,
    /// Bad records that turned out to be no difference: both sides show them, or they stand at an edge.
    pub shared: Vec<Position>,
    /// Where to go on after a crash.
    pub checkpoint: Checkpoint,
    /// What the windows can be computed again from: the place to go on from before them, with every stored input that is
    /// known by now. `None` without a window.
    pub inputs: Option<Checkpoint>,
}
