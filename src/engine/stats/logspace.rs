//! Arithmetic on numbers that are held as logarithms, and the bisection that the bounds share.

/// ln(e^a + e^b). Minus infinity is an empty account.
pub(super) fn log_add_exp(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if high.is_infinite() {
        return high;
    }
    high + (low - high).exp().ln_1p()
}

/// ln Σ e^v; minus infinity of nothing.
pub(super) fn log_sum_exp(values: impl IntoIterator<Item = f64> + Clone) -> f64 {
    let high = values.clone().into_iter().fold(f64::NEG_INFINITY, f64::max);
    if high.is_infinite() {
        return high;
    }
    high + values.into_iter().map(|value| (value - high).exp()).sum::<f64>().ln()
}

/// ln(1 + e^u), without overflow.
pub(super) fn softplus(u: f64) -> f64 {
    if u > 0.0 {
        u + (-u).exp().ln_1p()
    } else {
        u.exp().ln_1p()
    }
}

/// The point between `low` and `high` at which `is_below` turns from true to false. 200 halvings reach neighbouring numbers.
pub(super) fn bisect(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if is_below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low + (high - low) / 2.0
}

/// The least whole number above 0 for which the test holds, if one up to 2^62 does. It must stay true once it is true.
pub(super) fn least(holds: impl Fn(u64) -> bool) -> Option<u64> {
    let mut high = 1_u64;
    while !holds(high) {
        high *= 2;
        if high > 1 << 62 {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: f64 = f64::NEG_INFINITY;

    #[test]
    fn sums() {
        for (a, b, expect) in [
            (0.0, 0.0, 2_f64.ln()),
            (NOTHING, -3.0, -3.0),
            (NOTHING, NOTHING, NOTHING),
            (f64::INFINITY, 1.0, f64::INFINITY),
            (1e300, 0.0, 1e300),
        ] {
            assert_eq!(log_add_exp(a, b), expect, "{a} {b}");
            assert_eq!(log_add_exp(b, a), expect, "{b} {a}");
            assert_eq!(log_sum_exp([a, b]), expect, "{a} {b}");
        }
        assert_eq!(log_sum_exp([]), NOTHING);
    }

    #[test]
    fn softplus_has_no_overflow() {
        assert_eq!(softplus(1e308), 1e308);
        assert_eq!(softplus(-1e308), 0.0);
        assert_eq!(softplus(f64::INFINITY), f64::INFINITY);
        assert!((softplus(0.0) - 2_f64.ln()).abs() < 1e-16);
    }

    #[test]
    fn roots() {
        assert!((bisect(0.0, 2.0, |x| x * x < 2.0) - 2_f64.sqrt()).abs() < 1e-15);
        for n in [1, 2, 3, 1_000, (1 << 62) - 1] {
            assert_eq!(least(|x| x >= n), Some(n));
        }
        assert_eq!(least(|_| false), None);
    }
}
