//! The verdict of the worker: sequential evidence over final windows, with a stated chance of being wrong.
//!
//! *A window that became final is counted ([`Tally`]), feeds the checks of its stream (`sequential`), and the stream is judged with
//! what stands in its way ([`judge`]); the streams' verdicts make the release's ([`release`]).* Only final windows feed it, nothing
//! passes without complete evidence, nothing fails from our own trouble, and `fail` is latched by the caller.

use std::collections::BTreeSet;

mod cause;
mod decisions;
mod drift;
mod found;
mod hold;
mod policy;
mod reason;
mod release;
mod sequential;
mod tally;
mod text;

#[cfg(test)]
mod tests;

pub use cause::causes;
pub use decisions::{Failing, Muted, Override, mutable};
pub use drift::{
    DISTINCT_FLOOR, DRIFT, Drift, DriftPolicy, FLOOR, Measure, NULL_FLOOR, ProfiledField, RATE_FLOOR, RECORDS, measures,
};
pub use found::{Finding, Found};
pub use policy::{Budgets, CHECKS, NamedCheck, Policy, SilentThen};
pub use reason::{Judgement, Reason};
pub use release::{Criticality, StreamJudgement, release, shares, stage};
pub use sequential::{Standing, family};
pub use tally::{Counted, Evidence, Recent, Shared, Tally};
pub use text::{guarantee, rounded_up, span};

use crate::engine::stats::Kind;
use crate::model::{Inconclusive, PerSide, Side, Verdict};

/// Least share of the records asked for that must have been judged for a `pass`.
pub const COVERAGE_MIN: f64 = 0.98;

/// What holds at the moment of judging, beside the counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Our clock, milliseconds since the epoch.
    pub now_ms: i64,
    /// Since when, by our clock, all partitions of a side are idle, or have only records of which no event time can be used.
    pub silent_since_ms: PerSide<Option<i64>>,
    /// Records of a silent side that cannot be compared, since its last one that can.
    pub useless: PerSide<Useless>,
    /// When, by our clock, it was proved last that all of the canary was read.
    pub all_read_ms: Option<i64>,
    /// The baseline's records that cannot be compared, in windows that are not final: each may excuse one of the canary's.
    pub excused: u64,
    /// Everything else that stands in the way, as long as it does.
    pub present: Vec<Condition>,
}

/// So many of the canary's records that nothing excuses say that it has no others.
const USELESS_MIN: u64 = found::DISTINCT_MAX as u64;

/// Records that cannot be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Useless {
    /// That cannot be decoded.
    pub undecodable: u64,
    /// Without a usable event time.
    pub untimely: u64,
}

impl Useless {
    fn all(self) -> u64 {
        self.undecodable + self.untimely
    }

    /// What most of them are bad for.
    fn kind(self) -> Kind {
        if self.undecodable < self.untimely {
            Kind::Untimely
        } else {
            Kind::Undecodable
        }
    }
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

/// What a stream is judged by beside its tally and what stands in its way.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// Checks that failed it before in this generation.
    pub latched: &'a BTreeSet<String>,
    /// Checks that are left out.
    pub muted: &'a Muted,
}

/// Judges one stream.
#[must_use]
pub fn judge(stream: &str, tally: &Tally, conditions: &Conditions, before: Before<'_>) -> Judgement {
    judged(stream, tally, conditions, (before, true))
}

/// The same without its sentences: enough to see whether it is another verdict, and much cheaper.
#[must_use]
pub fn outline(stream: &str, tally: &Tally, conditions: &Conditions, before: Before<'_>) -> Judgement {
    judged(stream, tally, conditions, (before, false))
}

fn say(told: bool, text: impl FnOnce() -> String) -> String {
    if told { text() } else { String::new() }
}

