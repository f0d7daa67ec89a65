//! Where a topic begins and ends: log starts, last stable offsets, high watermarks, and the offsets of a time.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError as NativeError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::context::Context;
use super::open::unanswered;
use super::queue::tell_brokers;
use super::settings::brokers_of;
use super::{KafkaError, Reader};

/// How long a question may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How often a question is asked again that went to a broker's handle that librdkafka was about to replace: it does that while
/// brokers come and go, and what waits there fails at once though the broker is well.
const HANDLES: u32 = 3;

/// The ends of one partition, as of one query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Which partition.
    pub partition: u32,
    /// The first offset that is still there.
    pub low: u64,
    /// The first offset that is not settled: where an open transaction begins, else the high watermark.
    pub last_stable: u64,
    /// The next offset that will be written.
    pub high: u64,
}

impl Reader {
    /// The ends of every partition, in one round of questions. The high watermark is asked first: what is not stable below it
    /// belongs to a transaction, however much is written meanwhile, and what came behind it is not told.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub fn ends(&self) -> Result<Vec<Ends>, KafkaError> {
        let all = self.partitions();
        let low = self.offsets(self.consumer(), all, Offset::Beginning)?;
        let high = self.offsets(self.probe(), all, Offset::End)?;
        let last_stable = self.offsets(self.consumer(), all, Offset::End)?;
        let known = all.iter().zip(low).zip(last_stable).zip(high);
        Ok(known
            .map(|(((&partition, low), last_stable), high)| {
                let high = high.unwrap_or(0);
                Ends {
                    partition,
                    low: low.unwrap_or(0),
                    last_stable: last_stable.unwrap_or(0).min(high),
                    high,
                }
            })
            .collect())
    }

    /// The first offset that is still there, and the high watermark, of one partition.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub fn watermarks(&self, partition: u32) -> Result<(u64, u64), KafkaError> {
        let low = self.one(self.probe(), partition, Offset::Beginning)?;
        let high = self.one(self.probe(), partition, Offset::End)?;
        Ok((low, high))
    }

    /// The last stable offset of one partition. Below the high watermark there is an open transaction.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub fn last_stable(&self, partition: u32) -> Result<u64, KafkaError> {
        self.one(self.consumer(), partition, Offset::End)
    }

    /// The first offset of each partition whose Kafka timestamp is at or after a time; `None` where there is none yet.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub fn offsets_at(&self, time_ms: i64) -> Result<Vec<(u32, Option<u64>)>, KafkaError> {
        // Times below zero have other meanings in the protocol.
        let at = Offset::Offset(time_ms.max(0));
        let found = self.offsets(self.consumer(), self.partitions(), at)?;
        Ok(self.partitions().iter().copied().zip(found).collect())
    }

    fn one(&self, client: &BaseConsumer<Context>, partition: u32, what: Offset) -> Result<u64, KafkaError> {
        let found = self.offsets(client, &[partition], what)?;
        Ok(found.first().copied().flatten().unwrap_or(0))
    }

    /// Asks the leaders of some partitions: for the beginning, the end, or (an offset) the first offset at that time.
    pub(super) fn offsets(
        &self,
        client: &BaseConsumer<Context>,
        partitions: &[u32],
        what: Offset,
    ) -> Result<Vec<Option<u64>>, KafkaError> {
        let question = match what {
            Offset::Beginning => "ask for the first offsets",
            Offset::End => "ask for the last offsets",
            _ => "ask for the offsets of a time",
        };
        let mut handles = HANDLES;
        loop {
            let error = match ask(client, self.topic(), partitions, what) {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::DestroyBroker) if handles > 0 => {
                    handles -= 1;
                    continue;
                }
                // A cluster that named no broker at all, as one does that comes back, made librdkafka forget every broker
                // for good (its issue 5301): it is told again.
                Some(RDKafkaErrorCode::AllBrokersDown) => tell_brokers(client, &brokers_of(&self.settings)),
                _ => {}
            }
            return Err(unanswered(question, self.topic(), &error));
        }
    }
}

fn ask(
    client: &BaseConsumer<Context>,
    topic: &str,
    partitions: &[u32],
    what: Offset,
) -> Result<Vec<Option<u64>>, NativeError> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for &partition in partitions {
        list.add_partition_offset(topic, i32::try_from(partition).unwrap_or(i32::MAX), what)?;
    }
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let answer = client.offsets_for_times(list, ANSWER)?;
    let mut found = Vec::with_capacity(partitions.len());
    for &partition in partitions {
        let wanted = i32::try_from(partition).unwrap_or(i32::MAX);
        let Some(element) = answer.find_partition(topic, wanted) else {
            found.push(None);
            continue;
        };
        element.error()?;
        found.push(match element.offset() {
            Offset::Offset(offset) => u64::try_from(offset).ok(),
            _ => None,
        });
    }
    Ok(found)
}
