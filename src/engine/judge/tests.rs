//! A table of situations: what is in, what holds, and the verdict with its reasons.

mod controlled;
mod named;
mod releases;
mod restart;
mod strict;

use rstest::rstest;

use super::*;
use crate::engine::stats::Profile;
use crate::model::{BadCounts, Outcome, SideCounts, Skew, UndecodableReason, WindowCounts};

const MINUTE_MS: i64 = 60_000;
const BEFORE: Before<'_> = Before {
    latched: &BTreeSet::new(),
    muted: &Muted::NONE,
};

/// Whose bad records the findings are of.
#[derive(Clone, Copy, PartialEq)]
enum Identities {
    Distinct,
    One,
    Unproved,
}

/// One situation. The default is a clean stream that has everything for a `pass`.
#[derive(Clone)]
struct Case {
    windows: Vec<(WindowCounts, bool)>,
    bad: BadCounts,
    conditions: Conditions,
    policy: Policy,
    latched: &'static [&'static str],
    muted: &'static [&'static str],
    identities: Identities,
}

/// Budgets that a thousand records decide.
fn policy() -> Policy {
    Policy {
        budgets: Budgets {
            mismatched: 1e-2,
            missing: 1e-2,
            extra: 1e-2,
            duplicate: 1e-2,
            conflict: 0.0,
            undecodable: 0.0,
            untimely: 1e-2,
            diverted: None,
        },
        profile: Profile::INDEPENDENT,
        window_ms: Some(MINUTE_MS),
        ..Policy::default()
    }
}

fn counts(matched: u64, mismatched: u64, missing: u64, extra: u64) -> WindowCounts {
    WindowCounts {
        matched,
        mismatched,
        missing,
        extra,
        ..WindowCounts::default()
    }
}

/// `number` windows of a minute with these counts.
fn windows(number: usize, each: WindowCounts) -> Case {
    Case {
        windows: vec![(each, false); number],
        bad: BadCounts::default(),
        conditions: Conditions::default(),
        policy: policy(),
        latched: &[],
        muted: &[],
        identities: Identities::Distinct,
    }
}

fn clean() -> Case {
    windows(10, counts(1_000, 0, 0, 0))
}

/// The same of a stream with a dead letter log.
fn diverting() -> Case {
    with(clean(), |case| case.policy.budgets.diverted = Some(1e-2))
}

fn with(mut case: Case, change: impl FnOnce(&mut Case)) -> Case {
    change(&mut case);
    case
}

/// The canary's side of the last window.
fn canary(case: &mut Case) -> &mut SideCounts {
    &mut case.windows.last_mut().unwrap().0.sides.canary
}

fn baseline(case: &mut Case) -> &mut SideCounts {
    &mut case.windows.last_mut().unwrap().0.sides.baseline
}

fn undecodable(case: &mut Case, number: u64) {
    canary(case).undecodable.insert(UndecodableReason::Truncated, number);
}

fn present(kind: Inconclusive) -> Case {
    with(clean(), |case| {
        case.conditions.present.push(Condition {
            kind,
            side: None,
            detail: None,
        })
    })
}

fn silent(side: Side, since_ms: i64, then: SilentThen) -> Case {
    with(clean(), |case| {
        case.conditions.now_ms = 60 * MINUTE_MS;
        *case.conditions.silent_since_ms.get_mut(side) = Some(since_ms);
        case.policy.silent_then = then;
    })
}

/// A silent canary of which records come that cannot be compared.
fn useless(undecodable: u64, untimely: u64, since_ms: i64) -> Case {
    with(silent(Side::Canary, since_ms, SilentThen::Inconclusive), |case| {
        case.conditions.useless.canary = Useless { undecodable, untimely };
        case.conditions.all_read_ms = Some(case.conditions.now_ms);
    })
}

/// A stream with a tenth of its pairs differing, under a condition.
fn broken_under(kind: Inconclusive) -> Case {
    with(present(kind), |case| case.windows[0].0 = counts(900, 100, 0, 0))
}

fn skewed(case: &mut Case, skew_ms: i64) {
    for (window, _) in &mut case.windows {
        window.skew = Skew([(skew_ms, window.matched)].into());
    }
}

