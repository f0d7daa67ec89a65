//! What a budget costs: how long until a regression is caught and a clean canary passes, by the engine itself on drawn counts.

use super::counts::Counts;
use super::draw::Draw;
use super::family::{Evidence, Family};
use super::logspace::bisect;
use super::promotion::n_promote_zero_bad;
use super::rate::{BUDGET_MAX, BUDGET_MIN};
use super::weights::Clock;

/// A stream as it would be judged, and what it would see.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Its checks, with settings as they would be frozen and no evidence yet.
    pub family: &'a Family,
    /// Records of the canary in a window, on average.
    pub records: f64,
    /// Windows after which a run is given up: the longest duration.
    pub windows_max: u64,
    /// Runs that are simulated.
    pub runs: u64,
    /// What they are drawn from.
    pub seed: u64,
}

/// After how many windows the runs came to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    /// Of those that did, in order.
    windows: Vec<u64>,
    runs: u64,
}

impl Times {
    /// Windows after which this share of all runs had come to an end; `None` where it was fewer.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let reached = |count: usize| count as f64 >= share * self.runs as f64;
        let count = (1..=self.windows.len()).find(|count| reached(*count))?;
        self.windows.get(count - 1).copied()
    }

    /// Half of all runs.
    #[must_use]
    pub fn median(&self) -> Option<u64> {
        self.quantile(0.5)
    }

    /// The share of the runs that came to an end at all.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.runs == 0 {
            return 0.0;
        }
        self.windows.len() as f64 / self.runs as f64
    }
}

impl Plan<'_> {
    /// Until the stream fails, where one check has bad records at `rate` from the first window on, each independent of the
    /// others, and all other checks have none.
    #[must_use]
    pub fn until_caught(&self, member: usize, rate: f64) -> Times {
        self.times(|i| if i == member { rate } else { 0.0 }, Family::is_failed)
    }

    /// Until the stream may pass, where every check has bad records at this share of its budget; 0 is a clean canary. A run that
    /// fails before does not pass.
    #[must_use]
    pub fn until_passed(&self, share: f64) -> Times {
        let rate = |i: usize| share * self.family.members()[i].evidence.budget();
        self.times(rate, Family::may_pass)
    }

    fn times(&self, rate: impl Fn(usize) -> f64, ends: impl Fn(&Family) -> bool) -> Times {
        let mut windows: Vec<u64> = (0..self.runs).filter_map(|run| self.run(run, &rate, &ends)).collect();
        windows.sort_unstable();
        Times {
            windows,
            runs: self.runs,
        }
    }

    fn run(&self, run: u64, rate: impl Fn(usize) -> f64, ends: impl Fn(&Family) -> bool) -> Option<u64> {
        let mut draw = Draw::new(self.seed, run);
        let mut family = self.family.clone();
        let mut distinct_bad = 0_u64;
        for window in 1..=self.windows_max {
            let of = draw.count(self.records);
            let members = family.members().iter().enumerate();
            let drawn: Vec<(Clock, Counts)> = members
                .map(|(i, member)| {
                    let bad = draw.count(rate(i) * of as f64).min(of);
                    distinct_bad = distinct_bad.saturating_add(bad);
                    let counts = Counts::new(bad, of);
                    let with_control = !matches!(member.evidence, Evidence::Rate(_));
                    (member.clock, if with_control { counts.against(0, of) } else { counts })
                })
                .collect();
            for clock in [Clock::Window, Clock::Later] {
                let counts: Vec<Counts> = drawn.iter().filter(|(of, _)| *of == clock).map(|(_, c)| *c).collect();
                // There are as many counts as checks, and the windows are in order.
                let at = i64::try_from(window).ok()?;
                family.settle(clock, at, &counts, distinct_bad).ok()?;
            }
            if ends(&family) {
                return Some(window);
            }
        }
        None
    }
}

/// The least budget that a canary without a bad record can be proved to keep after so many records; `None` where even the
/// largest cannot.
///
/// Where a budget cannot be decided in the time that is allowed, this one can.
#[must_use]
pub fn least_budget(records: u64, beta: f64, burst: f64) -> Option<f64> {
    let passes = |budget: f64| {
        let needed = n_promote_zero_bad(budget, beta);
        needed.is_some_and(|needed| needed as f64 * burst <= records as f64)
    };
    if !passes(BUDGET_MAX) {
        return None;
    }
    if passes(BUDGET_MIN) {
        return Some(BUDGET_MIN);
    }
    let ln_budget = bisect(BUDGET_MIN.ln(), BUDGET_MAX.ln(), |ln_budget| !passes(ln_budget.exp()));
    // On the side that passes: the bisection ends between two neighbours.
    Some((ln_budget.exp() * (1.0 + 1e-12)).min(BUDGET_MAX))
}
