//! Undecodable, untimely and diverted records, compared apart (rule 14): a canary's is shared where the baseline shows one too.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::evidence::Evidence;
use super::rules::{NEVER, Rules, later, passed};
use super::{BadRecord, UnsharedBad};
use crate::model::{BadCounts, Outcome, Position, Side, UndecodableReason};

/// Baseline's records of settled windows that wait for a partner, at most.
const WAITING_MAX: usize = 10_000;
/// Bytes that a waiting record holds, in all its places (measured).
const WAITING_BYTES: usize = 192;

/// What two records must have in common: undecodable, untimely or diverted, and the hash.
type Key = (Outcome, [u8; 16]);
type Order = (i64, Position);

/// All bad records that are not settled.
#[derive(Debug, Default)]
pub(super) struct Bad {
    /// Read before it was known which window is the oldest.
    unplaced: Vec<BadRecord>,
    canary: BTreeMap<i64, Vec<BadRecord>>,
    /// Baseline's by window, then those of settled windows.
    recent: BTreeMap<i64, Vec<(Order, Key)>>,
    old: BTreeSet<(Order, Key)>,
    /// Baseline's that are not taken, from both.
    free: BTreeMap<(Key, Order), Option<UndecodableReason>>,
    /// Baseline's that were taken, until the frontier has passed them.
    taken: BTreeMap<Position, i64>,
    /// What was dropped at the limit.
    dropped: UnsharedBad,
    /// Settled as no difference since it was last asked for.
    shared: Vec<Position>,
    waiting: usize,
}

fn key(record: &BadRecord) -> Key {
    if mutant!(DivertedIsUndecodable) && record.diverted {
        return (Outcome::Undecodable, record.hash);
    }
    (record.outcome(), record.hash)
}

fn order(record: &BadRecord) -> Order {
    (record.max_ms.unwrap_or(i64::MIN), record.position)
}

impl Bad {
    pub(super) fn resume(baseline: &[BadRecord], canary: &[BadRecord], taken: &[Position], rules: &Rules) -> Bad {
        let mut bad = Bad {
            taken: taken.iter().map(|position| (*position, NEVER)).collect(),
            ..Bad::default()
        };
        for record in baseline.iter().chain(canary) {
            bad.push(*record, rules);
        }
        bad
    }

    /// A bad record; one without a running maximum waits for its window.
    pub(super) fn push(&mut self, record: BadRecord, rules: &Rules) {
        self.waiting += 1;
        let Some(max) = record.max_ms else {
            self.unplaced.push(record);
            return;
        };
        let window = rules.grid.window(max);
        let record = BadRecord {
            window_ms: rules.grid.window_start(window),
            ..record
        };
        if record.position.side == Side::Canary {
            self.canary.entry(window).or_default().push(record);
        } else if let Some(home) = self.taken.get_mut(&record.position) {
            *home = window;
            self.waiting -= 1;
        } else {
            self.recent
                .entry(window)
                .or_default()
                .push((order(&record), key(&record)));
            self.free.insert((key(&record), order(&record)), record.reason);
        }
    }

    /// The oldest window is known: records without a running maximum count there, as if it began with them.
    pub(super) fn place(&mut self, start: i64, rules: &Rules) {
        for record in std::mem::take(&mut self.unplaced) {
            self.waiting -= 1;
            self.push(
                BadRecord {
                    max_ms: Some(start),
                    ..record
                },
                rules,
            );
        }
    }

    /// Settles the windows whose end every watermark has passed by 5 x grace, oldest first.
    pub(super) fn settle(&mut self, watermark: i64, evidence: &Evidence, rules: &Rules) -> Vec<(i64, BadCounts)> {
        let mut settled = Vec::new();
        loop {
            let canary = self.canary.first_key_value().map(|(window, _)| *window);
            let baseline = self.recent.first_key_value().map(|(window, _)| *window);
            let Some(window) = canary.into_iter().chain(baseline).min() else {
                break;
            };
            if !passed(watermark, rules.grid.window_end(window), rules.sharing) {
                break;
            }
            if let Some(mut records) = self.canary.remove(&window) {
                self.waiting -= records.len();
                records.sort_unstable_by_key(order);
                let mut counts = BadCounts::default();
                records
                    .iter()
                    .for_each(|record| self.judge(record, &mut counts, evidence, rules));
                settled.push((window, counts));
            }
            for (order, key) in self.recent.remove(&window).unwrap_or_default() {
                if self.free.contains_key(&(key, order)) {
                    self.old.insert((order, key));
                }
            }
            while self.old.len() > WAITING_MAX {
                let Some((order, key)) = self.old.pop_first() else {
                    break;
                };
                self.remove(key, order);
                count_unshared(&mut self.dropped, key, order, evidence, rules);
            }
        }
        settled
    }

