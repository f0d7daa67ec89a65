//! How far two samples are apart: for reports, never for decisions.

use super::special::gamma_q;

/// Distances of two samples of finite numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleDistances {
    /// Largest gap of the empirical distribution functions.
    pub kolmogorov_smirnov: f64,
    /// Area between them: the first Wasserstein distance.
    pub wasserstein: f64,
    /// Standard deviation of the second sample, of the population kind.
    pub deviation: f64,
    /// Two-sided p-value of Mann and Whitney, normal approximation with ties and continuity; not valid under repeated looks.
    pub mann_whitney_p: f64,
}

impl SampleDistances {
    /// `None` where a sample is empty or holds what is no number.
    #[must_use]
    pub fn of(a: &[f64], b: &[f64]) -> Option<Self> {
        if a.is_empty() || b.is_empty() || a.iter().chain(b).any(|value| !value.is_finite()) {
            return None;
        }
        let (n, m) = (a.len() as f64, b.len() as f64);
        let mut all: Vec<(f64, bool)> = a.iter().map(|value| (*value, true)).collect();
        all.extend(b.iter().map(|value| (*value, false)));
        all.sort_by(|x, y| x.0.total_cmp(&y.0));
        let (mut seen_a, mut seen_b) = (0.0, 0.0);
        let (mut ks, mut area, mut ranks_a, mut ties) = (0.0_f64, 0.0, 0.0, 0.0);
        let mut last: Option<(f64, f64)> = None;
        for equal in all.chunk_by(|x, y| x.0 == y.0) {
            let value = equal[0].0;
            if let Some((before, gap)) = last {
                area += gap * (value - before);
            }
            let count = equal.len() as f64;
            let of_a = equal.iter().filter(|(_, is_a)| *is_a).count() as f64;
            // Equal values share the mean of their ranks.
            ranks_a += of_a * (seen_a + seen_b + f64::midpoint(count, 1.0));
            ties += count.powi(3) - count;
            (seen_a, seen_b) = (seen_a + of_a, seen_b + count - of_a);
            let gap = (seen_a / n - seen_b / m).abs();
            ks = ks.max(gap);
            last = Some((value, gap));
        }
        let mean = b.iter().sum::<f64>() / m;
        let variance = b.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / m;
        Some(SampleDistances {
            kolmogorov_smirnov: ks,
            wasserstein: area,
            deviation: variance.sqrt(),
            mann_whitney_p: mann_whitney_p(ranks_a, ties, n, m),
        })
    }

    /// The Wasserstein distance in standard deviations of the second sample; `None` where that does not vary.
    #[must_use]
    pub fn wasserstein_normed(&self) -> Option<f64> {
        (self.deviation > 0.0).then(|| self.wasserstein / self.deviation)
    }
}

/// U = R_a − n(n+1)/2, z = (max(U, nm − U) − nm/2 − ½) / s, s² = nm/12 (N + 1 − Σ(t³ − t) / (N(N−1))).
fn mann_whitney_p(ranks_a: f64, ties: f64, n: f64, m: f64) -> f64 {
    let u = ranks_a - n * (n + 1.0) / 2.0;
    let all = n + m;
    let variance = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let z = (u.max(n * m - u) - n * m / 2.0 - 0.5) / variance.sqrt();
    // 2 (1 − Φ(z)) = erfc(z / √2) = Q(½, z² / 2), for z >= 0.
    if z <= 0.0 { 1.0 } else { gamma_q(0.5, z * z / 2.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_distance() {
        assert_eq!(SampleDistances::of(&[], &[1.0]), None);
        assert_eq!(SampleDistances::of(&[1.0], &[f64::NAN]), None);
        assert_eq!(SampleDistances::of(&[f64::INFINITY], &[1.0]), None);
    }

    #[test]
    fn shifted_by_one() {
        let distances = SampleDistances::of(&[1.0, 2.0, 3.0, 4.0], &[2.0, 3.0, 4.0, 5.0]).unwrap();
        assert!((distances.wasserstein - 1.0).abs() < 1e-15);
        assert!((distances.kolmogorov_smirnov - 0.25).abs() < 1e-15);
    }

    #[test]
    fn all_equal() {
        let distances = SampleDistances::of(&[2.0, 2.0], &[2.0]).unwrap();
        assert_eq!((distances.kolmogorov_smirnov, distances.mann_whitney_p), (0.0, 1.0));
        assert_eq!(distances.wasserstein_normed(), None);
        assert_eq!(SampleDistances::of(&[1.0], &[1.0]).unwrap().mann_whitney_p, 1.0);
    }
}
