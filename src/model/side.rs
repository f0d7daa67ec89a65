//! Which pipeline a record comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the pipelines under comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The pipeline that is trusted.
    Baseline,
    /// The pipeline under judgement.
    Canary,
    /// A second baseline, which shows the natural noise.
    Control,
}

impl Side {
    /// The two sides that every comparison has, in the order of the rules.
    pub const PAIR: [Side; 2] = [Side::Baseline, Side::Canary];

    /// The side that a record of this one pairs with: a control pairs with the baseline.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Baseline => Side::Canary,
            Side::Canary | Side::Control => Side::Baseline,
        }
    }

    /// The word for it in reports, metrics and flags.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Baseline => "baseline",
            Side::Canary => "canary",
            Side::Control => "control",
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One value for the baseline and one for the canary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PerSide<T> {
    /// The baseline's.
    pub baseline: T,
    /// The canary's.
    pub canary: T,
}

impl<T> PerSide<T> {
    /// The value of a side; a control has none of its own here and reads the baseline's.
    pub fn get(&self, side: Side) -> &T {
        match side {
            Side::Canary => &self.canary,
            Side::Baseline | Side::Control => &self.baseline,
        }
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Canary => &mut self.canary,
            Side::Baseline | Side::Control => &mut self.baseline,
        }
    }

    /// The same function of both values.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> PerSide<U> {
        PerSide {
            baseline: f(self.baseline),
            canary: f(self.canary),
        }
    }
}
