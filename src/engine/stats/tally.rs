//! What a check has counted, with as much as is needed to say how its windows vary.

use super::autocorrelation::Lag1;

/// Bad and all records of the windows so far, and sums over the windows that make variance and autocorrelation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    pub(super) windows: u64,
    pub(super) bad: u64,
    pub(super) of: u64,
    pub(super) first_bad: u64,
    pub(super) last_bad: u64,
    pub(super) last_of: u64,
    /// Σ x².
    pub(super) squares: u128,
    /// Σ x_i x_{i−1}.
    pub(super) products: u128,
}

impl Tally {
    /// One window with records.
    pub fn add(&mut self, bad: u64, of: u64) {
        if self.windows == 0 {
            self.first_bad = bad;
        } else {
            self.products = self
                .products
                .saturating_add(u128::from(bad) * u128::from(self.last_bad));
        }
        self.squares = self.squares.saturating_add(u128::from(bad) * u128::from(bad));
        self.windows = self.windows.saturating_add(1);
        self.bad = self.bad.saturating_add(bad);
        self.of = self.of.saturating_add(of);
        (self.last_bad, self.last_of) = (bad, of);
    }

    /// Bad records.
    #[must_use]
    pub fn bad(&self) -> u64 {
        self.bad
    }

    /// All records.
    #[must_use]
    pub fn of(&self) -> u64 {
        self.of
    }

    /// Windows with records.
    #[must_use]
    pub fn windows(&self) -> u64 {
        self.windows
    }

    /// (bad, of) as real numbers that an interval can take: where one record is bad several times over, all are.
    pub(super) fn real(&self) -> (f64, f64) {
        (self.bad.min(self.of) as f64, self.of as f64)
    }

    /// The last window: (bad, of).
    #[must_use]
    pub fn last(&self) -> Option<(u64, u64)> {
        (self.last_of > 0).then_some((self.last_bad, self.last_of))
    }

    /// Variance over mean of the bad counts of the windows: 1 where bad records are independent, more where they come in
    /// bursts. `None` before the second window and before the first bad record.
    #[must_use]
    pub fn dispersion(&self) -> Option<f64> {
        if self.windows < 2 || self.bad == 0 {
            return None;
        }
        let windows = self.windows as f64;
        let mean = self.bad as f64 / windows;
        Some((self.deviation() / (windows - 1.0)).max(0.0) / mean)
    }

    /// Lag-1 autocorrelation of the bad counts of the windows.
    #[must_use]
    pub fn lag1(&self) -> Option<Lag1> {
        if self.windows < 3 || self.bad == 0 {
            return None;
        }
        let windows = self.windows as f64;
        let mean = self.bad as f64 / windows;
        let ends = self.first_bad as f64 + self.last_bad as f64;
        let products = self.products as f64 - mean * (2.0 * self.bad as f64 - ends) + (windows - 1.0) * mean * mean;
        Some(Lag1::of_sums(products, self.deviation(), self.windows))
    }

    /// Σ (x − mean)².
    fn deviation(&self) -> f64 {
        // Whole numbers where they fit: nothing is lost in the difference.
        let (n, sum) = (u128::from(self.windows), u128::from(self.bad));
        match (n.checked_mul(self.squares), sum.checked_mul(sum)) {
            (Some(a), Some(b)) => a.saturating_sub(b) as f64 / self.windows as f64,
            _ => self.squares as f64 - (self.bad as f64).powi(2) / self.windows as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(bad: &[u64]) -> Tally {
        let mut tally = Tally::default();
        for bad in bad {
            tally.add(*bad, 100);
        }
        tally
    }

    #[test]
    fn dispersion() {
        assert_eq!(tally(&[]).dispersion(), None);
        assert_eq!(tally(&[3]).dispersion(), None);
        assert_eq!(tally(&[0, 0, 0]).dispersion(), None);
        assert_eq!(tally(&[2, 2, 2]).dispersion(), Some(0.0));
        assert_eq!(tally(&[0, 4]).dispersion(), Some(4.0));
    }

    #[test]
    fn lag1_is_that_of_the_series() {
        for series in [&[1, 5, 2, 9, 4, 4][..], &[7, 0, 7, 0], &[1, 2, 3, 4, 5, 6, 7]] {
            let real: Vec<f64> = series.iter().map(|bad| *bad as f64).collect();
            let (got, expect) = (tally(series).lag1().unwrap(), Lag1::of(&real));
            assert!((got.raw - expect.raw).abs() < 1e-12, "{got:?} {expect:?}");
        }
        assert_eq!(tally(&[1, 2]).lag1(), None);
    }

    #[test]
    fn counts_never_overflow() {
        let tally = tally(&[u64::MAX; 4]);
        assert_eq!(tally.bad(), u64::MAX);
        assert!(!tally.dispersion().unwrap().is_nan());
        assert!(!tally.lag1().unwrap().raw.is_nan());
        assert_eq!(tally.real(), (400.0, 400.0));
    }
}
