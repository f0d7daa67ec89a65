//! Two topics of orders, one of a thousand of the canary's is wrong, on a real broker or on librdkafka's own in this process.

use std::error::Error;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};

use super::data::{self, Shape};

/// Partitions of a topic of a real broker.
const PARTITIONS: i32 = 4;
/// Records of a partition of the embedded one, which keeps 5 MiB of each: some 17,000 of 305 B.
const EMBEDDED_RECORDS_MAX: u64 = 12_500;
/// Event time that a log spans: 60 s of it are open and 30 s remembered.
const SPAN_MS: i64 = 1_000_000;

/// The topics, on a broker.
pub struct Topics {
    pub brokers: String,
    pub names: [String; 2],
    pub records: u64,
    pub partitions: i32,
    runtime: tokio::runtime::Runtime,
    /// The broker in this process; gone with the topics.
    embedded: Option<MockCluster<'static, DefaultProducerContext>>,
}

impl Topics {
    /// Makes and fills them on a real broker.
    pub fn make(brokers: &str, records: u64) -> Result<Self, Box<dyn Error>> {
        let topics = Self::named(brokers.to_owned(), records, PARTITIONS, None)?;
        // The records are of the past.
        let fresh = topics
            .names
            .each_ref()
            .map(|name| NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)).set("retention.ms", "-1"));
        // A client that is dropped before its answer never answers.
        let admin = topics.admin()?;
        let made = admin.create_topics(&fresh, &AdminOptions::new());
        for result in topics.runtime.block_on(made)? {
            result.map_err(|(name, code)| format!("make {name}: {code}"))?;
        }
        topics.filled()
    }

    /// Makes and fills them on a broker of our own.
    pub fn embedded(records: u64) -> Result<Self, Box<dyn Error>> {
        let cluster = MockCluster::new(1)?;
        let partitions = i32::try_from(records.div_ceil(EMBEDDED_RECORDS_MAX))?;
        let topics = Self::named(cluster.bootstrap_servers(), records, partitions, Some(cluster))?;
        for name in &topics.names {
            topics
                .embedded
                .iter()
                .try_for_each(|cluster| cluster.create_topic(name, partitions, 1))?;
        }
        topics.filled()
    }

    fn named(
        brokers: String,
        records: u64,
        partitions: i32,
        embedded: Option<MockCluster<'static, DefaultProducerContext>>,
    ) -> Result<Self, Box<dyn Error>> {
        let unique = std::process::id();
        Ok(Self {
            brokers,
            names: ["baseline", "canary"].map(|side| format!("crosscheck-bench-{unique}-{side}")),
            records,
            partitions,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            embedded,
        })
    }

    fn filled(self) -> Result<Self, Box<dyn Error>> {
        for (name, canary) in self.names.iter().zip([false, true]) {
            self.fill(name, canary)?;
        }
        Ok(self)
    }

    fn admin(&self) -> Result<AdminClient<DefaultClientContext>, KafkaError> {
        ClientConfig::new().set("bootstrap.servers", &self.brokers).create()
    }

    fn fill(&self, name: &str, canary: bool) -> Result<(), Box<dyn Error>> {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("linger.ms", "50")
            .create()?;
        let mut bytes = Vec::new();
        for number in 0..self.records {
            let time_ms = data::time_of(number, self.records, SPAN_MS);
            bytes.clear();
            data::put_record(&mut bytes, Shape::Medium, number, time_ms, canary);
            let partition = i32::try_from(number % u64::try_from(self.partitions)?)?;
            let mut record = BaseRecord::<(), [u8]>::to(name)
                .partition(partition)
                .payload(&bytes)
                .timestamp(time_ms);
            while let Err((error, back)) = producer.send(record) {
                if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                    return Err(error.into());
                }
                producer.poll(Duration::from_millis(50));
                record = back;
            }
        }
        Ok(producer.flush(Duration::from_secs(60))?)
    }

    /// Removes them.
    pub fn remove(&self) -> Result<(), Box<dyn Error>> {
        if self.embedded.is_some() {
            return Ok(());
        }
        let names = self.names.each_ref().map(String::as_str);
        let admin = self.admin()?;
        self.runtime
            .block_on(admin.delete_topics(&names, &AdminOptions::new()))?;
        Ok(())
    }

    /// Where something asynchronous may run.
    pub fn handle(&self) -> &tokio::runtime::Handle {
        self.runtime.handle()
    }
}