    fn judge(&mut self, record: &BadRecord, counts: &mut BadCounts, evidence: &Evidence, rules: &Rules) {
        let limit = if mutant!(SharedForEver) {
            NEVER
        } else {
            later(record.max_ms.unwrap_or(i64::MIN), rules.sharing)
        };
        let least = (
            i64::MIN,
            Position {
                side: Side::Baseline,
                partition: 0,
                offset: 0,
            },
        );
        let first = self.free.range((key(record), least)..).next().map(|(free, _)| *free);
        let partner = first.filter(|(free, order)| *free == key(record) && order.0 <= limit && !mutant!(SharedNever));
        if let Some((key, order)) = partner.filter(|_| !mutant!(SharedTwice)) {
            self.old.remove(&(order, key));
            self.remove(key, order);
            self.taken.insert(order.1, rules.grid.window(order.0));
            self.shared.push(order.1);
        }
        let inside = record.max_ms.is_some_and(|max| evidence.judges(max, rules));
        if partner.is_some() || !inside {
            self.shared.push(record.position);
        }
        let count = match (inside, partner.is_some(), record.outcome()) {
            (false, ..) => &mut counts.edge,
            (true, true, Outcome::Untimely) => &mut counts.untimely_shared,
            (true, true, Outcome::Diverted) => &mut counts.diverted_shared,
            (true, true, _) => &mut counts.undecodable_shared,
            (true, false, Outcome::Untimely) => &mut counts.untimely_judged,
            (true, false, Outcome::Diverted) => &mut counts.diverted_judged,
            (true, false, _) => &mut counts.undecodable_judged,
        };
        *count += 1;
    }

    /// Which records turned out to be no difference since this was last asked.
    pub(super) fn take_shared(&mut self) -> Vec<Position> {
        std::mem::take(&mut self.shared)
    }

    fn remove(&mut self, key: Key, order: Order) {
        if self.free.remove(&(key, order)).is_some() {
            self.waiting -= 1;
        }
    }

    /// Forgets taken records that the frontier has passed: they are not read again.
    pub(super) fn forget(&mut self, frontier: i64, rules: &Rules) {
        self.taken.retain(|_, window| rules.grid.window_end(*window) > frontier);
    }

    /// Records that wait for a window and count in one already.
    pub(super) fn drop_unplaced(&mut self) {
        self.waiting -= std::mem::take(&mut self.unplaced).len();
    }

    /// These positions will not be read again.
    pub(super) fn lose(&mut self, lost: &Range<Position>) {
        self.taken.retain(|position, _| !lost.contains(position));
    }

    /// What is stored: the baseline's that are free and the canary's that wait, both of windows before the frontier, and
    /// the taken ones after it.
    pub(super) fn checkpoint(&self, frontier: i64, rules: &Rules) -> (Vec<BadRecord>, Vec<BadRecord>, Vec<Position>) {
        let before = |record: &BadRecord| {
            record
                .max_ms
                .is_some_and(|max| rules.grid.window_end(rules.grid.window(max)) <= frontier)
        };
        let free = self.free.iter().map(|((key, order), reason)| BadRecord {
            max_ms: Some(order.0),
            position: order.1,
            window_ms: rules.grid.window_start(rules.grid.window(order.0)),
            reason: *reason,
            hash: key.1,
            diverted: key.0 == Outcome::Diverted,
        });
        let mut baseline: Vec<BadRecord> = free.filter(before).collect();
        baseline.sort_unstable_by_key(order);
        let mut canary: Vec<BadRecord> = self.canary.values().flatten().copied().filter(before).collect();
        canary.sort_unstable_by_key(order);
        (baseline, canary, self.taken.keys().copied().collect())
    }

    /// Baseline's records that no canary record has taken.
    pub(super) fn unshared(&self, evidence: &Evidence, rules: &Rules) -> UnsharedBad {
        let mut unshared = self.dropped;
        for (key, order) in self.free.keys() {
            count_unshared(&mut unshared, *key, *order, evidence, rules);
        }
        unshared
    }

    pub(super) fn held_bytes(&self) -> u64 {
        u64::try_from((self.waiting + self.taken.len()) * WAITING_BYTES).unwrap_or(u64::MAX)
    }
}

fn count_unshared(counts: &mut UnsharedBad, key: Key, order: Order, evidence: &Evidence, rules: &Rules) {
    if evidence.judges(order.0, rules) {
        *match key.0 {
            Outcome::Untimely => &mut counts.untimely,
            Outcome::Diverted => &mut counts.diverted,
            _ => &mut counts.undecodable,
        } += 1;
    }
}
