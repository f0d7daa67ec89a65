//! What is asked of a topic. Kafka answers, or a simulation of it.

use std::time::Duration;

use crate::edge::kafka::{self, Ends, Event, KafkaError, TopicFacts};
use crate::model::{RecordBatch, Topics};

/// A topic that is read.
pub trait Topic: Send {
    /// Its name.
    fn name(&self) -> &str;

    /// Its name, and those of the topics that are read with it.
    fn topics(&self) -> Topics {
        Topics::one(self.name())
    }

    /// Its partitions when it was opened, in order.
    fn partitions(&self) -> &[u32];

    /// How many partitions it has now.
    ///
    /// # Errors
    /// The cluster does not answer.
    fn partition_count(&self) -> Result<usize, KafkaError>;

    /// Looks for partitions that were added, and for topics where it is a pattern's, and reads them from now on, from their
    /// begin: (partition, begin).
    ///
    /// # Errors
    /// The cluster does not answer, or there is a topic that must not be read with the others.
    fn take_new_partitions(&mut self) -> Result<Vec<(u32, u64)>, KafkaError> {
        Ok(Vec::new())
    }

    /// The names of all topics of its cluster that we may see, in order.
    ///
    /// # Errors
    /// The cluster does not answer.
    fn names(&self) -> Result<Vec<String>, KafkaError> {
        Ok(Vec::new())
    }

    /// What the topic is beside its name, as far as it is told within `wait`: another id is another topic.
    fn topic_id(&mut self, wait: Duration) -> Option<String> {
        let _ = wait;
        None
    }

    /// The same of the other topics of its side, its own, by their places among them.
    fn other_ids(&mut self, wait: Duration) -> Vec<(u32, String)> {
        let _ = wait;
        Vec::new()
    }

    /// How long it keeps records, and whether it compacts them. What is not told is `None`.
    fn describe(&self) -> TopicFacts;

    /// The same of each topic of its side, its own, by name.
    fn facts(&self) -> Vec<(String, TopicFacts)> {
        vec![(self.name().to_owned(), self.describe())]
    }

    /// The same of the topics that it came to since it was asked last.
    fn new_facts(&mut self) -> Vec<TopicFacts> {
        Vec::new()
    }

    /// The ends of every partition.
    ///
    /// # Errors
    /// The cluster does not answer.
    fn ends(&self) -> Result<Vec<Ends>, KafkaError>;

    /// The first offset that is still there, and the high watermark, of one partition.
    ///
    /// # Errors
    /// The cluster does not answer.
    fn watermarks(&self, partition: u32) -> Result<(u64, u64), KafkaError>;

    /// The first offset of each partition whose Kafka timestamp is at or after a time; `None` where there is none yet.
    ///
    /// # Errors
    /// The cluster does not answer.
    fn offsets_at(&self, time_ms: i64) -> Result<Vec<(u32, Option<u64>)>, KafkaError>;

    /// Reads these partitions from these offsets, and no others; nothing is held.
    ///
    /// # Errors
    /// The client refuses.
    fn assign(&mut self, start: &[(u32, u64)]) -> Result<(), KafkaError>;

    /// Stops reading some partitions for now.
    fn hold(&mut self, partitions: &[u32]);

    /// Goes on reading them.
    fn release(&mut self, partitions: &[u32]);

    /// Bytes of keys and values that were taken from the cluster and are kept back with their partitions.
    fn kept_bytes(&self) -> u64 {
        0
    }

    /// Keeps back nothing of a held partition of which nothing is wanted any more.
    fn forget(&mut self, partition: u32) {
        let _ = partition;
    }

    /// The next thing, waiting at most `wait` for it; at most `max_records` of one partition.
    ///
    /// # Errors
    /// Reading cannot go on.
    fn poll(&mut self, max_records: usize, wait: Duration) -> Result<Event, KafkaError>;
}

/// Reads records of a topic again, by position.
pub trait Fetch: Send {
    /// Visits the records at these positions, and returns the positions that have none any more.
    ///
    /// # Errors
    /// Reading cannot go on; or nobody answers, which is transient and says nothing of the records.
    fn fetch(
        &mut self,
        positions: &[(u32, u64)],
        visit: &mut dyn FnMut(&RecordBatch, usize),
    ) -> Result<Vec<(u32, u64)>, KafkaError>;
}

impl Topic for kafka::Reader {
    fn name(&self) -> &str {
        self.topic()
    }

    fn partitions(&self) -> &[u32] {
        self.partitions()
    }

    fn partition_count(&self) -> Result<usize, KafkaError> {
        self.partition_count()
    }

    fn take_new_partitions(&mut self) -> Result<Vec<(u32, u64)>, KafkaError> {
        self.take_new_partitions()
    }

    fn names(&self) -> Result<Vec<String>, KafkaError> {
        self.names()
    }

    fn topic_id(&mut self, wait: Duration) -> Option<String> {
        self.topic_id(wait)
    }

    fn describe(&self) -> TopicFacts {
        self.describe()
    }

    fn ends(&self) -> Result<Vec<Ends>, KafkaError> {
        self.ends()
    }

    fn watermarks(&self, partition: u32) -> Result<(u64, u64), KafkaError> {
        self.watermarks(partition)
    }

    fn offsets_at(&self, time_ms: i64) -> Result<Vec<(u32, Option<u64>)>, KafkaError> {
        self.offsets_at(time_ms)
    }

    fn assign(&mut self, start: &[(u32, u64)]) -> Result<(), KafkaError> {
        self.assign(start)
    }

    fn hold(&mut self, partitions: &[u32]) {
        self.hold(partitions);
    }

    fn release(&mut self, partitions: &[u32]) {
        self.release(partitions);
    }

    fn kept_bytes(&self) -> u64 {
        self.kept_bytes()
    }

    fn forget(&mut self, partition: u32) {
        self.forget(partition);
    }

    fn poll(&mut self, max_records: usize, wait: Duration) -> Result<Event, KafkaError> {
        self.poll(max_records, wait)
    }
}

/// A second consumer of a topic, opened when it is first needed.
pub struct Second {
    settings: kafka::Settings,
    topic: String,
    fetcher: Option<kafka::Fetcher>,
}

impl Second {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(settings: &kafka::Settings, topic: &str) -> Self {
        Self {
            settings: settings.clone(),
            topic: topic.to_owned(),
            fetcher: None,
        }
    }
}

impl Fetch for Second {
    fn fetch(
        &mut self,
        positions: &[(u32, u64)],
        visit: &mut dyn FnMut(&RecordBatch, usize),
    ) -> Result<Vec<(u32, u64)>, KafkaError> {
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        let fetcher = match &mut self.fetcher {
            Some(fetcher) => fetcher,
            none => none.insert(kafka::Fetcher::open(&self.settings, &self.topic)?),
        };
        fetcher.fetch(positions, visit)
    }
}
