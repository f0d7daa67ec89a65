//! How far two distributions over the same bins are apart: for reports, never for decisions (`docs/statistics.md` section 3).

use super::special::gamma_q;

/// Distances of two lists of counts. Bins that neither has are left out of what is smoothed and tested, and kept in place for
/// what needs an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergences {
    /// Population stability index on p_j = (c_j + ½) / (n + ½ J).
    pub psi: f64,
    /// Kullback-Leibler divergence on the same p_j, natural logarithm.
    pub kl: f64,
    /// Jensen-Shannon divergence, natural logarithm, not smoothed.
    pub js_divergence: f64,
    /// Total variation: half the sum of the gaps.
    pub total_variation: f64,
    /// The largest gap.
    pub largest_gap: f64,
    /// Hellinger distance.
    pub hellinger: f64,
    /// Largest gap of the cumulative shares.
    pub kolmogorov_smirnov: f64,
    /// Sum of the gaps of the cumulative shares: the first Wasserstein distance where bins are one apart.
    pub wasserstein: f64,
    /// Pearson's χ² of the two rows, without a correction.
    pub chi2: f64,
    /// G = 2 Σ o ln(o / e).
    pub g: f64,
    /// Degrees of freedom of both.
    pub dof: u32,
    /// √(χ² / N).
    pub cramers_v: f64,
}

impl Divergences {
    /// `None` where the lists differ in length or one has nothing in it.
    #[must_use]
    pub fn of(c: &[u64], d: &[u64]) -> Option<Self> {
        let sum = |counts: &[u64]| counts.iter().map(|count| *count as f64).sum::<f64>();
        let (n, m) = (sum(c), sum(d));
        if c.len() != d.len() || n == 0.0 || m == 0.0 {
            return None;
        }
        let bins = || c.iter().zip(d).map(|(c, d)| (*c as f64, *d as f64));
        let used = || bins().filter(|(c, d)| c + d > 0.0);
        let total = |term: &dyn Fn(f64, f64) -> f64| used().map(|(c, d)| term(c, d)).sum::<f64>();
        let kinds = used().count();
        let smooth = |count: f64, n: f64| (count + 0.5) / (n + 0.5 * kinds as f64);
        let gap = |c: f64, d: f64| (c / n - d / m).abs();
        // x ln(x / y), 0 for nothing.
        let relative = |x: f64, y: f64| if x == 0.0 { 0.0 } else { x * (x / y).ln() };
        let js = |c: f64, d: f64| {
            let (p, q) = (c / n, d / m);
            let middle = f64::midpoint(p, q);
            f64::midpoint(relative(p, middle), relative(q, middle))
        };
        // Both rows of the table of counts: observed and expected.
        let all = n + m;
        let rows = |c: f64, d: f64| [(c, (c + d) * n / all), (d, (c + d) * m / all)];
        let mut cumulative = 0.0_f64;
        let (mut ks, mut wasserstein) = (0.0_f64, 0.0);
        for (c, d) in bins() {
            cumulative += c / n - d / m;
            ks = ks.max(cumulative.abs());
            wasserstein += cumulative.abs();
        }
        let chi2 = total(&|c, d| rows(c, d).iter().map(|(o, e)| (o - e).powi(2) / e).sum());
        Some(Divergences {
            psi: total(&|c, d| {
                let (p, q) = (smooth(c, n), smooth(d, m));
                (p - q) * (p / q).ln()
            }),
            kl: total(&|c, d| relative(smooth(c, n), smooth(d, m))),
            js_divergence: total(&js).max(0.0),
            total_variation: 0.5 * total(&gap),
            largest_gap: used().map(|(c, d)| gap(c, d)).fold(0.0, f64::max),
            hellinger: (0.5 * total(&|c, d| ((c / n).sqrt() - (d / m).sqrt()).powi(2))).sqrt(),
            kolmogorov_smirnov: ks,
            wasserstein,
            chi2,
            g: 2.0 * total(&|c, d| rows(c, d).iter().map(|(o, e)| relative(*o, *e)).sum()),
            dof: u32::try_from(kinds - 1).unwrap_or(u32::MAX),
            cramers_v: (chi2 / all).sqrt(),
        })
    }

    /// Jensen-Shannon distance: the root of the divergence, natural logarithm.
    #[must_use]
    pub fn js_distance(&self) -> f64 {
        self.js_divergence.sqrt()
    }

    /// The same with the logarithm to base 2: at most 1.
    #[must_use]
    pub fn js_distance_base2(&self) -> f64 {
        (self.js_divergence / std::f64::consts::LN_2).sqrt()
    }

    /// Fixed-size p-value of χ²; not valid under repeated looks.
    #[must_use]
    pub fn chi2_p(&self) -> f64 {
        self.p(self.chi2)
    }

    /// Fixed-size p-value of G; not valid under repeated looks.
    #[must_use]
    pub fn g_p(&self) -> f64 {
        self.p(self.g)
    }

    fn p(&self, statistic: f64) -> f64 {
        if self.dof == 0 {
            return 1.0;
        }
        gamma_q(f64::from(self.dof) / 2.0, statistic.max(0.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_distance() {
        assert_eq!(Divergences::of(&[], &[]), None);
        assert_eq!(Divergences::of(&[1], &[0]), None);
        assert_eq!(Divergences::of(&[1, 2], &[1]), None);
    }

    #[test]
    fn equal_and_disjoint() {
        let equal = Divergences::of(&[5, 0, 9], &[10, 0, 18]).unwrap();
        assert!(equal.total_variation < 1e-15 && equal.js_distance() < 1e-7 && equal.chi2 < 1e-12);
        assert_eq!(equal.dof, 1);
        let disjoint = Divergences::of(&[7, 0], &[0, 3]).unwrap();
        assert!((disjoint.js_distance_base2() - 1.0).abs() < 1e-12);
        assert!((disjoint.hellinger - 1.0).abs() < 1e-12);
        assert!((disjoint.cramers_v - 1.0).abs() < 1e-12);
        let one_bin = Divergences::of(&[7], &[3]).unwrap();
        assert_eq!((one_bin.dof, one_bin.chi2_p()), (0, 1.0));
    }

    #[test]
    fn counts_never_overflow() {
        let large = Divergences::of(&[u64::MAX, 1], &[1, u64::MAX]).unwrap();
        assert!(large.chi2.is_finite() && large.psi.is_finite() && large.chi2_p() == 0.0);
    }
}
