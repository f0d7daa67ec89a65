//! The records of one identity that were not matched at once.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use super::few;
use super::many::Many;
use super::packed::Logs;
use super::row::{Row, Settled};
use super::rules::{BEGIN, NEVER, Rules, later};
use super::sealed::Sealed;
use super::segment::{PART_BITS, bits, prefix};
use crate::model::Identity;

/// A group with more records than this is indexed, unless there are tolerances.
const FEW_MAX: usize = 32;
/// What settling a group costs beside its records, in records settled.
const GROUP_COST: u64 = 2;

#[derive(Debug)]
enum Records {
    Few(Vec<Row>),
    Many(Box<Many>),
}

/// The records of one identity that were not matched at once.
#[derive(Debug)]
pub(super) struct Group {
    records: Records,
    /// The span in which it is looked at next.
    pub(super) due: i64,
    /// Its pairs that were matched at once are among the records.
    pub(super) recalled: bool,
}

/// Numbers of records in groups.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    pub(super) rows: u64,
    pub(super) indexed: u64,
}

/// The spans that got all their records, and what their places mean.
#[derive(Clone, Copy)]
pub(super) struct Past<'a> {
    pub(super) sealed: &'a BTreeMap<i64, Sealed>,
    pub(super) logs: &'a Logs,
}

/// The first bytes of an identity or digest serve as its hash: it is one already. They are mixed once more, so that
/// bytes that are not spread well cost nothing either.
#[derive(Debug, Default)]
pub(super) struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        let product = u128::from(self.0) * 0x9e37_79b9_7f4a_7c15;
        let [low, high] = super::window::halves(product);
        low ^ high
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().copied().map_or(0, u64::from_le_bytes);
    }

    fn write_usize(&mut self, _length: usize) {}
}

/// Groups by identity, in shards by the first bits: what one part of a span asks for is near in memory, and no growth
/// moves them all.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// None or `2^PART_BITS`. Never iterated over: their order does not show.
    shards: Vec<HashMap<Identity, Group, BuildHasherDefault<FirstBytes>>>,
    len: usize,
}

fn shard(identity: &Identity) -> usize {
    bits(prefix(identity), PART_BITS)
}

impl Groups {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn contains(&self, identity: &Identity) -> bool {
        self.len > 0 && self.shards[shard(identity)].contains_key(identity)
    }

    pub(super) fn get(&self, identity: &Identity) -> Option<&Group> {
        self.shards.get(shard(identity))?.get(identity)
    }

    pub(super) fn get_mut(&mut self, identity: &Identity) -> Option<&mut Group> {
        self.shards.get_mut(shard(identity))?.get_mut(identity)
    }

    /// The group of an identity, an empty one with room for that many records if there is none.
    pub(super) fn open(&mut self, identity: Identity, records: usize) -> &mut Group {
        if self.shards.is_empty() {
            self.shards.resize_with(1 << PART_BITS, HashMap::default);
        }
        let len = &mut self.len;
        self.shards[shard(&identity)].entry(identity).or_insert_with(|| {
            *len += 1;
            Group {
                records: Records::Few(Vec::with_capacity(records)),
                due: NEVER,
                recalled: false,
            }
        })
    }

