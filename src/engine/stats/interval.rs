//! The displayed interval: a confidence sequence for a rate that holds at all times at once, from nothing but (x, n).
//!
//! `docs/statistics.md` section 2.4. A mixture over rates q of the likelihood ratio against p is an e-process for p when records are
//! independent; the interval holds every p that it does not reject. It does not decide a rollback: it never restarts, and a
//! burst breaks it.

use super::logspace::{bisect, log_sum_exp};
use super::special::{ln_beta, ln_ratios, stirling};

/// ln(2 π) / 2.
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_7;
/// ln of the least rate that a bound may be.
const LN_P_MIN: f64 = -690.775_527_898_213_7;

/// A rate with its complement, each exact where the other is near 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    p: f64,
    not_p: f64,
}

impl Point {
    /// A rate in [0, 1].
    #[must_use]
    pub fn at(p: f64) -> Self {
        Point { p, not_p: 1.0 - p }
    }

    fn from_ln(ln_p: f64) -> Self {
        Point {
            p: ln_p.exp(),
            not_p: -ln_p.exp_m1(),
        }
    }

    fn mirrored(self) -> Self {
        Point {
            p: self.not_p,
            not_p: self.p,
        }
    }

    fn ln(self) -> (f64, f64) {
        let ln = |p: f64, not_p: f64| if p < 0.5 { p.ln() } else { (-not_p).ln_1p() };
        (ln(self.p, self.not_p), ln(self.not_p, self.p))
    }
}

/// Lower and upper end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Nothing below it.
    pub lower: f64,
    /// Nothing above it.
    pub upper: f64,
}

impl Interval {
    /// What is known before the first record.
    pub const ALL: Interval = Interval { lower: 0.0, upper: 1.0 };
}

/// What the rates are weighted by before anything is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Prior {
    /// Beta(a, c). With a = c = ½ it is the estimator of Krichevsky and Trofimov.
    Beta {
        /// Of the bad ones.
        a: f64,
        /// Of the good ones.
        c: f64,
    },
    /// 0.3 on the rate 0, 0.4 on Beta(½, ½), 0.3 on Beta(1, 1/budget): nearly as tight as a test of fixed size where nothing is bad.
    Mixture {
        /// The budget.
        budget: f64,
    },
}

impl Prior {
    /// ln E(p), the evidence of `x` bad of `n` records against the rate p; infinite where p is impossible.
    ///
    /// x and n need not be whole: a burst counts as one record of several. 0 <= x <= n.
    #[must_use]
    pub fn ln_e(self, x: f64, n: f64, point: Point) -> f64 {
        match self {
            Prior::Beta { a, c } => beta_binomial_log_mix(x, n, point, a, c),
            Prior::Mixture { budget } => {
                let none = if x == 0.0 { -n * point.ln().1 } else { f64::NEG_INFINITY };
                log_sum_exp([
                    0.3_f64.ln() + none,
                    0.4_f64.ln() + beta_binomial_log_mix(x, n, point, 0.5, 0.5),
                    0.3_f64.ln() + beta_binomial_log_mix(x, n, point, 1.0, 1.0 / budget),
                ])
            }
        }
    }

    /// CS_α = {p : ln E(p) < ln(1/α)} after `x` bad of `n` records; everything where there are none, or where x, n or α is
    /// no number of its kind.
    ///
    /// ln E is convex in ln p with its least value near x/n, so each end is found by bisection: in ln p, and for x/n >= ½ in
    /// ln(1 − p).
    #[must_use]
    pub fn interval(self, x: f64, n: f64, alpha: f64) -> Interval {
        if !(n > 0.0 && n.is_finite() && x >= 0.0 && x <= n && alpha > 0.0 && alpha < 1.0) {
            return Interval::ALL;
        }
        let limit = -alpha.ln();
        let ln_e = |point: Point| self.ln_e(x, n, point);
        let estimate = x / n;
        let (lower, upper) = if estimate < 0.5 {
            (
                first_end(estimate.ln(), limit, ln_e),
                second_end(estimate.ln(), limit, ln_e),
            )
        } else {
            let ln_not = ((n - x) / n).ln();
            let mirrored = |point: Point| ln_e(point.mirrored());
            (
                1.0 - second_end(ln_not, limit, mirrored),
                1.0 - first_end(ln_not, limit, mirrored),
            )
        };
        Interval { lower, upper }
    }
}

