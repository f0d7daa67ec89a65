//! Pairing by identity (rule 6), span by span: a span of event time is sealed when the watermark has reached its end, and
//! settled when it has passed it by grace. An identity with exactly one record a side in a span, equal and near, and
//! nothing unsettled before, is matched when the span is sealed: a third record would stand later in the order, so it
//! cannot change that. All others are open groups until they are settled.
//!
//! The work is done in the order of the spans, and can be cut anywhere: what a budget leaves is gone on with later. That
//! never shows. No record can come any more to a span that is sealed, and no outcome asks for another identity.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::drain::{Drain, Next};
use super::group::{Groups, Held, Past};
use super::packed::{Logs, Packed};
use super::row::{Mark, Pair, Row, Settled, Sighting};
use super::rules::{Rules, earlier};
use super::sealed::{Sealed, sides};
use super::segment::Segment;
use super::tolerance::Equality;
use crate::model::{Fingerprint, Identity, PerSide, Position, Side};

/// Bytes that a group holds besides its rows: its entry, the list's slack, its places in the queue (measured).
const GROUP_BYTES: u64 = 160;
/// Bytes of an indexed record (measured: list, digest's entry, sets).
const INDEXED_BYTES: u64 = 240;

/// What becomes of the outcomes.
pub(super) trait Tally {
    /// Pairs that were matched at once, all in one window.
    fn matched(&mut self, window: i64, pairs: impl Iterator<Item = (Sighting, Sighting)>);
    /// An outcome, now that it counts.
    fn settled(&mut self, settled: Settled);
    /// A pair, as soon as it is decided.
    fn decided(&mut self, settled: &Settled);
}

/// What was begun and is not done.
#[derive(Debug)]
enum Task {
    /// A span got all its records.
    Seal(i64, Box<(Drain, Sealed)>),
    /// Everything that may pair with a span's records is sealed: its groups, then its pairs that are decided already.
    Settle(i64, Vec<Identity>, Vec<Settled>),
    /// Nobody asks for a span any more.
    Forget(Sealed),
}

/// All records in flight and all that are remembered.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    unsealed: BTreeMap<i64, Segment>,
    /// The times of the span that got the last record, and the span.
    recent: (Range<i64>, i64),
    logs: Logs,
    sealed: BTreeMap<i64, Sealed>,
    /// Those with pairs that are not counted.
    uncounted: BTreeSet<i64>,
    open: Groups,
    due: BTreeMap<i64, Vec<Identity>>,
    /// Pairs that are decided and whose baseline record lies in a span that is not settled yet.
    deferred: BTreeMap<i64, Vec<Settled>>,
    task: Option<Task>,
    /// Unsettled records in groups.
    unsettled: PerSide<u64>,
    held: Held,
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

impl Pairing {
    pub(super) fn push(&mut self, row: Row, rules: &Rules) {
        let (segment, logs) = self.segment(row.time, rules);
        segment.push(row, logs);
    }

    /// A record that was just read and has no outcome.
    #[inline(always)]
    pub(super) fn push_fresh(&mut self, print: &Fingerprint, at: Position, (time, slow): (i64, bool), rules: &Rules) {
        let (segment, logs) = self.segment(time, rules);
        if !segment.push_fresh(print, at, (time, slow), logs) {
            let mut row = Row::new(print, at, time);
            row.mark = Mark::slow(slow);
            segment.push(row, logs);
        }
    }

    /// The span of a time.
    #[inline(always)]
    fn segment(&mut self, time: i64, rules: &Rules) -> (&mut Segment, &mut Logs) {
        if !self.recent.0.contains(&time) {
            let span = rules.grid.segment(time);
            self.recent = (rules.grid.segment_start(span)..rules.grid.segment_end(span), span);
        }
        let (Range { start, .. }, span) = &self.recent;
        let segment = self.unsealed.entry(*span).or_insert_with(|| Segment::new(*start));
        (segment, &mut self.logs)
    }

    /// A pair that is decided already: it counts when its baseline record's span is settled.
    pub(super) fn defer(&mut self, settled: Settled, rules: &Rules) {
        self.deferred
            .entry(rules.grid.segment(settled.time()))
            .or_default()
            .push(settled);
    }

