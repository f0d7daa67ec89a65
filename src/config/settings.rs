//! What a config comes to: the settings of the components, checked and with every default in place.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::pattern::Pattern;
use crate::edge::{kafka, registry, store};
use crate::model::{Path, Sides, Topics};
use crate::{codec, engine};

/// A whole config.
#[derive(Clone)]
pub struct Config {
    /// The release under judgement.
    pub release: ReleaseSettings,
    /// Kafka clusters by name.
    pub clusters: BTreeMap<String, kafka::Settings>,
    /// Schema registries by name.
    pub registries: BTreeMap<String, registry::Settings>,
    /// What is compared.
    pub streams: Vec<Stream>,
    /// When a verdict is given.
    pub policy: Policy,
    /// Stages of the rollout, in their order.
    pub stages: Vec<Stage>,
    /// The key of keyed hashes; `None` is a random one, kept in the database.
    pub trust_key: Option<SecretString>,
    /// The database. It is not migrated by itself: the command decides.
    pub store: store::Settings,
    /// The HTTP server.
    pub serve: Serve,
    /// Alertmanagers that alerts are pushed to.
    pub alertmanager_urls: Vec<String>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("release", &self.release)
            .finish_non_exhaustive()
    }
}

/// The release under judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReleaseSettings {
    /// Its name.
    pub name: String,
    /// Where a new generation begins to read.
    pub start: Start,
}

/// Where a new generation begins to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// At the ends of the logs.
    Now,
    /// At their beginnings.
    Earliest,
    /// At an event time, milliseconds since the epoch.
    At(i64),
}

/// How much a stream matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Criticality {
    /// Its failure is the release's.
    Critical,
    /// Its failure is the release's too; the alert is not critical.
    #[default]
    Standard,
    /// Reported only.
    Informational,
}

/// What is compared: one log a side.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// How much it matters.
    pub criticality: Criticality,
    /// Streams whose divergence explains this one's.
    pub upstream: Vec<String>,
    /// Where each side comes from and how it is decoded.
    pub sides: Sides<StreamSide>,
    /// How it is paired and counted.
    pub engine: engine::Settings,
    /// The schema that both sides are compared under; `None` is the newest of the baseline.
    pub contract: Option<Contract>,
    /// The rates of bad records that it may have.
    pub budgets: Budgets,
    /// What is not part of the engine's settings.
    pub limits: Limits,
    /// What is not compared, with who asked for it.
    pub ignores: Vec<Ignore>,
    /// Paths whose values a finding may carry.
    pub show: Vec<Path>,
    /// Tolerant paths with a unit of time.
    pub times: Vec<Path>,
    /// What an alert points to.
    pub runbook_url: Option<String>,
    /// Which distributions are looked at, and how.
    pub drift: engine::judge::DriftPolicy,
    /// The checks that it has by its settings.
    pub named: Vec<engine::judge::NamedCheck>,
}

/// One side of a stream.
#[derive(Clone, Debug)]
pub struct StreamSide {
    /// Name of its cluster.
    pub cluster: String,
    /// Its topic, or the pattern that its topics match.
    pub topic: String,
    /// Name of its registry.
    pub registry: Option<String>,
    /// How it is reduced.
    pub codec: codec::Settings,
    /// Topics that it puts records into which it cannot process, in the order of their numbers.
    pub dead_letters: Vec<DeadLetter>,
}

/// A topic that a side puts records into which it cannot process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Name of its cluster.
    pub cluster: String,
    /// The topic.
    pub topic: String,
}

impl Stream {
    /// True where some side has a dead letter topic: then diverted records are a check.
    #[must_use]
    pub fn has_dead_letters(&self) -> bool {
        self.sides.all().any(|side| !side.dead_letters.is_empty())
    }
}

impl StreamSide {
    /// Its topics, as the numbers of partitions know them; `own` are those that its pattern came to.
    #[must_use]
    pub fn topics(&self, own: &[String]) -> Topics {
        let dead_letters = self.dead_letters.iter().map(|letter| letter.topic.clone());
        let own = if own.is_empty() {
            vec![self.topic.clone()]
        } else {
            own.to_vec()
        };
        Topics {
            own,
            dead_letters: dead_letters.collect(),
        }
    }

