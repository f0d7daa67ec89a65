//! What was taken from the queue and not yet handed on, in its order.

use std::collections::{BTreeSet, VecDeque};

use super::Event;
use super::queue::Run;

/// Events that wait, records with how many bytes of keys and values they are.
#[derive(Default)]
pub(super) struct Stash(VecDeque<(Event, u64)>);

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

    /// The first that may be handed on: no record of a held partition, no end before its records.
    pub(super) fn next(&mut self, held: &BTreeSet<u32>) -> Option<Event> {
        let mut waiting = BTreeSet::new();
        let place = self.0.iter().position(|(event, _)| match event {
            Event::Records(batch) if held.contains(&batch.partition) => {
                waiting.insert(batch.partition);
                false
            }
            Event::End { partition, .. } => !waiting.contains(partition),
            _ => true,
        })?;
        self.0.remove(place).map(|(event, _)| event)
    }

    /// True where there are records of a partition.
    pub(super) fn has_records(&self, partition: u32) -> bool {
        self.0.iter().any(|(event, _)| is_of(event, partition))
    }

    /// Bytes of the records of held partitions.
    pub(super) fn kept_bytes(&self, held: &BTreeSet<u32>) -> u64 {
        let kept = |event: &Event| matches!(event, Event::Records(batch) if held.contains(&batch.partition));
        let all = self.0.iter().filter(|(event, _)| kept(event));
        all.map(|(_, bytes)| bytes).sum()
    }

    /// Gives the records of a partition back.
    pub(super) fn forget(&mut self, partition: u32) {
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
