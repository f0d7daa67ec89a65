//! A topic read ahead: its batches are walked by a crew while the thread that steps the engine reads and pairs. What is
//! told of a partition is handed on in the order in which the topic told it, and nothing of one that is held.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::crew::{Crew, Done, Giver, Piece, Promise, Work};
use super::topic::Topic;
use crate::edge::files::Chunk;
use crate::edge::kafka::{Event, KafkaError};
use crate::model::Side;

/// Records that one read may yield.
pub(super) const BATCH_RECORDS: usize = 2048;

/// What is under way of one topic at most, beyond one batch; held partitions apart, of which nothing more comes.
const BYTES_MAX: u64 = 8 << 20;
const RECORDS_MAX: usize = 4 * BATCH_RECORDS;

/// How far a topic is read ahead of the engine. Nothing shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Hands that walk records, the one that steps the engine among them.
    pub hands: usize,
    /// Batches of a topic that are under way.
    pub batches: usize,
}

impl Pace {
    /// A hand for every core that this process may use.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self::of(std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
    }

    /// For so many hands.
    #[must_use]
    pub fn of(hands: usize) -> Self {
        // One hand walks a batch when it is the next.
        let batches = if hands > 1 { 4 * hands } else { 1 };
        Self { hands, batches }
    }
}

/// What was taken from a topic and not yet handed on.
pub struct Window {
    crew: Arc<Crew>,
    giver: Giver,
    batches: usize,
    under_way: VecDeque<Under>,
    held: BTreeSet<u32>,
}

/// One thing under way.
enum Under {
    Batch {
        promise: Promise,
        partition: u32,
        records: usize,
        bytes: u64,
    },
    Told(Event),
    Wrong(KafkaError),
}

/// One thing that is handed on.
pub enum Next {
    /// Records, walked or not.
    Piece(Piece),
    /// Anything else.
    Event(Event),
}

impl Window {
    /// Nothing was taken yet.
    #[must_use]
    pub fn new(crew: Arc<Crew>, side: Side, batches: usize) -> Self {
        Self {
            crew,
            giver: Giver::new(side, 0..u64::MAX),
            batches: batches.max(1),
            under_way: VecDeque::new(),
            held: BTreeSet::new(),
        }
    }

    /// Hands on nothing of these partitions.
    pub fn hold(&mut self, partitions: &[u32]) {
        self.held.extend(partitions);
    }

    /// Hands on what there is of them again.
    pub fn release(&mut self, partitions: &[u32]) {
        self.held.retain(|partition| !partitions.contains(partition));
    }

    /// Bytes of the records of held partitions.
    #[must_use]
    pub fn kept_bytes(&self) -> u64 {
        let kept = |under: &Under| match under {
            Under::Batch { partition, bytes, .. } if self.held.contains(partition) => *bytes,
            _ => 0,
        };
        self.under_way.iter().map(kept).sum()
    }

    /// Gives up the records of a partition of which nothing is wanted any more.
    pub fn forget(&mut self, partition: u32) {
        self.under_way
            .retain(|under| !matches!(under, Under::Batch { partition: of, .. } if *of == partition));
    }

    /// The next thing, waiting at most `wait` for the topic where nothing is under way.
    ///
    /// # Errors
    /// The topic cannot be read any further, or a hand died.
    pub fn next(&mut self, topic: &mut dyn Topic, wait: Duration) -> Result<Next> {
        if self.first().is_none() {
            self.take(topic, wait);
        }
        while self.has_room() && self.take(topic, Duration::ZERO) {}
        let under = self.first().and_then(|at| self.under_way.remove(at));
        Ok(match under {
            None => Next::Event(Event::Idle),
            Some(Under::Told(event)) => Next::Event(event),
            Some(Under::Wrong(error)) => return Err(error.into()),
            Some(Under::Batch { promise, .. }) => match self.crew.take(&promise)?? {
                Done::Pieces(mut pieces, _) => pieces.pop_front().map_or(Next::Event(Event::Idle), Next::Piece),
                Done::Later(_) => Next::Event(Event::Idle),
            },
        })
    }

    /// Takes one thing from the topic; false where there was none, or no more can be.
    fn take(&mut self, topic: &mut dyn Topic, wait: Duration) -> bool {
        let under = match topic.poll(BATCH_RECORDS, wait) {
            Ok(Event::Idle) => return false,
            Ok(Event::Records(batch)) => {
                let (partition, records) = (batch.partition, batch.records.len());
                let bytes = batch.records.iter().map(|record| batch.size(record)).sum();
                let chunk = Chunk {
                    batch,
                    ..Chunk::default()
                };
                Under::Batch {
                    promise: self.crew.give(&self.giver, Work::Chunk(chunk)),
                    partition,
                    records,
                    bytes,
                }
            }
            Ok(event) => Under::Told(event),
            // What was read before it comes before it.
            Err(error) => Under::Wrong(error),
        };
        let goes_on = !matches!(under, Under::Wrong(_));
        self.under_way.push_back(under);
        goes_on
    }

    fn has_room(&self) -> bool {
        let (mut batches, mut all, mut size) = (0, 0, 0);
        for under in &self.under_way {
            match under {
                Under::Batch {
                    partition,
                    records,
                    bytes,
                    ..
                } if !self.held.contains(partition) => {
                    batches += 1;
                    all += records;
                    size += bytes;
                }
                Under::Batch { .. } => {}
                Under::Told(_) => batches += 1,
                Under::Wrong(_) => return false,
            }
        }
        batches < self.batches && all < RECORDS_MAX && size < BYTES_MAX
    }

    /// The first that may be handed on: no record of a held partition, and nothing that was told of it behind one.
    fn first(&self) -> Option<usize> {
        let mut waiting = BTreeSet::new();
        self.under_way.iter().position(|under| match under {
            Under::Batch { partition, .. } if self.held.contains(partition) => {
                waiting.insert(*partition);
                false
            }
            Under::Batch { .. } | Under::Wrong(_) => true,
            Under::Told(event) => partition_of(event).is_none_or(|partition| !waiting.contains(&partition)),
        })
    }
}

fn partition_of(event: &Event) -> Option<u32> {
    match event {
        Event::Records(batch) => Some(batch.partition),
        Event::End { partition, .. }
        | Event::Expired { partition, .. }
        | Event::Truncated { partition, .. }
        | Event::Corrupt { partition, .. } => Some(*partition),
        Event::Trouble(_) | Event::Idle => None,
    }
}
