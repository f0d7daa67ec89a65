//! The promotion bound: when a rate is proved to be within its budget, with a declared burst size (`docs/statistics.md` section 2.4).
//!
//! The bound is the upper end of the displayed interval at level β after x and n are divided by D, the larger of the declared
//! burst size and the variance over the mean of the windows' bad counts. Exact for independent records and D = 1; for bursts it
//! is measured, not proved.

use super::interval::{Interval, Point, Prior};
use super::logspace::least;
use super::tally::Tally;

/// The divisor D of a tally.
#[must_use]
pub fn divisor(burst: f64, tally: &Tally) -> f64 {
    burst.max(tally.dispersion().unwrap_or(1.0))
}

/// A budget above 0 that a rate must be proved to keep, and the chance of a wrong proof.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Promotion {
    /// The budget.
    pub budget: f64,
    /// Chance of a `pass` for a rate above the budget.
    pub beta: f64,
}

impl Promotion {
    fn prior(self) -> Prior {
        Prior::Mixture { budget: self.budget }
    }

    /// Whether the upper bound after `x` bad of `n` is at most the budget: the budget lies above x/n and is rejected.
    #[must_use]
    pub fn proved(self, x: f64, n: f64) -> bool {
        n > 0.0 && x < self.budget * n && self.prior().ln_e(x, n, Point::at(self.budget)) >= -self.beta.ln()
    }

    /// Clean records that are still missing for the proof after `x` bad of `n`, each counted 1/`divisor`. `None`: no number is.
    #[must_use]
    pub fn clean_needed(self, x: f64, n: f64, divisor: f64) -> Option<u64> {
        let proved = |more: u64| self.proved(x / divisor, (n + more as f64) / divisor);
        if proved(0) { Some(0) } else { least(proved) }
    }

    /// The bound itself, with the lower one of the same level.
    #[must_use]
    pub fn interval(self, x: f64, n: f64) -> Interval {
        self.prior().interval(x, n, self.beta)
    }
}

/// Records without a bad one after which a budget above 0 is proved to be kept, where records are independent.
#[must_use]
pub fn n_promote_zero_bad(budget: f64, beta: f64) -> Option<u64> {
    Promotion { budget, beta }.clean_needed(0.0, 0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMOTION: Promotion = Promotion {
        budget: 1e-4,
        beta: 0.05,
    };

    #[test]
    fn the_proof_is_the_bound() {
        for x in [0.0, 0.3, 1.0, 10.0, 100.0] {
            for n in [1e3, 3.9e4, 4.1e4, 1e5, 3e5, 2e6, 1e9] {
                let upper = PROMOTION.interval(x, n).upper;
                assert_eq!(PROMOTION.proved(x, n), upper <= 1e-4, "{x} of {n}: {upper}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_enough_and_not_too_much() {
        for (x, n, divisor) in [(0.0, 0.0, 1.0), (0.0, 1e4, 10.0), (30.0, 1e5, 10.0), (500.0, 1e5, 3.7)] {
            let more = PROMOTION.clean_needed(x, n, divisor).unwrap() as f64;
            assert!(PROMOTION.proved(x / divisor, (n + more) / divisor));
            assert!(!PROMOTION.proved(x / divisor, (n + more - 1.0) / divisor));
        }
        assert_eq!(PROMOTION.clean_needed(0.0, 1e9, 1.0), Some(0));
    }

    #[test]
    fn nothing_is_no_proof() {
        assert!(!PROMOTION.proved(0.0, 0.0));
        for (x, n) in [(f64::NAN, 1e6), (0.0, f64::NAN), (1.0, 0.5)] {
            assert!(!PROMOTION.proved(x, n), "{x} {n}");
        }
    }

    #[test]
    fn a_larger_burst_needs_more() {
        let needed = |divisor| PROMOTION.clean_needed(0.0, 0.0, divisor).unwrap();
        assert!(needed(1.0) < needed(2.0) && needed(2.0) < needed(10.0));
        assert!((needed(10.0) as f64 / needed(1.0) as f64 - 10.0).abs() < 0.01);
    }
}
