//! A topic as one of the sides that share it sees it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::common::Common;
use super::share::Share;
use crate::app::topic::Topic;
use crate::edge::kafka::{Ends, Event, KafkaError, TopicFacts};

/// One side's.
pub(super) struct Part {
    id: u32,
    common: Arc<Mutex<Common>>,
    name: String,
    partitions: Vec<u32>,
    /// Once it goes on alone.
    alone: Option<Alone>,
}

/// A reader of its own, and what was put by before it had one.
struct Alone {
    topic: Box<dyn Topic>,
    share: Share,
}

impl Part {
    pub(super) fn of(common: Arc<Mutex<Common>>) -> Self {
        let mut part = Self {
            id: 0,
            common,
            name: String::new(),
            partitions: Vec::new(),
            alone: None,
        };
        let mut common = part.common();
        let id = common.join();
        let (name, partitions) = (common.topic.name().to_owned(), common.topic.partitions().to_vec());
        drop(common);
        if id > 0 {
            tracing::info!(topic = name, "the topic is read once for several sides");
        }
        (part.id, part.name, part.partitions) = (id, name, partitions);
        part
    }

    fn common(&self) -> MutexGuard<'_, Common> {
        self.common.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the topic.
    fn ask<T>(&self, ask: impl FnOnce(&dyn Topic) -> T) -> T {
        match &self.alone {
            Some(alone) => ask(&*alone.topic),
            None => ask(&*self.common().topic),
        }
    }

    fn ask_mut<T>(&mut self, ask: impl FnOnce(&mut dyn Topic) -> T) -> T {
        match &mut self.alone {
            Some(alone) => ask(&mut *alone.topic),
            None => ask(&mut *self.common().topic),
        }
    }

    /// Goes on with a reader of its own from where it stands. What is held stays held.
    fn leave(&mut self) -> Result<(), KafkaError> {
        tracing::info!(
            topic = self.name,
            "a side is too far from the others to share their reader"
        );
        let mut common = self.common();
        let mut topic = (common.open)()?;
        let share = common.share(self.id);
        let mut fresh = Vec::new();
        for &partition in topic.partitions() {
            if !share.next.contains_key(&partition) {
                fresh.push((partition, topic.watermarks(partition)?.0));
            }
        }
        let known = share.next.iter().map(|(partition, next)| (*partition, *next));
        let start: Vec<(u32, u64)> = known.chain(fresh.iter().copied()).collect();
        topic.assign(&start)?;
        let mut share = common.part(self.id)?;
        drop(common);
        share.leaves = false;
        share.met(&fresh);
        topic.hold(&share.at_rest());
        self.alone = Some(Alone { topic, share });
        Ok(())
    }
}

impl Alone {
    fn poll(&mut self, max_records: usize, wait: Duration) -> Result<Event, KafkaError> {
        if let Some(event) = self.share.next_event()? {
            return Ok(event);
        }
        let event = self.topic.poll(max_records, wait)?;
        // What is held is held by the topic, and nothing of it comes.
        self.share.take(event, u64::MAX);
        Ok(self.share.next_event()?.unwrap_or(Event::Idle))
    }
}

impl Topic for Part {
    fn name(&self) -> &str {
        &self.name
    }

    fn partitions(&self) -> &[u32] {
        &self.partitions
    }

    fn partition_count(&self) -> Result<usize, KafkaError> {
        self.ask(|topic| topic.partition_count())
    }

    fn take_new_partitions(&mut self) -> Result<Vec<(u32, u64)>, KafkaError> {
        let fresh = match &mut self.alone {
            None => self.common().take_new_partitions(self.id),
            Some(Alone { topic, share }) => {
                let found = topic.take_new_partitions();
                if let Ok(fresh) = &found {
                    share.met(fresh);
                }
                let told = share.tell_fresh();
                let partitions: Vec<u32> = told.iter().map(|(partition, _)| *partition).collect();
                topic.release(&partitions);
                match found {
                    Err(error) if told.is_empty() => Err(error),
                    _ => Ok(told),
                }
            }
        }?;
        self.partitions.extend(fresh.iter().map(|(partition, _)| *partition));
        self.partitions.sort_unstable();
        self.partitions.dedup();
        Ok(fresh)
    }

    fn names(&self) -> Result<Vec<String>, KafkaError> {
        self.ask(|topic| topic.names())
    }

    fn topic_id(&mut self, wait: Duration) -> Option<String> {
        self.ask_mut(|topic| topic.topic_id(wait))
    }

    fn describe(&self) -> TopicFacts {
        self.ask(|topic| topic.describe())
    }

    fn ends(&self) -> Result<Vec<Ends>, KafkaError> {
        self.ask(|topic| topic.ends())
    }

    fn watermarks(&self, partition: u32) -> Result<(u64, u64), KafkaError> {
        self.ask(|topic| topic.watermarks(partition))
    }

    fn offsets_at(&self, time_ms: i64) -> Result<Vec<(u32, Option<u64>)>, KafkaError> {
        self.ask(|topic| topic.offsets_at(time_ms))
    }

    fn assign(&mut self, start: &[(u32, u64)]) -> Result<(), KafkaError> {
        match &mut self.alone {
            None => self.common().assign(self.id, start),
            Some(Alone { topic, share }) => {
                topic.assign(start)?;
                share.begin(start);
                Ok(())
            }
        }
    }

    fn hold(&mut self, partitions: &[u32]) {
        match &mut self.alone {
            None => self.common().hold(self.id, partitions),
            Some(Alone { topic, share }) => {
                share.hold(partitions);
                topic.hold(partitions);
            }
        }
    }

    fn release(&mut self, partitions: &[u32]) {
        match &mut self.alone {
            None => self.common().release(self.id, partitions),
            Some(Alone { topic, share }) => {
                share.release(partitions);
                topic.release(partitions);
            }
        }
    }

    fn kept_bytes(&self) -> u64 {
        match &self.alone {
            None => self.common().kept_bytes(self.id),
            Some(Alone { topic, share }) => share.kept_bytes() + topic.kept_bytes(),
        }
    }

    fn forget(&mut self, partition: u32) {
        match &mut self.alone {
            None => self.common().forget(self.id, partition),
            Some(Alone { topic, share }) => {
                share.end(partition);
                topic.forget(partition);
            }
        }
    }

    fn poll(&mut self, max_records: usize, wait: Duration) -> Result<Event, KafkaError> {
        if self.alone.is_none() && self.common().share(self.id).leaves {
            match self.leave() {
                Err(error) if error.is_transient() => return Ok(Event::Trouble(error.to_string())),
                left => left?,
            }
        }
        match &mut self.alone {
            Some(alone) => alone.poll(max_records, wait),
            None => self.common().poll(self.id, max_records, wait),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.alone.is_none() {
            drop(self.common().part(self.id));
        }
    }
}
