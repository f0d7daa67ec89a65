//! Where a record stands.

use serde::{Deserialize, Serialize};

use super::Side;

/// A place in a log. In a file the partition is 0 and the offset is the record's number from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Whose log.
    pub side: Side,
    /// Which partition of it.
    pub partition: u32,
    /// Which record of the partition.
    pub offset: u64,
}
