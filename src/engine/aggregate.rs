//! What a consumer would compute of a window: counts, sums, least, greatest and distinct values by group, each side for itself, over
//! all its selected timely records, duplicates among them. Numbers are exact decimals, so that no order of addition shows.
//!
//! Groups are bounded: those with the smallest hashes are told apart, the others are one. Which they are does not depend on the
//! order of arrival, and when the window is final both sides are cut at the same hash.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use serde::{Deserialize, Serialize};

use super::Tolerance;
use super::rules::Rules;
use super::stats::distinct::Registers;
use super::tolerance::{Equality, Limit, Number};
use super::window::Window;
use crate::model::{GroupCounts, Measured, PerSide, Side};

/// Groups of one aggregate, side and window that are told apart.
const GROUPS_MAX: usize = 1_000;
/// Distinct values of a group that are counted exactly; more are estimated.
const EXACT_MAX: usize = 256;
/// What a group holds, about.
const GROUP_BYTES: u64 = 160;

/// One aggregate. Frozen in a generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Of what its groups are made: places of the values that travel.
    pub group: Vec<usize>,
    /// What is computed.
    pub of: Measure,
    /// How far the canary's may be from the baseline's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Tolerance>,
}

/// What is computed of a group: with the place of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Its records.
    Count,
    /// The sum of its numbers.
    Sum(usize),
    /// The least of them.
    Min(usize),
    /// The greatest.
    Max(usize),
    /// How many values are distinct.
    Distinct(usize),
}

/// An aggregate as the engine uses it.
#[derive(Clone, Debug)]
pub(super) struct Measuring {
    group: Vec<usize>,
    of: Measure,
    limit: Option<Limit>,
}

impl Measuring {
    pub(super) fn new(aggregate: &Aggregate) -> Measuring {
        Measuring {
            group: aggregate.group.clone(),
            of: aggregate.of,
            limit: aggregate.tolerance.as_ref().map(Limit::new),
        }
    }

    /// What tells a group from others: of its values, with lengths.
    fn key(&self, values: &[Measured]) -> u64 {
        let mut hasher = blake3::Hasher::new();
        for at in &self.group {
            let (known, hash) = values.get(*at).map_or((0, 0), Measured::place);
            hasher.update(&[known]);
            hasher.update(&u64::to_le_bytes(hash));
        }
        let [a, b, c, d, e, f, g, h, ..] = *hasher.finalize().as_bytes();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    fn cell(&self) -> Cell {
        match self.of {
            Measure::Count => Cell::Count(0),
            Measure::Sum(_) => Cell::Sum(BTreeMap::new(), Odd::default()),
            Measure::Min(_) | Measure::Max(_) => Cell::Extreme(None, Odd::default()),
            Measure::Distinct(_) => Cell::Distinct(Distinct::default()),
        }
    }

    fn add(&self, cell: &mut Cell, values: &[Measured]) {
        let nothing = &Measured::Nothing;
        let value = |at: usize| values.get(at).unwrap_or(nothing);
        match (cell, self.of) {
            (Cell::Count(count), _) => *count += 1,
            (Cell::Sum(sums, odd), Measure::Sum(at)) => match value(at) {
                Measured::Nothing => {}
                Measured::Number { unscaled, scale, .. } => *sums.entry(*scale).or_default() += *unscaled,
                Measured::Other { hash } => odd.add(*hash),
            },
            (Cell::Extreme(best, odd), of) => {
                let (Measure::Min(at) | Measure::Max(at)) = of else {
                    return;
                };
                match value(at) {
                    Measured::Nothing => {}
                    Measured::Number { unscaled, scale, .. } => {
                        let number = Number::new(BigInt::from(*unscaled), i64::from(*scale));
                        keep(best, number, matches!(of, Measure::Max(_)));
                    }
                    Measured::Other { hash } => odd.add(*hash),
                }
            }
            (Cell::Distinct(distinct), Measure::Distinct(at)) => {
                let (known, hash) = value(at).place();
                if known > 0 {
                    distinct.add(hash);
                }
            }
            _ => {}
        }
    }

    fn merge(&self, cell: &mut Cell, other: Cell) {
        match (cell, other) {
            (Cell::Count(own), Cell::Count(other)) => *own += other,
            (Cell::Sum(own, odd), Cell::Sum(other, others)) => {
                for (scale, sum) in other {
                    *own.entry(scale).or_default() += sum;
                }
                odd.merge(others);
            }
            (Cell::Extreme(own, odd), Cell::Extreme(other, others)) => {
                if let Some(other) = other {
                    keep(own, other, matches!(self.of, Measure::Max(_)));
                }
                odd.merge(others);
            }
            (Cell::Distinct(own), Cell::Distinct(other)) => own.merge(other),
            _ => {}
        }
    }

    /// True where a group is not the same on both sides, by more than is borne.
    fn differs(&self, baseline: &Cell, canary: &Cell) -> bool {
        let whole = |count: u64| Number::new(BigInt::from(count), 0);
        let apart = |one: &Number, other: &Number| one.compare(other, self.limit.as_ref()) == Equality::Different;
        match (baseline, canary) {
            (Cell::Count(one), Cell::Count(other)) => apart(&whole(*one), &whole(*other)),
            (Cell::Sum(one, odd), Cell::Sum(other, others)) => odd != others || apart(&sum(one), &sum(other)),
            (Cell::Extreme(one, odd), Cell::Extreme(other, others)) => {
                odd != others
                    || match (one, other) {
                        (None, None) => false,
                        (Some(one), Some(other)) => apart(one, other),
                        _ => true,
                    }
            }
            (Cell::Distinct(one), Cell::Distinct(other)) => apart(&whole(one.count()), &whole(other.count())),
            _ => true,
        }
    }
}

fn keep(best: &mut Option<Number>, number: Number, greatest: bool) {
    let greatest = greatest ^ mutant!(LeastIsGreatest);
    let better = best.as_ref().is_none_or(|best| number.is_above(best) == greatest);
    if better {
        *best = Some(number);
    }
}

fn sum(sums: &BTreeMap<i32, BigInt>) -> Number {
    let parts = sums
        .iter()
        .map(|(scale, sum)| Number::new(sum.clone(), i64::from(*scale)));
    parts.fold(Number::new(BigInt::ZERO, 0), |sum, part| sum.plus(&part))
}

/// Values that are no numbers where numbers are asked for: how many, and which, in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Odd(u64, u128);

impl Odd {
    fn add(&mut self, hash: u64) {
        self.merge(Odd(1, u128::from(hash)));
    }

