//! The figures of a check, for those who explain a verdict.

use super::interval::Interval;
use super::rate::Betting;

/// Dispersion above which bad records are not independent.
const DISPERSION_MAX: f64 = 1.5;
/// Lag-1 autocorrelation above which windows are not.
const LAG1_MAX: f64 = 0.2;

/// What a check has seen and says (`docs/statistics.md` section 4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Bad records of the canary.
    pub bad: u64,
    /// Of how many.
    pub of: u64,
    /// The same of the control, where it is compared with one.
    pub control: Option<(u64, u64)>,
    /// The rate that is borne; with a control, the difference that is.
    pub budget: f64,
    /// 95 % interval of the rate or the difference, valid at all times, for independent records.
    pub interval: Interval,
    /// ln of the evidence now.
    pub ln_e: f64,
    /// ln of the largest evidence so far.
    pub max_ln_e: f64,
    /// Windows, or units of several, that were taken as evidence.
    pub windows: u64,
    /// The assumption in force.
    pub betting: Betting,
    /// Variance over mean of the windows' bad counts.
    pub dispersion: Option<f64>,
    /// Lag-1 autocorrelation of the windows' bad counts.
    pub lag1: Option<f64>,
    /// Whether the budget is proved to be kept.
    pub may_pass: bool,
    /// Clean records that are missing for that; `None` where no number is enough.
    pub clean_needed: Option<u64>,
}

impl Report {
    /// Bad of all.
    #[must_use]
    pub fn estimate(&self) -> Option<f64> {
        (self.of > 0).then(|| self.bad as f64 / self.of as f64)
    }

    /// log10 of the evidence now.
    #[must_use]
    pub fn log10_e(&self) -> f64 {
        self.ln_e / std::f64::consts::LN_10
    }

    /// A p-value that holds however often it is looked at: min(1, 1 / max E).
    #[must_use]
    pub fn p_anytime(&self) -> f64 {
        (-self.max_ln_e).exp().min(1.0)
    }

    /// Bad records come in bursts, and the bets assume that they do not.
    #[must_use]
    pub fn is_dispersed(&self) -> bool {
        self.betting == Betting::Record && self.dispersion.is_some_and(|dispersion| dispersion > DISPERSION_MAX)
    }

    /// A window says much about the next one.
    #[must_use]
    pub fn is_autocorrelated(&self) -> bool {
        self.lag1.is_some_and(|lag1| lag1 > LAG1_MAX)
    }
}
