//! The config file as it is written: one struct a mapping. What it means, and every default, is said in `resolve`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file_stream::Stream;
use super::text::{Address, Count, Duration, Rate, StartText};
use super::{Profile, SilentThen};

/// crosscheck's config.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The release under judgement.
    pub(super) release: Release,
    /// Kafka clusters by name.
    #[serde(default)]
    pub(super) clusters: BTreeMap<String, Cluster>,
    /// Schema registries by name.
    #[serde(default)]
    pub(super) registries: BTreeMap<String, Registry>,
    /// What is compared.
    pub(super) streams: Vec<Stream>,
    /// When a verdict is given.
    #[serde(default)]
    pub(super) policy: Policy,
    /// Keyed hashes.
    #[serde(default)]
    pub(super) trust: Trust,
    /// The database.
    #[serde(default)]
    pub(super) store: Store,
    /// The HTTP server.
    #[serde(default)]
    pub(super) serve: Serve,
    /// Alertmanagers that alerts are pushed to.
    #[serde(default)]
    pub(super) alertmanager: Alertmanager,
}

/// The release under judgement.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    /// Its name.
    pub(super) name: String,
    /// Where a new generation begins to read: `now` (unless set), `earliest` or an RFC 3339 time.
    pub(super) start: Option<StartText>,
}

/// A Kafka cluster.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Cluster {
    /// `host:port` of each bootstrap server.
    pub(super) brokers: Vec<String>,
    /// Kafka settings that are no secrets, as librdkafka names them.
    #[serde(default)]
    pub(super) properties: BTreeMap<String, String>,
    /// Kafka settings that are.
    #[serde(default)]
    pub(super) secrets: BTreeMap<String, Secret>,
}

/// Where a secret stands; never the secret itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Secret {
    /// A variable of the environment.
    Env(String),
    /// A file; one line break at its end does not count.
    File(String),
}

/// How to sign in: `user` and `password`, or `token`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Auth {
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    /// The user's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<Secret>,
    /// A bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<Secret>,
}

/// A schema registry with Confluent's REST API.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Registry {
    /// Its base URL, without user info.
    pub(super) url: String,
    /// How to sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auth: Option<Auth>,
    /// PEM file of the authority that signed its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ca: Option<String>,
    /// Allows plain http to another machine (false).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allow_insecure: Option<bool>,
}

/// When a verdict is given.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Policy {
    /// Chance of failing a good release (0.01).
    pub(super) alpha: Option<Rate>,
    /// Chance of passing a bad one (0.05).
    pub(super) beta: Option<Rate>,
    /// How bad records come (`bursty`).
    pub(super) profile: Option<Profile>,
    /// Pairs in final windows before a `pass` (1000).
    pub(super) min_pairs: Option<Count>,
    /// Event time of final windows before a `pass` (10m).
    pub(super) min_duration: Option<Duration>,
    /// Event time of final windows after which the verdict stays inconclusive (6h).
    pub(super) max_duration: Option<Duration>,
    /// What a silent side leads to.
    pub(super) silent: Option<Silent>,
    /// Stages of the rollout, and what must pass before each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) stages: Vec<FileStage>,
}

/// A stage of the rollout.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FileStage {
    /// Its name, which the gate is asked with.
    pub(super) name: String,
    /// Streams that must pass before it.
    pub(super) streams: Vec<String>,
    /// All streams of these criticalities must pass before it.
    pub(super) criticality: Vec<super::settings::Criticality>,
}

/// What a silent side leads to.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Silent {
    /// When a side counts as silent, by our clock (10m).
    pub(super) after: Option<Duration>,
    /// What then (`inconclusive`).
    pub(super) then: Option<SilentThen>,
}

/// Keyed hashes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Trust {
    /// Their key; without it a random one is made in the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<Secret>,
}

/// The database.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Store {
    /// `sqlite://FILE` (`sqlite://crosscheck.db`) or `postgres://HOST[:PORT]/NAME`, without user info.
    pub(super) url: Option<String>,
    /// How to sign in (PostgreSQL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auth: Option<Auth>,
}

/// The HTTP server.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Serve {
    /// Where it listens (127.0.0.1:9600).
    pub(super) address: Option<Address>,
    /// Names that clients may call it by, beside addresses and names inside a cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hosts: Vec<String>,
}

/// Alertmanagers that alerts are pushed to.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Alertmanager {
    /// Their base URLs.
    pub(super) urls: Vec<String>,
}
