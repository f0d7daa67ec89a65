//! What was taken from the queue and not yet handed on, in its order.

use std::collections::{BTreeSet, VecDeque};

use super::Event;
use super::queue::Run;

/// Events that wait, records with how many bytes of keys and values they are.
#[derive(Default)]
pub struct Stash(VecDeque<(Event, u64)>);

impl Stash {
    /// Puts records behind the others.
    pub(super) fn records(&mut self, run: Option<Run>) {
        self.0.extend(run.map(|run| {
            let bytes = run.bytes() as u64;
            (Event::Records(run.finish()), bytes)
        }));
    }

    /// Puts anything else behind the others.
    pub(super) fn told(&mut self, event: Event) {
        self.0.push_back((event, 0));
    }

    /// Puts anything behind the others. What trouble was told before is old.
    pub fn put(&mut self, event: Event) {
        let bytes = match &event {
            Event::Records(batch) => batch.records.iter().map(|record| batch.size(record)).sum(),
            Event::Trouble(_) => {
                self.0.retain(|(event, _)| !matches!(event, Event::Trouble(_)));
                0
            }
            _ => 0,
        };
        self.0.push_back((event, bytes));
    }

    /// The first that may be handed on: no record of a held partition, and nothing that was told of where it stands before its
    /// records.
    pub fn next(&mut self, held: &BTreeSet<u32>) -> Option<Event> {
        let mut waiting = BTreeSet::new();
        let place = self.0.iter().position(|(event, _)| match event {
            Event::Records(batch) if held.contains(&batch.partition) => {
                waiting.insert(batch.partition);
                false
            }
            Event::End { partition, .. } | Event::Expired { partition, .. } | Event::Truncated { partition, .. } => {
                !waiting.contains(partition)
            }
            _ => true,
        })?;
        self.0.remove(place).map(|(event, _)| event)
    }

    /// True where there are records of a partition.
    pub(super) fn has_records(&self, partition: u32) -> bool {
        self.0.iter().any(|(event, _)| is_of(event, partition))
    }

    /// Records of the partitions that are asked for, and bytes of their keys and values.
    pub fn size(&self, of: impl Fn(u32) -> bool) -> (u64, u64) {
        let mut size = (0, 0);
        for (event, bytes) in &self.0 {
            if let Event::Records(batch) = event
                && of(batch.partition)
            {
                size = (size.0 + batch.records.len() as u64, size.1 + bytes);
            }
        }
        size
    }

    /// Bytes of the records of held partitions.
    pub fn kept_bytes(&self, held: &BTreeSet<u32>) -> u64 {
        self.size(|partition| held.contains(&partition)).1
    }

    /// Gives the records of a partition back.
    pub fn forget(&mut self, partition: u32) {
        self.0.retain(|(event, _)| !is_of(event, partition));
    }

    /// Gives everything back.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

fn is_of(event: &Event, partition: u32) -> bool {
    matches!(event, Event::Records(batch) if batch.partition == partition)
}
