//! Pairing by identity (rule 6), span by span: a span of event time is sealed when the watermark has reached its end, and
//! settled when it has passed it by grace. An identity with exactly one record a side in a span, equal and near, and
//! nothing unsettled before, is matched when the span is sealed: a third record would stand later in the order, so it
//! cannot change that. All others are open groups until they are settled.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use super::row::{Pair, Row, Settled};
use super::rules::{BEGIN, NEVER, Rules, earlier, later};
use super::segment::{Sealed, Segment};
use super::tolerance::Equality;
use super::{few, many::Many};
use crate::model::{Identity, PerSide, Side};

/// A group with more records than this is indexed, unless there are tolerances.
const FEW_MAX: usize = 32;
/// Bytes that a group holds besides its rows: its entry, the list's slack, its places in the queue (measured).
const GROUP_BYTES: u64 = 160;
/// Bytes of an indexed record (measured: list, digest's entry, sets).
const INDEXED_BYTES: u64 = 240;

/// What becomes of the outcomes.
pub(super) trait Tally {
    /// Pairs that were matched at once, all in one window.
    fn matched(&mut self, window: i64, pairs: &[Pair]);
    /// An outcome, now that it counts.
    fn settled(&mut self, settled: Settled);
    /// A pair, as soon as it is decided.
    fn decided(&mut self, settled: &Settled);
}

#[derive(Debug)]
enum Records {
    Few(Vec<Row>),
    Many(Box<Many>),
}

/// The records of one identity that were not matched at once.
#[derive(Debug)]
struct Group {
    records: Records,
    /// The span in which it is looked at next.
    due: i64,
    /// Its pairs that were matched at once are among the records.
    recalled: bool,
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

/// All records in flight and all that are remembered.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    unsealed: BTreeMap<i64, Segment>,
    /// The times of the span that got the last record, and the span.
    recent: (Range<i64>, i64),
    sealed: BTreeMap<i64, Sealed>,
    /// Never iterated over: its order does not show.
    open: HashMap<Identity, Group, BuildHasherDefault<FirstBytes>>,
    due: BTreeMap<i64, Vec<Identity>>,
    /// Pairs that are decided and whose baseline record lies in a span that is not settled yet.
    deferred: BTreeMap<i64, Vec<Settled>>,
    /// Unsettled records in groups.
    unsettled: PerSide<u64>,
    held: Held,
}

/// Numbers of what is held.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    rows: u64,
    pairs: u64,
    indexed: u64,
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

impl Pairing {
    #[inline(always)]
    pub(super) fn push(&mut self, row: Row, rules: &Rules) {
        if !self.recent.0.contains(&row.time) {
            let span = rules.grid.segment(row.time);
            self.recent = (rules.grid.segment_start(span)..rules.grid.segment_end(span), span);
        }
        let span = self.recent.1;
        match self.unsealed.get_mut(&span) {
            Some(segment) => segment.push(row),
            None => self.unsealed.entry(span).or_default().push(row),
        }
        self.held.rows += 1;
    }

    /// A pair that is decided already: it counts when its baseline record's span is settled.
    pub(super) fn defer(&mut self, settled: Settled, rules: &Rules) {
        self.deferred
            .entry(rules.grid.segment(settled.time()))
            .or_default()
            .push(settled);
    }

    /// Seals and settles what the watermark allows.
    pub(super) fn advance(&mut self, watermark: i64, rules: &Rules, tally: &mut impl Tally) {
        while let Some((&span, _)) = self.unsealed.first_key_value() {
            if rules.grid.segment_end(span) > watermark {
                break;
            }
            if let Some(segment) = self.unsealed.remove(&span) {
                self.seal(span, segment, rules);
            }
        }
        let mut from = i64::MIN;
        while let Some(span) = self.next_work(from).filter(|span| rules.is_ready(*span, watermark)) {
            self.settle(span, rules, tally);
            from = span;
        }
        let forgotten = earlier(rules.settled_before(watermark), rules.grace);
        while let Some(sealed) = self.sealed.first_entry() {
            if !sealed.get().counted || rules.grid.segment_end(*sealed.key()) > forgotten {
                break;
            }
            self.held.pairs -= count(sealed.remove().len());
        }
    }

    /// The first span with something to settle.
    fn next_work(&self, from: i64) -> Option<i64> {
        let due = self.due.first_key_value().map(|(span, _)| *span);
        let deferred = self.deferred.first_key_value().map(|(span, _)| *span);
        // Spans before the last one settled are counted.
        let sealed = self
            .sealed
            .range(from..)
            .find(|(_, sealed)| !sealed.counted)
            .map(|(span, _)| *span);
        [due, deferred, sealed].into_iter().flatten().min()
    }