    fn merge(&mut self, Odd(count, hashes): Odd) {
        self.0 += count;
        self.1 = self.1.wrapping_add(hashes);
    }
}

/// Distinct values, by their hashes.
#[derive(Clone, Debug, Default)]
struct Distinct {
    exact: BTreeSet<u64>,
    /// Every value, once there are too many.
    many: Option<Box<Registers>>,
}

impl Distinct {
    fn add(&mut self, hash: u64) {
        match &mut self.many {
            Some(many) => many.add(hash),
            None => {
                self.exact.insert(hash);
                if self.exact.len() > EXACT_MAX {
                    let mut many = Registers::default();
                    std::mem::take(&mut self.exact)
                        .into_iter()
                        .for_each(|hash| many.add(hash));
                    self.many = Some(Box::new(many));
                }
            }
        }
    }

    fn merge(&mut self, other: Distinct) {
        if let Some(others) = other.many {
            let mut many = self.many.take().unwrap_or_default();
            std::mem::take(&mut self.exact)
                .into_iter()
                .for_each(|hash| many.add(hash));
            many.merge(&others);
            self.many = Some(many);
        }
        other.exact.into_iter().for_each(|hash| self.add(hash));
    }

    fn count(&self) -> u64 {
        let exact = u64::try_from(self.exact.len()).unwrap_or(u64::MAX);
        self.many.as_ref().map_or(exact, |many| many.estimate())
    }
}

/// What is known of a group.
#[derive(Clone, Debug)]
enum Cell {
    Count(u64),
    /// By scale.
    Sum(BTreeMap<i32, BigInt>, Odd),
    Extreme(Option<Number>, Odd),
    Distinct(Distinct),
}

/// The groups of one aggregate on one side.
#[derive(Debug)]
struct Groups {
    told: BTreeMap<u64, Cell>,
    /// From this hash on groups are one.
    cut: Option<u64>,
    other: Option<Cell>,
}

impl Groups {
    fn new() -> Groups {
        Groups {
            told: BTreeMap::new(),
            cut: None,
            other: None,
        }
    }

