//! Every verdict that was stored, against the truth: nothing fails without its evidence in final windows, nothing passes with it,
//! and what failed stays failed.

use crosscheck::app::worker::Stored as Verdicts;
use crosscheck::config::Budgets;
use crosscheck::edge::store::Stored;
use crosscheck::model::Verdict;

use super::driver::{Ran, config};
use super::oracle::{Whole, Window};

/// Pairs and bad records that a verdict needs, as the provisional judge is documented.
const PAIRS_MIN: u64 = 1_000;
const BAD_MIN: u64 = 20;

/// What the checks of final windows come to, by the check's name.
#[derive(Clone, Default)]
struct Sum {
    pairs: u64,
    /// Compared in windows where the sides meet and something is missing or extra: the least that those are held against.
    met: u64,
    mismatched: u64,
    missing: u64,
    extra: u64,
    duplicate: u64,
    conflict: u64,
    undecodable: u64,
    untimely: u64,
}

impl Sum {
    fn add(&mut self, window: &Window) {
        let counts = &window.counts;
        let pairs = counts.matched + counts.mismatched;
        let unmet = counts.missing > pairs && counts.extra > pairs;
        self.pairs += pairs;
        if unmet {
        } else {
            self.missing += counts.missing;
            self.extra += counts.extra;
            // Those where nothing is missing may be left out, because of late records or skew.
            self.met += if counts.missing + counts.extra > 0 {
                counts.compared()
            } else {
                0
            };
        }
        let canary = &counts.sides.canary;
        self.mismatched += counts.mismatched;
        self.duplicate += canary.duplicate;
        self.conflict += canary.conflict;
        self.undecodable += window.bad.undecodable_judged;
        self.untimely += window.bad.untimely_judged;
    }

    fn bad(&self) -> u64 {
        self.mismatched + self.missing + self.extra + self.duplicate + self.conflict + self.undecodable + self.untimely
    }

    /// Checks whose budget is exceeded. Undecodable and untimely records are settled later than their windows: for those any
    /// bad one may be enough.
    fn exceeded(&self, budgets: &Budgets) -> Vec<&'static str> {
        let over = |bad: u64, of: u64, budget: f64| bad > 0 && bad as f64 > budget * of as f64;
        let checks = [
            ("mismatched", over(self.mismatched, self.pairs, budgets.mismatched)),
            ("missing", over(self.missing, self.met, budgets.missing)),
            ("extra", over(self.extra, self.met, budgets.extra)),
            ("duplicate", over(self.duplicate, self.pairs, budgets.duplicate)),
            ("conflict", over(self.conflict, self.pairs, budgets.conflict)),
            ("undecodable", self.undecodable > 0),
            ("untimely", self.untimely > 0),
        ];
        checks.iter().filter(|(_, over)| *over).map(|(name, _)| *name).collect()
    }
}

/// What of the stored verdicts the truth does not bear.
pub fn check(ran: &Ran, stored: &Stored, whole: &Whole, wrong: &mut Vec<String>) {
    let budgets = config(&ran.world).streams[0].budgets;
    let windows = whole.windows.values().filter(|window| window.is_final && !window.edge);
    let mut sum = Sum::default();
    // What each final window in turn allows to say.
    let (mut may_fail, mut may_pass) = (Vec::new(), false);
    for window in windows {
        sum.add(window);
        let exceeded = sum.exceeded(&budgets);
        may_pass |= sum.pairs >= PAIRS_MIN
            && !exceeded
                .iter()
                .any(|check| *check != "undecodable" && *check != "untimely");
        if sum.pairs >= PAIRS_MIN || sum.bad() >= BAD_MIN {
            may_fail.extend(exceeded);
        }
    }
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
                    let known = may_fail.iter().any(|check| *check == reason.check) || reason.check == "latched";
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
