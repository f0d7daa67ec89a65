//! Numbers drawn from a seed: a function of the seed, the same everywhere.

/// Mean above which a Poisson count is drawn from the normal law.
const NORMAL_FROM: f64 = 256.0;

/// Splitmix64 (Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub(super) struct Draw(u64);

impl Draw {
    /// A stream of its own for each run of a seed.
    pub fn new(seed: u64, run: u64) -> Self {
        Draw(seed ^ run.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In (0, 1).
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    /// A count with this mean: arrivals of a Poisson process, and for large means the normal law of the same mean and variance.
    pub fn count(&mut self, mean: f64) -> u64 {
        if mean.is_nan() || mean <= 0.0 {
            return 0;
        }
        if mean.is_infinite() {
            return u64::MAX;
        }
        if mean > NORMAL_FROM {
            let normal = (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos();
            let count = (mean + mean.sqrt() * normal).round().max(0.0);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is whole and not below 0; a larger one than 2^64 saturates"
            )]
            return count as u64;
        }
        let (mut time, mut count) = (self.exponential(), 0);
        while time < mean {
            count += 1;
            time += self.exponential();
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_mean_and_variance() {
        for mean in [0.01, 0.7, 30.0, 255.0, 257.0, 1e6] {
            let mut draw = Draw::new(1, 2);
            let counts: Vec<f64> = (0..4_000).map(|_| draw.count(mean) as f64).collect();
            let average = counts.iter().sum::<f64>() / 4_000.0;
            let variance = counts.iter().map(|c| (c - average).powi(2)).sum::<f64>() / 4_000.0;
            assert!(
                (average - mean).abs() < 5.0 * (mean / 4_000.0).sqrt(),
                "{mean}: {average}"
            );
            assert!((variance / mean - 1.0).abs() < 0.3, "{mean}: {variance}");
        }
    }

    #[test]
    fn odd_means() {
        let mut draw = Draw::new(0, 0);
        assert_eq!((draw.count(0.0), draw.count(-1.0), draw.count(f64::NAN)), (0, 0, 0));
        assert_eq!(draw.count(f64::INFINITY), u64::MAX);
    }

    #[test]
    fn a_seed_is_a_stream() {
        let series = |seed, run| {
            let mut draw = Draw::new(seed, run);
            (0..8).map(|_| draw.count(100.0)).collect::<Vec<_>>()
        };
        assert_eq!(series(1, 2), series(1, 2));
        assert_ne!(series(1, 2), series(1, 3));
        assert_ne!(series(1, 2), series(2, 2));
    }
}
