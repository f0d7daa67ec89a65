//! Many checks at once (`docs/statistics.md` section 4).
//!
//! Averages and e-BH are of evidence at one moment, never of maxima: on maxima they lose their guarantee. Bonferroni keeps it on
//! maxima and across clocks.

use super::logspace::log_sum_exp;

/// ln Σ (v_i / v) E_i over members with (weight v_i, ln E_i), v = Σ v_i: one e-process of several on one clock.
pub fn ln_average(members: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let total: f64 = members.clone().map(|(weight, _)| weight).sum();
    log_sum_exp(members.map(|(weight, ln_e)| (weight / total).ln() + ln_e))
}

/// Σ w_i e_i.
#[must_use]
pub fn average(weights: &[f64], e: &[f64]) -> f64 {
    weights.iter().zip(e).map(|(weight, e)| weight * e).sum()
}

/// e-BH: the indices, in order, whose null is rejected with a false discovery rate of at most `alpha` under any dependence
/// (Wang and Ramdas 2009.02824): e_i >= K / (α k*), k* the largest k for which k of them are >= K / (α k).
#[must_use]
pub fn e_bh(e: &[f64], alpha: f64) -> Vec<usize> {
    let mut sorted: Vec<f64> = e.iter().copied().filter(|e| !e.is_nan()).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let limit = |k: usize| e.len() as f64 / (alpha * k as f64);
    let most = (1..=sorted.len()).rev().find(|k| sorted[k - 1] >= limit(*k));
    most.map_or_else(Vec::new, |k| at_least(e, limit(k)))
}

/// The indices, in order, with e_i >= K / α: no false one at all but with probability α.
#[must_use]
pub fn bonferroni(e: &[f64], alpha: f64) -> Vec<usize> {
    at_least(e, e.len() as f64 / alpha)
}

fn at_least(e: &[f64], limit: f64) -> Vec<usize> {
    (0..e.len()).filter(|i| e[*i] >= limit).collect()
}

/// The share of `alpha` of each of several streams, by weight; nothing of it where no weight is above 0.
#[must_use]
pub fn shares(weights: &[f64], alpha: f64) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    let share = |weight: &f64| if total > 0.0 { alpha * weight / total } else { 0.0 };
    weights.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_bh_of_few() {
        for (e, alpha, expect) in [
            (&[][..], 0.05, &[][..]),
            (&[20.0], 0.05, &[0]),
            (&[19.9], 0.05, &[]),
            (&[f64::NAN, 100.0], 0.05, &[1]),
            (&[f64::INFINITY, 0.0, 30.0], 0.05, &[0, 2]),
            // Both at K / (α 2), neither at K / α.
            (&[25.0, 25.0], 0.05, &[0, 1]),
            (&[25.0, 1.0], 0.05, &[]),
        ] {
            assert_eq!(e_bh(e, alpha), expect, "{e:?}");
        }
    }

    #[test]
    fn averages() {
        let members = [(0.35, 2.0_f64), (0.2, 30.0)];
        let expect = (0.35 * 2.0 + 0.2 * 30.0) / 0.55;
        let got = ln_average(members.into_iter().map(|(v, e)| (v, e.ln())));
        assert!((got.exp() - expect).abs() < 1e-12);
        assert_eq!(shares(&[3.0, 1.0, 0.0], 0.01), [0.0075, 0.0025, 0.0]);
        assert_eq!(shares(&[0.0], 0.01), [0.0]);
    }
}
