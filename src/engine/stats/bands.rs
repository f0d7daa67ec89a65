//! The error of what is only displayed: distribution functions and distinct counts.

/// Radius around an empirical distribution function of `t` independent values that holds at all t at once with probability
/// 1 − α: 0.85 √((ln(1 + ln t) + 0.8 ln(1612/α)) / t) (Howard and Ramdas 1906.09712; `docs/statistics.md` section 3).
#[must_use]
pub fn dkw_lil(t: u64, alpha: f64) -> f64 {
    if t == 0 || !(alpha > 0.0 && alpha < 1.0) {
        return 1.0;
    }
    let t = t as f64;
    0.85 * ((t.ln().ln_1p() + 0.8 * (1_612.0 / alpha).ln()) / t).sqrt()
}

/// How a HyperLogLog came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HllKind {
    /// By one writer in order, with the running estimator (HIP): standard error √(ln 2 / k).
    Single,
    /// By merging others: standard error √((3 ln 2 − 1) / k).
    Merged,
}

/// Relative error e of a HyperLogLog of k = 2^`lg_k` registers at `deviations` standard normal quantiles: the true count is
/// below estimate / (1 + e) with the probability of that quantile. Positive `deviations` give the lower bound, negative the upper.
///
/// The estimator has a mean of 1 and a skewed law: close to lognormal where one writer adds factors, close to an inverse gamma
/// law where it is the inverse of a sum of registers (here by the cube root of Wilson and Hilferty). Both agree with what
/// DataSketches measured, to 4 % for lg_k from 4 to 21.
#[must_use]
pub fn hll_rel_err(lg_k: u32, kind: HllKind, deviations: f64) -> f64 {
    let k = 2_f64.powi(lg_k.min(60).cast_signed());
    match kind {
        HllKind::Single => {
            let sigma = (std::f64::consts::LN_2 / k).sqrt() * (1.0 + 0.3 / k);
            (deviations * sigma - sigma * sigma / 2.0).exp_m1()
        }
        HllKind::Merged => {
            let sigma = ((3.0 * std::f64::consts::LN_2 - 1.0) / k).sqrt() * (1.0 + 1.0 / k);
            let shape = 2.0 + 1.0 / (sigma * sigma);
            let root = 1.0 - 1.0 / (9.0 * shape) - deviations / (3.0 * shape.sqrt());
            (shape - 1.0) / (shape * root.powi(3)) - 1.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_seen_is_no_band() {
        assert_eq!(dkw_lil(0, 0.05), 1.0);
        assert_eq!(dkw_lil(10, f64::NAN), 1.0);
    }

    /// Quantiles that DataSketches publishes for its smallest sketch, where the law is most skewed.
    #[test]
    fn the_smallest_sketch() {
        for (kind, deviations, expect) in [
            (HllKind::Merged, 3.0, 1.304),
            (HllKind::Merged, -3.0, -0.5265),
            (HllKind::Merged, 1.0, 0.2544),
            (HllKind::Single, 3.0, 0.8823),
            (HllKind::Single, -3.0, -0.4755),
            (HllKind::Single, 2.0, 0.5029),
        ] {
            let got = hll_rel_err(4, kind, deviations);
            assert!(
                (got / expect - 1.0).abs() < 0.045,
                "{kind:?} {deviations}: {got} for {expect}"
            );
        }
    }
}
