//! A table of situations: what is in, what holds, and the verdict with its reasons.

use rstest::rstest;

use super::*;
use crate::model::{BadCounts, SideCounts, Skew, UndecodableReason, WindowCounts};

const MINUTE_MS: i64 = 60_000;

/// One situation. The default is a clean stream that has everything for a `pass`.
#[derive(Clone)]
struct Case {
    windows: Vec<(WindowCounts, bool)>,
    bad: BadCounts,
    conditions: Conditions,
    policy: Policy,
    latched: bool,
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
        policy: Policy::default(),
        latched: false,
    }
}

fn clean() -> Case {
    windows(10, counts(1_000, 0, 0, 0))
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

/// A stream with a tenth of its pairs differing, under a condition.
fn broken_under(kind: Inconclusive) -> Case {
    with(present(kind), |case| case.windows[0].0 = counts(900, 100, 0, 0))
}

fn skewed(case: &mut Case, skew_ms: i64) {
    for (window, _) in &mut case.windows {
        window.skew = Skew([(skew_ms, window.matched)].into());
    }
}

fn judged(case: &Case) -> Judgement {
    let mut tally = Tally::new(case.policy.clone());
    for (index, (window, edge)) in case.windows.iter().enumerate() {
        let start_ms = i64::try_from(index).unwrap() * MINUTE_MS;
        tally.add(Some(start_ms), Some(start_ms + MINUTE_MS), window, *edge);
    }
    let last_ms = i64::try_from(case.windows.len().max(1) - 1).unwrap() * MINUTE_MS;
    tally.add_bad(Some(last_ms), &case.bad);
    judge("orders", tally.evidence(), &case.conditions, &case.policy, case.latched)
}

#[rstest]
// Passes.
#[case::clean(clean(), "pass")]
#[case::within_budget(with(clean(), |c| c.windows[3].0.mismatched = 1), "pass")]
#[case::exactly_the_budget(with(windows(10, counts(9_999, 0, 0, 0)), |c| for w in &mut c.windows { w.0.mismatched = 1 }), "pass")]
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
#[case::mismatched(with(clean(), |c| c.windows[0].0.mismatched = 2), "fail mismatched")]
#[case::missing(with(clean(), |c| c.windows[0].0.missing = 2), "fail missing")]
#[case::extra(with(clean(), |c| c.windows[0].0.extra = 2), "fail extra")]
#[case::duplicate(with(clean(), |c| canary(c).duplicate = 11), "fail duplicate")]
#[case::one_conflict_of_a_budget_of_0(with(clean(), |c| canary(c).conflict = 1), "fail conflict")]
#[case::one_undecodable_of_a_budget_of_0(with(clean(), |c| { undecodable(c, 1); c.bad.undecodable_judged = 1 }), "fail undecodable")]
#[case::untimely(with(clean(), |c| { canary(c).untimely = 9; c.bad.untimely_judged = 9 }), "fail untimely")]
#[case::two_checks(with(clean(), |c| c.windows[0].0 = counts(900, 50, 50, 0)), "fail mismatched, missing")]
#[case::twenty_bad_before_the_pairs(windows(1, counts(10, 20, 0, 0)), "fail mismatched")]
#[case::all_lost(windows(1, counts(0, 0, 20, 0)), "fail missing")]
#[case::nothing_decodable(with(windows(1, counts(0, 0, 0, 0)), |c| { undecodable(c, 30); c.bad.undecodable_judged = 30 }), "fail undecodable")]
#[case::before_min_duration(windows(1, counts(990, 10, 0, 0)), "fail mismatched")]
#[case::although_the_registry_is_down_now(broken_under(Inconclusive::Registry), "fail mismatched")]
#[case::although_stalled(broken_under(Inconclusive::Stalled), "fail mismatched")]
#[case::silent_canary_by_policy(silent(Side::Canary, 50 * MINUTE_MS, SilentThen::Fail), "fail silent")]
#[case::latched(with(clean(), |c| c.latched = true), "fail latched")]
#[case::latched_without_windows(with(windows(0, counts(0, 0, 0, 0)), |c| c.latched = true), "fail latched")]
#[case::latched_and_still_over(with(broken_under(Inconclusive::Store), |c| c.latched = true), "fail mismatched")]
#[case::a_budget_is_the_configs(with(clean(), |c| { c.windows[0].0.mismatched = 1; c.policy.budgets.mismatched = 0.0 }), "fail mismatched")]
// Too little evidence.
#[case::empty(windows(0, counts(0, 0, 0, 0)), "inconclusive evidence")]
#[case::empty_windows(windows(20, counts(0, 0, 0, 0)), "inconclusive evidence, evidence")]
#[case::only_edges(with(clean(), |c| for w in &mut c.windows { w.1 = true }), "inconclusive evidence")]
#[case::few_pairs(windows(10, counts(41, 0, 0, 0)), "inconclusive evidence")]
#[case::short(windows(9, counts(1_000, 0, 0, 0)), "inconclusive evidence")]
#[case::nineteen_bad(windows(10, counts(10, 1, 0, 0)), "inconclusive evidence, evidence")]
#[case::few_lost(windows(10, counts(0, 0, 1, 0)), "inconclusive evidence, evidence")]
#[case::undecodable_waits(with(clean(), |c| undecodable(c, 1)), "inconclusive evidence")]
#[case::untimely_waits(with(clean(), |c| canary(c).untimely = 2), "inconclusive evidence")]
#[case::timeout(with(windows(10, counts(41, 0, 0, 0)), |c| c.policy.max_duration_ms = Some(MINUTE_MS)), "inconclusive evidence, timeout")]
// The sides do not meet.
#[case::sides_do_not_meet(
    windows(10, counts(0, 0, 5_000, 5_000)),
    "inconclusive skew, evidence, coverage, coverage"
)]
#[case::one_window_does_not_meet(with(clean(), |c| c.windows[9].0 = counts(1, 0, 50, 50)), "inconclusive skew")]
#[case::skew_hides_missing(with(clean(), |c| { skewed(c, 15_001); c.windows[5].0.missing = 100 }), "inconclusive skew")]
#[case::negative_skew(with(clean(), |c| skewed(c, -15_001)), "inconclusive skew")]
#[case::skew_hides_no_mismatch(with(clean(), |c| { skewed(c, 20_000); c.windows[5].0.mismatched = 100 }), "fail mismatched")]
#[case::no_skew_without_grace(with(clean(), |c| { skewed(c, 90_000); c.policy.grace_ms = None }), "pass")]
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
    with(clean(), |c| c.windows[0].0.mismatched = 123),
    "123 mismatched of 10,123 (1.22e-2) are over the budget of 1e-4"
)]
#[case(
    with(clean(), |c| canary(c).conflict = 1),
    "1 conflict of 10,000 (1.00e-4) are over the budget of 0"
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
    with(clean(), |c| undecodable(c, 3)),
    "3 undecodable records of the canary wait to be compared with the baseline's"
)]
fn sentences(#[case] case: Case, #[case] expect: &str) {
    let judgement = judged(&case);
    assert_eq!(judgement.reasons[0].text, expect);
}

