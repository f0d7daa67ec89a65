//! A reader of a simulated topic, with the manners of the real one: batches of one partition, an end told once each time
//! it is reached, what retention took told as a range, a log that was cut told once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crosscheck::app::topic::{Fetch, Topic};
use crosscheck::edge::kafka::{Ends, Event, KafkaError, TopicFacts};
use crosscheck::model::{RecordBatch, Side};

use super::outside::{Nature, name_of};
use super::world::log::{self, Kind, OutOfRange};

/// The id of a topic, as a broker tells it.
pub fn name_of_id(id: u128) -> String {
    format!("{id:032x}")
}

/// Where a partition is read.
struct Place {
    /// All before it was delivered, or is told to be a gap.
    position: u64,
    /// All before it was looked at.
    at: u64,
    held: bool,
    /// The end that was told last.
    told: Option<u64>,
    lost: bool,
    epoch: i32,
}

impl Place {
    fn at(position: u64, epoch: i32) -> Self {
        Self {
            position,
            at: position,
            held: false,
            told: None,
            lost: false,
            epoch,
        }
    }
}

pub struct Reader {
    nature: Arc<Nature>,
    side: Side,
    /// The topic's when somebody was told it first.
    id: Option<u128>,
    /// The topic that records came from.
    read: Option<u128>,
    partitions: Vec<u32>,
    places: BTreeMap<u32, Place>,
}

impl Reader {
    pub fn open(nature: Arc<Nature>, side: Side) -> Result<Self, KafkaError> {
        if nature.brokers_down(side) {
            return Err(KafkaError::Unreachable {
                brokers: name_of(side).to_owned(),
                reason: None,
            });
        }
        let count = nature.world.topic(side).partition_count(nature.time.now_ms());
        Ok(Self {
            id: None,
            read: None,
            partitions: (0..count).collect(),
            nature,
            side,
            places: BTreeMap::new(),
        })
    }

    fn now_ms(&self) -> i64 {
        self.nature.time.now_ms()
    }

    fn log(&self, partition: u32) -> &log::Partition {
        self.nature.world.topic(self.side).partition(partition, self.now_ms())
    }

    fn topic_id_now(&self) -> u128 {
        self.nature.world.topic(self.side).topic_id(self.now_ms())
    }

    /// False once the topic was deleted and made again. Where nobody was told its id, what is there now is the topic.
    fn is_the_same(&self) -> bool {
        self.id.is_none_or(|id| id == self.topic_id_now())
    }

    fn asked(&self, question: &'static str) -> Result<(), KafkaError> {
        if self.nature.brokers_down(self.side) {
            return Err(KafkaError::Query {
                question,
                topic: name_of(self.side).to_owned(),
                reason: "simulated".to_owned(),
            });
        }
        Ok(())
    }

    /// What one partition has. `None` where there is nothing new.
    fn look(&mut self, partition: u32, max: usize, now_ms: i64) -> Option<Event> {
        let nature = self.nature.clone();
        let topic = nature.world.topic(self.side);
        if partition >= topic.partition_count(now_ms) {
            return None;
        }
        let log = topic.partition(partition, now_ms);
        let place = self.places.get_mut(&partition)?;
        if place.held || place.lost {
            return None;
        }
        let epoch = log.leader_epoch(now_ms);
        if epoch != std::mem::replace(&mut place.epoch, epoch)
            && let Some(cut) = &log.cut
            && place.at > cut.to
        {
            place.lost = true;
            nature.reached("met: truncated");
            return Some(Event::Truncated {
                partition,
                position: place.position,
                end: cut.to,
            });
        }
        loop {
            match log.read(place.at, now_ms, max) {
                Err(OutOfRange { low, .. }) if place.at < low => {
                    let from = place.position;
                    nature.reached("met: expired");
                    (place.position, place.at) = (low, low);
                    return Some(Event::Expired {
                        partition,
                        from,
                        to: low,
                    });
                }
                Err(OutOfRange { high, .. }) => {
                    place.lost = true;
                    nature.reached("met: truncated");
                    return Some(Event::Truncated {
                        partition,
                        position: place.position,
                        end: high,
                    });
                }
                Ok(slots) if slots.is_empty() => {
                    if place.told.replace(place.at) == Some(place.at) {
                        return None;
                    }
                    place.position = place.at;
                    return Some(Event::End {
                        partition,
                        position: place.at,
                    });
                }
                Ok(slots) => {
                    place.at += slots.len() as u64;
                    place.told = None;
                    let batch = log::batch(partition, &slots);
                    if let Some(last) = batch.records.last() {
                        place.position = last.offset + 1;
                        if log
                            .cut
                            .as_ref()
                            .is_some_and(|cut| now_ms < cut.at_ms && cut.to < place.at)
                        {
                            nature.reached("read what will be cut");
                        }
                        let id = topic.topic_id(now_ms);
                        if self.read.replace(id).is_some_and(|read| read != id) {
                            nature.reached("read two topics of one name");
                        }
                        return Some(Event::Records(batch));
                    }
                }
            }
        }
    }
}

impl Topic for Reader {
    fn name(&self) -> &str {
        name_of(self.side)
    }

    fn partitions(&self) -> &[u32] {
        &self.partitions
    }

    fn partition_count(&self) -> Result<usize, KafkaError> {
        self.asked("ask for the partitions")?;
        Ok(self.nature.world.topic(self.side).partition_count(self.now_ms()) as usize)
    }

