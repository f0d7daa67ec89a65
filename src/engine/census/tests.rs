//! Verdicts as a table.

use super::*;
use crate::model::UndecodableReason;

/// `matched mismatched missing extra`, then changed; `read` is what conserves.
fn census(outcomes: [u64; 4], change: impl FnOnce(&mut Census)) -> Census {
    let [matched, mismatched, missing, extra] = outcomes;
    let mut census = Census {
        counts: WindowCounts {
            matched,
            mismatched,
            missing,
            extra,
            ..WindowCounts::default()
        },
        read: PerSide {
            baseline: matched + mismatched + missing,
            canary: matched + mismatched + extra,
        },
        ..Census::default()
    };
    change(&mut census);
    census
}

fn said(census: &Census, limits: &Limits) -> String {
    let judgement = census.judge("orders", limits);
    let reasons: Vec<String> = judgement
        .reasons
        .iter()
        .map(|reason| format!("{}: {}", reason.check, reason.text))
        .collect();
    format!("{} [{}]", judgement.verdict.as_str(), reasons.join("; "))
}

fn check(census: &Census, change: impl FnOnce(&mut Limits), expect: &str) {
    let mut limits = Limits::default();
    change(&mut limits);
    assert_eq!(said(census, &limits), expect);
}

#[test]
fn any_difference_fails_unless_there_is_a_budget() {
    check(&census([10, 0, 0, 0], |_| {}), |_| {}, "pass []");
    check(
        &census([997, 3, 0, 0], |_| {}),
        |_| {},
        "fail [mismatched: mismatched: 3 of 1,000 compared (0.3 %), over the budget of 0]",
    );
    check(
        &census([997, 3, 0, 0], |_| {}),
        |limits| limits.budgets.mismatched = 0.003,
        "pass []",
    );
    check(
        &census([71, 29, 0, 0], |_| {}),
        |limits| limits.budgets.mismatched = 0.29,
        "pass []",
    );
    check(
        &census([0, 0, 5, 5], |_| {}),
        |_| {},
        "fail [missing: missing: 5 of 10 compared (50 %), over the budget of 0; extra: extra: 5 of 10 compared (50 %), over the budget of 0]",
    );
    check(
        &census([98, 0, 1, 1], |_| {}),
        |limits| {
            limits.budgets.missing = 0.01;
            limits.budgets.extra = 0.01;
        },
        "pass []",
    );
}

#[test]
fn both_sides_surplus_is_judged() {
    let doubled = |side: Side| {
        census([10, 0, 0, 0], |census| {
            census.counts.sides.get_mut(side).duplicate = 1;
            *census.read.get_mut(side) += 1;
        })
    };
    check(
        &doubled(Side::Baseline),
        |_| {},
        "fail [duplicate: duplicate on the baseline: 1 of 10 compared (10 %), over the budget of 0]",
    );
    check(
        &doubled(Side::Canary),
        |_| {},
        "fail [duplicate: duplicate on the canary: 1 of 10 compared (10 %), over the budget of 0]",
    );
    check(
        &doubled(Side::Canary),
        |limits| limits.budgets.duplicate = 0.1,
        "pass []",
    );
    let conflict = census([10, 0, 0, 0], |census| {
        census.counts.sides.baseline.conflict = 1;
        census.read.baseline += 1;
    });
    check(
        &conflict,
        |limits| limits.budgets.duplicate = 1.0,
        "fail [conflict: conflict on the baseline: 1 of 10 compared (10 %), over the budget of 0]",
    );
}

#[test]
fn undecodable_and_untimely_over_what_the_side_read() {
    let broken = census([9_999, 0, 0, 0], |census| {
        census
            .counts
            .sides
            .canary
            .undecodable
            .insert(UndecodableReason::Truncated, 1);
        census.undecodable.canary = 1;
        census.read.canary += 1;
    });
    check(
        &broken,
        |_| {},
        "fail [undecodable: undecodable on the canary: 1 of 10,000 records read (0.01 %), over the budget of 0]",
    );
    check(&broken, |limits| limits.budgets.undecodable = 1e-4, "pass []");
    let shared = census([9, 0, 0, 0], |census| {
        for side in Side::PAIR {
            census
                .counts
                .sides
                .get_mut(side)
                .undecodable
                .insert(UndecodableReason::Utf8, 1);
            *census.read.get_mut(side) += 1;
        }
    });
    check(&shared, |_| {}, "pass []");
    let untimely = census([9, 0, 0, 0], |census| {
        census.counts.sides.baseline.untimely = 1;
        census.untimely.baseline = 1;
        census.read.baseline += 1;
    });
    check(
        &untimely,
        |_| {},
        "fail [untimely: untimely on the baseline: 1 of 10 records read (10 %), over the budget of 0]",
    );
}

