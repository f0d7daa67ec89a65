//! One side of a stream: its log, its reducer, and what its partitions wait for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::book;
use super::crew::Ready;
use super::log::Log;
use super::stream::Trail;
use crate::codec::{Field, Progress, Schema, SchemaRef};
use crate::engine::Entry;
use crate::model::{RecordBatch, Reduction, Side, UndecodableReason};

/// One side.
pub struct Lane {
    /// Which.
    pub side: Side,
    /// Its log.
    pub log: Log,
    /// Its partitions.
    pub partitions: BTreeMap<u32, Partition>,
    reducer: book::Reader,
}

/// Where a partition stands beside its offset, which the engine knows.
#[derive(Default)]
pub struct Partition {
    /// First offset of a bounded run: a file is read from its begin all the same.
    pub start: u64,
    /// The captured end of a bounded run or of a release that is closed: first offset that is not read.
    pub end: Option<u64>,
    /// A transaction was open at that end: what lies behind it is not there yet.
    pub is_open: bool,
    /// Read to that end: no record of it is wanted any more.
    pub done: bool,
    /// Nothing more was there at the last read.
    pub at_end: bool,
    /// Held back by the alignment.
    pub held: bool,
    /// When its last record with a usable event time was read, on our monotonic clock.
    pub timed_at_ms: i64,
    /// When its records were written.
    pub trail: Trail,
    /// Records that wait for a schema or a contract.
    pub waiting: Option<Waiting>,
    /// What retention took behind records that wait: from, to.
    pub told_hole: Option<(u64, u64)>,
    /// An end that was told while records waited.
    pub told_end: Option<u64>,
}

/// Records that cannot be reduced yet.
pub struct Waiting {
    batch: RecordBatch,
    /// Bytes of its keys and values.
    bytes: u64,
    broken: Vec<(u64, UndecodableReason)>,
    from: usize,
    /// What they wait for.
    pub need: Need,
}

/// What records wait for.
#[derive(Clone)]
pub enum Need {
    /// A writer schema.
    Schema(Field, SchemaRef),
    /// A contract for a record type.
    Contract {
        /// Key or value.
        field: Field,
        /// Name of the type.
        type_name: String,
        /// Event time of the first record that waits.
        time_ms: Option<i64>,
        /// Its writer schema.
        schema: Arc<Schema>,
    },
}

impl Lane {
    /// A lane that reads nothing yet.
    #[must_use]
    pub fn new(side: Side, log: Log, reducer: book::Reader) -> Self {
        Self {
            side,
            log,
            partitions: BTreeMap::new(),
            reducer,
        }
    }

    /// Reduces a batch as far as it goes. What must wait is kept, and its partition is not read meanwhile. What a hand of
    /// the crew reduced with the same facts is as good.
    pub fn admit(
        &mut self,
        mut batch: RecordBatch,
        broken: Vec<(u64, UndecodableReason)>,
        ready: Option<Ready>,
    ) -> Vec<Entry> {
        if let Some(&Partition { start, end, .. }) = self.partitions.get(&batch.partition) {
            let end = end.unwrap_or(u64::MAX);
            batch.records.retain(|record| (start..end).contains(&record.offset));
        }
        // What is known now, and what was when they were reduced.
        self.reducer.reducer();
        if let Some(Ready { entries, met, facts }) = ready
            && entries.len() == batch.records.len()
            && facts == self.reducer.facts()
        {
            self.reducer.reducer().add_uses(&met);
            return entries;
        }
        self.reduce(batch, broken, 0)
    }

    /// Goes on with the records that waited in a partition.
    pub fn resume(&mut self, partition: u32) -> Vec<Entry> {
        match self
            .partitions
            .get_mut(&partition)
            .and_then(|partition| partition.waiting.take())
        {
            Some(Waiting {
                batch, broken, from, ..
            }) => {
                self.log.release(&[partition]);
                self.reduce(batch, broken, from)
            }
            None => Vec::new(),
        }
    }

    fn reduce(&mut self, batch: RecordBatch, broken: Vec<(u64, UndecodableReason)>, from: usize) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(batch.records.len() - from);
        let progress = self.reducer.reducer().reduce(&batch, from, &mut entries);
        let need = match progress {
            Progress::Done => None,
            Progress::NeedsSchema { at, field, schema } => Some((at, Need::Schema(field, schema))),
            Progress::NeedsContract {
                at,
                field,
                type_name,
                time_ms,
                schema,
            } => Some((
                at,
                Need::Contract {
                    field,
                    type_name,
                    time_ms,
                    schema,
                },
            )),
        };
        keep_reasons(&mut entries, &broken);
        if let Some((from, need)) = need {
            let partition = batch.partition;
            self.log.hold(&[partition]);
            self.partitions.entry(partition).or_default().waiting = Some(Waiting {
                bytes: batch.records.iter().map(|record| batch.size(record)).sum(),
                // It may wait for long, and what is lent keeps whole answers of a broker in memory.
                batch: batch.owned(),
                broken,
                from,
                need,
            });
        }
        entries
    }

    /// Bytes of keys and values that were read and not given to the engine: of partitions that are held back or wait.
    #[must_use]
    pub fn kept_bytes(&self) -> u64 {
        let waiting = self
            .partitions
            .values()
            .filter_map(|partition| partition.waiting.as_ref());
        self.log.kept_bytes() + waiting.map(|waiting| waiting.bytes).sum::<u64>()
    }

    /// What partitions wait for, in their order.
    #[must_use]
    pub fn needs(&self) -> Vec<(u32, Need)> {
        let need = |(&id, partition): (&u32, &Partition)| Some((id, partition.waiting.as_ref()?.need.clone()));
        self.partitions.iter().filter_map(need).collect()
    }

    /// First offset behind the records that wait in a partition, and behind what was told after them; 0 where none wait.
    #[must_use]
    pub fn waits_to(&self, partition: u32) -> u64 {
        let Some(partition) = self.partitions.get(&partition) else {
            return 0;
        };
        let waiting = partition.waiting.as_ref();
        let last = waiting.and_then(|waiting| waiting.batch.records.last());
        let behind = last.map_or(0, |record| record.offset + 1);
        let hole = partition.told_hole.map_or(0, |(_, to)| to);
        behind.max(hole).max(partition.told_end.unwrap_or(0))
    }

    /// True where some partition may still be read.
    #[must_use]
    pub fn wants_records(&self) -> bool {
        self.partitions
            .values()
            .any(|partition| !partition.done && !partition.held && partition.waiting.is_none())
    }

    /// The reducer, to ask what it has met.
    #[must_use]
    pub fn reducer(&self) -> &crate::codec::Reducer {
        self.reducer.as_reducer()
    }
}

/// Records that a file could not tell apart keep the file's reason.
pub(super) fn keep_reasons(entries: &mut [Entry], broken: &[(u64, UndecodableReason)]) {
    let mut broken = broken.iter().peekable();
    for entry in entries {
        while broken.next_if(|(offset, _)| *offset < entry.offset).is_some() {}
        let Some((offset, reason)) = broken.peek() else { return };
        if *offset == entry.offset {
            let hash = match &entry.body {
                Reduction::Undecodable(_, hash) => *hash,
                Reduction::Decoded(fingerprint) => fingerprint.digest.0,
                Reduction::Deselected => [0; 16],
                // What the record is does not matter there.
                Reduction::Diverted(_) => continue,
            };
            entry.body = Reduction::Undecodable(*reason, hash);
        }
    }
}