    /// Seals and settles what the watermark allows, as far as the budget does: a record costs about 1. True once all is.
    pub(super) fn advance(&mut self, watermark: i64, rules: &Rules, budget: &mut u64, tally: &mut impl Tally) -> bool {
        loop {
            let Some(task) = self.task.take().or_else(|| self.next_task(watermark, rules)) else {
                return true;
            };
            self.task = self.go_on(task, rules, budget, tally);
            if self.task.is_some() || *budget == 0 {
                return false;
            }
        }
    }

    fn next_task(&mut self, watermark: i64, rules: &Rules) -> Option<Task> {
        let grid = &rules.grid;
        if let Some(first) = self
            .unsealed
            .first_entry()
            .filter(|first| grid.segment_end(*first.key()) <= watermark)
        {
            let (span, segment) = first.remove_entry();
            let sealed = Sealed::new(grid.segment_start(span), grid.segment_end(span));
            return Some(Task::Seal(span, Box::new((segment.drain(), sealed))));
        }
        if let Some(span) = self.next_work().filter(|span| rules.is_ready(*span, watermark)) {
            let due = self.due.remove(&span).unwrap_or_default();
            let deferred = self.deferred.remove(&span).unwrap_or_default();
            return Some(Task::Settle(span, due, deferred));
        }
        let forgotten = earlier(rules.settled_before(watermark), rules.grace);
        let first = self.sealed.first_entry()?;
        if self.uncounted.contains(first.key()) || grid.segment_end(*first.key()) > forgotten {
            return None;
        }
        Some(Task::Forget(first.remove()))
    }

    /// The first span with something to settle.
    fn next_work(&self) -> Option<i64> {
        let due = self.due.first_key_value().map(|(span, _)| *span);
        let deferred = self.deferred.first_key_value().map(|(span, _)| *span);
        let uncounted = self.uncounted.first().copied();
        [due, deferred, uncounted].into_iter().flatten().min()
    }

    /// What is left of the task.
    fn go_on(&mut self, task: Task, rules: &Rules, budget: &mut u64, tally: &mut impl Tally) -> Option<Task> {
        let left = match task {
            Task::Seal(span, mut parts) => {
                let (drain, sealed) = &mut *parts;
                if !self.seal(span, drain, sealed, rules, budget) {
                    return Some(Task::Seal(span, parts));
                }
                let (_, mut sealed) = *parts;
                sealed.finish();
                if sealed.len() > 0 {
                    self.sealed.insert(span, sealed);
                    self.uncounted.insert(span);
                }
                None
            }
            Task::Settle(span, mut due, mut deferred) => {
                let done = self.settle(span, &mut due, rules, budget, tally)
                    && settle_deferred(&mut deferred, budget, tally)
                    && self.count(span, rules, budget, tally);
                (!done).then_some(Task::Settle(span, due, deferred))
            }
            Task::Forget(mut sealed) => sealed.forget(budget).then_some(Task::Forget(sealed)),
        };
        // An empty one is not free either.
        *budget = budget.saturating_sub(1);
        left
    }

    /// True once nothing is left of the span's rows.
    fn seal(&mut self, span: i64, drain: &mut Drain, sealed: &mut Sealed, rules: &Rules, budget: &mut u64) -> bool {
        let (mut run, mut rows, mut group) = (Vec::new(), Vec::new(), Vec::new());
        while *budget > 0 {
            if let Some((one, other)) = drain.pair()
                && self.is_matched(one, other, sealed, rules)
            {
                let settled = one.is_settled();
                drain.pass_pair(settled, budget);
                continue;
            }
            let next = drain.next(&self.logs, budget, &mut run);
            match next {
                Next::Done => return true,
                Next::Busy => continue,
                Next::Run | Next::Piece => {}
            }
            let unpacked = run
                .drain(..)
                .map(|row| row.unpack(drain.base, &self.logs, &mut drain.apart));
            rows.extend(unpacked);
            if next == Next::Run && rows.len() > 1 {
                rows.sort_unstable_by_key(|row: &Row| (row.identity, row.order()));
            }
            // Identities that agree in their first bytes: one after the other.
            for row in rows.drain(..) {
                if group.last().is_some_and(|last: &Row| last.identity != row.identity) {
                    self.resolve(span, &mut group, next == Next::Run, sealed, rules);
                }
                group.push(row);
            }
            self.resolve(span, &mut group, next == Next::Run, sealed, rules);
        }
        false
    }

