//! Aggregates against what a few lines compute.

use super::*;

fn by(group: &[usize], of: Measure, tolerance: Option<Tolerance>) -> Aggregate {
    Aggregate {
        group: group.to_vec(),
        of,
        tolerance,
    }
}

fn number(unscaled: i128, scale: i32) -> Measured {
    let hash = u64::try_from(unscaled.rem_euclid(1 << 40)).unwrap() << 20 | u64::from(scale.unsigned_abs());
    Measured::Number {
        unscaled,
        scale,
        hash: blake(hash),
    }
}

fn blake(number: u64) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(&number.to_le_bytes()).as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// How many groups differ, of how many, and whether some are one.
fn compared(aggregate: Aggregate, baseline: &[Vec<Measured>], canary: &[Vec<Measured>]) -> (u64, u64, u64) {
    let all = [Measuring::new(&aggregate)];
    let mut aggregates = Aggregates::default();
    for (side, records) in [(Side::Baseline, baseline), (Side::Canary, canary)] {
        records.iter().for_each(|values| aggregates.add(side, values, &all));
    }
    let counts = aggregates.finish(&all).first().copied().unwrap_or_default();
    (counts.differing, counts.groups, counts.merged)
}

fn amounts(amounts: &[(i128, i32)]) -> Vec<Vec<Measured>> {
    amounts
        .iter()
        .map(|(unscaled, scale)| vec![number(*unscaled, *scale)])
        .collect()
}

#[test]
fn sums_are_exact_whatever_the_order_and_the_scale() {
    // 0.1 + 0.2 = 0.3, and what a double would lose stays.
    let baseline = amounts(&[(1, 1), (2, 1), (1, -30), (-1, -30), (1, 300)]);
    let mut canary = amounts(&[(3, 1), (1, 300)]);
    let sum = || by(&[], Measure::Sum(0), None);
    assert_eq!(compared(sum(), &baseline, &canary), (0, 1, 0));
    canary.push(vec![number(1, 301)]);
    assert_eq!(compared(sum(), &baseline, &canary), (1, 1, 0));
    let mut turned = baseline.clone();
    turned.reverse();
    assert_eq!(compared(sum(), &baseline, &turned), (0, 1, 0));
}

#[test]
fn a_tolerance_is_inclusive_and_of_the_baseline() {
    let of = |tolerance, canary| {
        compared(
            by(&[], Measure::Sum(0), tolerance),
            &amounts(&[(1_000, 0)]),
            &amounts(&[canary]),
        )
        .0
    };
    let relative = || Some(Tolerance::Relative("0.001".to_owned()));
    let absolute = || Some(Tolerance::Absolute("0.5".to_owned()));
    assert_eq!([of(relative(), (1_001, 0)), of(relative(), (10_011, 1))], [0, 1]);
    assert_eq!(
        [
            of(absolute(), (9_995, 1)),
            of(absolute(), (9_994, 1)),
            of(None, (9_999, 1))
        ],
        [0, 1, 1]
    );
}

#[test]
fn least_greatest_count_and_distinct() {
    let baseline = amounts(&[(5, 0), (70, 1), (-3, 0), (5, 0)]);
    let check = |of, canary: &[(i128, i32)]| compared(by(&[], of, None), &baseline, &amounts(canary)).0;
    assert_eq!(
        [
            check(Measure::Min(0), &[(-3, 0), (9, 0)]),
            check(Measure::Min(0), &[(-30, 1)])
        ],
        [0, 0]
    );
    assert_eq!(check(Measure::Min(0), &[(-29, 1)]), 1);
    assert_eq!(
        [check(Measure::Max(0), &[(7, 0)]), check(Measure::Max(0), &[(71, 1)])],
        [0, 1]
    );
    assert_eq!(
        [check(Measure::Count, &[(1, 0); 4]), check(Measure::Count, &[(1, 0); 5])],
        [0, 1]
    );
    // 5 comes twice.
    assert_eq!(
        [
            check(Measure::Distinct(0), &[(1, 0), (2, 0), (3, 0)]),
            check(Measure::Distinct(0), &[(1, 0)])
        ],
        [0, 1]
    );
}

#[test]
fn nothing_is_skipped_and_what_is_no_number_is_told_apart() {
    let with = |value: Measured| vec![vec![number(1, 0)], vec![value]];
    let sum = |baseline: Measured, canary: Measured| {
        compared(by(&[], Measure::Sum(0), None), &with(baseline), &with(canary)).0
    };
    assert_eq!(sum(Measured::Nothing, number(0, 0)), 0);
    assert_eq!(sum(Measured::Other { hash: 7 }, Measured::Other { hash: 7 }), 0);
    assert_eq!(sum(Measured::Other { hash: 7 }, Measured::Other { hash: 8 }), 1);
    assert_eq!(sum(Measured::Other { hash: 7 }, Measured::Nothing), 1);
    let none = vec![vec![Measured::Nothing]];
    assert_eq!(compared(by(&[], Measure::Min(0), None), &none, &none).0, 0);
    assert_eq!(
        compared(by(&[], Measure::Min(0), None), &none, &with(Measured::Nothing)).0,
        1
    );
}

#[test]
fn groups_are_held_together_and_one_that_a_side_lacks_differs() {
    let record = |group: i128, amount: i128| vec![number(group, 0), number(amount, 0)];
    let baseline = [record(1, 5), record(1, 6), record(2, 7), record(3, 1)];
    let canary = [record(2, 7), record(1, 11), record(4, 1)];
    let sum = by(&[0], Measure::Sum(1), None);
    assert_eq!(compared(sum, &baseline, &canary), (2, 4, 0));
    assert_eq!(compared(by(&[0], Measure::Count, None), &[], &canary), (3, 3, 0));
    assert_eq!(compared(by(&[0], Measure::Count, None), &[], &[]), (0, 0, 0));
}

/// Which groups are told apart is the same on both sides, in any order, also where one side has more of them.
#[test]
fn too_many_groups_are_one_in_the_end() {
    let record = |group: i128| vec![number(group, 0), number(group, 0)];
    let all: Vec<Vec<Measured>> = (0..3_000).map(record).collect();
    let mut turned = all.clone();
    turned.reverse();
    turned.rotate_left(777);
    for of in [Measure::Sum(1), Measure::Count, Measure::Max(1), Measure::Distinct(1)] {
        let (differing, groups, merged) = compared(by(&[0], of, None), &all, &turned);
        assert_eq!((differing, merged), (0, 1), "{of:?}");
        assert_eq!(groups, 1_001, "{of:?}");
        // The canary lacks the last ten.
        let fewer = compared(
            by(&[0], of, None),
            &all,
            &turned
                .iter()
                .filter(|values| values[0] != number(5, 0))
                .cloned()
                .collect::<Vec<_>>(),
        );
        assert!(fewer.0 <= 1 && fewer.1 <= 1_001, "{of:?} {fewer:?}");
    }
}

#[test]
fn many_distinct_values_are_estimated_the_same_in_any_order() {
    let all: Vec<Vec<Measured>> = (0..5_000).map(|value| vec![number(value, 0)]).collect();
    let mut turned = all.clone();
    turned.rotate_left(1_234);
    let distinct = |tolerance| by(&[], Measure::Distinct(0), tolerance);
    assert_eq!(compared(distinct(None), &all, &turned).0, 0);
    assert_eq!(compared(distinct(None), &all, &all[..2_500]).0, 1);
    let borne = Some(Tolerance::Relative("0.1".to_owned()));
    assert_eq!(compared(distinct(borne), &all, &all[..4_900]).0, 0);
}