/// What is kept of bad records: at most ten of a window and check.
fn findings(case: &Case) -> Vec<(Option<i64>, Outcome, String)> {
    let mut findings = Vec::new();
    let last = case.windows.len().saturating_sub(1);
    for (index, (window, _)) in case.windows.iter().enumerate() {
        let canary = &window.sides.canary;
        let last = if index == last { case.bad } else { BadCounts::default() };
        let kept = [
            (Outcome::Mismatched, window.mismatched),
            (Outcome::Missing, window.missing),
            (Outcome::Extra, window.extra),
            (Outcome::Duplicate, canary.duplicate),
            (Outcome::Conflict, canary.conflict),
            (Outcome::Undecodable, last.undecodable_judged),
            (Outcome::Untimely, last.untimely_judged),
            (Outcome::Diverted, last.diverted_judged),
        ];
        for (outcome, number) in kept {
            for number in 0..number.min(10) {
                let identity = match case.identities {
                    Identities::One => "the one".to_owned(),
                    _ => format!("{} {index} {number}", outcome.as_str()),
                };
                findings.push((Some(start_ms(index)), outcome, identity));
            }
        }
    }
    findings
}

fn start_ms(index: usize) -> i64 {
    i64::try_from(index).unwrap() * MINUTE_MS
}

fn tally(case: &Case) -> Tally {
    let mut tally = Tally::new(case.policy.clone());
    let windows = case.windows.iter().enumerate().map(|(index, (counts, edge))| Counted {
        start_ms: Some(start_ms(index)),
        end_ms: Some(start_ms(index) + MINUTE_MS),
        counts,
        edge: *edge,
        profile: None,
    });
    let bad = Shared {
        start_ms: Some(start_ms(case.windows.len().max(1) - 1)),
        counts: &case.bad,
    };
    let findings = findings(case);
    let found = Found::new(findings.iter().map(|(start_ms, outcome, identity)| Finding {
        start_ms: *start_ms,
        outcome: *outcome,
        of_canary: true,
        identity,
        unproved: case.identities == Identities::Unproved,
        critical: &[],
    }));
    let bad = (case.bad != BadCounts::default()).then_some(bad);
    tally.take(windows, bad, &found);
    tally
}

fn judged(case: &Case) -> Judgement {
    let latched: BTreeSet<String> = case.latched.iter().map(|check| (*check).to_owned()).collect();
    let muted = Muted::of(case.muted.iter().copied());
    let before = Before {
        latched: &latched,
        muted: &muted,
    };
    judge("orders", &tally(case), &case.conditions, before)
}

#[rstest]
// Passes.
#[case::clean(clean(), "pass")]
#[case::within_budget(with(clean(), |c| c.windows[3].0.mismatched = 1), "pass")]
#[case::a_tenth_of_the_budget(with(windows(10, counts(999, 0, 0, 0)), |c| for w in &mut c.windows { w.0.mismatched = 1 }), "pass")]
#[case::baseline_surplus_is_reported_only(with(clean(), |c| { baseline(c).duplicate = 50; baseline(c).conflict = 50 }), "pass")]
#[case::baseline_undecodable_is_reported_only(
    with(clean(), |c| { baseline(c).undecodable.insert(UndecodableReason::Schema, 50); }), "pass")]
