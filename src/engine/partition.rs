//! One partition: how far it is read, its running maximum (rules 8 and 9), and where it would be read again.

mod idle;

use std::collections::VecDeque;

use super::rules::{BEGIN, NEVER, Rules, earlier};
use super::{Hole, PartitionCheckpoint, PartitionView};
use crate::model::Side;

/// Kafka's offsets are signed.
const OFFSET_MAX: u64 = i64::MAX.unsigned_abs();

/// The first offset at which the running maximum reached `index * window - grace`, and what stood before it.
#[derive(Clone, Copy, Debug)]
struct Mark {
    index: i64,
    offset: u64,
    max: Option<i64>,
    read: u64,
    bytes: u64,
    gaps: u64,
}

/// What is known of one partition.
#[derive(Debug, Default)]
pub(super) struct Partition {
    from: u64,
    next: u64,
    read: u64,
    bytes: u64,
    gaps: u64,
    /// Records read by this engine, those before a restart apart.
    read_here: u64,
    max: Option<i64>,
    /// From here on a greater maximum has another mark than this one.
    next_mark: i64,
    first: Option<i64>,
    marks: VecDeque<Mark>,
    /// Raises of the maximum from outside, at offsets that may be read again.
    raised: VecDeque<(u64, i64)>,
    /// How many of them are still ahead of the position.
    raises_ahead: usize,
    untimely_by_clock: VecDeque<u64>,
    /// Below it our clock has decided already.
    decided: u64,
    /// Records with a usable event time that this engine read.
    timed: u64,
    idle: Option<i64>,
    /// How far its side may go while it is idle: where the others stood when that was proved last.
    proved: Option<i64>,
    /// A query found more than was read: up to there, since when it is quiet, where the others stood.
    asked: Option<(u64, i64, Option<i64>)>,
    open_transaction: Option<i64>,
    completed: bool,
    /// From where on records wait for a window because there is no maximum yet.
    unplaced: Option<Mark>,
    /// In offset order; those at or after the resume offset will be met again after a crash.
    holes: Vec<Hole>,
}

impl Partition {
    pub(super) fn new(from: u64) -> Partition {
        Partition {
            from,
            next: from,
            next_mark: BEGIN,
            ..Partition::default()
        }
    }

    pub(super) fn resume(stored: &PartitionCheckpoint) -> Partition {
        Partition {
            from: stored.from,
            next: stored.resume,
            read: stored.read,
            bytes: stored.bytes,
            gaps: stored.gaps,
            max: stored.max_ms,
            next_mark: BEGIN,
            first: stored.first_ms,
            raises_ahead: stored.raised.len(),
            raised: stored.raised.iter().copied().collect(),
            untimely_by_clock: stored.untimely_by_clock.iter().copied().collect(),
            decided: stored.position,
            holes: stored.holes.clone(),
            ..Partition::default()
        }
    }

    /// Moves to the next record, whatever it is. False for a replay, and for what comes after the end.
    pub(super) fn arrive(&mut self, offset: u64, watermark: Option<i64>, rules: &Rules) -> bool {
        if offset < self.next || offset > OFFSET_MAX || self.completed {
            return false;
        }
        self.gaps += offset - self.next;
        self.next = offset;
        self.catch_up(rules);
        if self.idle.is_some() {
            self.follow(watermark, rules);
        }
        true
    }

    /// Applies the raises that are stored up to this offset.
    fn catch_up(&mut self, rules: &Rules) {
        while self.raises_ahead > 0 {
            let at = self.raised.len() - self.raises_ahead;
            let Some(raise) = self.raised.get_mut(at).filter(|(offset, _)| *offset <= self.next) else {
                break;
            };
            // Over a gap it takes effect here, and so does the mark it may leave.
            raise.0 = self.next;
            let value = raise.1;
            self.raises_ahead -= 1;
            self.lift(value, rules);
        }
    }

    /// The record is dealt with.
    pub(super) fn depart(&mut self, bytes: u64) {
        self.next += 1;
        self.read += 1;
        self.read_here += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        self.prove();
    }

    /// The maximum follows the engine's watermark + lateness; that is a stored input.
    pub(super) fn follow(&mut self, watermark: Option<i64>, rules: &Rules) {
        self.catch_up(rules);
        let Some(value) = followed(watermark, rules).filter(|value| self.max.is_none_or(|max| max < *value)) else {
            return;
        };
        self.raised.push_back((self.next, value));
        self.lift(value, rules);
    }

    /// A record with a usable event time: the maximum, and whether it is late.
    pub(super) fn observe(&mut self, time: i64, rules: &Rules) -> bool {
        self.timed += 1;
        self.wake();
        self.first.get_or_insert(time);
        if self.max.is_some_and(|max| time < earlier(max, rules.lateness)) {
            return !mutant!(LatePairs);
        }
        self.lift(time, rules);
        false
    }

