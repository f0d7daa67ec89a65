//! What a fault of the client means for reading.

use rdkafka::error::RDKafkaErrorCode as Code;

use super::queue::Fault;
use super::{Event, KafkaError};

/// What a fault means.
pub(super) enum Judged {
    /// It is to be told.
    Event(Event),
    /// librdkafka stopped reading a partition; `cut` where it says that the log was truncated.
    Lost {
        /// Which one.
        partition: u32,
        /// The log lost its end.
        cut: bool,
    },
    /// Bytes of a partition do not match; librdkafka skips them, and we must not.
    Corrupt {
        /// Which one.
        partition: u32,
        /// About where.
        offset: u64,
    },
    /// It does not matter to us.
    Nothing,
}

/// Judges a fault: what lasts is an error, what passes is an event.
pub(super) fn judge(topic: &str, fault: Fault) -> Result<Judged, KafkaError> {
    let Fault {
        code,
        reason,
        fatal,
        place,
    } = fault;
    if fatal {
        return Err(KafkaError::Fatal {
            topic: topic.to_owned(),
            reason,
        });
    }
    let place = place.and_then(|(partition, offset)| Some((u32::try_from(partition).ok()?, offset)));
    Ok(match (code, place) {
        (Code::AutoOffsetReset | Code::OffsetOutOfRange, Some((partition, _))) => Judged::Lost {
            partition,
            cut: reason.contains("truncation"),
        },
        (Code::BadMessage | Code::InvalidMessage, Some((partition, offset))) => Judged::Corrupt {
            partition,
            offset: u64::try_from(offset).unwrap_or(0),
        },
        (Code::TopicAuthorizationFailed, _) => {
            return Err(KafkaError::Forbidden {
                topic: topic.to_owned(),
            });
        }
        // It was there when it was opened: it is being made again, or a leader does not know it yet. Its id will tell.
        (Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition, _) => {
            Judged::Event(Event::Trouble(format!("topic {topic} is not there: {code}")))
        }
        // The group is a name only: partitions are assigned by hand and nothing is committed.
        (Code::GroupAuthorizationFailed, _) => Judged::Nothing,
        (code, _) => {
            tracing::debug!(topic, %code, reason, "trouble");
            Judged::Event(Event::Trouble(format!("{code}: {reason}")))
        }
    })
}