#[test]
fn empty_sides_are_never_a_pass() {
    check(
        &Census::default(),
        |_| {},
        "inconclusive [evidence: neither side has records to compare]",
    );
    check(
        &census([0, 0, 7, 0], |_| {}),
        |_| {},
        "inconclusive [evidence: the canary has no records to compare]",
    );
    check(
        &census([0, 0, 0, 7], |_| {}),
        |_| {},
        "inconclusive [evidence: the baseline has no records to compare]",
    );
    let deselected = census([0, 0, 7, 0], |census| {
        census.counts.sides.canary.excluded_select = 7;
        census.read.canary = 7;
    });
    check(
        &deselected,
        |_| {},
        "inconclusive [evidence: the canary has no records to compare]",
    );
    let all_undecodable = census([0, 0, 0, 0], |census| {
        for side in Side::PAIR {
            census
                .counts
                .sides
                .get_mut(side)
                .undecodable
                .insert(UndecodableReason::Utf8, 2);
            *census.read.get_mut(side) = 2;
        }
    });
    check(
        &all_undecodable,
        |_| {},
        "inconclusive [evidence: no record could be compared]",
    );
}

#[test]
fn late_records_leave_it_open_where_it_does_not_fail() {
    let late = |outcomes| {
        census(outcomes, |census: &mut Census| {
            census.counts.sides.canary.late = 2;
            census.read.canary += 2;
        })
    };
    check(
        &late([998, 0, 0, 0]),
        |_| {},
        "inconclusive [late: 2 of 1,000 records (0.2 %) of the canary are late, 0.1 % may be]",
    );
    check(&late([998, 0, 0, 0]), |limits| limits.late_max = 0.002, "pass []");
    check(
        &late([997, 1, 0, 0]),
        |_| {},
        "fail [mismatched: mismatched: 1 of 998 compared (0.1 %), over the budget of 0]",
    );
}

#[test]
fn conservation_and_what_is_pending() {
    let lost = census([9, 0, 0, 0], |census| census.read.baseline = 10);
    assert!(lost.is_conserved(Side::Canary) && !lost.is_conserved(Side::Baseline));
    assert_eq!(lost.judge("orders", &Limits::default()).verdict, Verdict::Fail);
    let pending = census([9, 0, 0, 0], |census| {
        census.read.baseline = 10;
        census.pending.baseline = 1;
    });
    check(
        &pending,
        |_| {},
        "inconclusive [evidence: records of the baseline that are not settled: 1]",
    );
}

#[test]
fn coverage_is_the_least_over_the_sides() {
    let half = census([8, 0, 0, 0], |census| {
        census.counts.sides.canary.late = 8;
        census.counts.sides.canary.excluded_select = 100;
        census.read.canary += 108;
    });
    assert!((half.coverage() - 0.5).abs() < 1e-12);
    assert!((census([8, 1, 1, 1], |_| {}).coverage() - 1.0).abs() < 1e-12);
    assert!(census([0, 0, 1, 0], |_| {}).coverage().abs() < 1e-12);
}

#[test]
fn rates_read_well() {
    let cases = [
        (1.0, "100 %"),
        (0.5, "50 %"),
        (0.003, "0.3 %"),
        (1e-4, "0.01 %"),
        (1.234_5e-5, "0.00123 %"),
        (1e-9, "1.00e-7 %"),
        (0.0, "0"),
    ];
    for (rate, expect) in cases {
        assert_eq!(share(rate), expect);
    }
}

#[test]
fn named_checks() {
    let differing = census([96, 4, 0, 0], |census| {
        (0..3).for_each(|_| census.counts.differs(crate::model::Differing(0x10)));
    });
    let named = |budget| {
        move |limits: &mut Limits| {
            limits.budgets.mismatched = 0.5;
            limits.named = vec![
                NamedCheck::field(0, "a", budget),
                NamedCheck::field(1, "amount", budget),
            ];
        }
    };
    check(&differing, named(0.03), "pass []");
    check(
        &differing,
        named(0.02),
        "fail [field amount: field amount: 3 of 100 pairs (3 %), over the budget of 2 %]",
    );
}
