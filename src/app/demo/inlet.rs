//! A topic read from its beginning, its partitions merged by event time: a pipeline that falls behind stays in order.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, Result};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use uuid::Uuid;

use super::broker::Topic;

/// How long one look at the topic waits for a record.
const WAIT: Duration = Duration::from_millis(50);
/// Records taken in one look.
const TAKE: usize = 1_000;
/// Looks in a row that may fail before that is an error: brokers need a moment for a new topic.
const FAILURES_MAX: u32 = 200;

/// A merged reader of a topic.
pub struct Inlet<T> {
    consumer: BaseConsumer,
    topic: String,
    queues: Vec<VecDeque<(i64, T)>>,
    failures: u32,
    /// Records read so far.
    pub read: u64,
}

impl<T> Inlet<T> {
    /// Assigns all partitions from their beginnings.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn open(brokers: &str, topic: &Topic) -> Result<Self> {
        let context = || format!("set up the consumer of {}", topic.name);
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("group.id", format!("crosscheck-demo-{}", Uuid::now_v7()))
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("fetch.wait.max.ms", "50")
            .create()
            .with_context(context)?;
        let mut partitions = TopicPartitionList::new();
        for partition in 0..topic.partitions {
            partitions
                .add_partition_offset(&topic.name, partition, Offset::Beginning)
                .with_context(context)?;
        }
        consumer.assign(&partitions).with_context(context)?;
        Ok(Self {
            consumer,
            topic: topic.name.clone(),
            queues: (0..topic.partitions).map(|_| VecDeque::new()).collect(),
            failures: 0,
            read: 0,
        })
    }

    /// Takes what has come; `decode` gives a value and its event time.
    ///
    /// # Errors
    /// A record that cannot be decoded, a cluster that does not answer.
    pub fn take(&mut self, mut decode: impl FnMut(&[u8]) -> Result<(i64, T)>) -> Result<()> {
        let mut wait = WAIT;
        for _ in 0..TAKE {
            let message = match self.consumer.poll(wait) {
                None => return Ok(()),
                Some(Ok(message)) => message,
                Some(Err(error)) => {
                    self.failures += 1;
                    if self.failures < FAILURES_MAX {
                        std::thread::sleep(WAIT);
                        return Ok(());
                    }
                    return Err(error).with_context(|| format!("read {}", self.topic));
                }
            };
            wait = Duration::ZERO;
            self.failures = 0;
            let (time, value) = decode(message.payload().unwrap_or_default())
                .with_context(|| format!("decode {} {}:{}", self.topic, message.partition(), message.offset()))?;
            let index = usize::try_from(message.partition()).unwrap_or(0);
            if let Some(queue) = self.queues.get_mut(index) {
                queue.push_back((time, value));
            }
            self.read += 1;
        }
        Ok(())
    }

    /// The next value in the order of event time. While more is to come, only if every partition shows what it has next.
    pub fn next(&mut self, all_read: bool) -> Option<T> {
        if !all_read && self.queues.iter().any(VecDeque::is_empty) {
            return None;
        }
        let heads = self.queues.iter_mut().filter(|queue| !queue.is_empty());
        let first = heads.min_by_key(|queue| queue.front().map(|(time, _)| *time))?;
        first.pop_front().map(|(_, value)| value)
    }
}
