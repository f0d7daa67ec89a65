//! A topic that several sides of a stream read, told apart by `select`: it is fetched once, and what comes of it is handed to
//! each of them. Nobody behind a side's log knows: each has offsets, holds and ends of its own, and gets from its own offset on
//! what the topic tells, in its order.
//!
//! A side that is held back, or is not asked, is waited for or has its records kept, up to a bound. Past it the sides are too
//! far from each other to share: the one that is held back, or that others are too slow for, opens a reader of its own and goes
//! on with that, from where it stands.

mod common;
mod part;
mod share;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::schemas::Registrar;
use super::topic::{Fetch, Topic};
use super::under_way::Pace;
use super::world::World;
use crate::config;
use crate::edge::kafka::KafkaError;
use common::Common;
use part::Part;

/// Opens a topic; may be asked again for a side that goes on alone.
pub(super) type Open = dyn Fn() -> Result<Box<dyn Topic>, KafkaError> + Send;

/// What is kept at most for a side of what others read, bytes; a record costs [`RECORD_BYTES`] beside its own.
const KEPT_MAX: u64 = 16 << 20;

/// What a record costs beside its key and value: librdkafka keeps it with some half a kilobyte of its own.
const RECORD_BYTES: u64 = 512;

/// Of what records in flight may hold a side may keep this part for the others.
const PART_OF_HELD: u64 = 8;

/// Topics that are open, by what names them.
pub struct Together<K> {
    open: Mutex<Vec<(K, Weak<Mutex<Common>>)>>,
    kept_max: u64,
}

impl<K: PartialEq> Together<K> {
    /// Nothing is open yet; records in flight hold so many bytes at most.
    #[must_use]
    pub fn new(held_max_bytes: u64) -> Self {
        Self {
            open: Mutex::default(),
            kept_max: KEPT_MAX.min(held_max_bytes / PART_OF_HELD),
        }
    }

    /// Another reader of a topic: who comes first opens it. May block.
    ///
    /// # Errors
    /// A topic that cannot be read.
    pub fn topic(&self, key: K, open: Box<Open>) -> Result<Box<dyn Topic>, KafkaError> {
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(_, common)| common.strong_count() > 0);
        let mut known = all.iter().filter(|(known, _)| *known == key);
        let common = match known.find_map(|(_, common)| common.upgrade()) {
            Some(common) => common,
            None => {
                let topic = open()?;
                let common = Arc::new(Mutex::new(Common::new(topic, open, self.kept_max)));
                all.push((key, Arc::downgrade(&common)));
                common
            }
        };
        Ok(Box::new(Part::of(common)))
    }
}

/// What the sides of a stream read, each topic once where two of them name the same: the same cluster by the same name.
#[must_use]
pub fn world(world: &Arc<dyn World>, stream: &config::Stream) -> Arc<dyn World> {
    let own = stream.sides.all().map(|side| (&side.cluster, &side.topic));
    let letters = stream.sides.all().flat_map(|side| &side.dead_letters);
    let mut all: Vec<_> = own
        .chain(letters.map(|letter| (&letter.cluster, &letter.topic)))
        .collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    if all.len() == count {
        return Arc::clone(world);
    }
    Arc::new(Once {
        world: Arc::clone(world),
        open: Together::new(stream.engine.held_max_bytes),
    })
}

/// A world in which each topic is read once, whoever asks for it.
struct Once {
    world: Arc<dyn World>,
    open: Together<(String, String)>,
}

impl World for Once {
    fn topic(&self, cluster: &str, topic: &str) -> Result<Box<dyn Topic>, KafkaError> {
        let key = (cluster.to_owned(), topic.to_owned());
        let (world, (cluster, topic)) = (Arc::clone(&self.world), key.clone());
        self.open.topic(key, Box::new(move || world.topic(&cluster, &topic)))
    }

    fn again(&self, cluster: &str, topic: &str) -> Box<dyn Fetch> {
        self.world.again(cluster, topic)
    }

    fn topic_names(&self, cluster: &str) -> Result<Vec<String>, KafkaError> {
        self.world.topic_names(cluster)
    }

    fn registry(&self, name: &str) -> Option<Arc<dyn Registrar>> {
        self.world.registry(name)
    }

    fn pace(&self) -> Pace {
        self.world.pace()
    }

    fn settled_at_once(&self) -> u64 {
        self.world.settled_at_once()
    }
}

#[cfg(test)]
mod tests;