/// The end between 0 and the estimate.
fn first_end(ln_estimate: f64, limit: f64, ln_e: impl Fn(Point) -> f64) -> f64 {
    let rejected = |ln_p: f64| ln_e(Point::from_ln(ln_p)) >= limit;
    if ln_estimate <= LN_P_MIN || !rejected(LN_P_MIN) {
        return 0.0;
    }
    bisect(LN_P_MIN, ln_estimate, rejected).exp()
}

/// The end between the estimate and 1.
fn second_end(ln_estimate: f64, limit: f64, ln_e: impl Fn(Point) -> f64) -> f64 {
    let held = |ln_p: f64| ln_e(Point::from_ln(ln_p)) < limit;
    bisect(ln_estimate.max(LN_P_MIN), 0.0, held).exp()
}

/// ln B(a+x, c+n−x) − ln B(a, c) − x ln p − (n−x) ln(1−p), with the large terms taken together (`docs/statistics.md` section 2.4): the
/// difference of logarithms of gamma functions would be wrong by 6e-3 at n = 10^12, this is not by 1e-6.
#[must_use]
pub fn beta_binomial_log_mix(x: f64, n: f64, point: Point, a: f64, c: f64) -> f64 {
    let (big_a, big_c) = (a + x, c + (n - x));
    let total = big_a + big_c;
    let (ln_p, ln_not_p) = point.ln();
    // 0 · ∞ is 0 here: what did not happen does not count.
    let times = |count: f64, ln: f64| if count == 0.0 { 0.0 } else { count * ln };
    if (point.p <= 0.0 && x > 0.0) || (point.not_p <= 0.0 && n > x) {
        return f64::INFINITY;
    }
    if point.p <= 0.0 || point.not_p <= 0.0 {
        return ln_beta(big_a, big_c) - ln_beta(a, c);
    }
    let (to_p, to_not_p) = ln_ratios(big_a, big_c, point.p, point.not_p);
    (big_a - 0.5) * to_p + (big_c - 0.5) * to_not_p + times(a - 0.5, ln_p) + times(c - 0.5, ln_not_p) - 0.5 * total.ln()
        + HALF_LN_TAU
        + stirling(big_a)
        + stirling(big_c)
        - stirling(total)
        - ln_beta(a, c)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KT: Prior = Prior::Beta { a: 0.5, c: 0.5 };

    #[test]
    fn what_is_no_count_says_nothing() {
        for (x, n, alpha) in [
            (0.0, 0.0, 0.05),
            (2.0, 1.0, 0.05),
            (f64::NAN, 1.0, 0.05),
            (0.0, f64::INFINITY, 0.05),
            (0.0, 10.0, 0.0),
            (0.0, 10.0, f64::NAN),
            (-1.0, 10.0, 0.05),
        ] {
            assert_eq!(KT.interval(x, n, alpha), Interval::ALL, "{x} {n} {alpha}");
        }
    }

    #[test]
    fn the_estimate_is_inside() {
        for prior in [KT, Prior::Mixture { budget: 1e-4 }] {
            for n in [1.0, 2.0, 10.0, 1e3, 1e6, 1e12] {
                for share in [0.0, 1e-9, 1e-4, 0.3, 0.5, 0.7, 0.999_9, 1.0] {
                    let x = share * n;
                    let Interval { lower, upper } = prior.interval(x, n, 0.05);
                    assert!(
                        0.0 <= lower && lower <= x / n && x / n <= upper && upper <= 1.0,
                        "{x} of {n}: {lower} {upper}"
                    );
                    assert!(lower < upper, "{x} of {n}");
                }
            }
        }
    }

    #[test]
    fn the_ends_mirror() {
        for (x, n) in [(0.0, 50.0), (3.0, 50.0), (20.0, 50.0), (1.0, 1e6)] {
            let a = KT.interval(x, n, 0.01);
            let b = KT.interval(n - x, n, 0.01);
            assert!((a.lower - (1.0 - b.upper)).abs() < 1e-12, "{x} of {n}");
            assert!((a.upper - (1.0 - b.lower)).abs() < 1e-12, "{x} of {n}");
        }
    }

    #[test]
    fn impossible_rates() {
        assert_eq!(KT.ln_e(1.0, 10.0, Point::at(0.0)), f64::INFINITY);
        assert_eq!(KT.ln_e(1.0, 10.0, Point::at(1.0)), f64::INFINITY);
        assert!(KT.ln_e(0.0, 10.0, Point::at(0.0)) < 0.0);
        assert!(KT.ln_e(10.0, 10.0, Point::at(1.0)) < 0.0);
        assert_eq!(
            Prior::Mixture { budget: 0.1 }.ln_e(0.0, 9.0, Point::at(1.0)),
            f64::INFINITY
        );
    }
}
