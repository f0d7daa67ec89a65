//! What a stream may do wrong, and how long we look. Frozen in a generation.

use serde::{Deserialize, Serialize};

use super::Check;

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
}

impl Budgets {
    /// Each with the name of its check, in the order of the reports.
    #[must_use]
    pub fn by_check(&self) -> [(&'static str, f64); 7] {
        let Budgets {
            mismatched,
            missing,
            extra,
            duplicate,
            conflict,
            undecodable,
            untimely,
        } = *self;
        [
            (Check::Mismatched.as_str(), mismatched),
            (Check::Missing.as_str(), missing),
            (Check::Extra.as_str(), extra),
            (Check::Duplicate.as_str(), duplicate),
            (Check::Conflict.as_str(), conflict),
            (Check::Undecodable.as_str(), undecodable),
            (Check::Untimely.as_str(), untimely),
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
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            budgets: Budgets::default(),
            min_duration_ms: 600_000,
            max_duration_ms: Some(21_600_000),
            silent_after_ms: 600_000,
            silent_then: SilentThen::Inconclusive,
            late_max: 1e-3,
            grace_ms: Some(30_000),
        }
    }
}
