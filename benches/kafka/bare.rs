//! What is compared with: a consumer of both topics that counts records and does nothing else, with librdkafka's settings.

use std::error::Error;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::topics::Topics;

/// What a full queue waits before it is filled again: a second with librdkafka's settings, which a loop that is slower than
/// the broker meets.
pub const READY: (&str, &str) = ("fetch.queue.backoff.ms", "2");

/// Reads both to their ends, with a setting more or without: the time from the assignment on.
pub fn read(topics: &Topics, more: Option<(&str, &str)>) -> Result<Duration, Box<dyn Error>> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &topics.brokers)
        .set("group.id", "crosscheck-bench")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true");
    if let Some((key, value)) = more {
        config.set(key, value);
    }
    let consumer: BaseConsumer = config.create()?;
    consumer.fetch_metadata(Some(&topics.names[0]), Duration::from_secs(10))?;
    let mut list = TopicPartitionList::new();
    for name in &topics.names {
        for partition in 0..topics.partitions {
            list.add_partition_offset(name, partition, Offset::Beginning)?;
        }
    }
    let start = super::now();
    consumer.assign(&list)?;
    let (mut records, mut bytes) = (0, 0);
    let mut open = list.count();
    while open > 0 {
        match consumer.poll(Duration::from_secs(10)) {
            Some(Ok(message)) => {
                records += 1;
                bytes += message.payload_len();
            }
            Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
            Some(Err(error)) => return Err(error.into()),
            None => return Err("no record for 10 s".into()),
        }
    }
    let wall = start.elapsed();
    std::hint::black_box(bytes);
    if records != 2 * topics.records {
        return Err(format!("the bare loop saw {records} records").into());
    }
    Ok(wall)
}