#[case::shared_undecodable(with(clean(), |c| { undecodable(c, 5); c.bad.undecodable_shared = 5 }), "pass")]
#[case::undecodable_at_the_edge(with(clean(), |c| { undecodable(c, 5); c.bad.edge = 5 }), "pass")]
#[case::selected_away_is_not_asked_for(with(clean(), |c| canary(c).excluded_select = 1_000_000), "pass")]
#[case::sampled_away_is_not_asked_for(with(clean(), |c| canary(c).excluded_sample = 1_000_000), "pass")]
#[case::a_few_late(with(clean(), |c| canary(c).late = 10), "pass")]
#[case::skew_within_half_of_grace(with(clean(), |c| skewed(c, 15_000)), "pass")]
#[case::short_silence(silent(Side::Canary, 55 * MINUTE_MS, SilentThen::Fail), "pass")]
#[case::after_max_duration_it_holds(with(clean(), |c| c.policy.max_duration_ms = Some(MINUTE_MS)), "pass")]
// Fails.
#[case::mismatched(with(clean(), |c| c.windows[0].0.mismatched = 50), "fail mismatched")]
#[case::missing(with(clean(), |c| c.windows[0].0.missing = 50), "fail missing")]
#[case::extra(with(clean(), |c| c.windows[0].0.extra = 50), "fail extra")]
#[case::duplicate(with(clean(), |c| canary(c).duplicate = 50), "fail duplicate")]
#[case::nothing_but_duplicates(with(windows(1, counts(0, 0, 0, 0)), |c| canary(c).duplicate = 50), "fail duplicate")]
#[case::one_conflict_of_a_budget_of_0(with(clean(), |c| canary(c).conflict = 1), "fail conflict")]
#[case::one_undecodable_of_a_budget_of_0(with(clean(), |c| { undecodable(c, 1); c.bad.undecodable_judged = 1 }), "fail undecodable")]
#[case::untimely(with(clean(), |c| { canary(c).untimely = 90; c.bad.untimely_judged = 90 }), "fail untimely")]
#[case::by_window_too(with(windows(10, counts(900, 100, 0, 0)), |c| c.policy.profile = Profile::BURSTY), "fail mismatched")]
#[case::two_checks(with(clean(), |c| c.windows[0].0 = counts(900, 50, 50, 0)), "fail mismatched, missing")]
#[case::twenty_bad_before_the_pairs(windows(1, counts(10, 20, 0, 0)), "fail mismatched")]
#[case::all_lost(windows(1, counts(0, 0, 20, 0)), "fail missing")]
#[case::nothing_decodable(with(windows(1, counts(0, 0, 0, 0)), |c| { undecodable(c, 30); c.bad.undecodable_judged = 30 }), "fail undecodable")]
#[case::before_min_duration(windows(1, counts(950, 50, 0, 0)), "fail mismatched")]
#[case::although_the_registry_is_down_now(broken_under(Inconclusive::Registry), "fail mismatched")]
#[case::although_stalled(broken_under(Inconclusive::Stalled), "fail mismatched")]
#[case::silent_canary_by_policy(silent(Side::Canary, 50 * MINUTE_MS, SilentThen::Fail), "fail silent")]
#[case::nothing_but_garbage(useless(5, 0, 50 * MINUTE_MS), "fail undecodable")]
#[case::nothing_but_broken_clocks(useless(5, 900, 50 * MINUTE_MS), "fail untimely")]
#[case::garbage_where_silence_fails(with(useless(5, 0, 50 * MINUTE_MS), |c| c.policy.silent_then = SilentThen::Fail), "fail undecodable")]
#[case::latched(with(clean(), |c| c.latched = &["extra"]), "fail extra")]
#[case::latched_without_windows(with(windows(0, counts(0, 0, 0, 0)), |c| c.latched = &["extra"]), "fail extra")]
#[case::latched_and_still_over(with(broken_under(Inconclusive::Store), |c| c.latched = &["extra"]), "fail mismatched")]
#[case::a_budget_is_the_configs(with(clean(), |c| { c.windows[0].0.mismatched = 1; c.policy.budgets.mismatched = 0.0 }), "fail mismatched")]
#[case::few_lost(windows(10, counts(0, 0, 1, 0)), "fail missing")]
// Muted.
#[case::a_muted_check_fails_nothing(with(clean(), |c| { c.windows[0].0.mismatched = 50; c.muted = &["mismatched"] }), "pass")]
#[case::another_one_still_does(with(clean(), |c| { c.windows[0].0 = counts(900, 50, 50, 0); c.muted = &["mismatched"] }), "fail missing")]
#[case::a_muted_budget_of_0(with(clean(), |c| { canary(c).conflict = 1; c.muted = &["conflict"] }), "pass")]
#[case::what_it_failed_by_before(with(clean(), |c| { c.latched = &["extra"]; c.muted = &["extra"] }), "pass")]
#[case::a_latch_of_another_check(with(clean(), |c| { c.latched = &["extra", "missing"]; c.muted = &["extra"] }), "fail missing")]
#[case::muted_silence(with(silent(Side::Canary, 50 * MINUTE_MS, SilentThen::Fail), |c| c.muted = &["silent"]), "inconclusive silent")]
#[case::muted_garbage(with(useless(9, 0, 50 * MINUTE_MS), |c| c.muted = &["undecodable"]), "inconclusive silent")]
#[case::what_need_not_be_proved(with(clean(), |c| { c.policy.budgets.missing = 1e-4; c.muted = &["missing"] }), "pass")]
#[case::diverted(with(diverting(), |c| { canary(c).diverted = 90; c.bad.diverted_judged = 90 }), "fail diverted")]
#[case::diverted_by_both(with(diverting(), |c| { canary(c).diverted = 90; c.bad.diverted_shared = 90 }), "pass")]
#[case::diverted_waits(with(diverting(), |c| canary(c).diverted = 2), "inconclusive evidence")]
#[case::all_muted(with(clean(), |c| c.muted = &["mismatched", "missing", "extra", "duplicate", "conflict", "undecodable", "untimely"]), "inconclusive evidence")]
#[case::undecodable_that_wait(with(clean(), |c| { undecodable(c, 3); c.muted = &["undecodable"] }), "pass")]
// Too little evidence.
#[case::empty(windows(0, counts(0, 0, 0, 0)), "inconclusive evidence")]
#[case::empty_windows(windows(20, counts(0, 0, 0, 0)), "inconclusive evidence, evidence, evidence")]
#[case::only_edges(with(clean(), |c| for w in &mut c.windows { w.1 = true }), "inconclusive evidence")]
#[case::few_pairs(windows(10, counts(41, 0, 0, 0)), "inconclusive evidence, evidence")]
#[case::a_budget_that_needs_more(with(clean(), |c| c.policy.budgets.missing = 1e-4), "inconclusive evidence")]
#[case::bursts_need_more(with(windows(10, counts(300, 0, 0, 0)), |c| c.policy.profile = Profile::BURSTY), "inconclusive evidence")]
#[case::one_burst_is_no_proof(
    with(clean(), |c| { c.policy.profile = Profile::BURSTY; c.windows[4].0.mismatched = 300 }), "inconclusive evidence")]
