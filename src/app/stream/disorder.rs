//! How disordered partitions are, for whoever proposes a lateness: nothing unless somebody asks.

use std::collections::BTreeMap;

use crate::engine::Entry;
use crate::model::{Reduction, Side, Skew};

/// Event times below the running maximum of their own partition, and by how much.
#[derive(Clone, Debug, Default)]
pub struct Disorder {
    newest_ms: BTreeMap<(Side, u32), i64>,
    /// How far below, of those that are.
    behind: Skew,
    /// The farthest, exactly.
    pub most_ms: i64,
    /// Records with an event time.
    pub records: u64,
}

impl Disorder {
    pub(super) fn take(&mut self, side: Side, partition: u32, entries: &[Entry]) {
        let newest = self.newest_ms.entry((side, partition)).or_insert(i64::MIN);
        for entry in entries {
            let Reduction::Decoded(print) = &entry.body else {
                continue;
            };
            let Some(time) = print.time_ms else { continue };
            self.records += 1;
            if time >= *newest {
                *newest = time;
                continue;
            }
            let behind = newest.saturating_sub(time);
            self.behind.record(behind);
            self.most_ms = self.most_ms.max(behind);
        }
    }

    /// Records below the maximum.
    #[must_use]
    pub fn disordered(&self) -> u64 {
        self.behind.0.values().sum()
    }
}
