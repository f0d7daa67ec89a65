//! Where two distributions differ, as far as the windows before say: a cut of the bins, or a set of categories
//! (`docs/statistics.md` section 3).
//!
//! A witness is chosen before the window that it is used on, so what it shows there is symmetric about 0 where both sides are
//! alike, and is on average at most the largest gap of the cumulative shares (or the total variation) where they are not: the
//! floor of the sign test is in that unit. Differences are taken window by window and never of pooled counts, so that traffic
//! that grows while its mix changes is no difference.

use std::collections::BTreeMap;

/// What is left of a difference after a window: about the last fifty windows count, so that a late change is seen.
const MEMORY: f64 = 0.98;
/// Bins and categories that are remembered; those with the smallest differences are forgotten where there are more.
const KEYS_MAX: usize = 2_048;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Bins with an order: a cut, and which side has more below it.
    Cut,
    /// Categories: those that the canary had more of.
    Set,
}

/// The shares of one side in one window, by bin or category in order; `None` without a value.
#[must_use]
pub fn shares(counts: &BTreeMap<u32, u64>) -> Option<Vec<(u32, f64)>> {
    let total: u64 = counts.values().sum();
    (total > 0).then(|| {
        let share = |(key, count): (&u32, &u64)| (*key, *count as f64 / total as f64);
        counts.iter().map(share).collect()
    })
}

/// The differences of the windows so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    shape: Shape,
    /// Canary less baseline by bin: of the last windows, and of all.
    sums: BTreeMap<u32, (f64, f64)>,
    weight: f64,
    windows: u64,
}

impl Witness {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Witness {
            shape,
            sums: BTreeMap::new(),
            weight: 0.0,
            windows: 0,
        }
    }

    /// How much more one has than the other where the canary was seen to have more. `None` before the first window.
    #[must_use]
    pub fn difference(&self, one: &[(u32, f64)], other: &[(u32, f64)]) -> Option<f64> {
        if self.windows == 0 {
            return None;
        }
        let sum = |shares: &[(u32, f64)], takes: &dyn Fn(u32) -> bool| {
            let taken = shares.iter().filter(|(key, _)| takes(*key));
            taken.map(|(_, share)| share).sum::<f64>()
        };
        Some(match self.shape {
            Shape::Cut => {
                let (cut, sign) = self.cut();
                let below = |key: u32| key <= cut;
                sign * (sum(one, &below) - sum(other, &below))
            }
            Shape::Set => {
                let more = |key: u32| self.sums.get(&key).is_some_and(|(recent, _)| *recent > 0.0);
                sum(one, &more) - sum(other, &more)
            }
        })
    }

    /// The bin up to which the sides differed most, and whose share was larger there: 1 for the canary's.
    fn cut(&self) -> (u32, f64) {
        let (mut sum, mut best) = (0.0_f64, (0, 1.0, 0.0));
        for (key, (recent, _)) in &self.sums {
            sum += recent;
            if sum.abs() > best.2 {
                best = (*key, sum.signum(), sum.abs());
            }
        }
        (best.0, best.1)
    }

    /// A window was used: it counts from the next one on.
    pub fn learn(&mut self, canary: &[(u32, f64)], baseline: &[(u32, f64)]) {
        for (recent, _) in self.sums.values_mut() {
            *recent *= MEMORY;
        }
        for (sign, shares) in [(1.0, canary), (-1.0, baseline)] {
            for (key, share) in shares {
                let (recent, all) = self.sums.entry(*key).or_default();
                *recent += sign * share;
                *all += sign * share;
            }
        }
        self.weight = self.weight * MEMORY + 1.0;
        self.windows += 1;
        if self.sums.len() > KEYS_MAX {
            let mut sizes: Vec<f64> = self.sums.values().map(|(recent, _)| recent.abs()).collect();
            sizes.sort_by(|a, b| b.total_cmp(a));
            let least = sizes[KEYS_MAX / 2];
            self.sums.retain(|_, (recent, _)| recent.abs() > least);
        }
    }

    /// The gap of the last windows: the largest of the cumulative shares, or the total variation.
    #[must_use]
    pub fn recent(&self) -> f64 {
        self.gap(|(recent, _)| *recent, self.weight)
    }

    /// The gap of all windows.
    #[must_use]
    pub fn overall(&self) -> f64 {
        self.gap(|(_, all)| *all, self.windows as f64)
    }

    /// Bins or categories that were seen.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.sums.len()
    }

    fn gap(&self, of: impl Fn(&(f64, f64)) -> f64, weight: f64) -> f64 {
        if weight <= 0.0 {
            return 0.0;
        }
        let sums = self.sums.values().map(of);
        let gap = match self.shape {
            Shape::Cut => sums.fold((0.0_f64, 0.0_f64), |(sum, most), next| {
                (sum + next, most.max((sum + next).abs()))
            }),
            Shape::Set => (0.0, sums.map(f64::abs).sum::<f64>() / 2.0),
        };
        gap.1 / weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: &[(u32, u64)]) -> Vec<(u32, f64)> {
        shares(&counts.iter().copied().collect()).unwrap()
    }

    #[test]
    fn nothing_is_seen_before_the_first_window() {
        assert_eq!(shares(&BTreeMap::new()), None);
        let one = of(&[(1, 3)]);
        assert_eq!(Witness::new(Shape::Cut).difference(&one, &one), None);
        assert_eq!(Witness::new(Shape::Set).recent(), 0.0);
    }

    #[test]
    fn a_cut_is_found_and_shows_in_the_next_window() {
        for (canary, baseline) in [
            ([(1, 9), (5, 1)], [(1, 4), (5, 6)]),
            ([(1, 4), (5, 6)], [(1, 9), (5, 1)]),
        ] {
            let (canary, baseline) = (of(&canary), of(&baseline));
            let mut witness = Witness::new(Shape::Cut);
            witness.learn(&canary, &baseline);
            let seen = witness.difference(&canary, &baseline).unwrap();
            assert!((seen - 0.5).abs() < 1e-12 && (witness.recent() - 0.5).abs() < 1e-12);
            // The other way round it would be as much less.
            let mirrored = witness.difference(&baseline, &canary).unwrap();
            assert!((mirrored + 0.5).abs() < 1e-12);
        }
    }

    #[test]
    fn a_set_is_found_and_is_the_total_variation() {
        let (canary, baseline) = (of(&[(1, 5), (2, 3), (9, 2)]), of(&[(1, 2), (2, 3), (7, 5)]));
        let mut witness = Witness::new(Shape::Set);
        witness.learn(&canary, &baseline);
        let seen = witness.difference(&canary, &baseline).unwrap();
        assert!((seen - 0.5).abs() < 1e-12 && (witness.overall() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_late_change_outweighs_a_long_past() {
        let (alike, other) = (of(&[(1, 1), (2, 1)]), of(&[(1, 1), (2, 9)]));
        let mut witness = Witness::new(Shape::Cut);
        (0..1_000).for_each(|_| witness.learn(&alike, &alike));
        (0..50).for_each(|_| witness.learn(&other, &alike));
        assert!(witness.recent() > 0.2 && witness.overall() < 0.03);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut witness = Witness::new(Shape::Set);
        for window in 0..100_u32 {
            let keys: Vec<(u32, u64)> = (0..256).map(|key| (window * 256 + key, 1)).collect();
            let split = of(&keys);
            witness.learn(&split[..128], &split[128..]);
        }
        assert!(witness.keys() <= KEYS_MAX);
    }
}
