//! Two topics of orders, one of a thousand of the canary's is wrong.

use std::error::Error;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::data::{self, Shape};

/// Partitions of a topic.
pub const PARTITIONS: i32 = 4;
/// Event time that a log spans: 60 s of it are open and 30 s remembered.
const SPAN_MS: i64 = 1_000_000;

/// The topics, on a broker.
pub struct Topics {
    pub brokers: String,
    pub names: [String; 2],
    pub records: u64,
    runtime: tokio::runtime::Runtime,
}

impl Topics {
    /// Makes and fills them.
    pub fn make(brokers: &str, records: u64) -> Result<Self, Box<dyn Error>> {
        let unique = std::process::id();
        let topics = Self {
            brokers: brokers.to_owned(),
            names: ["baseline", "canary"].map(|side| format!("crosscheck-bench-{unique}-{side}")),
            records,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        };
        // The records are of the past.
        let fresh = topics
            .names
            .each_ref()
            .map(|name| NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)).set("retention.ms", "-1"));
        let made = topics.admin()?.create_topics(&fresh, &AdminOptions::new());
        for result in topics.runtime.block_on(made)? {
            result.map_err(|(name, code)| format!("make {name}: {code}"))?;
        }
        for (name, canary) in topics.names.iter().zip([false, true]) {
            topics.fill(name, canary)?;
        }
        Ok(topics)
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
            let partition = i32::try_from(number % 4)?;
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
        let names = self.names.each_ref().map(String::as_str);
        let gone = self.admin()?.delete_topics(&names, &AdminOptions::new());
        self.runtime.block_on(gone)?;
        Ok(())
    }

    /// Where something asynchronous may run.
    pub fn handle(&self) -> &tokio::runtime::Handle {
        self.runtime.handle()
    }
}