    /// The usual case, seen on the rows as they are held.
    #[inline(always)]
    fn is_matched(&self, one: &Packed, other: &Packed, sealed: &mut Sealed, rules: &Rules) -> bool {
        let alike = one.identity == other.identity && one.digest == other.digest;
        let plain = alike && one.is_settled() == other.is_settled() && !one.is_apart() && !other.is_apart();
        let Some((baseline, canary)) = sides(one, other).filter(|_| plain) else {
            return false;
        };
        rules.near(i64::from(baseline.time()), i64::from(canary.time()))
            && !self.open.contains(&baseline.identity)
            && sealed.push_packed(baseline, canary)
    }

    /// All rows of one identity in a span, or some.
    fn resolve(&mut self, span: i64, rows: &mut Vec<Row>, all: bool, sealed: &mut Sealed, rules: &Rules) {
        let Some(identity) = rows.first().map(|row| row.identity) else {
            return;
        };
        if all
            && !self.open.contains(&identity)
            && let Some(pair) = matched_at_once(rows, rules)
        {
            sealed.push(pair, rows.iter().all(|row| row.settled));
            return rows.clear();
        }
        for row in rows.iter().filter(|row| !row.settled) {
            *self.unsettled.get_mut(row.side) += 1;
        }
        let past = Past {
            sealed: &self.sealed,
            logs: &self.logs,
        };
        let group = self.open.open(identity, rows.len());
        group.append(rows, span, rules, past, &mut self.held);
        if span < group.due {
            group.due = span;
            self.due.entry(span).or_default().push(identity);
        }
    }

    /// Settles the groups that are due; true once there are none.
    fn settle(
        &mut self,
        span: i64,
        due: &mut Vec<Identity>,
        rules: &Rules,
        budget: &mut u64,
        tally: &mut impl Tally,
    ) -> bool {
        let end = rules.grid.segment_end(span);
        let mut outcomes = Vec::new();
        while let Some(identity) = due.last().copied() {
            if *budget == 0 {
                return false;
            }
            // It may stand there twice.
            let Some(group) = self.open.get_mut(&identity).filter(|group| group.due == span) else {
                due.pop();
                continue;
            };
            let past = Past {
                sealed: &self.sealed,
                logs: &self.logs,
            };
            let held = (&mut self.held, &mut *budget);
            let done = group.settle((identity, end), rules, past, held, &mut outcomes)
                && group.forget(earlier(end, rules.grace), &mut self.held, budget);
            if done {
                due.pop();
                if group.is_empty() {
                    self.open.remove(&identity);
                } else {
                    group.due = rules.grid.segment(group.next_time(rules)).max(span.saturating_add(1));
                    self.due.entry(group.due).or_default().push(identity);
                }
            }
            for settled in outcomes.drain(..) {
                self.unsettled.baseline -= u64::from(settled.baseline.is_some());
                self.unsettled.canary -= u64::from(settled.canary.is_some());
                tally.decided(&settled);
                if settled.time() < end {
                    tally.settled(settled);
                } else {
                    self.defer(settled, rules);
                }
            }
        }
        true
    }

    /// Counts the pairs of a span that were matched at once; true once all are.
    fn count(&mut self, span: i64, rules: &Rules, budget: &mut u64, tally: &mut impl Tally) -> bool {
        let window = rules.grid.window_of_segment(span);
        if let Some(sealed) = self.sealed.get_mut(&span) {
            while *budget > 0 && count_next(sealed, window, &self.logs, budget, tally) {}
            if sealed.uncounted() > 0 {
                return false;
            }
        }
        self.uncounted.remove(&span);
        true
    }

