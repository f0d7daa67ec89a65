//! A producer that remembers where the cluster put what it is asked to remember.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, ClientContext};

use crate::app::report::Place;

/// How long the last records may take.
const FLUSH: Duration = Duration::from_secs(20);

/// How a key chooses its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partitioner {
    /// As Java's clients do.
    Murmur2,
    /// As librdkafka's do.
    Crc32,
}

/// Places by number, in the order of the offsets.
pub type Places = BTreeMap<u64, Vec<Place>>;

/// A producer of one topic.
pub struct Sender {
    producer: ThreadedProducer<Reports>,
    topic: String,
}

#[derive(Default)]
struct Reports(Mutex<Delivered>);

#[derive(Default)]
struct Delivered {
    places: Places,
    records: u64,
    lost: u64,
    why: Option<KafkaError>,
}

impl Reports {
    fn lock(&self) -> MutexGuard<'_, Delivered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    /// 0, or one more than the number to remember.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: usize) {
        let mut delivered = self.lock();
        let message = match result {
            Ok(message) => message,
            Err((error, _)) => {
                delivered.lost += 1;
                delivered.why = Some(error.clone());
                return;
            }
        };
        delivered.records += 1;
        let number = opaque.checked_sub(1).and_then(|number| u64::try_from(number).ok());
        let place = u32::try_from(message.partition())
            .ok()
            .zip(u64::try_from(message.offset()).ok());
        if let (Some(number), Some((partition, offset))) = (number, place) {
            delivered
                .places
                .entry(number)
                .or_default()
                .push(Place::of(partition, offset));
        }
    }
}

impl Sender {
    /// Sets up a producer.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn new(brokers: &str, topic: &str, partitioner: Partitioner) -> Result<Self> {
        let partitioner = match partitioner {
            Partitioner::Murmur2 => "murmur2_random",
            Partitioner::Crc32 => "consistent_random",
        };
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("enable.idempotence", "true")
            .set("linger.ms", "20")
            .set("message.timeout.ms", "30000")
            .set("partitioner", partitioner)
            .create_with_context(Reports::default())
            .with_context(|| format!("set up the producer of {topic}"))?;
        Ok(Self {
            producer,
            topic: topic.to_owned(),
        })
    }

    /// Sends a record; a full queue is waited for. `remember` is a number under which its place is kept.
    ///
    /// # Errors
    /// The client does not take it.
    pub fn send(&self, key: &str, value: &[u8], remember: Option<u64>) -> Result<()> {
        let opaque = remember.map(|number| usize::try_from(number).unwrap_or(usize::MAX).saturating_add(1));
        let mut record = BaseRecord::with_opaque_to(&self.topic, opaque.unwrap_or(0))
            .key(key)
            .payload(value);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    record = back;
                    self.producer.poll(Duration::from_millis(20));
                }
                Err((error, _)) => return Err(error).with_context(|| format!("send to {}", self.topic)),
            }
        }
    }

    /// Waits until every record is delivered; gives how many, and the places that were remembered.
    ///
    /// # Errors
    /// A record was not delivered.
    pub fn finish(self) -> Result<(u64, Places)> {
        self.producer
            .flush(FLUSH)
            .with_context(|| format!("deliver the last records to {}", self.topic))?;
        let mut delivered = self.producer.context().lock();
        if let Some(why) = &delivered.why {
            bail!("{} records were not delivered to {}: {why}", delivered.lost, self.topic);
        }
        let mut places = std::mem::take(&mut delivered.places);
        places
            .values_mut()
            .for_each(|places| places.sort_by_key(|place| place.offset));
        Ok((delivered.records, places))
    }
}
