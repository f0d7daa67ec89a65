//! Aggregates: group by group what a few lines compute of the timely records, whatever we meet on the way.

use std::collections::{BTreeMap, BTreeSet};

use crosscheck::engine::{Aggregate, Measure, Range};
use crosscheck::model::{CarriedValues, GroupCounts, Measured, Position, Reduction, Side};

use super::driver::{Holes, Manner, Raises, run};
use super::oracle::truth;
use super::world::{Rng, World};

const WORLDS: u64 = 2_000;

/// A group and an amount of each record.
type Values = BTreeMap<Position, (u64, u64)>;

/// A world whose records have an amount in one of three groups, the same on both sides more often than not.
fn measured(seed: u64, mut world: World) -> (World, Values) {
    let mut rng = Rng(seed ^ 0xa66);
    (world.settings.range, world.close) = (Range::Everything, false);
    let aggregate = |group: &[usize], of| Aggregate {
        group: group.to_vec(),
        of,
        tolerance: None,
    };
    world.settings.named.aggregates = vec![
        aggregate(&[0], Measure::Sum(1)),
        aggregate(&[], Measure::Count),
        aggregate(&[0], Measure::Min(1)),
        aggregate(&[0], Measure::Max(1)),
        aggregate(&[0], Measure::Distinct(1)),
    ];
    let number = |value: u64| Measured::Number {
        unscaled: i128::from(value),
        scale: 0,
        hash: value.wrapping_mul(0x9e37_79b9_7f4a_7c15),
    };
    let mut values = Values::new();
    for log in &mut world.logs {
        for entry in &mut log.entries {
            let Reduction::Decoded(print) = &mut entry.body else {
                continue;
            };
            let group = u64::from(print.digest.0[7]);
            let amount = if rng.chance(90) { 5 + group } else { rng.below(3) };
            print.carried = Some(Box::new(CarriedValues {
                measured: vec![number(group), number(amount)],
                ..CarriedValues::default()
            }));
            let position = Position {
                side: log.side,
                partition: log.partition,
                offset: entry.offset,
            };
            values.insert(position, (group, amount));
        }
    }
    (world, values)
}

/// How many keys do not have the same value in both maps, of how many.
fn differing<T: PartialEq>([one, other]: [BTreeMap<u64, T>; 2]) -> GroupCounts {
    let keys: BTreeSet<&u64> = one.keys().chain(other.keys()).collect();
    let differ = keys.iter().filter(|key| one.get(**key) != other.get(**key));
    GroupCounts {
        differing: differ.count() as u64,
        groups: keys.len() as u64,
        merged: 0,
    }
}

#[test]
fn they_equal_a_few_lines() {
    let (groups, different, crashes) = against_a_few_lines(15_000_000..15_000_000 + WORLDS);
    assert!(
        groups > 20_000 && different > 5_000 && crashes > 500,
        "{groups} {different} {crashes}"
    );
}

/// The amounts of a group, in order.
type Amounts = BTreeMap<u64, Vec<u64>>;

/// What there was: groups, those that differ, crashes.
pub fn against_a_few_lines(seeds: std::ops::Range<u64>) -> (u64, u64, u32) {
    let (mut groups, mut different, mut crashes) = (0, 0, 0);
    for seed in seeds {
        let mut rng = Rng(seed);
        let (world, values) = measured(seed, World::random(&mut rng));
        let manner = match seed % 3 {
            0 => Manner {
                crash: 15,
                batch: 4,
                ..Manner::default()
            },
            1 => Manner {
                away: 8,
                batch: 4,
                ..Manner::default()
            },
            _ => Manner {
                pace: 1 + seed % 7,
                batch: 4,
                ..Manner::default()
            },
        };
        let run = run(&world, &mut rng, manner);
        let truth = truth(&world, &Raises::new(), &Holes::new(), None);
        for window in &run.windows {
            let in_window = |position: &&Position| {
                let start = world
                    .settings
                    .window_ms
                    .map(|length| truth.times[*position].div_euclid(length) * length);
                start == window.start_ms
            };
            let mut amounts: [Amounts; 2] = Default::default();
            let mut all: [Amounts; 2] = Default::default();
            for position in truth.times.keys().filter(in_window) {
                let side = usize::from(position.side == Side::Canary);
                let (group, amount) = values[position];
                amounts[side].entry(group).or_default().push(amount);
                all[side].entry(0).or_default().push(amount);
            }
            let of = |amounts: &[Amounts; 2], measure: fn(&[u64]) -> u64| {
                let measured = |groups: &Amounts| {
                    let measured = groups.iter().map(|(group, amounts)| (*group, measure(amounts)));
                    measured.collect::<BTreeMap<u64, u64>>()
                };
                differing([measured(&amounts[0]), measured(&amounts[1])])
            };
            let any = amounts.iter().any(|amounts| !amounts.is_empty());
            let expected = if any {
                vec![
                    of(&amounts, |amounts| amounts.iter().sum()),
                    of(&all, |all| all.len() as u64),
                    of(&amounts, |amounts| *amounts.iter().min().unwrap()),
                    of(&amounts, |amounts| *amounts.iter().max().unwrap()),
                    of(&amounts, |amounts| amounts.iter().collect::<BTreeSet<_>>().len() as u64),
                ]
            } else {
                Vec::new()
            };
            let named = window.counts.named.as_deref().cloned().unwrap_or_default();
            assert_eq!(
                named.groups,
                expected,
                "seed {seed} {:?}\n{}",
                window.start_ms,
                world.show()
            );
            groups += expected.iter().map(|counts| counts.groups).sum::<u64>();
            different += expected.iter().map(|counts| counts.differing).sum::<u64>();
        }
        crashes += run.crashes;
    }
    (groups, different, crashes)
}
