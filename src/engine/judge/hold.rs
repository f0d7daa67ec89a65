//! When a rollout had better wait: evidence that may become a `fail`, or a budget that burns. Reversible, and without a guarantee
//! (`docs/statistics.md` section 6).

use std::collections::VecDeque;

/// ln of the evidence of a check that holds.
const LN_HOLD_AT: f64 = std::f64::consts::LN_10;
/// ln of the evidence of every check below which a hold may end: 2.
const LN_CLEAR_BELOW: f64 = std::f64::consts::LN_2;
/// Windows in a row that must be clear.
const CLEAR_WINDOWS: u32 = 3;
/// Burn rates of the SRE workbook: (long, short, how many times the budget), milliseconds.
const BURNS: [(i64, i64, f64); 2] = [(HOUR_MS, HOUR_MS / 12, 14.4), (6 * HOUR_MS, HOUR_MS / 2, 6.0)];
const HOUR_MS: i64 = 3_600_000;
/// A shorter piece of the past is not told from its neighbour.
const PIECE_MS: i64 = 30_000;

/// Bad of all.
pub(super) type Share = (u64, u64);

/// What was counted in one piece of event time.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    start_ms: i64,
    shares: Vec<Share>,
}

/// Why the rollout waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// The evidence of a check, by its place.
    Evidence(usize),
    /// A budget burns, by its place.
    Burn(usize),
}

impl Hold {
    /// Which check, by its place.
    pub fn check(self) -> usize {
        match self {
            Hold::Evidence(check) | Hold::Burn(check) => check,
        }
    }
}

/// Whether the rollout waits, window by window.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    budgets: Vec<f64>,
    past: VecDeque<Piece>,
    /// What has held since it was last clear: what does now stands first, the strongest evidence before all.
    holds: Vec<Hold>,
    clear: u32,
}

impl Holding {
    pub(super) fn new(budgets: Vec<f64>) -> Self {
        Holding {
            budgets,
            past: VecDeque::new(),
            holds: Vec::new(),
            clear: 0,
        }
    }

    /// Why the rollout waits, where not for a check that is left out.
    pub(super) fn get(&self, left_out: impl Fn(usize) -> bool) -> Option<Hold> {
        self.holds.iter().copied().find(|hold| !left_out(hold.check()))
    }

    /// A window, and ln of the evidence of every check after it.
    pub(super) fn take(&mut self, start_ms: i64, shares: &[Share], ln_e: &[f64]) {
        self.remember(start_ms, shares);
        let now = last_ms(&self.past);
        let checks = 0..self.budgets.len().min(ln_e.len());
        let mut strongest: Vec<usize> = checks.clone().collect();
        strongest.sort_by(|a, b| ln_e[*b].total_cmp(&ln_e[*a]));
        let most = strongest.first().map_or(0.0, |check| ln_e[*check]);
        let proved = strongest.iter().filter(|check| ln_e[**check] >= LN_HOLD_AT);
        let burning = checks.clone().filter(|check| self.burns(*check, now));
        let now_held: Vec<Hold> = proved
            .map(|check| Hold::Evidence(*check))
            .chain(burning.map(Hold::Burn))
            .collect();
        if !now_held.is_empty() {
            let before = std::mem::replace(&mut self.holds, now_held);
            let still = before.into_iter().filter(|hold| !self.holds.contains(hold));
            let still: Vec<Hold> = still.collect();
            self.holds.extend(still);
            self.clear = 0;
            return;
        }
        let short = |check: usize| self.burn(check, now, HOUR_MS / 12) >= 1.0;
        let clear = most < LN_CLEAR_BELOW && !checks.clone().any(short);
        self.clear = if clear { self.clear.saturating_add(1) } else { 0 };
        if self.clear >= CLEAR_WINDOWS {
            self.holds.clear();
        }
    }

    fn remember(&mut self, start_ms: i64, shares: &[Share]) {
        match self.past.back_mut() {
            Some(last) if start_ms < last.start_ms.saturating_add(PIECE_MS) => {
                for (sum, share) in last.shares.iter_mut().zip(shares) {
                    *sum = (sum.0.saturating_add(share.0), sum.1.saturating_add(share.1));
                }
            }
            _ => self.past.push_back(Piece {
                start_ms,
                shares: shares.to_vec(),
            }),
        }
        let oldest = last_ms(&self.past).saturating_sub(BURNS[1].0);
        while self.past.front().is_some_and(|piece| piece.start_ms <= oldest) {
            self.past.pop_front();
        }
    }