    /// A diverted record: its Kafka timestamp moves the maximum, and says nothing of where its side begins.
    pub(super) fn divert(&mut self, time: i64, rules: &Rules) {
        self.lift(time, rules);
    }

    /// Raises the maximum at the next offset, and leaves a mark where it crosses one.
    fn lift(&mut self, value: i64, rules: &Rules) {
        if self.max.is_some_and(|max| max >= value) {
            return;
        }
        if self.max.is_some() && value < self.next_mark {
            self.max = Some(value);
            return;
        }
        let mark = rules
            .mark(value)
            .filter(|_| self.max.and_then(|max| rules.mark(max)) != rules.mark(value));
        if let Some(index) = mark {
            let (offset, max) = (self.next, self.max);
            let (read, bytes, gaps) = (self.read, self.bytes, self.gaps);
            self.marks.push_back(Mark {
                index,
                offset,
                max,
                read,
                bytes,
                gaps,
            });
        }
        self.max = Some(value);
        self.next_mark = rules.next_mark(value).unwrap_or(NEVER);
    }

    /// Everything below `position` was delivered or is a gap.
    pub(super) fn reach(&mut self, position: u64) {
        if position > self.next && !self.completed {
            self.gaps += position - self.next;
            self.next = position;
            self.prove();
        }
    }

    /// Retention took what stands before `to`. What was proved of its silence is void. Gives the range that is lost; `None`
    /// where all of it was read, or will not be. What was in a dead letter log pairs with nothing: no hole is kept of it.
    pub(super) fn lose(
        &mut self,
        (from, to): (u64, u64),
        dead_letter: bool,
        watermark: Option<i64>,
        rules: &Rules,
    ) -> Option<(u64, u64)> {
        let from = from.max(self.next);
        if to <= from || to > OFFSET_MAX || self.completed {
            return None;
        }
        self.asked = None;
        self.reach(from);
        self.catch_up(rules);
        if self.idle.take().is_some() {
            self.follow(watermark, rules);
        }
        // Met before a crash already, or before more of it was lost.
        self.holes.retain(|hole| hole.from < from);
        if !dead_letter {
            self.holes.push(Hole {
                from,
                to,
                before_ms: self.max,
                after: None,
            });
        }
        self.reach(to);
        Some((from, to))
    }

    /// A timely record that is not late was read: what is lost before it has an end. True where something has now.
    pub(super) fn mend(&mut self) -> bool {
        let (next, max) = (self.next, self.max);
        let mut mended = false;
        for hole in &mut self.holes {
            if hole.after.is_none() && hole.to <= next {
                hole.after = max.map(|max| (next, max));
                mended = true;
            }
        }
        mended
    }

    /// Its position, and how many records with a usable event time this engine read before it.
    pub(super) fn timed(&self) -> (u64, u64) {
        (self.next, self.timed)
    }

    /// Forgets the holes that have an end; the greatest maximum behind one, where there is one.
    pub(super) fn take_mended(&mut self) -> Option<i64> {
        let mended = self.holes.extract_if(.., |hole| hole.after.is_some());
        mended.filter_map(|hole| hole.after).map(|(_, max)| max).max()
    }

    /// What is lost.
    pub(super) fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// Hands out the holes that no window needs any more.
    pub(super) fn passed_holes(&mut self, watermark: i64, rules: &Rules) -> Vec<Hole> {
        self.holes
            .extract_if(.., |hole| hole.is_passed(watermark, rules))
            .collect()
    }

    /// Where it is idle, or is known to have been, its maximum is what it followed.
    pub(super) fn end_as_followed(&mut self, watermark: Option<i64>, rules: &Rules) {
        if !self.completed {
            self.catch_up(rules);
            if self.idle.is_some() {
                self.follow(watermark, rules);
            }
        }
    }

    pub(super) fn complete(&mut self) {
        self.completed = true;
        self.open_transaction = None;
    }

    /// What our clock decided about this record: before a restart if it was read then, else now.
    pub(super) fn untimely_by_clock(&mut self, now: impl FnOnce() -> bool) -> bool {
        let offset = self.next;
        if offset < self.decided {
            return self.untimely_by_clock.contains(&offset);
        }
        let untimely = now();
        if untimely {
            self.untimely_by_clock.push_back(offset);
        }
        untimely
    }

    /// Its watermark: `None` where it has none, `NEVER` where it holds nothing back.
    pub(super) fn watermark(&self, rules: &Rules) -> Option<i64> {
        if self.completed {
            Some(NEVER)
        } else {
            self.max.map(|max| earlier(max, rules.lateness))
        }
    }