fn judged(stream: &str, tally: &Tally, conditions: &Conditions, (before, told): (Before<'_>, bool)) -> Judgement {
    let Before { latched, muted } = before;
    let (policy, kinds) = (tally.policy(), tally.policy().kinds());
    let failed = tally.sequential().failed().into_iter();
    let mut failures: Vec<Reason> = failed
        .filter(|check| !muted.name(policy.name(*check)) && !is_void(kinds[*check].0, conditions))
        .map(|check| Reason::failed(stream, policy.name(check), say(told, || text::failed(tally, check))))
        .collect();
    if !muted.drift() && !is_void(Kind::Mismatched, conditions) {
        let drifts = tally.drifts();
        failures.extend(
            drifts
                .failed()
                .iter()
                .map(|at| Reason::failed(stream, DRIFT, say(told, || drifts.says_failed(*at)))),
        );
    }
    if let Some(since_ms) = silence_that_fails(conditions, tally.policy()).filter(|_| !muted.silence()) {
        let text = say(told, || text::silent(Side::Canary, since_ms, conditions.useless.canary));
        failures.push(Reason::failed(stream, decisions::SILENT, text));
    }
    if let Some(since_ms) = only_useless(conditions, policy).filter(|_| !muted.kind(conditions.useless.canary.kind())) {
        let useless = conditions.useless.canary;
        let text = say(told, || text::silent(Side::Canary, since_ms, useless));
        failures.push(Reason::failed(stream, useless.kind().as_str(), text));
    }
    if failures.is_empty() && !mutant!(LatchOff) {
        let latched = latched.iter().filter(|check| !muted.name(check));
        failures.extend(latched.map(|check| Reason::failed(stream, check, say(told, || text::LATCHED.to_owned()))));
    }
    if !failures.is_empty() {
        return Judgement {
            verdict: Verdict::Fail,
            reasons: failures,
        };
    }
    let mut reasons = Vec::new();
    obstacles(tally, conditions, muted, &mut |kind, text| {
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

/// True where something takes the proof from a check: what another log or a cut one shows cannot be held against the other
/// side, and what has no contract cannot differ.
fn is_void(check: Kind, conditions: &Conditions) -> bool {
    let compared = matches!(
        check,
        Kind::Mismatched | Kind::Missing | Kind::Extra | Kind::Field(_) | Kind::Latency | Kind::Aggregates(_)
    );
    let takes = |condition: &Condition| match condition.kind {
        // Windows that a hole touches are edges and pairing is by identity: neither `expired` nor `repartitioned` is here.
        Inconclusive::Contract | Inconclusive::Recreated | Inconclusive::Truncated | Inconclusive::Noise => compared,
        _ => false,
    };
    conditions.present.iter().any(takes)
}

/// The canary is silent for longer than the policy bears, while the baseline is not and we are well ourselves.
fn silence_that_fails(conditions: &Conditions, policy: &Policy) -> Option<i64> {
    let asked = policy.silent_then == SilentThen::Fail && only_useless(conditions, policy).is_none();
    silence(conditions, policy).filter(|_| asked)
}

/// The same, and records came: none of them can be compared, so no window will ever be final that judges them. A clock field that
/// broke, or bytes that nobody can read, is a failure and no silence (rule 10), whatever the budget: all of them are bad.
fn only_useless(conditions: &Conditions, policy: &Policy) -> Option<i64> {
    let enough = conditions.useless.canary.all() >= conditions.excused.saturating_add(USELESS_MIN);
    // Nor was anything unread that we were only too slow for.
    let proved = |since: &i64| {
        let read_ms = conditions.all_read_ms.unwrap_or(*since);
        read_ms.saturating_sub(*since) >= policy.silent_after_ms
    };
    silence(conditions, policy).filter(|since| enough && proved(since))
}

fn silence(conditions: &Conditions, policy: &Policy) -> Option<i64> {
    if !conditions.present.is_empty() {
        return None;
    }
    let since_ms = conditions.silent_since_ms.canary?;
    let long = conditions.now_ms.saturating_sub(since_ms) >= policy.silent_after_ms;
    (long && conditions.silent_since_ms.baseline.is_none()).then_some(since_ms)
}

/// Is given a reason, and how it is said.
type Add<'a> = dyn FnMut(Inconclusive, &dyn Fn() -> String) + 'a;

/// Everything that stands between the evidence and a `pass`, in the order in which a reader would remove it.
fn obstacles(tally: &Tally, conditions: &Conditions, muted: &Muted, add: &mut Add<'_>) {
    let (evidence, policy) = (tally.evidence(), tally.policy());
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
                add(Inconclusive::Silent, &|| {
                    text::silent(side, since_ms, *conditions.useless.get(side))
                });
            }
        }
    }
    if evidence.recent.control.is_noisy() {
        add(Inconclusive::Noise, &|| text::noise(&evidence.recent.control));
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
    let left_out = |check: usize| muted.name(policy.name(check));
    if let Some(hold) = tally.sequential().hold(left_out) {
        add(Inconclusive::Hold, &|| text::hold(tally, hold));
    }
    if let Some(at) = tally.drifts().hold().filter(|_| !muted.drift()) {
        add(Inconclusive::Hold, &|| tally.drifts().says_hold(at));
    }
    let mut short = false;
    shortfalls(tally, muted, &mut |kind, text| {
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
fn shortfalls(tally: &Tally, muted: &Muted, add: &mut Add<'_>) {
    if mutant!(NothingIsPass) {
        return;
    }
    let (evidence, policy) = (tally.evidence(), tally.policy());
    if evidence.windows == 0 {
        return add(Inconclusive::Evidence, &|| text::NO_WINDOW.to_owned());
    }
    let unpaired = policy.drift.unpaired;
    let seen = evidence.seen(unpaired);
    if seen < policy.min_pairs {
        let what = if unpaired { "records of each side" } else { "pairs" };
        add(Inconclusive::Evidence, &|| text::pairs(seen, policy.min_pairs, what));
    }
    if evidence.duration_ms() < policy.min_duration_ms {
        add(Inconclusive::Evidence, &|| {
            text::duration(evidence.duration_ms(), policy.min_duration_ms)
        });
    }
    if (0..policy.checks()).all(|check| muted.name(policy.name(check)) || !policy.has(check)) {
        add(Inconclusive::Evidence, &|| text::ALL_MUTED.to_owned());
    }
    unproved(tally, muted, add);
    if !muted.drift() {
        drift_unproved(tally, add);
    }
    let waiting = [
        (Kind::Undecodable, evidence.waiting_undecodable()),
        (Kind::Untimely, evidence.waiting_untimely()),
        (Kind::Diverted, evidence.waiting_diverted()),
    ];
    let waits = |(kind, waiting): &(Kind, u64)| *waiting > 0 && !muted.kind(*kind);
    for (kind, waiting) in waiting.into_iter().filter(waits) {
        add(Inconclusive::Evidence, &|| text::waiting(kind, waiting));
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

/// The distributions that are not proved to be alike: the first of them, and how many more.
fn drift_unproved(tally: &Tally, add: &mut Add<'_>) {
    let (drifts, beta) = (tally.drifts(), tally.policy().beta);
    if let Some(windows) = drifts.calibrating() {
        return add(Inconclusive::Evidence, &|| drifts.says_calibrating(windows));
    }
    let open = drifts.unproved(beta);
    if let Some(first) = open.first() {
        add(Inconclusive::Evidence, &|| {
            let more = match open.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            format!("{}{more}", drifts.says_unproved(*first, beta))
        });
    }
}

/// The checks that are not proved to keep their budget: those that look as if they did not, each; of the rest the one that
/// needs most.
fn unproved(tally: &Tally, muted: &Muted, add: &mut Add<'_>) {
    let policy = tally.policy();
    let is_open = |check: &usize| {
        let asked = policy.has(*check) && !muted.name(policy.name(*check));
        asked && !tally.sequential().may_pass(*check)
    };
    let open = (0..policy.checks()).filter(is_open);
    let (over, short): (Vec<usize>, Vec<usize>) = open.partition(|check| {
        let standing = tally.sequential().counts(*check);
        standing.is_over()
    });
    for check in over {
        add(Inconclusive::Evidence, &|| text::over(tally, check));
    }
    if short.is_empty() {
        return;
    }
    add(Inconclusive::Evidence, &|| {
        let needed = |check: &usize| {
            let wait_ms = text::wait_ms(tally, *check).unwrap_or(i64::MAX);
            (wait_ms, tally.sequential().clean_needed(*check).unwrap_or(u64::MAX))
        };
        let neediest = short.iter().copied().max_by_key(needed);
        neediest.map_or_else(String::new, |check| text::needed(tally, check))
    });
}