    pub(super) fn remove(&mut self, identity: &Identity) -> Option<Group> {
        let removed = self.shards.get_mut(shard(identity))?.remove(identity);
        self.len -= usize::from(removed.is_some());
        removed
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

impl Group {
    /// Adds records that stand after all others of their sides, in the order of settling.
    pub(super) fn append(&mut self, rows: &mut Vec<Row>, span: i64, rules: &Rules, past: Past, held: &mut Held) {
        let Some(identity) = rows.first().map(|row| row.identity) else {
            return;
        };
        match &mut self.records {
            Records::Few(few) => {
                held.rows += count(rows.len());
                few.append(rows);
                if few.len() > FEW_MAX && rules.limits.is_empty() {
                    self.recall(identity, past, span, held);
                    self.index(held);
                }
            }
            Records::Many(many) => {
                held.indexed += count(rows.len());
                rows.drain(..).for_each(|row| many.push(&row));
            }
        }
    }

    /// Puts the pairs that were matched at once before the records: they are older.
    fn recall(&mut self, identity: Identity, past: Past, before: i64, held: &mut Held) {
        let Records::Few(few) = &mut self.records else { return };
        if self.recalled {
            return;
        }
        self.recalled = true;
        let pairs = past.sealed.range(..before);
        let pairs = pairs.filter_map(|(_, sealed)| sealed.find(identity, past.logs));
        let mut rows: Vec<Row> = pairs.flat_map(|pair| pair.rows()).collect();
        if !rows.is_empty() {
            held.rows += count(rows.len());
            rows.append(few);
            rows.sort_unstable_by_key(Row::order);
            *few = rows;
        }
    }

    fn index(&mut self, held: &mut Held) {
        if let Records::Few(few) = &self.records {
            held.rows -= count(few.len());
            held.indexed += count(few.len());
            self.records = Records::Many(Box::new(Many::new(few)));
        }
    }

    /// Settles what stands before `until`, as far as the budget allows; true once all is.
    pub(super) fn settle(
        &mut self,
        (identity, until): (Identity, i64),
        rules: &Rules,
        past: Past,
        (held, budget): (&mut Held, &mut u64),
        outcomes: &mut Vec<Settled>,
    ) -> bool {
        if self.needs_past(rules) {
            self.recall(identity, past, i64::MAX, held);
        }
        match &mut self.records {
            Records::Few(few) => {
                *budget = budget.saturating_sub(GROUP_COST + count(few.len()));
                few::settle(few, until, rules, outcomes);
                true
            }
            Records::Many(many) => many.settle(until, rules, budget, outcomes),
        }
    }

    /// False where two equal records of two sides are all there is: they match without a look at the past.
    fn needs_past(&self, rules: &Rules) -> bool {
        let Records::Few(few) = &self.records else { return false };
        match few.as_slice() {
            [one, other] if !one.settled && !other.settled => {
                one.side == other.side || !rules.near(one.time, other.time) || !one.equals(other, rules)
            }
            rows => rows.iter().any(|row| !row.settled),
        }
    }

    /// Drops what no look-back reaches any more, as far as the budget allows; true once all is.
    pub(super) fn forget(&mut self, until: i64, held: &mut Held, budget: &mut u64) -> bool {
        match &mut self.records {
            Records::Few(few) => {
                let before = few.len();
                few.retain(|row| !row.settled || row.time >= until);
                held.rows -= count(before - few.len());
                true
            }
            Records::Many(many) => {
                let before = many.len();
                let done = many.forget(until, budget);
                held.indexed -= count(before - many.len());
                done
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match &self.records {
            Records::Few(few) => few.is_empty(),
            Records::Many(many) => many.len() == 0,
        }
    }

    /// When it is to be looked at next: where its first unsettled record stands, or where nobody asks for it any more.
    pub(super) fn next_time(&mut self, rules: &Rules) -> i64 {
        let (first, last) = match &mut self.records {
            Records::Few(few) => (
                few.iter().find(|row| !row.settled).map(|row| row.time),
                few.last().map(|row| row.time),
            ),
            Records::Many(many) => (many.first_time(), many.last_time()),
        };
        first.unwrap_or_else(|| later(last.unwrap_or(BEGIN), rules.grace))
    }

    /// Hands out its records.
    pub(super) fn each<E>(self, mut each: impl FnMut(Row) -> Result<(), E>) -> Result<(), E> {
        match self.records {
            Records::Few(few) => few.into_iter().try_for_each(&mut each),
            Records::Many(many) => many.rows().try_for_each(&mut each),
        }
    }
}
