//! The `streams` of the config file as they are written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::Criticality;
use super::file_named::{Aggregate, CriticalField, Latency, Producer};
use super::text::{Day, Decimal, Duration, Ids, Partitions, PathText, Rate, Relative, Size, TimeDifference};

/// One log a side, compared.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Stream {
    /// Its name, unique.
    pub(super) name: String,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<String>,
    /// How much it matters (`standard`).
    pub(super) criticality: Option<Criticality>,
    /// Streams whose divergence explains this one's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) upstream: Vec<String>,
    /// The pipeline that is trusted.
    pub(super) baseline: Side,
    /// The pipeline under judgement.
    pub(super) canary: Side,
    /// A second baseline, which shows the natural noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) control: Option<Side>,
    /// How the sides relate (`paired`).
    pub(super) mode: Option<Mode>,
    /// What the traffic was split by, where the sides see different records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<Vec<Part>>,
    /// The canary's share of the traffic, where the sides see different records; without it the rate of records is reported
    /// and leads to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) share: Option<Rate>,
    /// What says who wrote a record: its values are counted, and reports carry them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) producer: Option<Producer>,
    /// Paths whose distributions are looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) profile_fields: Vec<ProfileField>,
    /// Paths that are judged each by a budget of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) critical_fields: Vec<CriticalField>,
    /// How late the canary's records may be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) latency: Option<Latency>,
    /// What a consumer would compute of each window, compared side by side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) aggregates: Vec<Aggregate>,
    /// How values are written (`avro`).
    pub(super) format: Option<Format>,
    /// How a value names its schema (`confluent`).
    pub(super) framing: Option<Framing>,
    /// What values stand in: change data capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unwrap: Option<Unwrap>,
    /// How keys are written (`raw`, `none`).
    pub(super) key: Option<Key>,
    /// What makes two sightings one event; without it the whole content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identity: Option<Identity>,
    /// Where the event time is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event_time: Option<EventTime>,
    /// The schema that both sides are compared under; without it the newest of the baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contract: Option<Contract>,
    /// The unit of counting and of evidence (30s).
    pub(super) window: Option<Duration>,
    /// Disorder inside a partition (1m).
    pub(super) lateness: Option<Duration>,
    /// Skew between the two sides (30s).
    pub(super) grace: Option<Duration>,
    /// Limits.
    #[serde(default)]
    pub(super) limits: Limits,
    /// What equal means.
    #[serde(default)]
    pub(super) compare: Compare,
    /// Which identities are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sample: Option<Sample>,
    /// The rates of bad records that it may have.
    #[serde(default)]
    pub(super) budget: Budget,
    /// The only values that a finding may carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) show: Vec<PathText>,
    /// What an alert points to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) runbook_url: Option<String>,
}

/// One side of a stream. What it says about decoding wins over what the stream says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Side {
    /// Name of its cluster; needless where there is only one.
    pub(super) cluster: Option<String>,
    /// Its topic.
    pub(super) topic: String,
    /// Name of its registry; needless where there is only one.
    pub(super) registry: Option<String>,
    /// Which records of the topic belong to it.
    #[serde(default, skip_serializing_if = "Select::is_empty")]
    pub(super) select: Select,
    /// Topics that it puts records into which it cannot process.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) dead_letter: Vec<DeadLetter>,
    /// How values are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<Format>,
    /// How a value names its schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) framing: Option<Framing>,
    /// What values stand in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unwrap: Option<Unwrap>,
    /// How keys are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<Key>,
    /// What makes two sightings one event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identity: Option<Identity>,
    /// Where the event time is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event_time: Option<EventTime>,
}

/// A topic that a side puts records into which it cannot process: they are counted, not compared.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadLetter {
    /// Name of its cluster; without it the side's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cluster: Option<String>,
    /// The topic.
    pub(super) topic: String,
    /// Which records of the topic count.
    #[serde(default, skip_serializing_if = "Select::is_empty")]
    pub(super) select: Select,
}

/// Which records belong to a side. All that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Select {
    /// Headers by name, each with this value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) header: BTreeMap<String, String>,
    /// Partitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) partition: Option<Partitions>,
    /// Ids of schemas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) schema: Option<Ids>,
}

impl Select {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How the sides relate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mode {
    /// Both see every event.
    #[default]
    Paired,
    /// Each sees its share of the events: nothing is paired, and distributions are compared.
    Unpaired,
    /// Bounded runs: the newest record of each identity, a tombstone is absence.
    Latest,
}

/// A path whose distribution is looked at.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileField {
    /// Where, in the contract's names; without `[*]` and `{*}`.
    pub(super) path: PathText,
    /// Share of the values that may have moved (0.02): of numbers, of categories and of lengths.
    pub(super) floor: Option<Rate>,
    /// Difference of the shares of nulls that is borne (0.005).
    pub(super) null_floor: Option<Rate>,
    /// Relative difference of the numbers of distinct values that is borne (0.05).
    pub(super) distinct_floor: Option<Rate>,
    /// A drift fails the stream (false: it holds the rollout and never fails).
    pub(super) critical: Option<bool>,
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// Apache Avro binary.
    Avro,
    /// JSON text.
    Json,
    /// Protocol Buffers, binary.
    Protobuf,
    /// Bytes as they are.
    Raw,
}

/// How a record names its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Framing {
    /// A zero byte and the schema's id in its registry.
    Confluent,
    /// A record header with the schema's id or GUID.
    Header,
    /// Avro's single-object encoding.
    SingleObject,
    /// Nothing.
    None,
}

