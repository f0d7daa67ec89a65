//! Everything that can happen to an engine.

use crate::model::{Entry, Side};

/// One thing that happened. Everything but `Records` and `Reached` is a decision about the world, and therefore stored.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// Consecutive reads of one partition, in offset order; offsets that are skipped are gaps.
    Records {
        /// Whose.
        side: Side,
        /// Which partition; one that was not declared before is added.
        partition: u32,
        /// The records.
        entries: &'a [Entry],
        /// Our clock at reading, milliseconds since the epoch (only for an event time that is the Kafka timestamp).
        read_at_ms: i64,
    },
    /// The reader's position: every offset below it has been delivered or is a gap.
    Reached {
        /// Whose.
        side: Side,
        /// Which partition.
        partition: u32,
        /// Next offset to read.
        position: u64,
    },
    /// Retention took offsets before they were read: they are gaps, and what they may have filled is no evidence. Told
    /// when the reader stands at `from`; after a crash it may come again, larger.
    Lost {
        /// Whose.
        side: Side,
        /// Which partition; one that was not declared before is added.
        partition: u32,
        /// The first that is lost.
        from: u64,
        /// The first that is there again.
        to: u64,
    },
    /// Proof of idleness (rule 8): a query after the last selected record gave the high watermark, our position is at
    /// it, and `idle` of our clock has passed. `open_transaction` where the last stable offset stands below the high
    /// watermark: then the partition is not idle.
    Quiet {
        /// Whose.
        side: Side,
        /// Which partition.
        partition: u32,
        /// The high watermark of the query.
        high_watermark: u64,
        /// The last stable offset of the query.
        last_stable: u64,
        /// Our clock, milliseconds since the epoch: since when the partition sends nothing.
        since_ms: i64,
    },
    /// A bounded partition was read to its captured end: it holds nothing back any more.
    Completed {
        /// Whose.
        side: Side,
        /// Which partition.
        partition: u32,
    },
    /// The ends of all partitions were captured by `close`: from now on `Completed` will come for each of them, and the
    /// range of evidence ends at (the least over the sides of the largest running maximum) - grace.
    Close,
}
