//! The words of a judgement.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The judgement on a release or a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The canary writes the same data, within its budgets.
    Pass,
    /// It cannot be said yet, or not at all; the reasons say why.
    Inconclusive,
    /// The canary writes other data.
    Fail,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Verdict; 3] = [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Fail => "fail",
        }
    }
}

/// Why a verdict is `inconclusive`. The closed list of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Inconclusive {
    /// Too little of it.
    #[serde(rename = "evidence")]
    Evidence,
    /// A side sends nothing.
    #[serde(rename = "silent")]
    Silent,
    /// A side lags, or reading cannot go on.
    #[serde(rename = "stalled")]
    Stalled,
    /// The clocks of the sides are too far apart.
    #[serde(rename = "skew")]
    Skew,
    /// Too many late records.
    #[serde(rename = "late")]
    Late,
    /// The control differs too.
    #[serde(rename = "noise")]
    Noise,
    /// Too few records were judged.
    #[serde(rename = "coverage")]
    Coverage,
    /// The baseline changed the schema it is compared under.
    #[serde(rename = "contract")]
    Contract,
    /// A transaction stays open.
    #[serde(rename = "open transaction")]
    OpenTransaction,
    /// Retention took records before they were read.
    #[serde(rename = "expired")]
    Expired,
    /// Partitions were added.
    #[serde(rename = "repartitioned")]
    Repartitioned,
    /// A topic was deleted and made again.
    #[serde(rename = "recreated")]
    Recreated,
    /// A log lost its end.
    #[serde(rename = "truncated")]
    Truncated,
    /// The schema registry does not answer.
    #[serde(rename = "registry")]
    Registry,
    /// The database does not answer.
    #[serde(rename = "store")]
    Store,
    /// Memory is at its limit.
    #[serde(rename = "memory")]
    Memory,
    /// The time allowed has passed.
    #[serde(rename = "timeout")]
    Timeout,
    /// Held on request.
    #[serde(rename = "hold")]
    Hold,
}

impl Inconclusive {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Inconclusive::Evidence => "evidence",
            Inconclusive::Silent => "silent",
            Inconclusive::Stalled => "stalled",
            Inconclusive::Skew => "skew",
            Inconclusive::Late => "late",
            Inconclusive::Noise => "noise",
            Inconclusive::Coverage => "coverage",
            Inconclusive::Contract => "contract",
            Inconclusive::OpenTransaction => "open transaction",
            Inconclusive::Expired => "expired",
            Inconclusive::Repartitioned => "repartitioned",
            Inconclusive::Recreated => "recreated",
            Inconclusive::Truncated => "truncated",
            Inconclusive::Registry => "registry",
            Inconclusive::Store => "store",
            Inconclusive::Memory => "memory",
            Inconclusive::Timeout => "timeout",
            Inconclusive::Hold => "hold",
        }
    }
}
