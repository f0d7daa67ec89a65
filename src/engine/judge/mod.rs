//! The provisional verdict of the worker: counts over final windows against budgets, without statistics.
//!
//! This module is replaced whole by the sequential verdict. It keeps what that one keeps too: only final windows feed it,
//! nothing passes without complete evidence, nothing fails from our own trouble, and `fail` is latched by the caller.

mod checks;
mod policy;
mod reason;
mod release;
mod tally;
mod text;

#[cfg(test)]
mod tests;

pub use checks::{Check, Figures, figures};
pub use policy::{Budgets, Policy, SilentThen};
pub use reason::{Judgement, Reason};
pub use release::{Criticality, StreamJudgement, release};
pub use tally::{Evidence, Recent, Tally};

use crate::model::{Inconclusive, PerSide, Side, Verdict};
use checks::Weighed;

/// Pairs that must be in before a stream can pass, and before fewer than [`BAD_MIN`] bad records can fail it.
pub const PAIRS_MIN: u64 = 1_000;
/// Bad records that can fail a stream before [`PAIRS_MIN`] pairs are in.
pub const BAD_MIN: u64 = 20;
/// Least share of the records asked for that must have been judged for a `pass`.
pub const COVERAGE_MIN: f64 = 0.98;

/// What holds at the moment of judging, beside the counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Our clock, milliseconds since the epoch.
    pub now_ms: i64,
    /// Since when, by our clock, all partitions of a side are idle.
    pub silent_since_ms: PerSide<Option<i64>>,
    /// Everything else that stands in the way, as long as it does.
    pub present: Vec<Condition>,
}

/// Something that stands in the way of a verdict: our own trouble, or a log that did not keep its records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// Which reason of the closed list.
    pub kind: Inconclusive,
    /// Whose log, where it is one side's.
    pub side: Option<Side>,
    /// What happened, in one sentence with the offsets, where more is known than that it happened.
    pub detail: Option<String>,
}

/// Judges one stream. `latched` says that it failed before in this generation.
#[must_use]
pub fn judge(stream: &str, evidence: &Evidence, conditions: &Conditions, policy: &Policy, latched: bool) -> Judgement {
    judged(stream, evidence, conditions, policy, (latched, true))
}

/// The same without its sentences: enough to see whether it is another verdict, and much cheaper.
#[must_use]
pub fn outline(
    stream: &str,
    evidence: &Evidence,
    conditions: &Conditions,
    policy: &Policy,
    latched: bool,
) -> Judgement {
    judged(stream, evidence, conditions, policy, (latched, false))
}

fn say(told: bool, text: impl FnOnce() -> String) -> String {
    if told { text() } else { String::new() }
}

fn judged(
    stream: &str,
    evidence: &Evidence,
    conditions: &Conditions,
    policy: &Policy,
    (latched, told): (bool, bool),
) -> Judgement {
    let weighed = checks::weigh(evidence, &policy.budgets);
    let mut failures: Vec<Reason> = weighed
        .iter()
        .filter(|check| fails(check, evidence, conditions))
        .map(|check| Reason::failed(stream, check.check.as_str(), say(told, || text::exceeded(check))))
        .collect();
    if let Some(since_ms) = silence_that_fails(conditions, policy) {
        let text = say(told, || text::silent(Side::Canary, since_ms));
        failures.push(Reason::failed(stream, "silent", text));
    }
    if failures.is_empty() && latched && !mutant!(LatchOff) {
        failures.push(Reason::failed(stream, "latched", text::LATCHED.to_owned()));
    }
    if !failures.is_empty() {
        return Judgement {
            verdict: Verdict::Fail,
            reasons: failures,
        };
    }
    let mut reasons = Vec::new();
    obstacles(evidence, conditions, policy, &weighed, &mut |kind, text| {
        reasons.push(Reason::inconclusive(stream, kind, say(told, text)));
    });
    let verdict = if reasons.is_empty() || mutant!(InconclusiveIsPass) {
        Verdict::Pass
    } else if mutant!(InconclusiveIsFail) {
        Verdict::Fail
    } else {
        Verdict::Inconclusive
    };
    Judgement { verdict, reasons }
}

fn fails(check: &Weighed, evidence: &Evidence, conditions: &Conditions) -> bool {
    let enough = evidence.pairs() >= PAIRS_MIN || evidence.bad_total() >= BAD_MIN;
    let void = conditions
        .present
        .iter()
        .any(|condition| voids(condition.kind, check.check));
    enough && check.exceeded() && !void
}

