//! How the records of one side of a stream are reduced. Frozen in a generation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Numbered, Path};

/// How bytes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Apache Avro binary.
    #[default]
    Avro,
    /// JSON text, RFC 8259.
    Json,
    /// Protocol Buffers, binary.
    Protobuf,
    /// Bytes as they are.
    Raw,
}

impl Format {
    /// True where records of this format never have that framing.
    #[must_use]
    pub fn is_never(self, framing: Framing) -> bool {
        matches!(self, Self::Json | Self::Protobuf) && framing == Framing::SingleObject
    }
}

/// How a record names its schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// `0x00` and a big-endian int32: the schema's id in its registry, an Avro schema, a JSON Schema or a Protobuf one, of
    /// which the indexes of the message follow.
    #[default]
    Confluent,
    /// The headers `__value_schema_id` and `__key_schema_id`: `0x00` and the id as above, or `0x01` and the schema's GUID,
    /// of Protobuf with the indexes of the message behind it. Bytes as without framing.
    Header,
    /// Avro single-object encoding: `0xC3 0x01` and the CRC-64 fingerprint of the schema.
    SingleObject,
    /// Nothing: one schema for the whole log.
    None,
}

impl Framing {
    /// True where a record names its schema by an id that a registry gave.
    #[must_use]
    pub fn asks_a_registry(self) -> bool {
        matches!(self, Self::Confluent | Self::Header)
    }
}

/// What a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unwrap {
    /// Debezium's envelope: the row is in `after`, and null there is a tombstone.
    Debezium,
}

/// A part of an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// The whole key.
    Key,
    /// A path in the decoded key.
    KeyPath(Path),
    /// A header's value.
    Header(String),
    /// A path in the value, in the contract's names.
    Field(Path),
}

/// Where the event time comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventTime {
    /// There is none: one window.
    #[default]
    None,
    /// The Kafka timestamp.
    Timestamp,
    /// A path in the value: a logical time, a long of milliseconds, or RFC 3339 text.
    Field(Path),
    /// A header: decimal milliseconds or RFC 3339 text.
    Header(String),
}

/// Which records of a log belong to the side. All that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Select {
    /// A header with this name and value, for each pair.
    pub headers: Vec<(String, String)>,
    /// Ranges of partitions, inclusive; empty is all.
    pub partitions: Vec<(u32, u32)>,
    /// Schema ids; empty is all.
    pub schemas: Vec<u32>,
}

impl Select {
    /// False for a partition that no record is selected of, whatever is written to it.
    #[must_use]
    pub fn takes_partition(&self, partition: u32) -> bool {
        let partition = Numbered::of(partition).partition;
        let takes = |(first, last): &(u32, u32)| (*first..=*last).contains(&partition);
        self.partitions.is_empty() || self.partitions.iter().any(takes)
    }
}

/// The rules that change what equal means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Paths that are not compared.
    pub ignore: Vec<Path>,
    /// The only paths that are compared; empty is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<Path>,
    /// Arrays whose order does not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unordered: Vec<Path>,
    /// Values that count as another one, on every side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub map: Vec<Mapping>,
    /// Paths whose values travel beside the digest, at most 8, without `[*]` and `{*}`.
    pub tolerant: Vec<Path>,
    /// (canary's name, contract's name) of fields, by their whole path in the canary's names or by the last name.
    pub rename: Vec<(Path, Path)>,
    /// An absent field equals a present one that has the contract's default.
    pub absent_equals_default: bool,
    /// Compare the key where it is not the identity.
    pub compare_key: bool,
    /// Headers to compare.
    pub headers: Vec<String>,
    /// Rules that hold for some records only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Conditional>,
}

/// Values at a path that count as another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Where.
    pub path: Path,
    /// What counts as what: text, a symbol, a whole number or `true` and `false`, each as it is written. None is mapped on.
    pub values: BTreeMap<String, String>,
}

/// A rule that holds for the records that meet a condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditional {
    /// Which records.
    pub when: Condition,
    /// What holds for them.
    pub then: Then,
}

/// Which records a rule holds for: those of which a header, the last of its name, or a field says a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Condition {
    /// What is looked at.
    pub of: Sign,
    /// What it has to be: of a field text, a symbol, a whole number, or `true` and `false`.
    pub is: String,
}

/// What a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Sign {
    /// A header.
    Header(String),
    /// A path in the value, in the contract's names.
    Field(Path),
}

/// What a conditional rule says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    /// A path is not compared.
    Ignore(Path),
    /// The tolerance in this place of the tolerant paths holds; without its condition it does not.
    Tolerance(usize),
    /// Values count as others.
    Map(Mapping),
}