    /// Hands out every row and forgets it. What is decided counts at once: no window of it is final yet.
    pub(super) fn put_away<E>(
        &mut self,
        rules: &Rules,
        tally: &mut impl Tally,
        mut each: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(task) = self.task.take() {
            self.task = self.go_on(task, rules, &mut u64::MAX.clone(), tally);
        }
        let Pairing {
            unsealed,
            logs,
            sealed,
            uncounted,
            mut open,
            due,
            deferred,
            ..
        } = std::mem::take(self);
        deferred
            .into_values()
            .flatten()
            .for_each(|settled| tally.settled(settled));
        for (span, mut sealed) in sealed {
            if uncounted.contains(&span) {
                let window = rules.grid.window_of_segment(span);
                while count_next(&mut sealed, window, &logs, &mut u64::MAX.clone(), tally) {}
            }
            for pair in sealed.pairs(&logs) {
                // Those of a recalled group are among its records.
                if !open.get(&pair.identity).is_some_and(|group| group.recalled) {
                    pair.rows().into_iter().try_for_each(&mut each)?;
                }
            }
        }
        // Every group is due somewhere.
        for identity in due.into_values().flatten() {
            open.remove(&identity).map_or(Ok(()), |group| group.each(&mut each))?;
        }
        unsealed
            .into_values()
            .try_for_each(|segment| segment.each(&logs, &mut each))
    }

    /// Records of both sides that are in no window yet, in one walk.
    pub(super) fn pending(&self) -> PerSide<u64> {
        let mut pending = self.unsettled;
        for segment in self.unsealed.values() {
            pending.baseline += segment.pending(Side::Baseline);
            pending.canary += segment.pending(Side::Canary);
        }
        let uncounted = self.uncounted.iter().filter_map(|span| self.sealed.get(span));
        let uncounted: u64 = uncounted.map(|sealed| count(sealed.uncounted())).sum();
        let deferred: u64 = self.deferred.values().map(|deferred| count(deferred.len())).sum();
        let begun = match &self.task {
            Some(Task::Seal(_, parts)) => {
                pending.baseline += parts.0.pending(Side::Baseline);
                pending.canary += parts.0.pending(Side::Canary);
                count(parts.1.uncounted())
            }
            Some(Task::Settle(_, _, deferred)) => count(deferred.len()),
            Some(Task::Forget(_)) | None => 0,
        };
        // A pair is a record of each side.
        let pairs = uncounted + deferred + begun;
        pending.baseline += pairs;
        pending.canary += pairs;
        pending
    }

    /// Bytes that the records in flight and the remembered ones hold: rows and pairs in their blocks, free places
    /// included, 64 a record in a group, what a group costs besides, an indexed record.
    pub(super) fn held_bytes(&self, rules: &Rules) -> u64 {
        let tolerant = rules.tolerant_bytes();
        let unsealed: u64 = self.unsealed.values().map(|segment| segment.held_bytes(tolerant)).sum();
        let sealed: u64 = self.sealed.values().map(|sealed| sealed.held_bytes(tolerant)).sum();
        let deferred = self
            .deferred
            .values()
            .map(|deferred| count(deferred.len()))
            .sum::<u64>();
        let (begun, waiting) = match &self.task {
            Some(Task::Seal(_, parts)) => (parts.0.held_bytes(tolerant) + parts.1.held_bytes(tolerant), 0),
            Some(Task::Settle(_, _, deferred)) => (0, count(deferred.len())),
            Some(Task::Forget(sealed)) => (sealed.held_bytes(tolerant), 0),
            None => (0, 0),
        };
        let rows = unsealed + sealed + begun + self.held.rows * (64 + tolerant) + (deferred + waiting) * 80;
        rows + count(self.open.len()) * GROUP_BYTES + self.held.indexed * INDEXED_BYTES
    }
}

/// Counts some of the pairs that were matched at once; false where there are none.
fn count_next(sealed: &mut Sealed, window: i64, logs: &Logs, budget: &mut u64, tally: &mut impl Tally) -> bool {
    let Some(pairs) = sealed.next_uncounted() else {
        return false;
    };
    tally.matched(window, sealed.places(&pairs, logs));
    *budget = budget.saturating_sub(count(sealed.keep(&pairs)));
    true
}

/// True once all are counted.
fn settle_deferred(deferred: &mut Vec<Settled>, budget: &mut u64, tally: &mut impl Tally) -> bool {
    while *budget > 0 {
        let Some(settled) = deferred.pop() else { return true };
        *budget -= 1;
        tally.settled(settled);
    }
    deferred.is_empty()
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
        // What is paired is not compared again: what is left is to know a duplicate by.
        tolerant: baseline.tolerant.take().filter(|_| !rules.limits.is_empty()),
        by_content: baseline.by_content,
    })
}
