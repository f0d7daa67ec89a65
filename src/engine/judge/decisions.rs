//! What people decided about a release: checks that are muted, and a verdict that stands in place of the evidence's.
//!
//! Neither changes the evidence. A mute leaves a check out of the verdict until a date; an override answers what was known
//! when it was given, so a check that fails afterwards fails the release again.

use std::collections::BTreeSet;

use super::drift::DRIFT;
use super::policy::CHECKS;
use super::{Judgement, Reason, text};
use crate::engine::stats::Kind;
use crate::model::{Inconclusive, Verdict};

/// The check that is no count: a canary that says nothing.
pub const SILENT: &str = "silent";

/// The checks that are counts, in their places.
fn kinds() -> [Kind; CHECKS] {
    super::Budgets::default().by_kind().map(|(kind, _)| kind)
}

/// Names of everything that can be muted of every stream.
#[must_use]
pub fn mutable() -> Vec<&'static str> {
    kinds().map(Kind::as_str).into_iter().chain([SILENT, DRIFT]).collect()
}

/// The checks of one stream that are left out of its verdict, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Muted(BTreeSet<String>);

impl Muted {
    /// None of them.
    pub const NONE: Muted = Muted(BTreeSet::new());

    /// Those of these names; a name that is no check's mutes nothing.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Muted(names.into_iter().map(str::to_owned).collect())
    }

    /// Whether a check is.
    pub(super) fn kind(&self, kind: Kind) -> bool {
        self.name(kind.as_str())
    }

    /// Whether a check is, by its name.
    pub(super) fn name(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether silence is.
    pub(super) fn silence(&self) -> bool {
        self.name(SILENT)
    }

    /// Whether drift is.
    pub(super) fn drift(&self) -> bool {
        self.name(DRIFT)
    }
}

/// A check that fails a stream: (stream, check).
pub type Failing = (String, String);

/// A verdict that somebody set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// It.
    pub verdict: Verdict,
    /// When, by the database's clock, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// What failed when it was given: all that it lifts.
    pub known: BTreeSet<Failing>,
}

impl Override {
    /// The verdict on a release whose evidence says `evidence`.
    #[must_use]
    pub fn over(&self, evidence: &Judgement) -> Judgement {
        let own = |kind: Option<Inconclusive>, text: String| Reason {
            stream: String::new(),
            check: kind.map_or("override", Inconclusive::as_str).to_owned(),
            inconclusive: kind,
            text,
        };
        let is_new = |reason: &&Reason| !self.known.contains(&(reason.stream.clone(), reason.check.clone()));
        if self.verdict != Verdict::Fail && evidence.verdict == Verdict::Fail {
            let mut fresh: Vec<Reason> = evidence.reasons.iter().filter(is_new).cloned().collect();
            if !fresh.is_empty() {
                fresh.push(own(None, text::override_does_not_cover(self)));
                return Judgement {
                    verdict: Verdict::Fail,
                    reasons: fresh,
                };
            }
        }
        let kind = (self.verdict == Verdict::Inconclusive).then_some(Inconclusive::Hold);
        Judgement {
            verdict: self.verdict,
            reasons: vec![own(kind, text::overridden(self, evidence))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(checks: &[(&str, &str)]) -> Judgement {
        let reason = |(stream, check): &(&str, &str)| Reason::failed(stream, check, "too many".to_owned());
        Judgement {
            verdict: if checks.is_empty() {
                Verdict::Pass
            } else {
                Verdict::Fail
            },
            reasons: checks.iter().map(reason).collect(),
        }
    }

    fn to(verdict: Verdict, known: &[(&str, &str)]) -> Override {
        Override {
            verdict,
            at_ms: 1_700_000_000_000,
            actor: "ops".to_owned(),
            reason: "the field is known to differ".to_owned(),
            known: known
                .iter()
                .map(|(stream, check)| ((*stream).to_owned(), (*check).to_owned()))
                .collect(),
        }
    }

    fn gist(judgement: &Judgement) -> String {
        let checks = judgement
            .reasons
            .iter()
            .map(|reason| format!(" {}.{}", reason.stream, reason.check));
        format!("{}{}", judgement.verdict.as_str(), checks.collect::<String>())
    }

    #[test]
    fn an_override_lifts_what_was_known_and_nothing_else() {
        let known = [("orders", "mismatched")];
        let pass = to(Verdict::Pass, &known);
        assert_eq!(gist(&pass.over(&failed(&known))), "pass .override");
        assert_eq!(gist(&pass.over(&failed(&[]))), "pass .override");
        let more = failed(&[("orders", "mismatched"), ("orders", "missing")]);
        assert_eq!(gist(&pass.over(&more)), "fail orders.missing .override");
        let other = failed(&[("carts", "mismatched")]);
        assert_eq!(gist(&pass.over(&other)), "fail carts.mismatched .override");
    }

    #[test]
    fn a_fail_that_was_set_stays_and_a_hold_is_one() {
        assert_eq!(gist(&to(Verdict::Fail, &[]).over(&failed(&[]))), "fail .override");
        let hold = to(Verdict::Inconclusive, &[]).over(&failed(&[]));
        assert_eq!(gist(&hold), "inconclusive .hold");
        assert_eq!(hold.reasons[0].inconclusive, Some(Inconclusive::Hold));
    }

    #[test]
    fn the_sentence_says_who_when_why_and_what_the_evidence_says() {
        let over = to(Verdict::Pass, &[("orders", "mismatched")]).over(&failed(&[("orders", "mismatched")]));
        assert_eq!(
            over.sentence(),
            "overridden to pass by ops at 2023-11-14T22:13:20Z: the field is known to differ (the evidence says fail: orders: too many)"
        );
    }

    #[test]
    fn names_mute_their_checks() {
        let muted = Muted::of(["missing", "silent", "nonsense"]);
        assert!(muted.kind(Kind::Missing) && muted.name("missing") && muted.silence());
        assert!(!muted.kind(Kind::Extra) && !muted.name("extra") && !muted.drift());
        let all = Muted::of(mutable());
        assert!(kinds().into_iter().all(|kind| all.kind(kind)) && all.silence() && all.drift());
    }
}