    fn here(&self) -> Mark {
        Mark {
            index: i64::MAX,
            offset: self.next,
            max: self.max,
            read: self.read,
            bytes: self.bytes,
            gaps: self.gaps,
        }
    }

    /// A record without a maximum waits for its window; until it has one it is read again after a crash.
    pub(super) fn wait_for_window(&mut self) {
        if self.max.is_none() && self.unplaced.is_none() {
            self.unplaced = Some(self.here());
        }
    }

    /// What waited for a window counts in a final one now.
    pub(super) fn placed(&mut self) {
        self.unplaced = None;
    }

    /// Where it is read again for a frontier.
    pub(super) fn checkpoint(
        &self,
        side: Side,
        partition: u32,
        frontier: Option<i64>,
        watermark: Option<i64>,
        rules: &Rules,
    ) -> PartitionCheckpoint {
        let start = Mark {
            index: i64::MIN,
            offset: self.from,
            max: None,
            read: 0,
            bytes: 0,
            gaps: 0,
        };
        let mark = match frontier {
            None => start,
            Some(frontier) => {
                let needed = rules.frontier_mark(frontier);
                let reached = self
                    .marks
                    .iter()
                    .find(|mark| needed.is_some_and(|needed| mark.index >= needed));
                self.unplaced.or(reached.copied()).unwrap_or_else(|| self.here())
            }
        };
        let mut raised: Vec<(u64, i64)> = self
            .raised
            .iter()
            .copied()
            .filter(|(at, _)| *at >= mark.offset)
            .collect();
        if self.idle.is_some() && !self.completed {
            raised.extend(followed(watermark, rules).map(|value| (self.next, value)));
        }
        PartitionCheckpoint {
            side: Some(side),
            partition,
            from: self.from,
            resume: mark.offset + u64::from(mutant!(ResumePlusOne)),
            max_ms: mark.max,
            first_ms: self.first,
            read: mark.read,
            bytes: mark.bytes,
            gaps: mark.gaps,
            position: self.next.max(self.decided),
            raised: if mutant!(RaisesNotStored) { Vec::new() } else { raised },
            untimely_by_clock: self
                .untimely_by_clock
                .iter()
                .copied()
                .filter(|at| *at >= mark.offset)
                .collect(),
            idle_since_ms: self.idle,
            holes: self.holes_before(mark.offset),
        }
    }

    /// The holes as they are known where it is read again from `resume`: what ends one may be lost by then.
    fn holes_before(&self, resume: u64) -> Vec<Hole> {
        let known = |hole: &Hole| Hole {
            after: hole.after.filter(|(at, _)| *at < resume),
            ..*hole
        };
        self.holes.iter().map(known).collect()
    }

    /// Forgets what no later frontier needs.
    pub(super) fn forget(&mut self, frontier: i64, rules: &Rules) {
        let Some(needed) = rules.frontier_mark(frontier) else {
            return;
        };
        while self.marks.front().is_some_and(|mark| mark.index < needed) {
            self.marks.pop_front();
        }
        let resume = self.marks.front().map_or(self.next, |mark| mark.offset);
        while self.raised.len() > self.raises_ahead && self.raised.front().is_some_and(|(at, _)| *at < resume) {
            self.raised.pop_front();
        }
        while self.untimely_by_clock.front().is_some_and(|at| *at < resume) {
            self.untimely_by_clock.pop_front();
        }
    }

    pub(super) fn max(&self) -> Option<i64> {
        self.max
    }

    /// First timely event time.
    pub(super) fn first(&self) -> Option<i64> {
        self.first
    }

    pub(super) fn is_idle(&self) -> bool {
        self.idle.is_some()
    }

    pub(super) fn is_completed(&self) -> bool {
        self.completed
    }

    /// Records read by this engine, those before a restart apart.
    pub(super) fn read_here(&self) -> u64 {
        self.read_here
    }

    pub(super) fn view(&self, partition: u32) -> PartitionView {
        PartitionView {
            partition,
            from: self.from,
            position: self.next,
            read: self.read,
            bytes: self.bytes,
            gaps: self.gaps,
            max_ms: self.max,
            idle_since_ms: self.idle,
            open_transaction_since_ms: self.open_transaction,
            completed: self.completed,
        }
    }
}

/// Where a maximum is that follows the engine's watermark.
fn followed(watermark: Option<i64>, rules: &Rules) -> Option<i64> {
    let watermark = watermark.filter(|watermark| *watermark != BEGIN && *watermark != NEVER)?;
    rules.lateness.map(|lateness| watermark.saturating_add(lateness))
}