    /// The pattern that its topic is, if it is one.
    #[must_use]
    pub fn pattern(&self) -> Option<Pattern> {
        // It was checked.
        Pattern::of(&self.topic).ok().flatten()
    }

    /// The name of its topic, where there can be no other.
    #[must_use]
    pub fn sole_topic(&self) -> Option<String> {
        self.pattern().is_none().then(|| self.topic.clone())
    }
}

/// A named contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Contract {
    /// A schema file.
    File(PathBuf),
    /// A version of a subject in the baseline's registry.
    Subject {
        /// The subject.
        name: String,
        /// The version, > 0.
        version: u32,
    },
}

/// A path that is not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// Where.
    pub path: Path,
    /// Who asked for it.
    pub owner: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it holds.
    pub until: Option<jiff::civil::Date>,
}

/// Limits of a stream that the reader and the judge keep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Limits {
    /// A partition that sends nothing for this long may be idle.
    pub idle_ms: i64,
    /// A partition this far ahead of the slowest is held back; at least lateness + grace.
    pub ahead_max_ms: i64,
    /// Rate of late records above which the verdict is inconclusive.
    pub late_max: f64,
    /// What the config says of `skew_max`, if anything: a bounded run has no other, where a worker has 10m.
    pub skew_max_ms: Option<i64>,
    /// The same of `age_max`, where a worker has 7d.
    pub age_max_ms: Option<i64>,
}

/// The rates of bad records that a stream may have, each in [0, 0.5].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Budgets {
    /// Of mismatched pairs.
    pub mismatched: f64,
    /// Of missing records.
    pub missing: f64,
    /// Of extra records.
    pub extra: f64,
    /// Of duplicates.
    pub duplicate: f64,
    /// Of conflicts.
    pub conflict: f64,
    /// Of undecodable records.
    pub undecodable: f64,
    /// Of untimely records.
    pub untimely: f64,
    /// Of diverted records.
    pub diverted: f64,
}

impl Budgets {
    /// The checks that the judge makes; that of diverted records needs a dead letter log.
    #[must_use]
    pub fn judged(self, has_dead_letters: bool) -> engine::judge::Budgets {
        let Self {
            mismatched,
            missing,
            extra,
            duplicate,
            conflict,
            undecodable,
            untimely,
            diverted,
        } = self;
        engine::judge::Budgets {
            mismatched,
            missing,
            extra,
            duplicate,
            conflict,
            undecodable,
            untimely,
            diverted: has_dead_letters.then_some(diverted),
        }
    }
}

/// When a verdict is given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Policy {
    /// Chance of failing a good release.
    pub alpha: f64,
    /// Chance of passing a bad one.
    pub beta: f64,
    /// How bad records come.
    pub profile: Profile,
    /// Pairs in final windows before a `pass`, > 0.
    pub min_pairs: u64,
    /// Event time of final windows before a `pass`.
    pub min_duration_ms: i64,
    /// Event time of final windows after which the verdict stays inconclusive.
    pub max_duration_ms: i64,
    /// When a side counts as silent, by our clock.
    pub silent_after_ms: i64,
    /// What a silent side leads to.
    pub silent_then: SilentThen,
}

/// A stage of the rollout: what must pass before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name, which the gate is asked with.
    pub name: String,
    /// Streams that must pass.
    pub streams: Vec<String>,
    /// All streams of these must pass.
    pub criticality: Vec<Criticality>,
}

impl Stage {
    /// Whether a stream must pass before it.
    #[must_use]
    pub fn asks(&self, stream: &Stream) -> bool {
        self.streams.contains(&stream.name) || self.criticality.contains(&stream.criticality)
    }
}

/// How bad records come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// In bursts.
    #[default]
    Bursty,
    /// Each on its own.
    Independent,
}

/// What a silent side leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SilentThen {
    /// No verdict.
    #[default]
    Inconclusive,
    /// A failure.
    Fail,
}

/// The HTTP server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Serve {
    /// Where it listens.
    pub address: std::net::SocketAddr,
    /// Names that clients may call it by, beside addresses and names inside a cluster.
    pub hosts: Vec<String>,
}
