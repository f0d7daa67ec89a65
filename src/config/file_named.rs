//! The checks that a stream of the config file has by its settings, as they are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{Decimal, Duration, PathText, Rate, Relative};

/// A path that is judged by a budget of its own.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CriticalField {
    /// Where, in the contract's names; without `[*]` and `{*}`.
    pub(super) path: PathText,
    /// Rate of the pairs that may differ there (1e-3). 0 bears none: one that differs fails, once it is read again.
    pub(super) budget: Option<Rate>,
}

/// How late the canary's records may be written: the Kafka timestamp less the event time.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Latency {
    /// A record that takes longer is slow.
    pub(super) slower_than: Duration,
    /// Rate of the pairs whose canary record may be slow while the baseline's is not (1e-3).
    pub(super) budget: Option<Rate>,
}

/// What says who wrote a record. To name it is to let reports carry its values.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Producer {
    /// A header; the last of its name counts.
    pub(super) header: String,
}

/// What a consumer would compute of each window: exactly one of `count`, `sum`, `min`, `max` and `distinct`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Aggregate {
    /// What it is called, unique in the stream.
    pub(super) name: String,
    /// Paths of what its groups are made of; none is one group of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) group: Vec<PathText>,
    /// `true`: the number of records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<bool>,
    /// The sum of the numbers at a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sum: Option<PathText>,
    /// The least of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min: Option<PathText>,
    /// The greatest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<PathText>,
    /// How many values at a path are distinct.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) distinct: Option<PathText>,
    /// How far the canary's may be from the baseline's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tolerance: Option<Borne>,
    /// Rate of the groups that may differ (1e-3).
    pub(super) budget: Option<Rate>,
}

/// How far a number may be: exactly one of `abs` and `rel`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Borne {
    /// At most this much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) abs: Option<Decimal>,
    /// At most this fraction of the baseline's absolute value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rel: Option<Relative>,
}