    fn add(&mut self, of: &Measuring, values: &[Measured]) {
        let key = of.key(values);
        if self.cut.is_some_and(|cut| key >= cut) {
            return of.add(self.other.get_or_insert_with(|| of.cell()), values);
        }
        of.add(self.told.entry(key).or_insert_with(|| of.cell()), values);
        if self.told.len() > GROUPS_MAX
            && let Some((largest, cell)) = self.told.pop_last()
        {
            self.cut = Some(largest);
            of.merge(self.other.get_or_insert_with(|| of.cell()), cell);
        }
    }

    /// Makes those from a hash on one.
    fn cut_at(&mut self, of: &Measuring, cut: u64) {
        for (_, cell) in self.told.split_off(&cut) {
            of.merge(self.other.get_or_insert_with(|| of.cell()), cell);
        }
    }

    fn held_bytes(&self) -> u64 {
        let distinct = |cell: &Cell| match cell {
            Cell::Distinct(distinct) => {
                8 * distinct.exact.len() + distinct.many.as_ref().map_or(0, |many| 8 * many.len())
            }
            Cell::Count(_) | Cell::Sum(..) | Cell::Extreme(..) => 0,
        };
        let values: usize = self.told.values().chain(&self.other).map(distinct).sum();
        let count = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        count(self.told.len()) * GROUP_BYTES + count(values)
    }
}

/// The aggregates of a window that is not final.
#[derive(Debug, Default)]
pub(super) struct Aggregates(PerSide<Vec<Groups>>);

impl Aggregates {
    /// Adds a record.
    pub(super) fn add(&mut self, side: Side, values: &[Measured], all: &[Measuring]) {
        let own = self.0.get_mut(side);
        own.resize_with(all.len(), Groups::new);
        for (groups, of) in own.iter_mut().zip(all) {
            groups.add(of, values);
        }
    }

    /// About what it holds.
    pub(super) fn held_bytes(&self) -> u64 {
        let PerSide { baseline, canary } = &self.0;
        baseline.iter().chain(canary).map(Groups::held_bytes).sum()
    }

    /// How many groups differ, aggregate by aggregate. Nothing without a record.
    pub(super) fn finish(self, all: &[Measuring]) -> Vec<GroupCounts> {
        let PerSide {
            mut baseline,
            mut canary,
        } = self.0;
        if baseline.is_empty() && canary.is_empty() {
            return Vec::new();
        }
        baseline.resize_with(all.len(), Groups::new);
        canary.resize_with(all.len(), Groups::new);
        let pairs = baseline.into_iter().zip(canary);
        pairs
            .zip(all)
            .map(|((baseline, canary), of)| compare(baseline, canary, of))
            .collect()
    }
}

impl Window {
    /// The window becomes final: what was counted of each record by itself says something only where all of it is evidence.
    pub(super) fn watched(&mut self, whole: bool, rules: &Rules) {
        let (aggregates, delays) = (std::mem::take(&mut self.aggregates), std::mem::take(&mut self.delays));
        if !whole {
            return;
        }
        self.counts.delays(delays);
        let groups = aggregates.finish(&rules.aggregates);
        if !groups.is_empty() {
            self.counts.named.get_or_insert_default().groups = groups;
        }
    }
}

fn compare(mut baseline: Groups, mut canary: Groups, of: &Measuring) -> GroupCounts {
    if let Some(cut) = [baseline.cut, canary.cut].into_iter().flatten().min() {
        baseline.cut_at(of, cut);
        canary.cut_at(of, cut);
    }
    let mut counts = GroupCounts::default();
    let mut count = |one: Option<&Cell>, other: Option<&Cell>| {
        counts.groups += 1;
        counts.differing += u64::from(match (one, other) {
            (Some(one), Some(other)) => of.differs(one, other),
            _ => true,
        });
    };
    for (key, cell) in &baseline.told {
        count(Some(cell), canary.told.get(key));
    }
    for (key, cell) in &canary.told {
        if !baseline.told.contains_key(key) && !mutant!(GroupsForgotten) {
            count(None, Some(cell));
        }
    }
    if baseline.other.is_some() || canary.other.is_some() {
        count(baseline.other.as_ref(), canary.other.as_ref());
        counts.merged = 1;
    }
    counts
}

#[cfg(test)]
mod tests;
