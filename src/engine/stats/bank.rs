//! The one engine of every sequential decision: fixed bets in log space and a cash reserve that is invested again and again.
//!
//! `docs/statistics.md` section 2. The wealth E is a nonnegative supermartingale under the null whenever each factor has a conditional
//! mean of at most 1, because the deposits are fixed beforehand and sum to 1. So P(E ever reaches 1/α) <= α (Ville), however
//! often anyone looks.

use super::logspace::{log_add_exp, log_sum_exp};

/// The share of the wealth that is staked before the first window; the rest is the reserve.
const FIRST_STAKE: f64 = 0.5;
/// Windows that a generation is planned for, where no duration says it.
pub const HORIZON: u64 = 1_024;

/// K accounts and a reserve. What a bet is, the factors say.
#[derive(Clone, Debug, PartialEq)]
pub struct EBank {
    log_accounts: Vec<f64>,
    windows: u64,
    horizon: u64,
}

impl EBank {
    /// `horizon` is the planned number of windows, ceil(duration / window), frozen at the start.
    #[must_use]
    pub fn new(bets: usize, horizon: u64) -> Self {
        EBank {
            log_accounts: vec![FIRST_STAKE.ln() - (bets as f64).ln(); bets],
            windows: 0,
            horizon: horizon.max(1),
        }
    }

    /// A bank as it was left. `None` where no bank can look like that.
    pub(super) fn restored(log_accounts: Vec<f64>, windows: u64, horizon: u64) -> Option<Self> {
        // Plus infinity is no wealth, NaN is nothing; minus infinity is an account that has lost all.
        let sound = log_accounts.iter().all(|account| *account < f64::INFINITY);
        sound.then_some(EBank {
            log_accounts,
            windows,
            horizon: horizon.max(1),
        })
    }

    /// One window: a deposit from the reserve into every account, then its factor (as a logarithm).
    ///
    /// With w the number of the window, the deposit is 1/(4w(w+1)) and, up to the horizon H, another 1/(4H). A factor that is
    /// not a number is a bet that was not placed. A window without records must not come here at all.
    pub fn update(&mut self, log_factors: impl IntoIterator<Item = f64>) {
        self.windows = self.windows.saturating_add(1);
        let w = self.windows as f64;
        let spread = if self.windows <= self.horizon {
            0.25 / self.horizon as f64
        } else {
            0.0
        };
        let deposit = 0.25 / (w * (w + 1.0)) + spread;
        let log_deposit = (deposit / self.log_accounts.len() as f64).ln();
        for (account, factor) in self.log_accounts.iter_mut().zip(log_factors) {
            let factor = if factor.is_nan() { 0.0 } else { factor };
            *account = log_add_exp(*account, log_deposit) + factor;
        }
    }

    /// What is left of the reserve after w windows: ½ − Σ deposits = 1/(4(w+1)) + ¼ (1 − min(w, H)/H). No state of its own.
    #[must_use]
    pub fn reserve(&self) -> f64 {
        let windows = self.windows as f64;
        let spread = self.windows.min(self.horizon) as f64 / self.horizon as f64;
        0.25 / (windows + 1.0) + 0.25 * (1.0 - spread)
    }

    /// ln E: the evidence against the null.
    #[must_use]
    pub fn ln_e(&self) -> f64 {
        if self.windows == 0 {
            return 0.0;
        }
        let reserve = self.reserve().ln();
        log_sum_exp(self.log_accounts.iter().copied().chain([reserve]))
    }

    /// Windows that were taken as evidence.
    #[must_use]
    pub fn windows(&self) -> u64 {
        self.windows
    }

    pub(super) fn log_accounts(&self) -> &[f64] {
        &self.log_accounts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deposits_sum_to_one() {
        for horizon in [1, 7, 1_024] {
            let mut bank = EBank::new(3, horizon);
            let mut reserve = 0.5;
            for w in 1..=2_000_u64 {
                bank.update([0.0; 3]);
                let wf = w as f64;
                let spread = if w <= horizon { 0.25 / horizon as f64 } else { 0.0 };
                reserve -= 0.25 / (wf * (wf + 1.0)) + spread;
                assert!((bank.reserve() - reserve).abs() < 1e-13, "{horizon} {w}");
                assert!(bank.reserve() >= 0.0);
                // Factors of 1: nothing is won, nothing lost.
                assert!(bank.ln_e().abs() < 1e-12, "{horizon} {w}");
            }
        }
    }

    #[test]
    fn an_account_that_lost_all_is_filled_again() {
        let mut bank = EBank::new(2, 10);
        bank.update([f64::NEG_INFINITY, f64::NEG_INFINITY]);
        assert!((bank.ln_e() - bank.reserve().ln()).abs() < 1e-15);
        let low = bank.ln_e();
        for _ in 0..30 {
            bank.update([2_f64.ln(), 2_f64.ln()]);
        }
        assert!(bank.ln_e() > low + 10.0);
    }

    #[test]
    fn a_factor_that_is_no_number_is_no_bet() {
        let (mut nan, mut one) = (EBank::new(1, 10), EBank::new(1, 10));
        nan.update([f64::NAN]);
        one.update([0.0]);
        assert_eq!(nan, one);
    }

    #[test]
    fn no_overflow() {
        let mut bank = EBank::new(1, u64::MAX);
        for _ in 0..100 {
            bank.update([1e300]);
        }
        assert!(bank.ln_e() > 0.0 && !bank.ln_e().is_nan());
    }
}