/// How one side is reduced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Format of the value.
    pub format: Format,
    /// Framing of the value.
    pub framing: Framing,
    /// Format of the key.
    pub key_format: Format,
    /// Framing of the key.
    pub key_framing: Framing,
    /// Which records of each dead letter log count as diverted, in the order of the logs' numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diverted: Vec<Select>,
    /// Values stand in envelopes of change data capture, and what is in them is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwrap: Option<Unwrap>,
    /// What is absent is so in its place, as in documents, though it is absent in every record: a side has documents, and
    /// another has not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent_in_place: bool,
    /// Parts of the identity; empty is whole content.
    pub identity: Vec<Part>,
    /// Where the event time comes from.
    pub event_time: EventTime,
    /// Which records belong to the side.
    pub select: Select,
    /// The rules.
    pub rules: Rules,
    /// Paths whose values travel beside the fingerprint to be profiled, without `[*]` and `{*}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profile: Vec<Path>,
    /// Paths whose values are compared each for itself, at most 8, without `[*]` and `{*}`: a hash of each travels beside the
    /// fingerprint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical: Vec<Path>,
    /// Paths whose values travel beside the fingerprint to compute aggregates of, without `[*]` and `{*}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<Path>,
    /// The header that says who wrote a record: counted by its value, and nothing is compared. It changes no window, so it is
    /// not frozen with a generation.
    #[serde(skip)]
    pub producer: Option<String>,
}

impl Settings {
    /// Paths whose values are captured beside the parts of the identity, in the order in which they are behind these.
    pub(super) fn beside(&self) -> impl Iterator<Item = &Path> {
        self.profile.iter().chain(&self.critical).chain(&self.measured)
    }

    /// Of all sides of a stream: whether their digests have to say in the same way what is absent.
    pub fn agree_on_absent(mut sides: Vec<&mut Settings>) {
        let documents = sides.iter().filter(|side| side.format == Format::Json).count();
        let mixed = documents > 0 && documents < sides.len();
        sides.iter_mut().for_each(|side| side.absent_in_place = mixed);
    }

    /// True where values of the format can be taken out of their envelopes.
    #[must_use]
    pub fn may_unwrap(&self) -> bool {
        matches!(self.format, Format::Avro | Format::Json)
    }

    /// True where the key is compared: asked for, or there is no identity; not a part of the identity as a whole, not
    /// ignored, and among the paths that alone are compared.
    #[must_use]
    pub fn compares_key(&self) -> bool {
        let rules = &self.rules;
        let whole = Path::default().field("$key");
        let left = rules.only.is_empty() || rules.only.iter().any(|path| path.0.first() == whole.0.first());
        let named = self.identity.contains(&Part::Key) || rules.ignore.contains(&whole);
        left && !named && (rules.compare_key || self.identity.is_empty())
    }
}

impl Rules {
    /// The conditions of the rules, each once. More than [`CONDITIONS_MAX`] are not looked at.
    #[must_use]
    pub fn conditions(&self) -> Vec<&Condition> {
        let mut all: Vec<&Condition> = self.when.iter().map(|rule| &rule.when).collect();
        all.sort();
        all.dedup();
        all.truncate(CONDITIONS_MAX);
        all
    }

    /// The places of the tolerant paths whose tolerance holds for the records that meet none of the conditions but these.
    pub(super) fn tolerances<'a>(&'a self, met: &'a [bool]) -> impl Iterator<Item = (usize, &'a Path)> {
        let off = |place: usize| {
            let of = |rule: &&Conditional| rule.then == Then::Tolerance(place);
            let mut conditions = self.when.iter().filter(of).map(|rule| &rule.when).peekable();
            conditions.peek().is_some() && !conditions.any(|when| self.is_met(when, met))
        };
        self.tolerant.iter().enumerate().filter(move |(place, _)| !off(*place))
    }

    /// Whether a condition is among those that are met, by the places of [`Self::conditions`].
    pub(super) fn is_met(&self, when: &Condition, met: &[bool]) -> bool {
        let conditions = self.conditions();
        let place = conditions.iter().position(|condition| *condition == when);
        place.and_then(|place| met.get(place)).copied().unwrap_or(false)
    }

    /// The conditional rules that hold, by their places.
    pub(super) fn holding<'a>(&'a self, met: &'a [bool]) -> impl Iterator<Item = (usize, &'a Then)> {
        let rules = self.when.iter().enumerate();
        rules.filter_map(move |(place, rule)| self.is_met(&rule.when, met).then_some((place, &rule.then)))
    }
}

/// Conditions that the rules of a stream may have.
pub const CONDITIONS_MAX: usize = 8;
