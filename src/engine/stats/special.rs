//! Special functions that the statistics need, in forms that stay exact at counts of 10^12.
//!
//! Formulas are those of the Digital Library of Mathematical Functions (dlmf.nist.gov), named at each. Everything rests on the
//! remainder of Stirling's series instead of the logarithm of the gamma function, which loses its digits in a difference.

/// ln(2 π) / 2.
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_7;
/// More terms than a continued fraction needs at any count that we meet.
const TERMS_MAX: u32 = 4_000_000;

/// S(z) = ln Γ(z) − ((z − ½) ln z − z + ½ ln 2π), for z > 0: DLMF 5.11.1. Below 10 the argument is raised by Γ(z + 1) = z Γ(z).
pub(super) fn stirling(z: f64) -> f64 {
    const COEFFICIENTS: [f64; 7] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1_260.0,
        -1.0 / 1_680.0,
        1.0 / 1_188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    let leading = |z: f64| (z - 0.5) * z.ln() - z;
    let (mut raised, mut product) = (z, 1.0);
    while raised < 10.0 {
        product *= raised;
        raised += 1.0;
    }
    let step = 1.0 / (raised * raised);
    let series = COEFFICIENTS.iter().rev().fold(0.0, |sum, term| sum * step + term) / raised;
    if raised == z {
        return series;
    }
    series + leading(raised) - leading(z) - product.ln()
}

/// ln B(a, c) for a, c > 0 (`docs/statistics.md` section 2.4; DLMF 5.12.1 with 5.11.1).
pub(super) fn ln_beta(a: f64, c: f64) -> f64 {
    let n = a + c;
    (a - 0.5) * (a / n).ln() + (c - 0.5) * (c / n).ln() - 0.5 * n.ln() + HALF_LN_TAU + stirling(a) + stirling(c)
        - stirling(n)
}

