//! Kafka edge: on librdkafka's mock cluster, and (ignored) on a real one.

mod changed;
mod mock;
pub(crate) mod real;
mod secure;
mod window;

use std::collections::BTreeMap;
use std::time::Duration;

use crosscheck::edge::kafka::{Event, Reader, Settings};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

const WAIT: Duration = Duration::from_millis(500);

fn settings(brokers: &str) -> Settings {
    Settings {
        brokers: brokers.split(',').map(str::to_owned).collect(),
        ..Settings::default()
    }
}

pub(crate) fn producer(brokers: &str, extra: &[(&str, &str)]) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("linger.ms", "1");
    for (key, value) in extra {
        config.set(*key, *value);
    }
    config.create().unwrap()
}

/// One record: its value is `v` and the number.
fn produce(producer: &BaseProducer, topic: &str, partition: i32, number: usize, timestamp: i64) {
    let value = format!("v{number}");
    let headers = OwnedHeaders::new()
        .insert(Header {
            key: "h",
            value: Some("x"),
        })
        .insert(Header::<&str> {
            key: "nothing",
            value: None,
        });
    let record = BaseRecord::to(topic)
        .partition(partition)
        .key("k")
        .payload(&value)
        .headers(headers)
        .timestamp(timestamp);
    producer.send(record).map_err(|(error, _)| error).unwrap();
}

fn flush(producer: &BaseProducer) {
    producer.flush(Duration::from_secs(20)).unwrap();
}

/// What reading gave: values by (partition, offset), and the ends.
#[derive(Default)]
struct Read {
    values: BTreeMap<(u32, u64), Option<String>>,
    ends: BTreeMap<u32, u64>,
    others: Vec<Event>,
}

impl Read {
    fn take(&mut self, event: Event) {
        match event {
            Event::Records(batch) => {
                for record in &batch.records {
                    let value = batch
                        .value(record)
                        .map(|value| String::from_utf8(value.to_vec()).unwrap());
                    let seen = self.values.insert((batch.partition, record.offset), value);
                    assert!(seen.is_none(), "a record was delivered twice");
                }
            }
            Event::End { partition, position } => {
                self.ends.insert(partition, position);
            }
            Event::Idle => {}
            other => self.others.push(other),
        }
    }

    fn offsets(&self, partition: u32) -> Vec<u64> {
        let mine = self.values.keys().filter(|(found, _)| *found == partition);
        mine.map(|(_, offset)| *offset).collect()
    }
}

/// Reads until a condition holds, or fails after many empty polls.
fn read_until(reader: &mut Reader, read: &mut Read, mut done: impl FnMut(&Read) -> bool) {
    for _ in 0..60 {
        if done(read) {
            return;
        }
        loop {
            let event = reader.poll(100, WAIT).unwrap();
            let idle = matches!(event, Event::Idle);
            read.take(event);
            if idle || done(read) {
                break;
            }
        }
    }
    panic!(
        "not reached: {} records, ends {:?}, others {:?}",
        read.values.len(),
        read.ends,
        read.others
    );
}
