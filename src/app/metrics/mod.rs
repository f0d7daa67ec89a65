//! The metrics: registered once, from the config alone, and touched once a window or batch.
//!
//! The bounds of `crosscheck_mismatch_ratio` come with the sequential verdict: an interval that is looked at after every
//! window is honest only if it is valid at any time, and a fixed-sample one is not.

pub mod names;
mod registry;
mod stream;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use metrics::{Counter, Gauge};
pub use metrics_exporter_prometheus::BuildError;

use crate::model::{Side, Verdict};
use registry::Registry;
pub use stream::{Progress, StreamMetrics};

/// What the labels are made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the release.
    pub release: String,
    /// Its generation.
    pub generation: u64,
    /// Digest of the settings that are frozen with it.
    pub config: String,
    /// The streams.
    pub streams: Vec<StreamSettings>,
}

/// What the labels of one stream are made of.
#[derive(Clone, Debug)]
pub struct StreamSettings {
    /// Name.
    pub name: String,
    /// The sides it has.
    pub sides: Vec<Side>,
    /// Paths that the config names; every other differing field is `other`.
    pub fields: Vec<String>,
    /// What each check bears, by the check's name.
    pub budgets: Vec<(String, f64)>,
    /// Paths that have a check of their own, in its order: every pair that differs there is counted.
    pub critical: Vec<String>,
    /// Paths whose distributions are looked at, each with a measure.
    pub drift: Vec<(String, &'static str)>,
}

/// A part of us that may not work as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// Brokers.
    Kafka,
    /// Schema registries.
    Registry,
    /// The database.
    Store,
    /// Memory at its limit.
    Memory,
}

impl Component {
    const ALL: [(Component, &'static str); 4] = [
        (Component::Kafka, "kafka"),
        (Component::Registry, "registry"),
        (Component::Store, "store"),
        (Component::Memory, "memory"),
    ];
}

/// What came of a request to a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegistryResult {
    /// A schema.
    Ok,
    /// No such schema.
    NotFound,
    /// No answer, or one that is of no use.
    Error,
    /// An id that means another schema than it did.
    Changed,
}

impl RegistryResult {
    const ALL: [(RegistryResult, &'static str); 4] = [
        (RegistryResult::Ok, "ok"),
        (RegistryResult::NotFound, "not_found"),
        (RegistryResult::Error, "error"),
        (RegistryResult::Changed, "changed"),
    ];
}

/// All metrics of a worker.
pub struct Metrics {
    registry: Arc<Registry>,
    streams: BTreeMap<String, Arc<StreamMetrics>>,
    release: [(Verdict, Gauge); 3],
    degraded: BTreeMap<Component, Gauge>,
    requests: BTreeMap<RegistryResult, Counter>,
    store_errors: Counter,
    config_reload: Gauge,
}

impl Metrics {
    /// Registers everything. Counters are there with 0; a gauge that has no value yet is not there.
    pub fn new(settings: &Settings) -> Result<Self, BuildError> {
        let registry = Arc::new(Registry::new()?);
        let release = settings.release.as_str();
        let generation = settings.generation.to_string();
        registry
            .gauge(names::RELEASE_INFO, &[release, &generation, &settings.config])
            .set(1.0);
        registry.gauge(names::BUILD_INFO, &[env!("CARGO_PKG_VERSION")]).set(1.0);
        let of_verdict = |verdict: Verdict| {
            let gauge = registry.gauge(names::RELEASE_VERDICT, &[release, verdict.as_str()]);
            (verdict, gauge)
        };
        let metrics = Metrics {
            release: Verdict::ALL.map(of_verdict),
            degraded: Component::ALL
                .map(|(component, label)| (component, registry.gauge(names::DEGRADED, &[label])))
                .into(),
            requests: RegistryResult::ALL
                .map(|(result, label)| (result, registry.counter(names::REGISTRY_REQUESTS, &[label])))
                .into(),
            store_errors: registry.counter(names::STORE_ERRORS, &[]),
            config_reload: registry.gauge(names::CONFIG_RELOAD, &[]),
            streams: settings
                .streams
                .iter()
                .map(|stream| {
                    let metrics = StreamMetrics::new(&registry, release, stream);
                    (stream.name.clone(), Arc::new(metrics))
                })
                .collect(),
            registry,
        };
        metrics.config_reload.set(1.0);
        metrics.verdict(Verdict::Inconclusive);
        Ok(metrics)
    }

    /// Those of one stream.
    #[must_use]
    pub fn stream(&self, name: &str) -> Option<Arc<StreamMetrics>> {
        self.streams.get(name).cloned()
    }

    /// The release has this verdict.
    pub fn verdict(&self, verdict: Verdict) {
        stream::one_of(&self.release, verdict);
    }

    /// A component works, or does not.
    pub fn degraded(&self, component: Component, degraded: bool) {
        if let Some(gauge) = self.degraded.get(&component) {
            gauge.set(f64::from(u8::from(degraded)));
        }
    }

    /// So many requests to registries had this result since the start.
    pub fn registry_requests(&self, result: RegistryResult, total: u64) {
        if let Some(counter) = self.requests.get(&result) {
            counter.absolute(total);
        }
    }

    /// A database call failed.
    pub fn store_error(&self) {
        self.store_errors.increment(1);
    }

    /// The config was read again.
    pub fn config_reload(&self, successful: bool) {
        self.config_reload.set(f64::from(u8::from(successful)));
    }

    /// Empties the histograms' queues; every few seconds, else they grow while nobody scrapes.
    pub fn upkeep(&self) {
        self.registry.upkeep();
    }

    /// The text for `/metrics`.
    #[must_use]
    pub fn render(&self) -> String {
        self.registry.render()
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
