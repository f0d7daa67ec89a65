//! What an engine shows of itself: for metrics, verdicts and the reader's alignment. Nothing here decides anything.

/// One side as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideView {
    /// Least watermark of the partitions that are neither idle nor read to their ends; `None` without one.
    pub watermark_ms: Option<i64>,
    /// Largest running maximum of its partitions.
    pub max_ms: Option<i64>,
    /// Records that are read and in no window yet.
    pub pending: u64,
    /// Records read.
    pub read: u64,
    /// Bytes of the records read.
    pub bytes: u64,
    /// Offsets without a record.
    pub gaps: u64,
    /// Since when it sends nothing, where all its partitions that are not read to their ends are idle.
    pub silent_since_ms: Option<i64>,
    /// Since when a transaction of one of its partitions is open, the earliest.
    pub open_transaction_since_ms: Option<i64>,
    /// Every partition was read to its captured end.
    pub complete: bool,
}

/// One partition as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartitionView {
    /// Which one.
    pub partition: u32,
    /// First offset that was asked for.
    pub from: u64,
    /// Next offset to read.
    pub position: u64,
    /// Records read.
    pub read: u64,
    /// Bytes of the records read.
    pub bytes: u64,
    /// Offsets without a record.
    pub gaps: u64,
    /// Running maximum of the event times.
    pub max_ms: Option<i64>,
    /// Since when it is idle, if it is.
    pub idle_since_ms: Option<i64>,
    /// Since when a transaction is open, if one is.
    pub open_transaction_since_ms: Option<i64>,
    /// It was read to its captured end.
    pub completed: bool,
}

/// Baseline's undecodable and untimely records that no canary record has taken. In a bounded run, at its end, they are
/// judged like the canary's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnsharedBad {
    /// Undecodable ones within the range of evidence.
    pub undecodable: u64,
    /// Untimely ones within the range of evidence.
    pub untimely: u64,
}

/// The conservation law (rule 12) does not hold: a record is in no place, or in two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("conservation is broken on the {side}: {read} records read, {placed} counted or pending")]
pub struct Unconserved {
    /// On which side.
    pub side: crate::model::Side,
    /// Records read since the engine began.
    pub read: u64,
    /// Records that are counted, recognised or pending.
    pub placed: u64,
}
