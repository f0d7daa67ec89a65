//! Every verdict that was stored, against the truth: nothing fails without its evidence in final windows, nothing passes with it,
//! and what failed stays failed.

use std::collections::BTreeSet;

use crosscheck::app::worker::Stored as Verdicts;
use crosscheck::config::{Budgets, Profile};
use crosscheck::edge::store::{FindingRow, Stored, WindowRow};
use crosscheck::model::{Outcome, Verdict};

use super::driver::{Ran, config};
use super::oracle::{Whole, Window};

/// Distinct bad identities without which evidence fails nothing: there are at most as many as bad records.
const BAD_MIN: u64 = 5;
/// Windows without which evidence by window fails nothing.
const WINDOWS_MIN: u64 = 3;

/// What the checks of final windows come to. The oracle knows no statistics: it holds what no right judgement can do without.
#[derive(Clone, Default)]
struct Sum {
    windows: u64,
    pairs: u64,
    compared: u64,
    bad: u64,
    mismatched: u64,
    duplicate: u64,
    conflict: u64,
    /// Checks of which one window was over the budget: where none is, no evidence against it grows.
    over: BTreeSet<&'static str>,
}

impl Sum {
    fn add(&mut self, window: &Window, budgets: &Budgets) {
        let counts = &window.counts;
        let pairs = counts.matched + counts.mismatched;
        let canary = &counts.sides.canary;
        let bad = &window.bad;
        self.windows += u64::from(counts.compared() > 0 || bad.undecodable_judged + bad.untimely_judged > 0);
        self.pairs += pairs;
        self.compared += counts.compared();
        self.mismatched += counts.mismatched;
        self.duplicate += canary.duplicate;
        self.conflict += canary.conflict;
        let checks = [
            ("mismatched", counts.mismatched, pairs, budgets.mismatched),
            ("missing", counts.missing, counts.compared(), budgets.missing),
            ("extra", counts.extra, counts.compared(), budgets.extra),
            ("duplicate", canary.duplicate, pairs, budgets.duplicate),
            ("conflict", canary.conflict, pairs, budgets.conflict),
            // What these are counted against is none of the oracle's counts: any may be too many.
            ("undecodable", bad.undecodable_judged, 0, budgets.undecodable),
            ("untimely", bad.untimely_judged, 0, budgets.untimely),
        ];
        for (check, bad, of, budget) in checks {
            self.bad += bad;
            if bad > 0 && bad as f64 > budget * of as f64 {
                self.over.insert(check);
            }
        }
    }

    /// Checks that may be blamed for a fail now.
    fn may_fail(&self, budgets: &Budgets, profile: Profile) -> Vec<&'static str> {
        let strict = [
            ("mismatched", budgets.mismatched),
            ("missing", budgets.missing),
            ("extra", budgets.extra),
            ("duplicate", budgets.duplicate),
            ("conflict", budgets.conflict),
            ("undecodable", budgets.undecodable),
            ("untimely", budgets.untimely),
        ];
        let strict = |check: &str| strict.iter().any(|(name, budget)| *name == check && *budget == 0.0);
        let least = if profile == Profile::Independent {
            1
        } else {
            WINDOWS_MIN
        };
        let enough = self.bad >= BAD_MIN && self.windows >= least;
        // What failed by one is blamed on all that are proved to be over their budgets.
        let any = self.over.iter().any(|check| strict(check));
        let over = self.over.iter().copied();
        over.filter(|_| any || enough).collect()
    }

    /// Whether nothing that the oracle sees forbids a pass. Windows that take no evidence on missing and extra are the judge's.
    fn may_pass(&self, budgets: &Budgets, min_pairs: u64) -> bool {
        let within = |bad: u64, budget: f64| bad == 0 || (bad as f64) < budget * self.compared as f64;
        self.pairs >= min_pairs
            && within(self.mismatched, budgets.mismatched)
            && within(self.duplicate, budgets.duplicate)
            && within(self.conflict, budgets.conflict)
    }
}

/// So many records that cannot be compared say that a canary has no others.
const USELESS_MIN: u64 = 5;