    fn seal(&mut self, span: i64, segment: Segment, rules: &Rules) {
        let mut sealed = Sealed::default();
        let rows = count(segment.len());
        sealed.pairs.reserve(segment.len() / 2);
        segment.drain(|rows| {
            let is_open = |row: &Row| self.open.contains_key(&row.identity);
            let alone = self.open.is_empty() || !rows.first().is_some_and(is_open);
            if let Some(pair) = alone.then(|| matched_at_once(rows, rules)).flatten() {
                let recalled = rows.iter().all(|row| row.settled);
                let pairs = if recalled {
                    &mut sealed.recalled
                } else {
                    &mut sealed.pairs
                };
                return pairs.push(pair);
            }
            self.open_group(span, rows, rules);
        });
        self.held.rows -= rows;
        sealed.pairs.shrink_to_fit();
        self.held.pairs += count(sealed.len());
        if sealed.len() > 0 {
            self.sealed.insert(span, sealed);
        }
    }

    fn open_group(&mut self, span: i64, rows: &mut Vec<Row>, rules: &Rules) {
        let Some(identity) = rows.first().map(|row| row.identity) else {
            return;
        };
        let group = self.open.entry(identity).or_insert_with(|| Group {
            records: Records::Few(Vec::with_capacity(rows.len())),
            due: NEVER,
            recalled: false,
        });
        for row in rows.iter().filter(|row| !row.settled) {
            *self.unsettled.get_mut(row.side) += 1;
        }
        match &mut group.records {
            Records::Few(few) => {
                self.held.rows += count(rows.len());
                few.append(rows);
                if few.len() > FEW_MAX && rules.limits.is_empty() {
                    group.recall(identity, &self.sealed, span, &mut self.held);
                    group.index(&mut self.held);
                }
            }
            Records::Many(many) => {
                self.held.indexed += count(rows.len());
                rows.drain(..).for_each(|row| many.push(&row));
            }
        }
        if span < group.due {
            group.due = span;
            self.due.entry(span).or_default().push(identity);
        }
    }

    fn settle(&mut self, span: i64, rules: &Rules, tally: &mut impl Tally) {
        let end = rules.grid.segment_end(span);
        let mut identities = self.due.remove(&span).unwrap_or_default();
        identities.sort_unstable();
        identities.dedup();
        let mut outcomes = Vec::new();
        for identity in identities {
            let Some(group) = self.open.get_mut(&identity).filter(|group| group.due == span) else {
                continue;
            };
            group.settle(identity, span, rules, &self.sealed, &mut self.held, &mut outcomes);
            let kept = group.forget(earlier(end, rules.grace), &mut self.held);
            for settled in outcomes.drain(..) {
                self.unsettled.baseline -= u64::from(settled.baseline.is_some());
                self.unsettled.canary -= u64::from(settled.canary.is_some());
                tally.decided(&settled);
                if settled.time() < end {
                    tally.settled(settled);
                } else {
                    self.deferred
                        .entry(rules.grid.segment(settled.time()))
                        .or_default()
                        .push(settled);
                }
            }
            match (kept, group.first_time(), group.last_time()) {
                (false, ..) => {
                    self.open.remove(&identity);
                }
                (true, first, last) => {
                    let idle = || later(last.unwrap_or(BEGIN), rules.grace);
                    let next = first.unwrap_or_else(idle);
                    group.due = rules.grid.segment(next).max(span.saturating_add(1));
                    self.due.entry(group.due).or_default().push(identity);
                }
            }
        }
        for settled in self.deferred.remove(&span).unwrap_or_default() {
            tally.settled(settled);
        }
        if let Some(sealed) = self.sealed.get_mut(&span).filter(|sealed| !sealed.counted) {
            tally.matched(rules.grid.window_of_segment(span), &sealed.pairs);
            sealed.counted = true;
        }
    }

    /// Hands out every row and forgets it. What is decided counts at once: no window of it is final yet.
    pub(super) fn put_away<E>(
        &mut self,
        rules: &Rules,
        tally: &mut impl Tally,
        mut each: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let Pairing {
            unsealed,
            sealed,
            mut open,
            due,
            deferred,
            ..
        } = std::mem::take(self);
        deferred
            .into_values()
            .flatten()
            .for_each(|settled| tally.settled(settled));
        for (span, sealed) in sealed {
            if !sealed.counted {
                tally.matched(rules.grid.window_of_segment(span), &sealed.pairs);
            }
            for pair in sealed.pairs.iter().chain(&sealed.recalled) {
                // Those of a recalled group are among its records.
                if !open.get(&pair.identity).is_some_and(|group| group.recalled) {
                    pair.rows().into_iter().try_for_each(&mut each)?;
                }
            }
        }
        // Every group is due somewhere.
        for identity in due.into_values().flatten() {
            match open.remove(&identity).map(|group| group.records) {
                Some(Records::Few(few)) => few.into_iter().try_for_each(&mut each)?,
                Some(Records::Many(many)) => many.rows().try_for_each(&mut each)?,
                None => {}
            }
        }
        unsealed.into_values().try_for_each(|segment| segment.each(&mut each))
    }

