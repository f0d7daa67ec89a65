//! The index against the rule as it is written.

use super::*;
use crate::engine::named::Beside;
use crate::engine::row::Mark;
use crate::engine::{Named, Names, Range, Sample, Settings, few};
use crate::model::Critical;

fn next(state: &mut u64, below: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

/// What is equal has equal values at critical paths.
fn beside(digest: u8, rules: &Rules) -> Tolerant {
    let value = |hash| Critical::Value { kind: 1, hash };
    let critical = vec![value(u64::from(digest)), value(u64::from(digest / 2))];
    let beside = Beside {
        critical: critical.into(),
        ..Beside::default()
    };
    (!rules.critical.is_empty()).then(|| Box::new(beside))
}

#[test]
fn the_index_is_the_rule() {
    for seed in 0..6_000_u64 {
        let state = &mut seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let settings = Settings {
            window_ms: Some(10),
            lateness_ms: Some(0),
            grace_ms: (next(state, 10) > 0).then(|| i64::try_from(next(state, 12)).unwrap()),
            skew_max_ms: None,
            age_max_ms: None,
            time_is_timestamp: false,
            names: if next(state, 8) == 0 {
                Names::Entity
            } else {
                Names::Event
            },
            has_identity: next(state, 8) > 0,
            tolerances: Vec::new(),
            range: Range::Everything,
            sample: Sample::default(),
            control: false,
            profile: None,
            named: Named {
                critical: if next(state, 2) == 0 {
                    vec![None, None]
                } else {
                    Vec::new()
                },
                ..Named::default()
            },
            latest: false,
            findings_max: 1,
            held_max_bytes: 0,
        };
        let (rules, by_content) = (Rules::new(&settings), next(state, 8) == 0);
        let (digests, step) = (1 + next(state, 4), 1 + next(state, 4));
        let mut time = 0;
        let mut rows: Vec<Row> = (0..5 + next(state, 60))
            .map(|offset| {
                time += i64::try_from(next(state, step)).unwrap();
                let digest = u8::try_from(next(state, digests)).unwrap();
                Row {
                    identity: Identity([1; 16]),
                    digest: Digest([digest; 16]),
                    time,
                    offset,
                    tolerant: beside(digest, &rules),
                    partition: u32::try_from(next(state, 2)).unwrap(),
                    side: if next(state, 2) == 0 {
                        Side::Baseline
                    } else {
                        Side::Canary
                    },
                    by_content,
                    settled: false,
                    mark: Mark::slow(offset % 3 == 0),
                }
            })
            .collect();
        rows.sort_by_key(Row::order);
        // In two goes, the second one with the look-back of the first forgotten.
        let half = rows.len() / 2;
        let cut = rows[half].time;
        let (mut plain, mut indexed) = (Vec::new(), Vec::new());
        let mut all = rows.clone();
        few::settle(&mut all, cut, &rules, &mut plain);
        let first = plain.len();
        let mut many = Many::new(&rows[..half]);
        rows[half..].iter().for_each(|row| many.push(row));
        // In steps of any size.
        let step = 1 + next(state, 40);
        while !many.settle(cut, &rules, &mut step.clone(), &mut indexed) {}
        while !many.forget(rules.grace.map_or(BEGIN, |grace| cut - grace), &mut step.clone()) {}
        assert_eq!(plain, indexed, "seed {seed}");
        // And taken over in the middle.
        let mut taken_over = Many::new(&all);
        few::settle(&mut all, i64::MAX, &rules, &mut plain);
        while !many.settle(i64::MAX, &rules, &mut step.clone(), &mut indexed) {}
        assert_eq!(plain, indexed, "seed {seed}");
        let mut rest = Vec::new();
        assert!(taken_over.settle(i64::MAX, &rules, &mut u64::MAX.clone(), &mut rest));
        assert_eq!(plain[first..], rest, "seed {seed}");
    }
}