#[case::one_bad_identity_is_not_enough(
    with(clean(), |c| { c.windows[0].0.mismatched = 200; c.identities = Identities::One }), "inconclusive hold, evidence")]
#[case::a_conflict_that_is_not_seen_again(
    with(clean(), |c| { canary(c).conflict = 1; c.identities = Identities::Unproved }), "inconclusive evidence")]
#[case::never_by_evidence_without_a_share(with(clean(), |c| { c.windows[0].0.mismatched = 500; c.policy.alpha = 0.0 }), "inconclusive hold, evidence")]
#[case::short(windows(9, counts(1_000, 0, 0, 0)), "inconclusive evidence")]
#[case::a_little_over(windows(10, counts(988, 12, 0, 0)), "inconclusive evidence")]
#[case::undecodable_waits(with(clean(), |c| undecodable(c, 1)), "inconclusive evidence")]
#[case::untimely_waits(with(clean(), |c| canary(c).untimely = 2), "inconclusive evidence")]
#[case::timeout(with(windows(10, counts(41, 0, 0, 0)), |c| c.policy.max_duration_ms = Some(MINUTE_MS)), "inconclusive evidence, evidence, timeout")]
// The sides do not meet.
#[case::sides_do_not_meet(
    windows(10, counts(0, 0, 5_000, 5_000)),
    "inconclusive skew, evidence, evidence, coverage, coverage"
)]
#[case::one_window_does_not_meet(with(clean(), |c| c.windows[9].0 = counts(1, 0, 50, 50)), "inconclusive skew")]
#[case::skew_hides_missing(with(clean(), |c| { skewed(c, 15_001); c.windows[5].0.missing = 100 }), "inconclusive skew, evidence")]
#[case::negative_skew(with(clean(), |c| skewed(c, -15_001)), "inconclusive skew, evidence")]
#[case::skew_hides_no_mismatch(with(clean(), |c| { skewed(c, 20_000); c.windows[5].0.mismatched = 100 }), "fail mismatched")]
#[case::no_skew_without_grace(with(clean(), |c| { skewed(c, 90_000); c.policy.grace_ms = None }), "inconclusive evidence")]
#[case::skew_of_long_ago(with(windows(40, counts(1_000, 0, 0, 0)), |c| c.windows[0].0 = counts(1, 0, 50, 50)), "pass")]
// Late.
#[case::late_canary(with(clean(), |c| canary(c).late = 11), "inconclusive late")]
#[case::late_baseline(with(clean(), |c| baseline(c).late = 11), "inconclusive late")]
#[case::late_partners_are_not_missing(with(clean(), |c| { canary(c).late = 100; c.windows[9].0.missing = 100 }), "inconclusive late")]
#[case::late_hides_no_mismatch(with(clean(), |c| { canary(c).late = 100; c.windows[9].0.mismatched = 100 }), "fail mismatched")]
// Coverage.
#[case::noise_lowers_coverage(with(clean(), |c| canary(c).excluded_noise = 300), "inconclusive coverage")]
#[case::little_noise(with(clean(), |c| canary(c).excluded_noise = 100), "pass")]
// Silence.
#[case::silent_canary(silent(Side::Canary, 50 * MINUTE_MS, SilentThen::Inconclusive), "inconclusive silent")]
#[case::garbage_for_a_short_time(useless(900, 0, 55 * MINUTE_MS), "pass")]
#[case::hardly_any_garbage(useless(2, 2, 50 * MINUTE_MS), "inconclusive silent")]
#[case::garbage_before_what_is_not_read(with(useless(900, 0, 50 * MINUTE_MS), |c| c.conditions.all_read_ms = Some(55 * MINUTE_MS)), "inconclusive silent")]
#[case::garbage_of_both(with(useless(900, 0, 50 * MINUTE_MS), |c| c.conditions.excused = 896), "inconclusive silent")]
#[case::garbage_in_our_own_trouble(with(useless(9, 0, 50 * MINUTE_MS), |c| c.conditions.present.push(Condition { kind: Inconclusive::Registry, side: None, detail: None })), "inconclusive registry, silent")]
#[case::silent_baseline_fails_nobody(silent(Side::Baseline, 50 * MINUTE_MS, SilentThen::Fail), "inconclusive silent")]
#[case::both_silent_fails_nobody(
    with(silent(Side::Canary, 50 * MINUTE_MS, SilentThen::Fail), |c| c.conditions.silent_since_ms.baseline = Some(0)),
    "inconclusive silent, silent")]