/// True where the condition takes the proof from a check: what another log or a cut one shows cannot be held against the
/// other side, and what has no contract cannot differ.
fn voids(kind: Inconclusive, check: Check) -> bool {
    let compared = matches!(check, Check::Mismatched | Check::Missing | Check::Extra);
    match kind {
        // Windows that a hole touches are edges and pairing is by identity: neither `expired` nor `repartitioned` is here.
        Inconclusive::Contract | Inconclusive::Recreated | Inconclusive::Truncated | Inconclusive::Noise => compared,
        _ => false,
    }
}

/// The canary is silent for longer than the policy bears, while the baseline is not and we are well ourselves.
fn silence_that_fails(conditions: &Conditions, policy: &Policy) -> Option<i64> {
    if policy.silent_then != SilentThen::Fail || !conditions.present.is_empty() {
        return None;
    }
    let since_ms = conditions.silent_since_ms.canary?;
    let long = conditions.now_ms.saturating_sub(since_ms) >= policy.silent_after_ms;
    (long && conditions.silent_since_ms.baseline.is_none()).then_some(since_ms)
}

/// Is given a reason, and how it is said.
type Add<'a> = dyn FnMut(Inconclusive, &dyn Fn() -> String) + 'a;

/// Everything that stands between the evidence and a `pass`, in the order in which a reader would remove it.
fn obstacles(evidence: &Evidence, conditions: &Conditions, policy: &Policy, weighed: &[Weighed], add: &mut Add<'_>) {
    let mut present: Vec<&Condition> = conditions.present.iter().collect();
    present.sort();
    present.dedup();
    for condition in present {
        add(condition.kind, &|| text::condition(condition));
    }
    for side in Side::PAIR {
        if let Some(since_ms) = *conditions.silent_since_ms.get(side) {
            let long = conditions.now_ms.saturating_sub(since_ms) >= policy.silent_after_ms;
            if long || evidence.records(side) == 0 {
                add(Inconclusive::Silent, &|| text::silent(side, since_ms));
            }
        }
    }
    if let Some((side, late, records)) = evidence.recent.late(policy) {
        add(Inconclusive::Late, &|| text::late(side, late, records, policy.late_max));
    }
    if evidence.recent.unmet > 0 {
        add(Inconclusive::Skew, &|| {
            text::unmet(evidence.recent.unmet, evidence.recent.windows)
        });
    } else if let Some(p99_ms) = evidence.recent.skew_too_large(policy) {
        add(Inconclusive::Skew, &|| text::skew(p99_ms, policy.grace_ms));
    }
    let mut short = false;
    shortfalls(evidence, policy, weighed, &mut |kind, text| {
        short = true;
        add(kind, text);
    });
    let over = policy
        .max_duration_ms
        .filter(|max_ms| evidence.duration_ms() >= *max_ms);
    if let Some(max_ms) = over.filter(|_| short) {
        add(Inconclusive::Timeout, &|| text::timeout(max_ms));
    }
}

/// What the evidence itself lacks.
fn shortfalls(evidence: &Evidence, policy: &Policy, weighed: &[Weighed], add: &mut Add<'_>) {
    if mutant!(NothingIsPass) {
        return;
    }
    if evidence.windows == 0 {
        return add(Inconclusive::Evidence, &|| text::NO_WINDOW.to_owned());
    }
    if evidence.pairs() < PAIRS_MIN {
        add(Inconclusive::Evidence, &|| text::pairs(evidence.pairs(), PAIRS_MIN));
    }
    if evidence.duration_ms() < policy.min_duration_ms {
        add(Inconclusive::Evidence, &|| {
            text::duration(evidence.duration_ms(), policy.min_duration_ms)
        });
    }
    for check in weighed {
        if check.exceeded() {
            add(Inconclusive::Evidence, &|| text::exceeded_unproved(check));
        } else if check.exceeded_with_waiting() {
            add(Inconclusive::Evidence, &|| text::waiting(check));
        }
    }
    for side in Side::PAIR {
        let (judged, asked) = (evidence.judged(side), evidence.records(side));
        if asked > 0 && text::ratio(judged, asked) < COVERAGE_MIN {
            add(Inconclusive::Coverage, &|| {
                text::coverage(side, judged, asked, COVERAGE_MIN)
            });
        }
    }
}
