//! What a stream may do wrong, and how long we look. Frozen in a generation.

use serde::{Deserialize, Serialize};

use super::drift::DriftPolicy;
use crate::engine::stats::{HORIZON, Kind, Profile};

/// Checks that a stream may have which is compared pair by pair.
pub const CHECKS: usize = 8;

/// A check that a stream has by its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedCheck {
    /// What it is called: of a critical field `field ` and the path.
    pub name: String,
    /// Which, by its place among those of its kind.
    pub kind: Kind,
    /// The rate that is borne; 0, of a critical field alone, bears none.
    pub budget: f64,
}

impl NamedCheck {
    /// What stands before the path of a critical field in the name of its check.
    const FIELD: &'static str = "field ";

    /// Of a critical field.
    #[must_use]
    pub fn field(place: u16, path: &str, budget: f64) -> Self {
        NamedCheck {
            name: Self::name_of_field(path),
            kind: Kind::Field(place),
            budget,
        }
    }

    /// What the check of a critical field is called.
    #[must_use]
    pub fn name_of_field(path: &str) -> String {
        format!("{}{path}", Self::FIELD)
    }

    /// Of the canary's delay.
    #[must_use]
    pub fn latency(budget: f64) -> Self {
        NamedCheck {
            name: Kind::Latency.as_str().to_owned(),
            kind: Kind::Latency,
            budget,
        }
    }

    /// What stands before the name of an aggregate in that of its check.
    const AGGREGATE: &'static str = "aggregate ";

    /// Of an aggregate.
    #[must_use]
    pub fn aggregate(place: u16, name: &str, budget: f64) -> Self {
        NamedCheck {
            name: format!("{}{name}", Self::AGGREGATE),
            kind: Kind::Aggregates(place),
            budget,
        }
    }

    /// The place and the name of an aggregate.
    #[must_use]
    pub fn aggregated(&self) -> Option<(usize, &str)> {
        match self.kind {
            Kind::Aggregates(place) => Some((usize::from(place), self.name.strip_prefix(Self::AGGREGATE)?)),
            _ => None,
        }
    }

    /// The path of a critical field.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.name
            .strip_prefix(Self::FIELD)
            .filter(|_| matches!(self.kind, Kind::Field(_)))
    }
}

/// True for what can be seen where the sides have different records.
fn is_unpaired(kind: Kind) -> bool {
    matches!(kind, Kind::Undecodable | Kind::Untimely | Kind::Diverted)
}

/// The rate of bad records that a stream may have, for each check. 0 bears none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budgets {
    /// Pairs that differ.
    pub mismatched: f64,
    /// Baseline's records that the canary lost.
    pub missing: f64,
    /// Canary's records that the baseline lacks.
    pub extra: f64,
    /// Canary's records sent again.
    pub duplicate: f64,
    /// Canary's records that contradict one of its own.
    pub conflict: f64,
    /// Canary's records that cannot be decoded.
    pub undecodable: f64,
    /// Canary's records without a usable event time.
    pub untimely: f64,
    /// Canary's records in a dead letter log; `None` where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diverted: Option<f64>,
}

impl Budgets {
    /// Each with its check, in the order of the reports.
    #[must_use]
    pub fn by_kind(&self) -> [(Kind, f64); CHECKS] {
        let Budgets {
            mismatched,
            missing,
            extra,
            duplicate,
            conflict,
            undecodable,
            untimely,
            diverted,
        } = *self;
        [
            (Kind::Mismatched, mismatched),
            (Kind::Missing, missing),
            (Kind::Extra, extra),
            (Kind::Duplicate, duplicate),
            (Kind::Conflict, conflict),
            (Kind::Undecodable, undecodable),
            (Kind::Untimely, untimely),
            (Kind::Diverted, diverted.unwrap_or(0.0)),
        ]
    }
}

impl Default for Budgets {
    fn default() -> Self {
        Budgets {
            mismatched: 1e-4,
            missing: 1e-4,
            extra: 1e-4,
            duplicate: 1e-3,
            conflict: 0.0,
            undecodable: 0.0,
            untimely: 1e-4,
            diverted: None,
        }
    }
}

