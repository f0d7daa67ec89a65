//! Connecting: within 15 s the topic is there and may be read, or the reason is known.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError as NativeError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;

use super::context::Context;
use super::link::Link;
use super::properties::nearest_of;
use super::queue::{Fault, Queue};
use super::settings::{Purpose, brokers_of};
use super::{KafkaError, Settings};

/// How often we ask, and how long each time: 8 x (1.0 + 0.5) s are below 15 s. Where nobody listens less is enough.
const TRIES: u32 = 8;
const TRIES_REFUSED: u32 = 3;
const ASK: Duration = Duration::from_millis(1_000);
const LISTEN: Duration = Duration::from_millis(100);

/// Connects and looks for the topic: its partitions, in order.
pub(super) fn connect(settings: &Settings, topic: &str, purpose: Purpose) -> Result<(Link, Vec<u32>), KafkaError> {
    let link = Link::new(settings, topic, purpose);
    connected(settings, link, |consumer| {
        match consumer.fetch_metadata(Some(topic), ASK) {
            Ok(metadata) => look(consumer, &metadata, topic),
            Err(error) => {
                tracing::debug!(topic, %error, "no metadata yet");
                Ok(None)
            }
        }
    })
}

/// The names of all topics of a cluster that we may see, in order.
///
/// # Errors
/// As [`super::Reader::open`], but for the topic.
pub fn topic_names(settings: &Settings) -> Result<Vec<String>, KafkaError> {
    let link = Link::new(settings, "", Purpose::Fetch);
    let (_, names) = connected(settings, link, |consumer| match consumer.fetch_metadata(None, ASK) {
        Ok(metadata) => Ok(Some(names_of(&metadata))),
        Err(error) => {
            tracing::debug!(%error, "no metadata yet");
            Ok(None)
        }
    })?;
    Ok(names)
}

/// The names of the topics, in order.
pub(super) fn names_of(metadata: &Metadata) -> Vec<String> {
    let names = metadata.topics().iter().map(|topic| topic.name().to_owned());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names
}

/// Asks until there is an answer, or it is known why there will be none.
fn connected<T>(
    settings: &Settings,
    link: Result<Link, KafkaError>,
    ask: impl Fn(&BaseConsumer<Context>) -> Result<Option<T>, KafkaError>,
) -> Result<(Link, T), KafkaError> {
    super::validate(settings)?;
    let link = link?;
    for round in 1..=TRIES {
        if let Some(answer) = ask(&link.consumer)? {
            return Ok((link, answer));
        }
        listen(&link.queue);
        if let Some(error) = lasting(settings, link.consumer.context()) {
            return Err(error);
        }
        let refused = link.consumer.context().fault().is_some_and(|fault| fault.is_refusal());
        if refused && round >= TRIES_REFUSED {
            break;
        }
    }
    let context = link.consumer.context();
    Err(KafkaError::Unreachable {
        brokers: brokers_of(settings),
        reason: context.fault().map(|fault| fault.reason),
    })
}

/// The partitions of the topic; `None` while the cluster does not know them yet.
fn look(consumer: &BaseConsumer<Context>, metadata: &Metadata, topic: &str) -> Result<Option<Vec<u32>>, KafkaError> {
    let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
        return Err(unknown(consumer, topic));
    };
    match found.error().map(RDKafkaErrorCode::from) {
        None => {}
        Some(RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed) => {
            return Err(KafkaError::Forbidden {
                topic: topic.to_owned(),
            });
        }
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::InvalidTopic,
        ) => return Err(unknown(consumer, topic)),
        Some(error) => {
            tracing::debug!(topic, %error, "topic not ready");
            return Ok(None);
        }
    }
    let mut partitions: Vec<u32> = found
        .partitions()
        .iter()
        .filter_map(|partition| u32::try_from(partition.id()).ok())
        .collect();
    partitions.sort_unstable();
    Ok((!partitions.is_empty()).then_some(partitions))
}

fn unknown(consumer: &BaseConsumer<Context>, topic: &str) -> KafkaError {
    let all = consumer.fetch_metadata(None, ASK).ok();
    let names = all
        .iter()
        .flat_map(|metadata| metadata.topics())
        .map(|found| found.name());
    KafkaError::UnknownTopic {
        topic: topic.to_owned(),
        nearest: nearest_of(topic, names.filter(|name| *name != topic)).map(str::to_owned),
    }
}

/// Lets the client tell its faults: they come through the queue.
fn listen(queue: &Queue) {
    for _ in 0..5 {
        if let Some(Fault { code, reason, .. }) = queue.fault(LISTEN) {
            tracing::debug!(%code, reason, "while connecting");
        }
    }
}

/// A fault that waiting does not cure.
fn lasting(settings: &Settings, context: &Context) -> Option<KafkaError> {
    let fault = context.fault().filter(super::context::Fault::lasts)?;
    let brokers = brokers_of(settings);
    let (tls, reason) = (fault.is_tls(), fault.reason);
    Some(if tls {
        KafkaError::Tls { brokers, reason }
    } else {
        KafkaError::Authentication { brokers, reason }
    })
}

/// An unanswered question in our words.
pub(super) fn unanswered(question: &'static str, topic: &str, error: &NativeError) -> KafkaError {
    if error.rdkafka_error_code() == Some(RDKafkaErrorCode::TopicAuthorizationFailed) {
        return KafkaError::Forbidden {
            topic: topic.to_owned(),
        };
    }
    let reason = error
        .rdkafka_error_code()
        .map_or_else(|| error.to_string(), |code| code.to_string());
    KafkaError::Query {
        question,
        topic: topic.to_owned(),
        reason,
    }
}
