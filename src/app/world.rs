//! The world outside, from the config's settings: clusters, registries, the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::runtime::Runtime;

use anyhow::{Context, Result};

use super::schemas::Registrar;
use super::stream;
use super::topic::{Fetch, Second, Topic};
use super::under_way::Pace;
use crate::config::Config;
use crate::edge::kafka::{self, KafkaError};
use crate::edge::registry::{self, Registry};
use crate::edge::store;

/// What a worker's streams read: the real clusters and registries, or simulated ones.
pub trait World: Send + Sync {
    /// Opens a topic of a cluster. May block.
    ///
    /// # Errors
    /// A topic that cannot be read.
    fn topic(&self, cluster: &str, topic: &str) -> Result<Box<dyn Topic>, KafkaError>;

    /// Reads records of a topic again; nothing is opened yet.
    fn again(&self, cluster: &str, topic: &str) -> Box<dyn Fetch>;

    /// The names of all topics of a cluster that we may see, in order. May block.
    ///
    /// # Errors
    /// The cluster does not answer.
    fn topic_names(&self, cluster: &str) -> Result<Vec<String>, KafkaError> {
        let _ = cluster;
        Ok(Vec::new())
    }

    /// A registry.
    fn registry(&self, name: &str) -> Option<Arc<dyn Registrar>>;

    /// How far topics are read ahead.
    fn pace(&self) -> Pace {
        Pace::of_this_machine()
    }

    /// How many records an engine settles at once.
    fn settled_at_once(&self) -> u64 {
        stream::PACE
    }
}

/// The clusters and registries that a config names.
pub struct Real {
    clusters: BTreeMap<String, kafka::Settings>,
    registries: BTreeMap<String, Arc<Registry>>,
}

impl Real {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// Settings that cannot work.
    pub fn new(config: &Config) -> Result<Self> {
        let registries = registries(config)?;
        for cluster in config.clusters.values() {
            kafka::validate(cluster).context("validate the Kafka settings")?;
        }
        Ok(Self {
            clusters: config.clusters.clone(),
            registries,
        })
    }

    /// All its registries.
    #[must_use]
    pub fn registries(&self) -> Vec<Arc<Registry>> {
        self.registries.values().cloned().collect()
    }
}

impl World for Real {
    fn topic(&self, cluster: &str, topic: &str) -> Result<Box<dyn Topic>, KafkaError> {
        Ok(Box::new(kafka::Reader::open(&self.clusters[cluster], topic)?))
    }

    fn topic_names(&self, cluster: &str) -> Result<Vec<String>, KafkaError> {
        kafka::topic_names(&self.clusters[cluster])
    }

    fn again(&self, cluster: &str, topic: &str) -> Box<dyn Fetch> {
        Box::new(Second::new(&self.clusters[cluster], topic))
    }

    fn registry(&self, name: &str) -> Option<Arc<dyn Registrar>> {
        let registry = self.registries.get(name)?;
        Some(registry.clone())
    }
}

/// A registry, not asked yet.
///
/// # Errors
/// An address that cannot be one, or authorities that cannot be read.
pub fn registry(settings: &registry::Settings) -> Result<Arc<Registry>> {
    Ok(Arc::new(Registry::new(settings).context("set up the registry")?))
}

/// All registries of a config, by name.
///
/// # Errors
/// As [`registry`].
pub fn registries(config: &Config) -> Result<BTreeMap<String, Arc<Registry>>> {
    config
        .registries
        .iter()
        .map(|(name, settings)| Ok((name.clone(), registry(settings)?)))
        .collect()
}

/// The database. A SQLite file is made and brought up to date by whoever opens it; a server's schema is `migrate`'s.
#[must_use]
pub fn store(settings: &store::Settings) -> store::Settings {
    store::Settings {
        migrate: settings.url.starts_with("sqlite:"),
        ..settings.clone()
    }
}

/// What asynchronous work runs on, with so many threads.
///
/// # Errors
/// The system refuses a thread.
pub fn runtime(threads: usize) -> Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .context("start the runtime")
}

/// Does what blocks, without holding up other tasks where there are threads for them.
pub fn blocking<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
