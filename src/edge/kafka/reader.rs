//! One consumer of one topic: batches of records and the evidence between them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use tokio::time::Instant;

use super::context::Context;
use super::faults::{Judged, judge};
use super::link::Link;
use super::open::connect;
use super::queue::{Kind, Run};
use super::settings::Purpose;
use super::stall::Silence;
use super::stash::Stash;
use super::{KafkaError, Settings};
use crate::model::RecordBatch;

/// A batch is handed on at this many bytes.
const BATCH_BYTES: usize = 4 << 20;

/// Polls until a partition is tried again whose bytes did not match.
const CORRUPT_POLLS: u32 = 20;

/// Why a partition is not read any more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// Its offset is not there.
    Reset,
    /// The log lost its end.
    Cut,
    /// Bytes that do not match: it is read again from there, after this many polls.
    Corrupt(u32),
}

/// One thing that a poll yields.
#[derive(Clone, Debug)]
pub enum Event {
    /// Records of one partition.
    Records(RecordBatch),
    /// The end of a partition: every offset below the position has been delivered or is a gap.
    End {
        /// Which partition.
        partition: u32,
        /// The next offset to read, control records counted.
        position: u64,
    },
    /// Retention or DeleteRecords took records before they were read; reading goes on at `to`.
    Expired {
        /// Which partition.
        partition: u32,
        /// The first that is gone.
        from: u64,
        /// The first that is there.
        to: u64,
    },
    /// The log ends below what was read: it lost its end, or it is another log. The partition is not read any more.
    Truncated {
        /// Which partition.
        partition: u32,
        /// How far it was read.
        position: u64,
        /// Where it ends now.
        end: u64,
    },
    /// Bytes that do not match their checksum, on the way or on the broker's disk. Nothing behind them is delivered; they
    /// are read again until they are whole.
    Corrupt {
        /// Which partition.
        partition: u32,
        /// About where.
        offset: u64,
    },
    /// Something that passes by itself: a broker is down, a leader moves. In librdkafka's words.
    Trouble(String),
    /// Nothing came in time. It proves nothing.
    Idle,
}

impl Event {
    /// How far a partition is told by it: which, and the offset behind all that was delivered or is a gap.
    #[must_use]
    pub fn reached(&self) -> Option<(u32, u64)> {
        match self {
            Self::Records(batch) => {
                let last = batch.records.last()?;
                Some((batch.partition, last.offset.saturating_add(1)))
            }
            Self::End { partition, position } => Some((*partition, *position)),
            Self::Expired { partition, to, .. } => Some((*partition, *to)),
            _ => None,
        }
    }
}

/// Reads one topic.
pub struct Reader {
    pub(super) settings: Settings,
    pub(super) purpose: Purpose,
    topic: String,
    pub(super) link: Link,
    pub(super) partitions: Vec<u32>,
    pub(super) positions: BTreeMap<u32, u64>,
    held: BTreeSet<u32>,
    /// Taken from the queue and not yet handed on.
    stash: Stash,
    /// Offset behind what was taken of each partition.
    taken: BTreeMap<u32, u64>,
    /// Partitions of which an end or a fault was taken last. librdkafka believes then that the offset of that was a record,
    /// and would go on behind it after a pause.
    astray: BTreeSet<u32>,
    /// Partitions that are not read any more until it is known why.
    lost: BTreeMap<u32, Loss>,
    pub(super) silence: Silence,
}

impl Reader {
    /// Connects within 15 s, and proves that the topic is there and may be read.
    ///
    /// # Errors
    /// Settings that cannot work, a cluster that cannot be reached, a topic that is not there or forbidden.
    pub fn open(settings: &Settings, topic: &str) -> Result<Self, KafkaError> {
        Self::open_for(settings, topic, Purpose::Read)
    }

