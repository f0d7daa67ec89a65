//! The demo's config: written as a user would write it, and read like a user's.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::broker::Topics;
use crate::config::{Config, Purpose};
use crate::edge::store;

/// Name of the release.
pub const RELEASE: &str = "demo";
/// Name of the stream.
pub const STREAM: &str = "orders.enriched";

/// Bad records that are borne in the whole demo: a canary without any proves that budget in two thirds of the orders, and
/// the faulty one has several times as many.
const BORNE: f64 = 6.0;

/// The config of the worker, for so many orders. The faults are spread evenly, so nothing need be assumed of bursts.
///
/// # Errors
/// A directory whose name YAML cannot hold.
pub fn config(brokers: &str, registry: &str, topics: &Topics, folder: &Path, records: u64) -> Result<Config> {
    let brokers: Vec<&str> = brokers.split(',').collect();
    let quoted = |text: &str| serde_json::to_string(text).context("quote a text");
    let (brokers, url) = (
        serde_json::to_string(&brokers).context("quote the brokers")?,
        quoted(&database(folder))?,
    );
    let text = format!(
        "\
release: {{name: {RELEASE}, start: earliest}}
clusters:
  demo: {{brokers: {brokers}}}
registries:
  demo: {{url: {registry}}}
streams:
  - name: {STREAM}
    criticality: critical
    baseline: {{topic: {baseline}}}
    canary: {{topic: {canary}}}
    identity: {{parts: [{{field: order_id}}]}}
    event_time: {{field: created_at}}
    window: 30s
    lateness: 5s
    grace: 5s
    limits: {{idle: 10s}}
    budget: {{mismatched: {budget}, missing: {budget}, extra: {budget}, duplicate: {budget}, untimely: {budget}}}
policy: {{profile: independent, min_duration: 5m}}
store: {{url: {url}}}
serve: {{address: \"127.0.0.1:0\"}}
",
        registry = quoted(registry)?,
        budget = BORNE / records.max(1) as f64,
        baseline = quoted(&topics.baseline.name)?,
        canary = quoted(&topics.canary.name)?,
    );
    // The caller's CROSSCHECK_* variables are for a worker of theirs.
    let env = BTreeMap::<String, String>::new();
    Config::parse("demo", &text, &env, Purpose::Worker).context("read the demo's config")
}

/// The same database for whoever looks at it besides the worker.
#[must_use]
pub fn store_settings(folder: &Path) -> store::Settings {
    store::Settings {
        url: database(folder),
        password: None,
        migrate: true,
    }
}

fn database(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("crosscheck.db").display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::demo::broker::Topic;

    #[test]
    fn the_config_is_one() {
        let topic = |name: &str| Topic {
            name: name.to_owned(),
            partitions: 1,
        };
        let topics = Topics {
            orders: topic("orders"),
            baseline: topic("a"),
            canary: topic("b"),
        };
        let config = config(
            "h:1,i:2",
            "http://127.0.0.1:1",
            &topics,
            Path::new("/some where"),
            20_000,
        )
        .unwrap();
        assert_eq!(config.streams[0].sides.canary.topic, "b");
        assert_eq!(config.clusters["demo"].brokers, ["h:1", "i:2"]);
        assert_eq!(config.store.url, store_settings(Path::new("/some where")).url);
        assert_eq!(config.streams[0].budgets.missing, 3e-4);
        assert!(config.serve.address.ip().is_loopback());
    }
}