/// What of the stored verdicts the truth does not bear.
pub fn check(ran: &Ran, stored: &Stored, whole: &Whole, wrong: &mut Vec<String>) {
    let config = config(&ran.world);
    let (budgets, policy) = (config.streams[0].budgets, config.policy);
    let windows = whole.windows.values().filter(|window| window.is_final && !window.edge);
    let mut sum = Sum::default();
    // What each final window in turn allows to say.
    let (mut may_fail, mut may_pass) = (BTreeSet::new(), false);
    for window in windows {
        sum.add(window, &budgets);
        may_pass |= sum.may_pass(&budgets, policy.min_pairs);
        may_fail.extend(sum.may_fail(&budgets, policy.profile));
    }
    // A canary that has no other records fails without a window that is final.
    let all = whole.windows.values().map(|window| &window.counts.sides.canary);
    let useless: u64 = all.map(|canary| canary.undecodable_total() + canary.untimely).sum();
    let mut failed = false;
    for row in &stored.verdicts {
        let said: Verdicts = serde_json::from_str(&row.body).unwrap();
        if said.release.verdict != row.verdict {
            wrong.push(format!("verdict {} says something else than its body", row.sequence));
        }
        match row.verdict {
            Verdict::Fail => {
                failed = true;
                for reason in &said.release.reasons {
                    let useless = reason.text.starts_with("no canary record since ") && useless >= USELESS_MIN;
                    let known = may_fail.contains(reason.check.as_str()) || reason.check == "latched" || useless;
                    if !known {
                        wrong.push(format!(
                            "fail by {}, which no evidence allows: {}",
                            reason.check, reason.text
                        ));
                    }
                }
            }
            Verdict::Pass if stands_in_the_way(ran, row.at_ms) => {
                wrong.push("pass, though the logs did not keep what they had".to_owned());
            }
            Verdict::Pass if !may_pass => wrong.push("pass, which no evidence allows".to_owned()),
            Verdict::Pass | Verdict::Inconclusive => {}
        }
        if failed && row.verdict != Verdict::Fail {
            wrong.push(format!("verdict {} takes a fail back", row.sequence));
        }
    }
    if let Some(missed) = missed(stored).filter(|_| !failed) {
        wrong.push(format!("no fail, though {missed}"));
    }
}

/// One confirmed bad record of a check without a budget, in a window that is evidence, fails the stream: a conflict, and a
/// record that cannot be decoded once it is settled that the baseline does not show it.
fn missed(stored: &Stored) -> Option<String> {
    let start = |window: &WindowRow| window.start_ms;
    let edges: BTreeSet<Option<i64>> = stored.windows.iter().filter(|window| window.edge).map(start).collect();
    let judged = stored.bad.iter().filter(|row| row.counts.undecodable_judged > 0);
    let judged: BTreeSet<Option<i64>> = judged.map(|row| row.start_ms).collect();
    let strict = |outcome: Outcome, counts: &dyn Fn(Option<i64>) -> bool| {
        let of = |row: &&FindingRow| row.outcome == outcome && row.canary.is_some();
        // What one finding of a window does not show again, the others of that window do not prove.
        let unproved = stored.findings.iter().filter(of).filter(|row| row.body.unproved);
        let unproved: BTreeSet<Option<i64>> = unproved.map(|row| row.start_ms).collect();
        let mut proved = stored.findings.iter().filter(of);
        proved.any(|row| {
            let window = row.start_ms;
            counts(window) && !edges.contains(&window) && !unproved.contains(&window)
        })
    };
    let conflict = strict(Outcome::Conflict, &|_| true).then_some("a conflict");
    let undecodable =
        || strict(Outcome::Undecodable, &|window| judged.contains(&window)).then_some("an undecodable record");
    conflict
        .or_else(undecodable)
        .map(|what| format!("{what} is stored and confirmed"))
}

/// True where an incident was stored before a time.
fn stands_in_the_way(ran: &Ran, at_ms: i64) -> bool {
    let before = ran.committed.iter().filter(|committed| committed.at_ms < at_ms);
    before
        .into_iter()
        .any(|committed| !committed.state.incidents.is_empty())
}

/// What was said, for the counters.
pub fn said(stored: &Stored) -> Vec<&'static str> {
    let names = stored.verdicts.iter().map(|row| match row.verdict {
        Verdict::Pass => "verdict: pass",
        Verdict::Fail => "verdict: fail",
        Verdict::Inconclusive => "verdict: inconclusive",
    });
    names.collect()
}

/// A `fail` is latched, whatever the logs do.
pub fn latched(stored: &Stored) -> Vec<String> {
    let after = stored.verdicts.iter().skip_while(|row| row.verdict != Verdict::Fail);
    let back = after.filter(|row| row.verdict != Verdict::Fail);
    back.map(|row| format!("verdict {} takes a fail back", row.sequence))
        .collect()
}