    fn take_new_partitions(&mut self) -> Result<Vec<(u32, u64)>, KafkaError> {
        self.asked("ask for the partitions")?;
        let now_ms = self.now_ms();
        if !self.is_the_same() {
            return Ok(Vec::new());
        }
        let known = u32::try_from(self.partitions.len()).unwrap();
        let count = self.nature.world.topic(self.side).partition_count(now_ms);
        let fresh: Vec<(u32, u64)> = (known..count).map(|id| (id, self.log(id).low(now_ms))).collect();
        for &(partition, begin) in &fresh {
            self.nature.reached("met: repartitioned");
            self.partitions.push(partition);
            self.places
                .insert(partition, Place::at(begin, self.log(partition).leader_epoch(now_ms)));
        }
        Ok(fresh)
    }

    fn topic_id(&mut self, _wait: Duration) -> Option<String> {
        if self.nature.brokers_down(self.side) {
            return None;
        }
        let id = self.topic_id_now();
        self.id.get_or_insert(id);
        Some(name_of_id(id))
    }

    fn describe(&self) -> TopicFacts {
        TopicFacts {
            cleanup_policy: Some("delete".to_owned()),
            retention_ms: Some(-1),
            ..TopicFacts::default()
        }
    }

    fn ends(&self) -> Result<Vec<Ends>, KafkaError> {
        self.asked("ask for the last offsets")?;
        let now_ms = self.now_ms();
        let count = self.nature.world.topic(self.side).partition_count(now_ms);
        let ends = |partition: &u32| {
            if *partition >= count {
                return Ends {
                    partition: *partition,
                    low: 0,
                    last_stable: 0,
                    high: 0,
                };
            }
            let log = self.log(*partition);
            Ends {
                partition: *partition,
                low: log.low(now_ms),
                last_stable: log.last_stable(now_ms),
                high: log.high(now_ms),
            }
        };
        Ok(self.partitions.iter().map(ends).collect())
    }

    fn watermarks(&self, partition: u32) -> Result<(u64, u64), KafkaError> {
        self.asked("ask for the first offsets")?;
        let (log, now_ms) = (self.log(partition), self.now_ms());
        Ok((log.low(now_ms), log.high(now_ms)))
    }

    fn offsets_at(&self, time_ms: i64) -> Result<Vec<(u32, Option<u64>)>, KafkaError> {
        self.asked("ask for the offsets of a time")?;
        let now_ms = self.now_ms();
        let found = |partition: &u32| (*partition, self.log(*partition).offset_for_time(time_ms, now_ms));
        Ok(self.partitions.iter().map(found).collect())
    }

    fn assign(&mut self, start: &[(u32, u64)]) -> Result<(), KafkaError> {
        let now_ms = self.now_ms();
        let place = |&(partition, position): &(u32, u64)| {
            (partition, Place::at(position, self.log(partition).leader_epoch(now_ms)))
        };
        self.places = start.iter().map(place).collect();
        Ok(())
    }

    fn hold(&mut self, partitions: &[u32]) {
        for partition in partitions {
            if let Some(place) = self.places.get_mut(partition) {
                place.held = true;
            }
        }
    }

    fn release(&mut self, partitions: &[u32]) {
        for partition in partitions {
            if let Some(place) = self.places.get_mut(partition) {
                place.held = false;
            }
        }
    }

    fn poll(&mut self, max_records: usize, _wait: Duration) -> Result<Event, KafkaError> {
        if self.nature.brokers_down(self.side) {
            self.nature.reached("brokers down");
            return Ok(Event::Trouble("simulated".to_owned()));
        }
        if !self.is_the_same() {
            // The broker does not know the topic that this reader asks for.
            self.nature.reached("met: recreated");
            return Ok(Event::Trouble("simulated: another topic id".to_owned()));
        }
        let count = self.places.len();
        if count == 0 {
            return Ok(Event::Idle);
        }
        let (first, size) = (self.nature.below(count as u64), self.nature.below(4));
        let max = match size {
            0 => 1 + self.nature.below(8),
            _ => 1 + self.nature.below(400),
        };
        let max = usize::try_from(max).unwrap().min(max_records);
        let order: Vec<u32> = self.places.keys().copied().collect();
        let (first, now_ms) = (usize::try_from(first).unwrap(), self.now_ms());
        for at in 0..count {
            if let Some(event) = self.look(order[(first + at) % count], max, now_ms) {
                return Ok(event);
            }
        }
        Ok(Event::Idle)
    }
}

/// Reads records again.
pub struct Again {
    pub nature: Arc<Nature>,
    pub side: Side,
}

impl Fetch for Again {
    fn fetch(
        &mut self,
        positions: &[(u32, u64)],
        visit: &mut dyn FnMut(&RecordBatch, usize),
    ) -> Result<Vec<(u32, u64)>, KafkaError> {
        let now_ms = self.nature.time.now_ms();
        let topic = self.nature.world.topic(self.side);
        let mut gone = Vec::new();
        for &(partition, offset) in positions {
            let there = partition < topic.partition_count(now_ms);
            let slots = there.then(|| topic.partition(partition, now_ms).read(offset, now_ms, 1));
            match slots {
                Some(Ok(slots)) if matches!(slots.first().map(|slot| &slot.kind), Some(Kind::Record(_))) => {
                    visit(&log::batch(partition, &slots), 0);
                }
                _ => gone.push((partition, offset)),
            }
        }
        Ok(gone)
    }
}
