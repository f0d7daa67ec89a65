//! A record on its way from the codec to the engine.

use super::Reduction;

/// One record as the codec left it, or as it was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Offset in the partition; in a file the record's number.
    pub offset: u64,
    /// Bytes of key and value.
    pub bytes: u64,
    /// Kafka timestamp, milliseconds since the epoch, if there is one.
    pub timestamp_ms: Option<i64>,
    /// What it is.
    pub body: Reduction,
}