/// What a canary is that stays silent while the baseline speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilentThen {
    /// Nothing is claimed.
    #[default]
    Inconclusive,
    /// It fails.
    Fail,
}

/// How one stream is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The budgets.
    pub budgets: Budgets,
    /// The stream's chance of a wrong `fail`: its share of the release's. 0 never fails by evidence.
    pub alpha: f64,
    /// Chance of a `pass` for a check over its budget.
    pub beta: f64,
    /// What is assumed of bad records.
    pub profile: Profile,
    /// Length of a window, milliseconds; `None` is one window of all.
    pub window_ms: Option<i64>,
    /// Pairs in final windows before a `pass`.
    pub min_pairs: u64,
    /// Event time of final windows before a `pass`.
    pub min_duration_ms: i64,
    /// Event time after which a verdict that is still open says `timeout`.
    pub max_duration_ms: Option<i64>,
    /// How long a side may be silent by our clock.
    pub silent_after_ms: i64,
    /// What a longer silence of the canary is.
    pub silent_then: SilentThen,
    /// Late records a side may have over the last windows.
    pub late_max: f64,
    /// Skew allowed between the sides; `None` is unbounded.
    pub grace_ms: Option<i64>,
    /// Which distributions are looked at, and whether nothing is paired.
    #[serde(default)]
    pub drift: DriftPolicy,
    /// A control shows what noise is: pairs that differ, and what is missing and extra, are judged beside it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub controlled: bool,
    /// The checks that it has by its settings, behind those that every stream has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<NamedCheck>,
}

impl Policy {
    /// The checks with their budgets. What is no check of this stream has a budget of 0 that is never broken.
    #[must_use]
    pub fn kinds(&self) -> Vec<(Kind, f64)> {
        let is_check = |kind| self.is_check(kind);
        let own = self.budgets.by_kind().into_iter();
        let own = own.map(|(kind, budget)| (kind, if is_check(kind) { budget } else { 0.0 }));
        own.chain(self.named.iter().map(|named| (named.kind, named.budget)))
            .collect()
    }

    /// How many checks it has, those that this stream does not have among them.
    #[must_use]
    pub fn checks(&self) -> usize {
        CHECKS + self.named.len()
    }

    /// What a check, by its place, is called.
    #[must_use]
    pub fn name(&self, check: usize) -> &str {
        match check.checked_sub(CHECKS) {
            Some(named) => self.named.get(named).map_or("", |named| named.name.as_str()),
            None => self.budgets.by_kind()[check].0.as_str(),
        }
    }

    /// True where a check, by its place, is one of this stream.
    #[must_use]
    pub fn has(&self, check: usize) -> bool {
        let kinds = self.budgets.by_kind();
        let is_own = || kinds.get(check).is_none_or(|(kind, _)| self.is_check(*kind));
        check < self.checks() && is_own()
    }

    /// What needs pairs is no check of an unpaired stream, and what is diverted none of one without a dead letter log.
    fn is_check(&self, kind: Kind) -> bool {
        let has_log = kind != Kind::Diverted || self.budgets.diverted.is_some();
        has_log && (!self.drift.unpaired || is_unpaired(kind))
    }

    /// Planned number of windows: ceil(longest duration / window).
    #[must_use]
    pub fn horizon(&self) -> u64 {
        match (self.max_duration_ms, self.window_ms) {
            (Some(most), Some(window)) if window > 0 => most.unsigned_abs().div_ceil(window.unsigned_abs()).max(1),
            _ => HORIZON,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            budgets: Budgets::default(),
            alpha: 0.01,
            beta: 0.05,
            profile: Profile::default(),
            window_ms: Some(30_000),
            min_pairs: 1_000,
            min_duration_ms: 600_000,
            max_duration_ms: Some(21_600_000),
            silent_after_ms: 600_000,
            silent_then: SilentThen::Inconclusive,
            late_max: 1e-3,
            grace_ms: Some(30_000),
            drift: DriftPolicy::default(),
            controlled: false,
            named: Vec::new(),
        }
    }
}
