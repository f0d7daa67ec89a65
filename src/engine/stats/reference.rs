//! Textbook rules for comparison: what a fixed sample size or a known alternative would say. Not used for a verdict.

use super::interval::Interval;
use super::logspace::bisect;
use super::special::{beta_cdf, ln_ratio};

/// The interval of Clopper and Pearson for `x` bad of `n`: exact for one look at a fixed n, not under peeking.
///
/// Its ends are the p at which P(X >= x) and P(X <= x) are half of 1 − `confidence`.
#[must_use]
pub fn clopper_pearson(x: u64, n: u64, confidence: f64) -> Interval {
    if n == 0 || x > n || !(confidence > 0.0 && confidence < 1.0) {
        return Interval::ALL;
    }
    let tail = (1.0 - confidence) / 2.0;
    let (bad, good) = (x as f64, (n - x) as f64);
    let root = |is_below: &dyn Fn(f64, f64) -> bool| {
        let rate = bisect(-700.0, 0.0, |ln_p| is_below(ln_p.exp(), -ln_p.exp_m1()));
        rate.exp()
    };
    Interval {
        lower: if x == 0 {
            0.0
        } else {
            root(&|p, not_p| beta_cdf(bad, good + 1.0, p, not_p) < tail)
        },
        upper: if x == n {
            1.0
        } else {
            root(&|p, not_p| beta_cdf(good, bad + 1.0, not_p, p) > tail)
        },
    }
}

/// Wald's sequential test of one rate against one known other: the least mean number of records that any test needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sprt {
    /// The rate that is borne.
    pub budget: f64,
    /// The rate that is looked for.
    pub alternative: f64,
    /// Chance of a wrong rollback.
    pub alpha: f64,
    /// Chance of a wrong promotion.
    pub beta: f64,
}

impl Sprt {
    /// x ln(q/b) + (n − x) ln((1−q)/(1−b)).
    #[must_use]
    pub fn log_likelihood_ratio(&self, x: u64, n: u64) -> f64 {
        let Sprt {
            budget, alternative, ..
        } = *self;
        let good = n.saturating_sub(x) as f64;
        x as f64 * ln_ratio(alternative, budget) + good * ((-alternative).ln_1p() - (-budget).ln_1p())
    }

    /// At or above it: rollback.
    #[must_use]
    pub fn upper(&self) -> f64 {
        -self.alpha.ln()
    }

    /// At or below it: promote.
    #[must_use]
    pub fn lower(&self) -> f64 {
        self.beta.ln()
    }

    /// KL(q‖b) = q ln(q/b) + (1−q) ln((1−q)/(1−b)).
    #[must_use]
    pub fn divergence(&self) -> f64 {
        let Sprt {
            budget: b,
            alternative: q,
            ..
        } = *self;
        q * ln_ratio(q, b) + (1.0 - q) * ((-q).ln_1p() - (-b).ln_1p())
    }

    /// ln(1/α) / KL(q‖b): no test with this α that surely ends needs fewer records on average.
    #[must_use]
    pub fn mean_records_least(&self) -> f64 {
        self.upper() / self.divergence()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_count_says_nothing() {
        for (x, n, confidence) in [(0, 0, 0.95), (3, 2, 0.95), (0, 9, 1.0), (0, 9, f64::NAN)] {
            assert_eq!(clopper_pearson(x, n, confidence), Interval::ALL, "{x} of {n}");
        }
    }

    #[test]
    fn the_rule_of_three() {
        let upper = clopper_pearson(0, 1_000_000, 0.90).upper;
        assert!((upper * 1e6 - 20_f64.ln()).abs() < 1e-4, "{upper}");
        let large = clopper_pearson(100_000, 1_000_000_000, 0.95);
        assert!(
            (large.lower * 1e4 - 0.993_811).abs() < 1e-4 && (large.upper * 1e4 - 1.006_217).abs() < 1e-4,
            "{large:?}"
        );
    }
}