    /// Records of a side that are in no window yet.
    pub(super) fn pending(&self, side: Side) -> u64 {
        let unsealed: u64 = self.unsealed.values().map(|segment| segment.pending(side)).sum();
        let matched = self
            .sealed
            .values()
            .filter(|sealed| !sealed.counted)
            .map(|sealed| count(sealed.pairs.len()));
        let deferred = self.deferred.values().map(|deferred| count(deferred.len()));
        unsealed + matched.sum::<u64>() + deferred.sum::<u64>() + self.unsettled.get(side)
    }

    /// Bytes that the records in flight and the remembered ones hold: 64 an unsettled record (chunks may be half empty
    /// while they are small), 80 a remembered pair, what an open group costs besides its rows, an indexed record.
    pub(super) fn held_bytes(&self, rules: &Rules) -> u64 {
        let tolerant = rules.tolerant_bytes();
        let deferred = self
            .deferred
            .values()
            .map(|deferred| count(deferred.len()))
            .sum::<u64>();
        let rows = self.held.rows * (64 + tolerant) + self.held.pairs * (96 + tolerant) + deferred * 80;
        rows + count(self.open.len()) * GROUP_BYTES + self.held.indexed * INDEXED_BYTES
    }
}

/// One record a side, exactly equal and near: nothing that comes later can part them.
fn matched_at_once(rows: &mut [Row], rules: &Rules) -> Option<Pair> {
    let [one, other] = rows else { return None };
    let (baseline, canary) = if one.side == Side::Baseline {
        (one, other)
    } else {
        (other, one)
    };
    let sides = baseline.side == Side::Baseline && canary.side == Side::Canary && baseline.settled == canary.settled;
    if !sides || !rules.near(baseline.time, canary.time) || baseline.equality(canary, rules) != Equality::Exact {
        return None;
    }
    Some(Pair {
        identity: baseline.identity,
        digest: baseline.digest,
        baseline: baseline.sighting(),
        canary: canary.sighting(),
        tolerant: baseline.tolerant.take(),
        by_content: baseline.by_content,
    })
}

impl Group {
    /// Puts the pairs that were matched at once before the records: they are older.
    fn recall(&mut self, identity: Identity, sealed: &BTreeMap<i64, Sealed>, before: i64, held: &mut Held) {
        let Records::Few(few) = &mut self.records else { return };
        if self.recalled {
            return;
        }
        self.recalled = true;
        let pairs = sealed.range(..before).filter_map(|(_, sealed)| sealed.find(identity));
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

    fn settle(
        &mut self,
        identity: Identity,
        span: i64,
        rules: &Rules,
        sealed: &BTreeMap<i64, Sealed>,
        held: &mut Held,
        outcomes: &mut Vec<Settled>,
    ) {
        let until = rules.grid.segment_end(span);
        if self.needs_past(rules) {
            self.recall(identity, sealed, i64::MAX, held);
        }
        match &mut self.records {
            Records::Few(few) => few::settle(few, until, rules, outcomes),
            Records::Many(many) => many.settle(until, rules, outcomes),
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

    /// Drops what no look-back reaches any more; false where nothing is left.
    fn forget(&mut self, until: i64, held: &mut Held) -> bool {
        match &mut self.records {
            Records::Few(few) => {
                let before = few.len();
                few.retain(|row| !row.settled || row.time >= until);
                held.rows -= count(before - few.len());
                !few.is_empty()
            }
            Records::Many(many) => {
                let before = many.len();
                many.forget(until);
                held.indexed -= count(before - many.len());
                many.len() > 0
            }
        }
    }

    fn first_time(&mut self) -> Option<i64> {
        match &mut self.records {
            Records::Few(few) => few.iter().find(|row| !row.settled).map(|row| row.time),
            Records::Many(many) => many.first_time(),
        }
    }

    fn last_time(&self) -> Option<i64> {
        match &self.records {
            Records::Few(few) => few.last().map(|row| row.time),
            Records::Many(many) => many.last_time(),
        }
    }
}
