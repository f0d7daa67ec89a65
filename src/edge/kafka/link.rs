//! The clients behind a reader, and their end.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use rdkafka::consumer::BaseConsumer;

use super::context::Context;
use super::describe::Ids;
use super::queue::Queue;
use super::settings::{Purpose, client_config, refused};
use super::{KafkaError, Settings};

/// How long closing may take before it goes on behind our back.
const CLOSE: Duration = Duration::from_secs(3);

/// Two clients of one cluster. The order of the fields is the order of their end.
pub(super) struct Link {
    /// What the consumer delivers.
    pub(super) queue: Queue,
    /// Reads committed records.
    pub(super) consumer: Arc<BaseConsumer<Context>>,
    /// Sees high watermarks, open transactions included; reads nothing.
    pub(super) probe: Arc<BaseConsumer<Context>>,
    /// Knows the topic's id; its client is the probe.
    pub(super) ids: Option<Ids>,
    /// Last: it has the last word.
    _closer: Closer,
}

impl Link {
    /// Makes the clients; asks nothing yet.
    pub(super) fn new(settings: &Settings, topic: &str, purpose: Purpose) -> Result<Self, KafkaError> {
        let consumer = client(settings, purpose)?;
        let probe = client(settings, Purpose::Watermarks)?;
        let closer = Closer(vec![Arc::clone(&consumer), Arc::clone(&probe)]);
        let Some(queue) = Queue::of(Arc::clone(&consumer)) else {
            return Err(KafkaError::Client {
                detail: "the client has no queue".to_owned(),
            });
        };
        Ok(Self {
            ids: Ids::of(Arc::clone(&probe), topic),
            queue,
            consumer,
            probe,
            _closer: closer,
        })
    }
}

fn client(settings: &Settings, purpose: Purpose) -> Result<Arc<BaseConsumer<Context>>, KafkaError> {
    client_config(settings, purpose)
        .create_with_context(Context::default())
        .map(Arc::new)
        .map_err(|error| refused(settings, error))
}

/// Owns every client to the last. Closing asks the brokers and may hang: another thread does it, and we wait only so
/// long.
struct Closer(Vec<Arc<BaseConsumer<Context>>>);

impl Drop for Closer {
    fn drop(&mut self) {
        let clients = std::mem::take(&mut self.0);
        let (done, closed) = mpsc::channel();
        let closing = std::thread::spawn(move || {
            drop(clients);
            let _ = done.send(());
        });
        match closed.recv_timeout(CLOSE) {
            Ok(()) => drop(closing.join()),
            Err(_) => tracing::warn!("a Kafka client does not close in time"),
        }
    }
}