/// What values stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unwrap {
    /// Debezium's envelope: `after` is compared, null there is a tombstone.
    Debezium,
}

/// How keys are written.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Key {
    /// How keys are written (`raw`).
    pub(super) format: Option<Format>,
    /// How a key names its schema (`none`; `confluent` for avro keys).
    pub(super) framing: Option<Framing>,
}

/// What makes two sightings one event.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Identity {
    /// Its parts, in order.
    pub(super) parts: Vec<Part>,
    /// What it names (`event`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) names: Option<Names>,
}

/// What an identity names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Names {
    /// One event.
    Event,
    /// A thing with many versions.
    Entity,
}

/// A part of an identity: `key`, or one of `{key: PATH}`, `{header: NAME}`, `{field: PATH}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Part {
    /// The whole key (`null`), or a path in the decoded key.
    Key(Option<PathText>),
    /// A header.
    Header(String),
    /// A path in the value.
    Field(PathText),
}

impl JsonSchema for Part {
    fn schema_name() -> Cow<'static, str> {
        "Part".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let path = generator.subschema_for::<PathText>();
        json_schema!({
            "description": "A part of an identity: `key`, or one of {key: PATH}, {header: NAME}, {field: PATH}",
            "oneOf": [
                {"const": "key", "description": "The whole key"},
                {"type": "object", "properties": {"key": path}, "required": ["key"], "additionalProperties": false},
                {"type": "object", "properties": {"header": {"type": "string"}}, "required": ["header"], "additionalProperties": false},
                {"type": "object", "properties": {"field": path}, "required": ["field"], "additionalProperties": false},
            ],
        })
    }
}

/// Where the event time is.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum EventTime {
    /// The Kafka timestamp.
    Timestamp,
    /// There is none: one window. Bounded runs only.
    None,
    /// A path in the value.
    Field(PathText),
    /// A header.
    Header(String),
}

/// A named contract.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Contract {
    /// A schema file.
    File(String),
    /// `SUBJECT:VERSION` in the baseline's registry.
    Subject(String),
}

/// Limits of a stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    /// A partition that sends nothing for this long may be idle (30s).
    pub(super) idle: Option<Duration>,
    /// Untimely when this much after the Kafka timestamp (10m).
    pub(super) skew_max: Option<Duration>,
    /// Untimely when this much before the Kafka timestamp (7d).
    pub(super) age_max: Option<Duration>,
    /// A partition this far ahead of the slowest is held back (5m); at least lateness + grace.
    pub(super) ahead_max: Option<Duration>,
    /// Rate of late records above which the verdict is inconclusive (1e-3).
    pub(super) late_max: Option<Rate>,
    /// Bytes that unsettled records may hold (256MiB).
    pub(super) held_max_bytes: Option<Size>,
}

/// What equal means.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Compare {
    /// What is not compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ignore: Vec<Ignore>,
    /// The only paths that are compared; without it all are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) only: Vec<PathText>,
    /// Arrays whose order does not count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unordered: Vec<PathText>,
    /// Values that count as another one, on every side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) map: Vec<Mapping>,
    /// Values that may be apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tolerance: Vec<Tolerance>,
    /// Canary's name: contract's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) rename: BTreeMap<String, PathText>,
    /// An absent field equals a present one that has the contract's default (false).
    pub(super) absent_equals_default: Option<bool>,
    /// Compare the key where it is not the identity (true).
    pub(super) key: Option<bool>,
    /// Headers to compare.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<String>,
}

/// A path that is not compared.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ignore {
    /// Where.
    pub(super) path: PathText,
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// The last day on which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Day>,
    /// Only for the records that meet this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) when: Option<When>,
}

/// Values that count as another one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// Where: text, an enum, a whole number or a boolean.
    pub(super) path: PathText,
    /// What counts as what.
    pub(super) values: BTreeMap<String, String>,
    /// Only for the records that meet this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) when: Option<When>,
}

/// Which records a rule holds for: exactly one of `header` and `field`, and what it is.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    /// A header, the last of its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<String>,
    /// A path in the value: text, an enum, a whole number or a boolean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<PathText>,
    /// What it is.
    pub(super) is: String,
}

/// A value that may be apart: exactly one of `abs`, `rel` and `time`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Tolerance {
    /// Where.
    pub(super) path: PathText,
    /// At most this much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) abs: Option<Decimal>,
    /// At most this fraction of the baseline's absolute value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rel: Option<Relative>,
    /// At most this much time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time: Option<TimeDifference>,
    /// Only for the records that meet this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) when: Option<When>,
}

/// Which identities are compared.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sample {
    /// The fraction of them (1.0).
    pub(super) rate: Option<Rate>,
}

/// The rates of bad records that a stream may have.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Budget {
    /// Of mismatched pairs (1e-4).
    pub(super) mismatched: Option<Rate>,
    /// Of missing records (1e-4).
    pub(super) missing: Option<Rate>,
    /// Of extra records (1e-4).
    pub(super) extra: Option<Rate>,
    /// Of duplicates (1e-3).
    pub(super) duplicate: Option<Rate>,
    /// Of conflicts (0).
    pub(super) conflict: Option<Rate>,
    /// Of undecodable records (0).
    pub(super) undecodable: Option<Rate>,
    /// Of untimely records (1e-4).
    pub(super) untimely: Option<Rate>,
    /// Of diverted records (1e-4).
    pub(super) diverted: Option<Rate>,
}