    fn burns(&self, check: usize, now: i64) -> bool {
        BURNS
            .iter()
            .any(|(long, short, times)| self.burn(check, now, *short) > *times && self.burn(check, now, *long) > *times)
    }

    /// The rate of the last `span` over the budget; 0 for a budget of 0, which needs no rate.
    fn burn(&self, check: usize, now: i64, span: i64) -> f64 {
        let budget = self.budgets[check];
        if budget <= 0.0 {
            return 0.0;
        }
        let recent = self
            .past
            .iter()
            .rev()
            .take_while(|piece| piece.start_ms > now.saturating_sub(span));
        let (bad, of) = recent.fold((0_u64, 0_u64), |(bad, of), piece| {
            (
                bad.saturating_add(piece.shares[check].0),
                of.saturating_add(piece.shares[check].1),
            )
        });
        if bad == 0 {
            0.0
        } else {
            bad as f64 / of.max(1) as f64 / budget
        }
    }
}

fn last_ms(past: &VecDeque<Piece>) -> i64 {
    past.back().map_or(0, |piece| piece.start_ms)
}

#[cfg(test)]
mod tests {
    use super::super::policy::CHECKS;
    use super::*;

    const QUIET: [f64; CHECKS] = [0.0; CHECKS];

    fn holding() -> Holding {
        let mut budgets = [1e-3; CHECKS];
        budgets[4] = 0.0;
        Holding::new(budgets.to_vec())
    }

    fn shares(bad: u64) -> [Share; CHECKS] {
        let mut shares = [(0, 10_000); CHECKS];
        shares[0].0 = bad;
        shares
    }

    #[test]
    fn evidence_holds_until_three_windows_are_clear() {
        let mut holding = holding();
        let mut at = 0;
        let mut take = |holding: &mut Holding, ln_e: f64| {
            at += 30_000;
            let mut all = QUIET;
            all[2] = ln_e;
            holding.take(at, &shares(0), &all);
            holding.get(|_| false)
        };
        assert_eq!(take(&mut holding, 2.0), None);
        assert_eq!(take(&mut holding, 2.4), Some(Hold::Evidence(2)));
        assert_eq!(
            take(&mut holding, 1.0),
            Some(Hold::Evidence(2)),
            "10 to begin, 2 to end"
        );
        for _ in 0..2 {
            assert_eq!(take(&mut holding, 0.5), Some(Hold::Evidence(2)));
        }
        assert_eq!(take(&mut holding, 0.5), None);
    }

    #[test]
    fn a_budget_that_burns_holds_and_stops_with_the_short_window() {
        let mut holding = holding();
        holding.take(0, &shares(0), &QUIET);
        holding.take(30_000, &shares(400), &QUIET);
        assert_eq!(
            holding.get(|_| false),
            Some(Hold::Burn(0)),
            "20 times the budget over both spans"
        );
        for window in 2..=60 {
            holding.take(window * 30_000, &shares(0), &QUIET);
        }
        assert_eq!(holding.get(|_| false), None);
        assert_eq!(holding.past.len(), 61);
    }

    /// A check that is left out does not hide that another holds too.
    #[test]
    fn a_check_that_is_left_out_hides_no_other() {
        let mut holding = holding();
        let mut all = QUIET;
        (all[1], all[2]) = (3.0, 9.0);
        holding.take(0, &shares(400), &all);
        let but = |out: &[usize]| holding.get(|check| out.contains(&check));
        assert_eq!(but(&[]), Some(Hold::Evidence(2)));
        assert_eq!(but(&[2]), Some(Hold::Evidence(1)));
        assert_eq!(but(&[1, 2]), Some(Hold::Burn(0)));
        assert_eq!(but(&[0, 1, 2]), None);
        // What held before is not clear yet.
        all[1] = 1.0;
        holding.take(600_000, &shares(0), &all);
        assert_eq!(holding.get(|check| check != 1), Some(Hold::Evidence(1)));
    }

    #[test]
    fn a_budget_of_0_does_not_burn_and_the_past_is_bounded() {
        let mut holding = holding();
        let mut all = [(0, 10); CHECKS];
        all[4] = (10, 10);
        for second in 0..100_000_i64 {
            holding.take(second * 1_000, &all, &QUIET);
        }
        assert_eq!(holding.get(|_| false), None);
        assert_eq!(holding.past.len(), 720);
    }
}
