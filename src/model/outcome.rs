//! What became of a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What pairing made of a record or of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A pair that is equal.
    Matched,
    /// A pair that differs.
    Mismatched,
    /// A baseline record without a partner.
    Missing,
    /// A canary record without a partner.
    Extra,
    /// Surplus that equals a settled record of its own side.
    Duplicate,
    /// Surplus that differs from a record of its own side under the same identity.
    Conflict,
    /// A record that cannot be decoded.
    Undecodable,
    /// A record whose event time cannot be used.
    Untimely,
    /// A record in a dead letter log.
    Diverted,
}

impl Outcome {
    /// All of them, in the order of the reports.
    pub const ALL: [Outcome; 9] = [
        Outcome::Matched,
        Outcome::Mismatched,
        Outcome::Missing,
        Outcome::Extra,
        Outcome::Duplicate,
        Outcome::Conflict,
        Outcome::Undecodable,
        Outcome::Untimely,
        Outcome::Diverted,
    ];

    /// The word for it in reports, metrics and flags.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Matched => "matched",
            Outcome::Mismatched => "mismatched",
            Outcome::Missing => "missing",
            Outcome::Extra => "extra",
            Outcome::Duplicate => "duplicate",
            Outcome::Conflict => "conflict",
            Outcome::Undecodable => "undecodable",
            Outcome::Untimely => "untimely",
            Outcome::Diverted => "diverted",
        }
    }
}

/// Why a record cannot be decoded. The closed list of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UndecodableReason {
    /// It ends too early.
    Truncated,
    /// Bytes are left over.
    Trailing,
    /// An enum or union index out of range, a boolean of 2, a varint that is too long.
    Malformed,
    /// A length, count or depth over its bound.
    Bounds,
    /// The frame is not the configured one.
    Framing,
    /// Its schema is unknown.
    Schema,
    /// Text that is not UTF-8.
    Utf8,
    /// A map or object with a key twice.
    DuplicateKey,
    /// The identity cannot be taken from it.
    Identity,
}

impl UndecodableReason {
    /// All of them.
    pub const ALL: [UndecodableReason; 9] = [
        UndecodableReason::Truncated,
        UndecodableReason::Trailing,
        UndecodableReason::Malformed,
        UndecodableReason::Bounds,
        UndecodableReason::Framing,
        UndecodableReason::Schema,
        UndecodableReason::Utf8,
        UndecodableReason::DuplicateKey,
        UndecodableReason::Identity,
    ];

    /// The word for it in reports and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            UndecodableReason::Truncated => "truncated",
            UndecodableReason::Trailing => "trailing",
            UndecodableReason::Malformed => "malformed",
            UndecodableReason::Bounds => "bounds",
            UndecodableReason::Framing => "framing",
            UndecodableReason::Schema => "schema",
            UndecodableReason::Utf8 => "utf8",
            UndecodableReason::DuplicateKey => "duplicate_key",
            UndecodableReason::Identity => "identity",
        }
    }
}

/// Why a record was left out of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Excluded {
    /// Not asked for by the selector.
    Select,
    /// Not in the sample.
    Sample,
    /// Outside the range of event time.
    Edge,
    /// Noise that a control shows too.
    Noise,
}