fn stream(criticality: Criticality, verdict: Verdict) -> StreamJudgement {
    let reasons = match verdict {
        Verdict::Pass => Vec::new(),
        Verdict::Inconclusive => vec![Reason::inconclusive("s", Inconclusive::Evidence, "x".to_owned())],
        Verdict::Fail => vec![Reason::failed("s", "missing", "x".to_owned())],
    };
    StreamJudgement {
        stream: "s".to_owned(),
        criticality,
        judgement: Judgement { verdict, reasons },
    }
}

#[test]
fn releases() {
    use Criticality::{Critical, Informational, Standard};
    use Verdict::{Fail, Inconclusive, Pass};
    type Streams = &'static [(Criticality, Verdict)];
    let table: [(Streams, Verdict, usize); 9] = [
        (&[], Inconclusive, 1),
        (&[(Informational, Pass)], Inconclusive, 1),
        (&[(Informational, Fail)], Inconclusive, 1),
        (&[(Standard, Pass)], Pass, 0),
        (&[(Standard, Pass), (Informational, Fail)], Pass, 0),
        (&[(Standard, Pass), (Critical, Inconclusive)], Inconclusive, 1),
        (&[(Standard, Fail), (Critical, Inconclusive)], Fail, 1),
        (&[(Standard, Fail), (Critical, Pass), (Standard, Fail)], Fail, 2),
        (
            &[(Standard, Pass), (Critical, Pass), (Informational, Inconclusive)],
            Pass,
            0,
        ),
    ];
    for (streams, verdict, reasons) in table {
        let streams: Vec<StreamJudgement> = streams.iter().map(|(c, v)| stream(*c, *v)).collect();
        let judgement = release(&streams);
        assert_eq!(
            (judgement.verdict, judgement.reasons.len()),
            (verdict, reasons),
            "{streams:?}"
        );
    }
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
    "orders: 6 of 1,000 pairs are in (and 1 more reason)"
)]
fn one_sentence(#[case] case: Case, #[case] expect: &str) {
    assert_eq!(judged(&case).sentence(), expect);
}