#[case::silent_in_our_own_trouble(
    with(silent(Side::Canary, 0, SilentThen::Fail), |c| c.conditions.present.push(Condition { kind: Inconclusive::Stalled, side: None, detail: None })),
    "inconclusive stalled, silent")]
#[case::silent_from_the_start(
    with(silent(Side::Canary, 59 * MINUTE_MS, SilentThen::Inconclusive), |c| c.windows.clear()), "inconclusive silent, evidence")]
// Our own trouble, and logs that lost records.
#[case::registry(present(Inconclusive::Registry), "inconclusive registry")]
#[case::store(present(Inconclusive::Store), "inconclusive store")]
#[case::memory(present(Inconclusive::Memory), "inconclusive memory")]
#[case::stalled(present(Inconclusive::Stalled), "inconclusive stalled")]
#[case::open_transaction(present(Inconclusive::OpenTransaction), "inconclusive open transaction")]
#[case::hold(present(Inconclusive::Hold), "inconclusive hold")]
#[case::contract(broken_under(Inconclusive::Contract), "inconclusive contract, evidence")]
#[case::expired(broken_under(Inconclusive::Expired), "fail mismatched")]
#[case::recreated(broken_under(Inconclusive::Recreated), "inconclusive recreated, evidence")]
#[case::truncated(broken_under(Inconclusive::Truncated), "inconclusive truncated, evidence")]
#[case::conflict_needs_no_contract(with(present(Inconclusive::Expired), |c| canary(c).conflict = 1), "fail conflict")]
#[case::told_once(with(present(Inconclusive::Store), |c| c.conditions.present.push(c.conditions.present[0].clone())), "inconclusive store")]
fn verdicts(#[case] case: Case, #[case] expect: &str) {
    let judgement = judged(&case);
    let checks: Vec<&str> = judgement.reasons.iter().map(|reason| reason.check.as_str()).collect();
    let got = format!("{} {}", judgement.verdict.as_str(), checks.join(", "));
    assert_eq!(got.trim(), expect, "{judgement:#?}");
    for reason in &judgement.reasons {
        assert_eq!(reason.inconclusive.is_none(), judgement.verdict == Verdict::Fail);
        assert_eq!(reason.stream, "orders");
        assert!(
            !reason.text.is_empty() && !reason.text.ends_with('.'),
            "{}",
            reason.text
        );
    }
}

