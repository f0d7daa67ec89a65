//! A client that is silent though there is something to read gives way to a new one.
//!
//! librdkafka can stall for good: one answer that names no broker makes it forget them all (its issue 5301), and a partition whose
//! leader changed while the broker stood still may wait for ever for word about its epoch (seen with 2.12.1 and a broker that was
//! stopped for 15 s: `tests/stack/seen 71`). No event tells of it, so silence is asked about.

use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::Consumer;

use super::link::Link;
use super::{KafkaError, Reader};

/// So long a reader may be silent before we ask whether it should be.
const SILENCE: Duration = Duration::from_secs(30);

/// How long nothing came, as far as anybody waited for it.
#[derive(Default)]
pub(super) struct Silence(Duration);

impl Silence {
    /// Something came.
    pub(super) fn broken(&mut self) {
        self.0 = Duration::ZERO;
    }

    /// Nothing came for so long. True where that is too long to be believed; it begins anew then.
    pub(super) fn lasts(&mut self, waited: Duration) -> bool {
        self.0 = self.0.saturating_add(waited);
        let long = self.0 >= SILENCE;
        if long {
            self.broken();
        }
        long
    }
}

impl Reader {
    /// After a long silence: connects anew unless the broker says that there is nothing to read.
    pub(super) fn break_silence(&mut self) {
        let read: Vec<u32> = self.positions.keys().copied().collect();
        let wanted: Vec<u32> = read
            .into_iter()
            .filter(|partition| self.is_wanted(*partition))
            .collect();
        if wanted.is_empty() {
            return;
        }
        let ends = self.offsets(self.consumer(), &wanted, Offset::End);
        let behind = ends.as_ref().map_or(true, |ends| {
            let places = wanted.iter().zip(ends);
            places
                .into_iter()
                .any(|(partition, end)| self.position(*partition) < end.unwrap_or(0))
        });
        if behind && let Err(error) = self.reconnect() {
            tracing::warn!(topic = self.topic(), %error, "connect anew");
        }
    }

    /// Makes new clients, and goes on from where everything stands: what was taken and not handed on stays, what is held stays
    /// held. Asks nothing and waits for nothing.
    ///
    /// # Errors
    /// librdkafka refuses.
    pub fn reconnect(&mut self) -> Result<(), KafkaError> {
        tracing::info!(topic = self.topic(), "the client is silent; it is replaced");
        let link = Link::new(&self.settings, self.topic(), self.purpose)?;
        let places: Vec<(u32, u64)> = self
            .positions
            .keys()
            .map(|partition| (*partition, self.next(*partition)))
            .collect();
        let all = self.list(places.iter().map(|&(partition, offset)| (partition, Some(offset))))?;
        let held = self.list(self.held().map(|partition| (partition, None)))?;
        let failed = |error: rdkafka::error::KafkaError| self.fatal(&error.to_string());
        link.consumer.assign(&all).map_err(failed)?;
        link.consumer.pause(&held).map_err(failed)?;
        let old = std::mem::replace(&mut self.link, link);
        // Closing asks the brokers, and the old client may have none.
        std::thread::spawn(move || drop(old));
        self.went_on(&places);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_what_was_waited_in_vain() {
        let mut silence = Silence::default();
        for _ in 0..29 {
            assert!(!silence.lasts(Duration::from_secs(1)));
        }
        silence.broken();
        for _ in 0..29 {
            assert!(!silence.lasts(Duration::from_secs(1)));
        }
        assert!(silence.lasts(Duration::from_secs(1)));
        assert!(!silence.lasts(Duration::from_secs(1)), "it begins anew");
    }
}