/// Q(a, x) = Γ(a, x) / Γ(a): DLMF 8.7.1 (series of 1 − Q) below a + 1, 8.9.2 (continued fraction) above.
pub(super) fn gamma_q(a: f64, x: f64) -> f64 {
    if a.is_nan() || x.is_nan() || a <= 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    // x^a e^-x / Γ(a), with the large terms taken together.
    let t = (x - a) / a;
    let prefactor = (-a * (t - t.ln_1p()) + 0.5 * a.ln() - HALF_LN_TAU - stirling(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for k in 1..TERMS_MAX {
            term *= x / (a + f64::from(k));
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        return (1.0 - prefactor * sum).clamp(0.0, 1.0);
    }
    let fraction = lentz(x + 1.0 - a, |k| (-k * (k - a), x + 2.0 * k + 1.0 - a));
    (prefactor / fraction).clamp(0.0, 1.0)
}

/// I_p(a, c), the distribution function of Beta(a, c), for a, c > 0 and p given with 1 − p: DLMF 8.17.22 (continued
/// fraction), used where it converges fast and mirrored by 8.17.4 elsewhere.
pub(super) fn beta_cdf(a: f64, c: f64, p: f64, not_p: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if not_p <= 0.0 {
        return 1.0;
    }
    if p > (a + 1.0) / (a + c + 2.0) {
        return 1.0 - beta_tail(c, a, not_p, p);
    }
    beta_tail(a, c, p, not_p)
}

fn beta_tail(a: f64, c: f64, p: f64, not_p: f64) -> f64 {
    let n = a + c;
    let (to_p, to_not_p) = ln_ratios(a, c, p, not_p);
    // p^a (1 − p)^c / B(a, c), with the large terms taken together.
    let ln_prefactor = -a * to_p - c * to_not_p + 0.5 * ((a / n).ln() + (c / n).ln() + n.ln())
        - HALF_LN_TAU
        - stirling(a)
        - stirling(c)
        + stirling(n);
    // Two steps of the fraction at a time would save nothing: each is a term.
    let fraction = lentz(1.0, |k| {
        let m = (k / 2.0).floor();
        let even = k % 2.0 == 0.0;
        let term = if even {
            m * (c - m) * p / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (n + m) * p / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        (term, 1.0)
    });
    (ln_prefactor.exp() / (a * fraction)).clamp(0.0, 1.0)
}

/// ln(q / p) and ln((1 − q) / (1 − p)) for q = a / (a + c), from one difference q − p: the rounding of q is then the same in
/// both, and in a ln(q/p) + c ln((1−q)/(1−p)) it cancels.
pub(super) fn ln_ratios(a: f64, c: f64, p: f64, not_p: f64) -> (f64, f64) {
    let n = a + c;
    let apart = if a < c { a / n - p } else { not_p - c / n };
    let ratio = |apart: f64, count: f64, p: f64| {
        let relative = apart / p;
        if relative.abs() < 0.5 {
            relative.ln_1p()
        } else {
            (count / n).ln() - p.ln()
        }
    };
    (ratio(apart, a, p), ratio(-apart, c, not_p))
}

/// ln(p / q), exact also where the two are close.
pub(super) fn ln_ratio(p: f64, q: f64) -> f64 {
    let apart = (p - q) / q;
    if apart.abs() < 0.5 {
        apart.ln_1p()
    } else {
        p.ln() - q.ln()
    }
}

/// b₀ + a₁/(b₁ + a₂/(b₂ + …)) by the modified algorithm of Lentz (DLMF 3.10(iii)); `terms(k)` is (a_k, b_k) from k = 1.
fn lentz(first: f64, terms: impl Fn(f64) -> (f64, f64)) -> f64 {
    const TINY: f64 = 1e-300;
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut value = not_zero(first);
    let (mut c, mut d) = (value, 0.0);
    for k in 1..TERMS_MAX {
        let (a, b) = terms(f64::from(k));
        d = 1.0 / not_zero(b + a * d);
        c = not_zero(b + a / c);
        let step = c * d;
        value *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, expect: f64, relative: f64) {
        assert!((got - expect).abs() <= relative * expect.abs(), "{got} for {expect}");
    }

    fn ln_gamma(z: f64) -> f64 {
        (z - 0.5) * z.ln() - z + HALF_LN_TAU + stirling(z)
    }

    #[test]
    fn gamma_of_known_points() {
        // ln Γ(½) = ½ ln π; Γ of a whole number is a factorial.
        near(ln_gamma(0.5), std::f64::consts::PI.ln() / 2.0, 1e-14);
        near(ln_gamma(1e-3), 6.907_178_885_383_853, 1e-14);
        near(ln_gamma(11.0), 3_628_800_f64.ln(), 1e-14);
        near(ln_gamma(20.5), (ln_gamma(19.5)) + 19.5_f64.ln(), 1e-14);
        assert!(ln_gamma(1.0).abs() < 1e-14 && ln_gamma(2.0).abs() < 1e-14);
        near(stirling(1e12), 1.0 / 12e12, 1e-12);
    }

    #[test]
    fn beta_of_known_points() {
        near(ln_beta(0.5, 0.5), std::f64::consts::PI.ln(), 1e-14);
        near(ln_beta(1.0, 1e4), -(1e4_f64.ln()), 1e-13);
        near(ln_beta(3.0, 4.0), (1.0_f64 / 60.0).ln(), 1e-13);
    }

    #[test]
    fn gamma_tails() {
        // Q(1, x) = e^-x; Q(½, x) = erfc(√x); Q(2, x) = (1 + x) e^-x.
        for x in [1e-3_f64, 0.5, 1.0, 3.0, 40.0, 600.0] {
            near(gamma_q(1.0, x), (-x).exp(), 1e-12);
            near(gamma_q(2.0, x), (1.0 + x) * (-x).exp(), 1e-12);
        }
        near(gamma_q(0.5, 1.0), 0.157_299_207_050_285_13, 1e-13);
        near(gamma_q(0.5, 25.0), 1.537_459_794_428_034_8e-12, 1e-12);
        assert_eq!(gamma_q(3.0, 0.0), 1.0);
        assert_eq!(gamma_q(3.0, f64::INFINITY), 0.0);
        assert!(gamma_q(f64::NAN, 1.0).is_nan() && gamma_q(-1.0, 1.0).is_nan());
    }

    #[test]
    fn beta_tails() {
        // I_p(1, c) = 1 − (1 − p)^c; I_p(a, 1) = p^a; I_p(2, 2) = p²(3 − 2p); symmetric about the middle.
        for p in [1e-9_f64, 1e-3, 0.2, 0.5, 0.9] {
            near(beta_cdf(1.0, 7.0, p, 1.0 - p), -f64::exp_m1(7.0 * (-p).ln_1p()), 1e-12);
            near(beta_cdf(5.0, 1.0, p, 1.0 - p), p.powi(5), 1e-12);
            near(beta_cdf(2.0, 2.0, p, 1.0 - p), p * p * (3.0 - 2.0 * p), 1e-12);
        }
        near(beta_cdf(5e8, 5e8, 0.5, 0.5), 0.5, 1e-9);
        assert_eq!(beta_cdf(2.0, 3.0, 0.0, 1.0), 0.0);
        assert_eq!(beta_cdf(2.0, 3.0, 1.0, 0.0), 1.0);
    }
}