#[rstest]
#[case(windows(10, counts(41, 0, 0, 0)), "410 of 1,000 pairs are in")]
#[case(windows(9, counts(1_000, 0, 0, 0)), "9m of 10m of event time are in")]
#[case(windows(0, counts(0, 0, 0, 0)), "no window with evidence is final yet")]
#[case(
    silent(Side::Canary, 0, SilentThen::Inconclusive),
    "canary silent since 1970-01-01T00:00:00Z"
)]
#[case(
    useless(1_200, 1, 0),
    "no canary record since 1970-01-01T00:00:00Z can be compared: 1,200 cannot be decoded, 1 have no usable event time"
)]
#[case(
    with(clean(), |c| c.windows[0].0.mismatched = 123),
    "123 mismatched of 10,123 (1.22e-2) are over the budget of 0.01: a canary within it would show that with a chance of 1 in 10^80"
)]
#[case(
    with(clean(), |c| canary(c).conflict = 1),
    "1 conflict of 10,000 (1.00e-4) are over the budget of 0, confirmed by reading again"
)]
#[case(present(Inconclusive::Registry), "the schema registry does not answer")]
#[case(
    with(clean(), |c| skewed(c, 20_000)),
    "the skew of the pairs reaches 20s, more than half of the grace of 30s"
)]
#[case(
    with(clean(), |c| canary(c).excluded_noise = 300),
    "10,000 of 10,300 canary records were judged (0.9709), 0.98 is needed"
)]
#[case(
    with(clean(), |c| c.policy.budgets.missing = 1e-4),
    "30,146 more clean records are needed to prove the budget of 1e-4 for missing, about 31m at this rate"
)]
#[case(
    with(clean(), |c| { c.policy.budgets.missing = 1e-4; c.policy.max_duration_ms = Some(20 * MINUTE_MS) }),
    "30,146 more clean records are needed to prove the budget of 1e-4 for missing, about 31m at this rate, which is past the 20m allowed; a budget of 2.1e-4 could be decided"
)]
#[case(
    with(clean(), |c| { canary(c).conflict = 3; c.identities = Identities::Unproved }),
    "3 conflict of 10,000 (3.00e-4) are over the budget of 0, but 3 of them could not be confirmed by reading again"
)]
#[case(
    windows(10, counts(988, 12, 0, 0)),
    "120 mismatched of 10,000 (1.20e-2) are over the budget of 0.01, but that is no proof yet: its evidence is 1 of the 10^2.4 that fails"
)]
#[case(
    with(clean(), |c| undecodable(c, 3)),
    "3 undecodable records of the canary wait to be compared with the baseline's"
)]
fn sentences(#[case] case: Case, #[case] expect: &str) {
    let judgement = judged(&case);
    assert_eq!(judgement.reasons[0].text, expect);
}

#[test]
fn spans_and_numbers() {
    for (ms, expect) in [
        (0, "0s"),
        (90, "90ms"),
        (-1_500, "-1s 500ms"),
        (5_400_000, "1h 30m"),
        (86_400_001, "1d 1ms"),
    ] {
        assert_eq!(text::span(ms), expect);
    }
    for (number, expect) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
        assert_eq!(text::grouped(number), expect);
    }
}

#[rstest]
#[case(clean(), "every check is within its budget")]
#[case(present(Inconclusive::Store), "orders: the database does not answer")]
#[case(
    windows(2, counts(3, 0, 0, 0)),
    "orders: 6 of 1,000 pairs are in (and 2 more reasons)"
)]
fn one_sentence(#[case] case: Case, #[case] expect: &str) {
    assert_eq!(judged(&case).sentence(), expect);
}

#[test]
fn the_chance_of_error_is_shared_by_weight() {
    use Criticality::{Critical, Informational, Standard};
    assert_eq!(
        shares(0.01, &[Critical, Standard, Informational]),
        [0.0075, 0.0025, 0.0]
    );
    assert_eq!(shares(0.01, &[Informational]), [0.0]);
    assert_eq!(shares(0.01, &[]), [0.0; 0]);
}
