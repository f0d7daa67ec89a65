//! RATE: the share of bad records against a budget. The bets and their factors (`docs/statistics.md` section 2.1).

use serde::{Deserialize, Serialize};

use super::Fault;

/// Largest rate that a bet stands for.
const RATE_MAX: f64 = 0.9;
/// Least budget above 0. Below it no canary is long enough; 0 is its own rule.
pub const BUDGET_MIN: f64 = 1e-12;
/// Largest budget.
pub const BUDGET_MAX: f64 = 0.5;

/// What a bad record is evidence of, given what came before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Betting {
    /// Each record is bad independently of the others: fast, and wrong where bad records come in bursts.
    Record,
    /// Only the window counts. Any dependence inside a window, and bursts of which at most the share `memory` of a window's
    /// excess is to be expected in the next one.
    Window {
        /// 0 bears no burst that goes on, 1 every one.
        memory: f64,
    },
}

impl Betting {
    pub(super) fn check(self) -> Result<(), Fault> {
        match self {
            Betting::Window { memory } if !(0.0..=1.0).contains(&memory) => Err(Fault::Memory(memory)),
            _ => Ok(()),
        }
    }
}

/// A budget above 0 with its bets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    budget: f64,
    betting: Betting,
}

impl Rate {
    /// # Errors
    /// Where the budget is not in [[`BUDGET_MIN`], [`BUDGET_MAX`]] or the memory not in [0, 1].
    pub fn new(budget: f64, betting: Betting) -> Result<Self, Fault> {
        if !(BUDGET_MIN..=BUDGET_MAX).contains(&budget) {
            return Err(Fault::Budget(budget));
        }
        betting.check()?;
        Ok(Rate { budget, betting })
    }

    /// The rate that is borne.
    #[must_use]
    pub fn budget(&self) -> f64 {
        self.budget
    }

    /// The bets κ_j = (q_j − b) / (1 − b) on the rates q_j = b (1 + 2^j), j = −3, −2, … as long as q_j <= 0.9.
    pub fn bets(&self) -> impl Iterator<Item = f64> + use<> {
        let budget = self.budget;
        let rates = (-3_i32..).map(move |j| budget * (1.0 + 2_f64.powi(j)));
        rates
            .take_while(|rate| *rate <= RATE_MAX)
            .map(move |rate| (rate - budget) / (1.0 - budget))
    }

    /// ln of the factor of each bet for a window with `bad` of `of` > 0 records; `last` is the window before it.
    ///
    /// By window: b_w = min(1, b + ρ max(x₋₁/n₋₁ − b, 0)), z = (x − b_w n) / (b_w max(n, 0.1/b_w)), ln f = ln1p(κ z). The null is
    /// E\[x | past, n\] <= b_w n. By record: ln f = x ln1p(κ (1/b − 1)) + (n − x) ln1p(−κ); the null is P(bad | past) <= b.
    pub fn log_factors(&self, bad: u64, of: u64, last: Option<(u64, u64)>) -> impl Iterator<Item = f64> + use<> {
        let (x, n) = (bad as f64, of as f64);
        let good = of.saturating_sub(bad) as f64;
        let Rate { budget, betting } = *self;
        let z = match betting {
            Betting::Record => 0.0,
            Betting::Window { memory } => {
                let before = last.map_or(budget, |(bad, of)| bad as f64 / of as f64);
                let borne = (budget + memory * (before - budget).max(0.0)).min(1.0);
                (x - borne * n) / (borne * n.max(0.1 / borne))
            }
        };
        self.bets().map(move |bet| match betting {
            Betting::Record => x * (bet * (1.0 / budget - 1.0)).ln_1p() + good * (-bet).ln_1p(),
            Betting::Window { .. } => (bet * z).ln_1p(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(budget: f64, betting: Betting) -> Rate {
        Rate::new(budget, betting).unwrap()
    }

    #[test]
    fn grids() {
        for (budget, bets) in [(1e-4, 17), (1e-6, 23), (0.01, 10), (0.5, 3)] {
            let bets_of: Vec<f64> = rate(budget, Betting::Record).bets().collect();
            assert_eq!(bets_of.len(), bets, "{budget}");
            assert!(bets_of.iter().all(|bet| *bet > 0.0 && *bet < 1.0), "{budget}");
        }
    }

    #[test]
    fn what_is_no_budget() {
        for budget in [-1e-9, 0.0, 1e-13, 0.500_001, f64::NAN, f64::INFINITY] {
            assert!(Rate::new(budget, Betting::Record).is_err(), "{budget}");
        }
        for memory in [-0.1, 1.1, f64::NAN] {
            assert!(Rate::new(1e-4, Betting::Window { memory }).is_err(), "{memory}");
        }
    }

    /// The mean of a factor over bad ~ binomial(n, b) is 1: exactly the null's edge.
    #[test]
    fn a_factor_is_fair_at_the_budget() {
        for betting in [Betting::Record, Betting::Window { memory: 0.3 }] {
            let (budget, n) = (0.05, 40_u64);
            let subject = rate(budget, betting);
            let mut means = vec![0.0; subject.bets().count()];
            let mut probability = (1.0_f64 - budget).powi(40);
            for x in 0..=n {
                for (mean, factor) in means.iter_mut().zip(subject.log_factors(x, n, None)) {
                    *mean += probability * factor.exp();
                }
                probability *= (n - x) as f64 / (x + 1) as f64 * budget / (1.0 - budget);
            }
            for mean in means {
                assert!((mean - 1.0).abs() < 1e-9, "{betting:?} {mean}");
            }
        }
    }

    #[test]
    fn factors_are_numbers_at_any_count() {
        for budget in [1e-12, 1e-4, 0.5] {
            for betting in [Betting::Record, Betting::Window { memory: 1.0 }] {
                for (bad, of) in [(0, 1), (1, 1), (u64::MAX, 1), (0, u64::MAX), (u64::MAX, u64::MAX)] {
                    for last in [None, Some((u64::MAX, 1)), Some((0, u64::MAX))] {
                        for factor in rate(budget, betting).log_factors(bad, of, last) {
                            assert!(factor.is_finite(), "{budget} {betting:?} {bad} of {of}");
                        }
                    }
                }
            }
        }
    }
}
