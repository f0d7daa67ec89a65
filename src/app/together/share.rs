//! What one side has of a topic that others read, too: how far it is, what it holds, and what is kept for it.

use std::collections::{BTreeMap, BTreeSet};

use super::RECORD_BYTES;
use crate::edge::kafka::{Event, KafkaError, Stash};
use crate::model::RecordBatch;

/// One side's share.
#[derive(Default)]
pub(super) struct Share {
    /// The next offset that it gets of each partition: all before was put by for it, or is a gap, or was before its begin.
    pub(super) next: BTreeMap<u32, u64>,
    held: BTreeSet<u32>,
    /// Partitions of which nothing is wanted any more.
    ended: BTreeSet<u32>,
    /// Partitions that were added, and where they begin, until the side asks; held so long.
    fresh: Vec<(u32, u64)>,
    stash: Stash,
    /// What ended the topic while another side asked.
    pub(super) failed: Option<KafkaError>,
    /// It gets nothing more from here: it is about to open a reader of its own.
    pub(super) leaves: bool,
    /// How often it was asked.
    pub(super) asked: u64,
    /// Whom it waited for, how often that one was asked by then, and how often in a row.
    pub(super) waited: Option<(u32, u64, u32)>,
}

impl Share {
    /// Reads from these offsets.
    pub(super) fn begin(&mut self, start: &[(u32, u64)]) {
        *self = Self {
            next: start.iter().copied().collect(),
            asked: self.asked,
            ..Self::default()
        };
    }

    /// True where it gets what comes of a partition.
    pub(super) fn reads(&self, partition: u32) -> bool {
        !self.leaves && self.next.contains_key(&partition) && !self.ended.contains(&partition)
    }

    /// True where it would hand that on at once.
    pub(super) fn wants(&self, partition: u32) -> bool {
        self.reads(partition) && !self.held.contains(&partition)
    }

    pub(super) fn hold(&mut self, partitions: &[u32]) {
        let own = partitions.iter().filter(|partition| self.next.contains_key(partition));
        self.held.extend(own);
    }

    pub(super) fn release(&mut self, partitions: &[u32]) {
        self.held.retain(|partition| !partitions.contains(partition));
    }

    /// Nothing of a partition is wanted any more, and it stays so.
    pub(super) fn end(&mut self, partition: u32) {
        self.ended.insert(partition);
        self.stash.forget(partition);
    }

    /// Partitions of which nothing is to be handed on.
    pub(super) fn at_rest(&self) -> Vec<u32> {
        self.held.union(&self.ended).copied().collect()
    }

    pub(super) fn kept_bytes(&self) -> u64 {
        self.stash.kept_bytes(&self.held)
    }

    /// What it costs to keep what waits to be taken.
    pub(super) fn waiting_bytes(&self) -> u64 {
        cost(self.stash.size(|partition| !self.held.contains(&partition)))
    }

    /// Partitions are read that were not there before.
    pub(super) fn met(&mut self, fresh: &[(u32, u64)]) {
        self.next.extend(fresh.iter().copied());
        self.held.extend(fresh.iter().map(|(partition, _)| *partition));
        self.fresh.extend_from_slice(fresh);
    }

    /// Tells of those, and hands on what there is of them from now on.
    pub(super) fn tell_fresh(&mut self) -> Vec<(u32, u64)> {
        let fresh = std::mem::take(&mut self.fresh);
        let told: Vec<u32> = fresh.iter().map(|(partition, _)| *partition).collect();
        self.release(&told);
        fresh
    }

    /// The next thing that is handed on.
    pub(super) fn next_event(&mut self) -> Result<Option<Event>, KafkaError> {
        match self.stash.next(&self.held) {
            Some(event) => Ok(Some(event)),
            None => self.failed.take().map_or(Ok(None), Err),
        }
    }

    /// Takes what the topic told, as far as it is news here. What is held costs at most `kept_max`: where it would cost more, nothing
    /// is taken, and the side leaves.
    pub(super) fn take(&mut self, event: Event, kept_max: u64) {
        match event {
            Event::Records(batch) => self.records(batch, kept_max),
            Event::End { partition, position } => {
                if self.moves(partition, position).is_some() {
                    self.stash.put(Event::End { partition, position });
                }
            }
            Event::Expired { partition, to, .. } => {
                if let Some(from) = self.moves(partition, to).filter(|from| *from < to) {
                    self.stash.put(Event::Expired { partition, from, to });
                }
            }
            // Each is as far as the reader at least.
            Event::Truncated { partition, end, .. } => {
                let own = self.next.get(&partition).copied().filter(|_| self.reads(partition));
                if let Some(position) = own {
                    self.ended.insert(partition);
                    self.stash.put(Event::Truncated {
                        partition,
                        position,
                        end,
                    });
                }
            }
            Event::Corrupt { partition, .. } if !self.reads(partition) => {}
            Event::Corrupt { .. } | Event::Trouble(_) => self.stash.put(event),
            Event::Idle => {}
        }
    }

    fn records(&mut self, mut batch: RecordBatch, kept_max: u64) {
        let partition = batch.partition;
        let Some(&from) = self.next.get(&partition).filter(|_| self.reads(partition)) else {
            return;
        };
        batch.records.retain(|record| record.offset >= from);
        let Some(last) = batch.records.last() else { return };
        let next = last.offset.saturating_add(1);
        if self.held.contains(&partition) {
            let bytes = batch.records.iter().map(|record| batch.size(record)).sum();
            let kept = self.stash.size(|partition| self.held.contains(&partition));
            if cost(kept) + cost((batch.records.len() as u64, bytes)) > kept_max {
                self.leaves = true;
                return;
            }
        }
        self.next.insert(partition, next);
        self.stash.put(Event::Records(batch));
    }

    /// Moves on to a place, where it is no step back: where it was.
    fn moves(&mut self, partition: u32, to: u64) -> Option<u64> {
        let reads = self.reads(partition);
        let next = self.next.get_mut(&partition).filter(|next| reads && **next <= to)?;
        Some(std::mem::replace(next, to))
    }
}

fn cost((records, bytes): (u64, u64)) -> u64 {
    bytes + records * RECORD_BYTES
}
