//! A client that is silent about a partition though there is something to read gives way to a new one.
//!
//! librdkafka can stall for good: one answer that names no broker makes it forget them all (its issue 5301), and a partition whose
//! leader changed while the broker stood still may wait for ever for word about its epoch (seen with 2.12.1 and a broker that was
//! stopped for 15 s: `tests/stack/seen 71`). No event tells of it, so silence is asked about.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::Consumer;
use tokio::time::Instant;

use super::link::Link;
use super::{KafkaError, Reader};

/// So long a partition may be silent before we ask whether it should be.
const SILENCE: Duration = Duration::from_secs(30);
/// What counts at most between two polls: who does not poll hears nothing.
const POLL_MAX: Duration = Duration::from_secs(1);

/// Since when nothing has come of a partition, as far as anybody polled.
#[derive(Default)]
pub(super) struct Silence {
    polled: Option<Instant>,
    /// How long there has been polling.
    age: Duration,
    /// When it was looked at last.
    looked: Duration,
    /// When something last came of a partition, or it began to be read.
    heard: BTreeMap<u32, Duration>,
    /// Where partitions that were silent at the last look ended then.
    ends: BTreeMap<u32, u64>,
}

impl Silence {
    /// It is polled now.
    pub(super) fn poll(&mut self, now: Instant) {
        let before = self.polled.replace(now).unwrap_or(now);
        self.age += now.duration_since(before).min(POLL_MAX);
    }

    /// Something came of a partition, or it is waited for from now on.
    pub(super) fn broken(&mut self, partition: u32) {
        self.heard.insert(partition, self.age);
        self.ends.remove(&partition);
    }

    /// True where it is time to look again.
    fn is_due(&self) -> bool {
        self.age - self.looked >= SILENCE
    }

    /// Those of the partitions that have been silent for too long to be believed.
    fn lasts(&mut self, wanted: impl Iterator<Item = u32>) -> Vec<u32> {
        self.looked = self.age;
        let heard = |partition: &u32| self.heard.get(partition).copied().unwrap_or_default();
        wanted
            .filter(|partition| self.age - heard(partition) >= SILENCE)
            .collect()
    }
}

impl Reader {
    /// Looks after partitions of which nothing comes though they are read. Connects anew where nothing comes at all and the broker
    /// does not say that there is nothing, or where a record that was there at the last look has not come since.
    pub(super) fn look_for_silence(&mut self) {
        if !self.silence.is_due() {
            return;
        }
        let read = self.positions.keys().copied();
        let wanted: Vec<u32> = read.filter(|partition| self.is_wanted(*partition)).collect();
        let silent = self.silence.lasts(wanted.iter().copied());
        if silent.is_empty() {
            return;
        }
        let all = silent.len() == wanted.len();
        let ends = self.offsets(self.consumer(), &silent, Offset::End);
        // Others are heard of: who does not answer this question now is asked again.
        let stalled = ends.map_or(all, |ends| {
            let ends = silent
                .iter()
                .zip(ends)
                .map(|(partition, end)| (*partition, end.unwrap_or(0)));
            let ends: BTreeMap<u32, u64> = ends.collect();
            let before = std::mem::replace(&mut self.silence.ends, ends);
            let known = if all { &self.silence.ends } else { &before };
            silent
                .iter()
                .any(|partition| known.get(partition).is_some_and(|end| self.position(*partition) < *end))
        });
        if stalled && let Err(error) = self.reconnect() {
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
        places.iter().for_each(|(partition, _)| self.silence.broken(*partition));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NONE: [[u32; 0]; 0] = [];

    fn polled(silence: &mut Silence, seconds: u32) -> Vec<Vec<u32>> {
        let begun = silence.polled.unwrap_or_else(Instant::now);
        let looks = (0..=seconds).map(|second| {
            silence.poll(begun + second * SECOND);
            silence.is_due().then(|| silence.lasts([0, 1].into_iter()))
        });
        looks.flatten().collect()
    }

    #[test]
    fn silence_is_what_was_polled_in_vain() {
        let mut silence = Silence::default();
        assert_eq!(polled(&mut silence, 29), NONE);
        assert_eq!(polled(&mut silence, 1), [[0, 1]]);
        assert_eq!(polled(&mut silence, 29), NONE, "it is not looked all the time");
        assert_eq!(polled(&mut silence, 31), [[0, 1], [0, 1]]);
    }

    #[test]
    fn a_partition_is_silent_beside_one_that_is_heard_of() {
        let mut silence = Silence::default();
        for _ in 0..30 {
            silence.broken(1);
            polled(&mut silence, 1);
        }
        silence.broken(1);
        assert_eq!(polled(&mut silence, 29), NONE);
        assert_eq!(polled(&mut silence, 1), [[0, 1]]);
        silence.broken(0);
        silence.broken(1);
        assert_eq!(polled(&mut silence, 25), NONE);
        silence.broken(0);
        assert_eq!(polled(&mut silence, 10), [[1]]);
    }

    #[test]
    fn who_does_not_poll_hears_nothing() {
        let mut silence = Silence::default();
        let now = Instant::now();
        silence.poll(now);
        silence.poll(now + 3_600 * SECOND);
        assert_eq!(silence.age, SECOND);
    }
}