    pub(super) fn open_for(settings: &Settings, topic: &str, purpose: Purpose) -> Result<Self, KafkaError> {
        let (link, partitions) = connect(settings, topic, purpose)?;
        tracing::info!(topic, partitions = partitions.len(), "topic opened");
        Ok(Self {
            settings: settings.clone(),
            purpose,
            topic: topic.to_owned(),
            link,
            partitions,
            positions: BTreeMap::new(),
            held: BTreeSet::new(),
            stash: Stash::default(),
            taken: BTreeMap::new(),
            astray: BTreeSet::new(),
            lost: BTreeMap::new(),
            silence: Silence::default(),
        })
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Its partitions when it was opened, in order.
    #[must_use]
    pub fn partitions(&self) -> &[u32] {
        &self.partitions
    }

    /// How far a partition has been read: every offset below has been delivered or is a gap. 0 where it is not assigned.
    #[must_use]
    pub fn position(&self, partition: u32) -> u64 {
        self.positions.get(&partition).copied().unwrap_or(0)
    }

    /// Reads these partitions from these offsets, and no others; nothing is held.
    ///
    /// # Errors
    /// librdkafka refuses.
    pub fn assign(&mut self, start: &[(u32, u64)]) -> Result<(), KafkaError> {
        let list = self.list(start.iter().map(|&(partition, offset)| (partition, Some(offset))))?;
        self.consumer()
            .assign(&list)
            .map_err(|error| self.fatal(&error.to_string()))?;
        self.positions = start.iter().copied().collect();
        self.held.clear();
        self.stash.clear();
        self.taken.clear();
        self.astray.clear();
        self.lost.clear();
        start.iter().for_each(|(partition, _)| self.silence.broken(*partition));
        Ok(())
    }

    /// Stops reading some partitions for now; nothing of them is delivered until they are released.
    pub fn hold(&mut self, partitions: &[u32]) {
        let fresh = self.assigned(partitions, false);
        self.held.extend(&fresh);
        let list = self.list(fresh.iter().map(|&partition| (partition, None)));
        if let Err(error) = list.map(|list| self.consumer().pause(&list)) {
            tracing::warn!(topic = self.topic, %error, "hold partitions");
        }
    }

    /// Goes on reading them where they were held.
    pub fn release(&mut self, partitions: &[u32]) {
        let held = self.assigned(partitions, true);
        self.held.retain(|partition| !held.contains(partition));
        for &partition in &held {
            self.silence.broken(partition);
            if self.astray.contains(&partition) && !self.lost.contains_key(&partition) {
                let from = self.taken.get(&partition).copied().unwrap_or(0);
                self.start_again(partition, from.max(self.position(partition)));
            }
        }
        let list = self.list(held.iter().map(|&partition| (partition, None)));
        if let Err(error) = list.map(|list| self.consumer().resume(&list)) {
            tracing::warn!(topic = self.topic, %error, "release partitions");
        }
    }

    /// Bytes of keys and values that were taken and are kept back with their partitions.
    #[must_use]
    pub fn kept_bytes(&self) -> u64 {
        self.stash.kept_bytes(&self.held)
    }

    /// Keeps back nothing of a partition of which nothing is wanted any more. It stays held.
    pub fn forget(&mut self, partition: u32) {
        self.stash.forget(partition);
    }

    /// The next thing: waits at most `wait` for the first record and takes what is there, at most `max_records` of
    /// one partition.
    ///
    /// # Errors
    /// Reading cannot go on: the topic is gone or forbidden, or the client has failed.
    pub fn poll(&mut self, max_records: usize, wait: Duration) -> Result<Event, KafkaError> {
        self.silence.poll(Instant::now());
        self.look_for_silence();
        if let Some(event) = self.settle_lost() {
            return Ok(event);
        }
        self.try_again();
        let next = match self.stash.next(&self.held) {
            Some(event) => Some(event),
            None => {
                self.fill(max_records, wait)?;
                self.stash.next(&self.held)
            }
        };
        if let Some(event) = next {
            return Ok(self.delivered(event));
        }
        // Log lines of the probe; it has no records.
        drop(self.link.probe.poll(Duration::ZERO));
        Ok(Event::Idle)
    }

    /// Takes what is in the queue, at most so many records, to the stash: runs of one partition, and what lies between them.
    fn fill(&mut self, max_records: usize, wait: Duration) -> Result<(), KafkaError> {
        let queue = &self.link.queue;
        let mut run: Option<Run> = None;
        // Nothing that was taken is dropped because of an error: the offsets behind it would be.
        let mut failed = None;
        for kind in queue.take(max_records, wait) {
            let fault = match kind {
                Kind::Record(message) => {
                    let (Ok(partition), Ok(offset)) =
                        (u32::try_from(message.partition()), u64::try_from(message.offset()))
                    else {
                        continue;
                    };
                    if self.positions.get(&partition).is_none_or(|&position| offset < position) {
                        continue; // no longer assigned, or delivered already
                    }
                    if self.lost.contains_key(&partition) {
                        continue; // behind what was skipped
                    }
                    let goes_on = |run: &mut Run| run.partition() == partition && run.bytes() < BATCH_BYTES;
                    if run.as_mut().is_none_or(|run| !goes_on(run)) {
                        let next = Run::new(queue, partition);
                        self.stash.records(run.replace(next));
                        self.astray.remove(&partition);
                    }
                    if let Some(run) = &mut run {
                        run.push(message);
                    }
                    self.taken.insert(partition, offset + 1);
                    continue;
                }
                Kind::End { partition, offset } => {
                    let (Ok(partition), Ok(position)) = (u32::try_from(partition), u64::try_from(offset)) else {
                        continue;
                    };
                    self.astray.insert(partition);
                    if !self.lost.contains_key(&partition) {
                        self.stash.records(run.take());
                        self.stash.told(Event::End { partition, position });
                        self.taken.insert(partition, position);
                    }
                    continue;
                }
                Kind::Fault(fault) => fault,
            };
            if let Some((partition, _)) = fault.place {
                self.astray.extend(u32::try_from(partition));
            }
            self.stash.records(run.take());
            match judge(&self.topic, fault) {
                Ok(judged) => note(judged, &mut self.stash, &mut self.lost),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        self.stash.records(run);
        while let Some(fault) = queue.fault(Duration::ZERO) {
            match judge(&self.topic, fault) {
                Ok(judged) => note(judged, &mut self.stash, &mut self.lost),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Keeps account of what is handed on.
    fn delivered(&mut self, event: Event) -> Event {
        let reached = event.reached();
        if let Some((partition, _)) = reached {
            self.silence.broken(partition);
        }
        if let Some((partition, reached)) = reached
            && let Some(position) = self.positions.get_mut(&partition)
        {
            *position = reached.max(*position);
        }
        event
    }

    /// A partition that librdkafka stopped reading: why, and from where it goes on.
    fn settle_lost(&mut self) -> Option<Event> {
        let (partition, loss) = self
            .lost
            .iter()
            .map(|(&partition, &loss)| (partition, loss))
            .find(|&(partition, loss)| !matches!(loss, Loss::Corrupt(_)) && !self.stash.has_records(partition))?;
        let position = self.position(partition);
        let (low, high) = match self.watermarks(partition) {
            Ok(found) => found,
            Err(error) => return Some(Event::Trouble(error.to_string())),
        };
        self.lost.remove(&partition);
        if loss == Loss::Cut || position > high {
            return Some(Event::Truncated {
                partition,
                position,
                end: high,
            });
        }
        let from = position.max(low);
        if let Err(error) = self.restart(partition, from) {
            self.lost.insert(partition, loss);
            return Some(Event::Trouble(error.to_string()));
        }
        Some(if position < low {
            self.delivered(Event::Expired {
                partition,
                from: position,
                to: low,
            })
        } else {
            Event::Trouble(format!("partition {partition} had to be opened again"))
        })
    }

    /// Reads partitions with bytes that did not match again from where they stand, after a while.
    fn try_again(&mut self) {
        let stash = &self.stash;
        let mut ripe = Vec::new();
        for (&partition, loss) in &mut self.lost {
            match loss {
                Loss::Corrupt(0) if !stash.has_records(partition) => ripe.push(partition),
                Loss::Corrupt(polls) => *polls = polls.saturating_sub(1),
                Loss::Reset | Loss::Cut => {}
            }
        }
        for partition in ripe {
            self.start_again(partition, self.position(partition));
        }
    }

    /// Reads one partition from an offset, at once or after a while.
    fn start_again(&mut self, partition: u32, offset: u64) {
        if let Err(error) = self.restart(partition, offset) {
            tracing::warn!(topic = self.topic, %error, "read a partition again");
            self.lost.insert(partition, Loss::Corrupt(CORRUPT_POLLS));
        } else {
            self.lost.remove(&partition);
        }
    }

    /// Reads one partition from an offset; the others go on.
    fn restart(&mut self, partition: u32, offset: u64) -> Result<(), KafkaError> {
        let old = self.list([(partition, None)].into_iter())?;
        let new = self.list([(partition, Some(offset))].into_iter())?;
        let failed = |error: rdkafka::error::KafkaError| self.fatal(&error.to_string());
        self.consumer().incremental_unassign(&old).map_err(failed)?;
        self.consumer().incremental_assign(&new).map_err(failed)?;
        if self.held.contains(&partition) {
            self.consumer().pause(&old).map_err(failed)?;
        }
        self.taken.insert(partition, offset);
        self.astray.remove(&partition);
        Ok(())
    }

    fn assigned(&self, partitions: &[u32], held: bool) -> Vec<u32> {
        let fits = |partition: &&u32| self.positions.contains_key(partition) && self.held.contains(partition) == held;
        partitions.iter().filter(fits).copied().collect()
    }

    /// True where records of a partition are waited for.
    pub(super) fn is_wanted(&self, partition: u32) -> bool {
        !self.held.contains(&partition) && !self.lost.contains_key(&partition)
    }

    /// Assigned partitions that are held.
    pub(super) fn held(&self) -> impl Iterator<Item = u32> {
        self.held
            .iter()
            .copied()
            .filter(|partition| self.positions.contains_key(partition))
    }

    /// Where a partition goes on: behind what was taken of it.
    pub(super) fn next(&self, partition: u32) -> u64 {
        let taken = self.taken.get(&partition).copied().unwrap_or(0);
        taken.max(self.position(partition))
    }

    /// Another client reads the partitions, from these offsets.
    pub(super) fn went_on(&mut self, places: &[(u32, u64)]) {
        self.taken = places.iter().copied().collect();
        self.astray.clear();
    }

    pub(super) fn list(
        &self,
        places: impl Iterator<Item = (u32, Option<u64>)>,
    ) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in places {
            let (Ok(partition), Ok(offset)) = (i32::try_from(partition), offset.map(i64::try_from).transpose()) else {
                return Err(self.fatal("a position out of range"));
            };
            list.add_partition_offset(&self.topic, partition, offset.map_or(Offset::Invalid, Offset::Offset))
                .map_err(|error| self.fatal(&error.to_string()))?;
        }
        Ok(list)
    }

    pub(super) fn fatal(&self, reason: &str) -> KafkaError {
        KafkaError::Fatal {
            topic: self.topic.clone(),
            reason: reason.to_owned(),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn consumer(&self) -> &BaseConsumer<Context> {
        &self.link.consumer
    }

    pub(super) fn probe(&self) -> &BaseConsumer<Context> {
        &self.link.probe
    }
}

/// What follows of a fault.
fn note(judged: Judged, stash: &mut Stash, lost: &mut BTreeMap<u32, Loss>) {
    match judged {
        Judged::Event(event) => stash.told(event),
        Judged::Lost { partition, cut } => {
            lost.insert(partition, if cut { Loss::Cut } else { Loss::Reset });
        }
        Judged::Corrupt { partition, offset } => {
            lost.insert(partition, Loss::Corrupt(CORRUPT_POLLS));
            stash.told(Event::Corrupt { partition, offset });
        }
        Judged::Nothing => {}
    }
}
