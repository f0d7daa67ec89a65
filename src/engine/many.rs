//! The records of one identity while they are many: rule 6 with an index, for streams without tolerances. Every record
//! costs a few look-ups, however many are in flight. `few` is the same rule as it is written; a property test holds the
//! two together.
//!
//! For each digest and side the records are linked in order. `front` is the first unsettled one; `fresh` the first that
//! is neither settled nor a duplicate: a record that was passed over as a duplicate stays one. A digest is *lonely* on a
//! side where the other side has none of it in S; the oldest fresh record of a lonely digest is what (c) pairs with.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::group::FirstBytes;
use super::line::Line;
use super::named;
use super::numbers::Numbers;
use super::row::{Row, Settled, Sighting, Tolerant, plain_surplus};
use super::rules::{BEGIN, Rules, later};
use crate::model::{Differing, Digest, Identity, Outcome, Side};

/// No record: the end of a list.
const NONE: usize = usize::MAX;
/// What settling a record costs, where taking it into S or dropping it costs 1.
const COST: u64 = 2;

/// Parts of the index.
const SHARDS: usize = 64;

/// Where a digest is looked for.
fn shard(Digest([.., last]): Digest) -> usize {
    usize::from(last) % SHARDS
}

/// Which of the two lanes a side has.
fn lane(side: Side) -> usize {
    usize::from(side == Side::Canary)
}

#[derive(Clone, Copy, Debug)]
struct Member {
    at: Sighting,
    /// Its digest's slot.
    slot: usize,
    /// The next one of the digest.
    next: usize,
    /// Time of the nearest earlier record of the side with another digest.
    other_before: i64,
    settled: bool,
}

/// The records of one side, in order; the first one has the number `base`.
#[derive(Debug, Default)]
struct Lane {
    members: Line<Member>,
    base: usize,
    /// Number of the first record that may be unsettled.
    next: usize,
    /// Number of the first record that is not in S yet.
    entered: usize,
    /// Records that were taken ahead of their turn.
    ahead: Numbers,
    /// The oldest fresh record of each lonely digest.
    lonely: Numbers,
}

/// One digest on one side. Numbers are `NONE` at the end.
#[derive(Clone, Copy, Debug)]
struct List {
    front: usize,
    fresh: usize,
    last: usize,
    /// Its entry among the lonely ones.
    shown: usize,
    last_settled: Option<i64>,
    /// Unsettled ones in S.
    live: u32,
    /// All that are remembered.
    len: u32,
}

const EMPTY: List = List {
    front: NONE,
    fresh: NONE,
    last: NONE,
    shown: NONE,
    last_settled: None,
    live: 0,
    len: 0,
};

#[derive(Debug)]
pub(super) struct Many {
    identity: Identity,
    by_content: bool,
    lanes: [Lane; 2],
    /// Where the lists of a digest are, in shards by its last byte, so that none takes long to grow. Never iterated over:
    /// their order does not show.
    slots: Vec<HashMap<Digest, usize, BuildHasherDefault<FirstBytes>>>,
    lists: Line<(Digest, [List; 2])>,
    /// By slot: what is equal has equal values at critical paths. Empty where there are none.
    beside: Vec<Tolerant>,
    /// Places of lists that are free; the one that was freed first is taken first, so that lists that are made one after the
    /// other stay near one another.
    free: Line<usize>,
    /// Digests that both sides have in S.
    shared: usize,
}

impl Lane {
    fn get(&self, number: usize) -> Option<&Member> {
        self.members.get(number.checked_sub(self.base)?)
    }

    fn get_mut(&mut self, number: usize) -> Option<&mut Member> {
        self.members.get_mut(number.checked_sub(self.base)?)
    }

    /// The first unsettled record.
    fn first(&mut self) -> Option<(usize, Member)> {
        loop {
            let member = *self.get(self.next)?;
            if !member.settled {
                return Some((self.next, member));
            }
            self.ahead.remove(self.next);
            self.next += 1;
        }
    }

    /// Moves `fresh` over what is settled or a duplicate; the number there.
    fn refresh(&self, list: &mut List, repeats: bool, rules: &Rules) -> usize {
        while let Some(member) = self.get(list.fresh) {
            let near = |settled| rules.near(settled, member.at.time);
            let passed_over = repeats && list.last_settled.is_some_and(near);
            if !member.settled && !passed_over {
                break;
            }
            list.fresh = member.next;
        }
        list.fresh
    }
}

impl Many {
    /// Takes over rows in the order of settling.
    pub(super) fn new(rows: &[Row]) -> Many {
        let first = rows.first();
        let mut many = Many {
            identity: first.map_or(Identity([0; 16]), |row| row.identity),
            by_content: first.is_some_and(|row| row.by_content),
            lanes: Default::default(),
            slots: (0..SHARDS).map(|_| HashMap::default()).collect(),
            lists: Line::default(),
            beside: Vec::new(),
            free: Line::default(),
            shared: 0,
        };
        rows.iter().for_each(|row| many.push(row));
        many
    }

    fn slot(&mut self, digest: Digest) -> usize {
        *self.slots[shard(digest)].entry(digest).or_insert_with(|| {
            let fresh = (digest, [EMPTY; 2]);
            if let Some(slot) = self.free.pop_front() {
                self.lists[slot] = fresh;
                return slot;
            }
            self.lists.push(fresh);
            self.lists.len() - 1
        })
    }

    /// Adds a record that stands after all others of its side.
    pub(super) fn push(&mut self, row: &Row) {
        let slot = self.slot(row.digest);
        if row.tolerant.is_some() {
            self.beside
                .resize_with(self.beside.len().max(slot + 1), Tolerant::default);
            self.beside[slot].clone_from(&row.tolerant);
        }
        let side = lane(row.side);
        let lane = &mut self.lanes[side];
        let number = lane.base + lane.members.len();
        let other_before = lane.members.back().map_or(BEGIN, |last| match last.slot == slot {
            true => last.other_before,
            false => last.at.time,
        });
        let list = &mut self.lists[slot].1[side];
        if let Some(last) = lane.get_mut(list.last) {
            last.next = number;
        }
        list.last = number;
        list.len += 1;
        for cursor in [&mut list.front, &mut list.fresh] {
            if *cursor == NONE {
                *cursor = number;
            }
        }
        if row.settled {
            lane.ahead.insert(number);
            // What is unsettled before a settled one was passed over.
            list.fresh = number;
            list.last_settled = list.last_settled.max(Some(row.time));
        }
        lane.members.push(Member {
            at: row.sighting(),
            slot,
            next: NONE,
            other_before,
            settled: row.settled,
        });
    }

    /// The records as rows again, each side in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        Side::PAIR.into_iter().flat_map(move |side| {
            let members = self.lanes[lane(side)].members.iter();
            members.map(move |member| Row {
                identity: self.identity,
                digest: self.lists[member.slot].0,
                time: member.at.time,
                offset: member.at.offset,
                tolerant: self.beside.get(member.slot).cloned().flatten(),
                partition: member.at.partition,
                side,
                by_content: self.by_content,
                settled: member.settled,
                mark: member.at.mark,
            })
        })
    }

    pub(super) fn len(&self) -> usize {
        self.lanes.iter().map(|lane| lane.members.len()).sum()
    }

    /// Time of the first unsettled record.
    pub(super) fn first_time(&mut self) -> Option<i64> {
        self.lanes
            .iter_mut()
            .filter_map(|lane| lane.first())
            .map(|(_, member)| member.at.time)
            .min()
    }

    /// Time of the last record.
    pub(super) fn last_time(&self) -> Option<i64> {
        self.lanes
            .iter()
            .filter_map(|lane| lane.members.back())
            .map(|member| member.at.time)
            .max()
    }

    /// Settles unsettled records before `until`, as many as the budget allows; true once there are none.
    pub(super) fn settle(&mut self, until: i64, rules: &Rules, budget: &mut u64, out: &mut Vec<Settled>) -> bool {
        while let Some((side, number, member)) = self.first() {
            if member.at.time >= until {
                break;
            }
            if *budget == 0 || !self.enter(later(member.at.time, rules.grace), rules, budget) {
                return false;
            }
            *budget = budget.saturating_sub(COST);
            let settled = self.settle_one(side, number, member, rules);
            out.push(settled);
        }
        true
    }

    fn first(&mut self) -> Option<(Side, usize, Member)> {
        let [baseline, canary] = &mut self.lanes;
        match (baseline.first(), canary.first()) {
            (Some((number, member)), other) if other.is_none_or(|(_, other)| member.at.time <= other.at.time) => {
                Some((Side::Baseline, number, member))
            }
            (_, Some((number, member))) => Some((Side::Canary, number, member)),
            _ => None,
        }
    }

    /// Takes every record up to `end` into S; false where the budget does not allow all.
    fn enter(&mut self, end: i64, rules: &Rules, budget: &mut u64) -> bool {
        for side in 0..2 {
            loop {
                let lane = &mut self.lanes[side];
                let Some(member) = lane.get(lane.entered).copied().filter(|member| member.at.time <= end) else {
                    break;
                };
                if *budget == 0 {
                    return false;
                }
                *budget -= 1;
                lane.entered += 1;
                if !member.settled {
                    self.live(side, member.slot, true, rules);
                }
            }
        }
        true
    }

    /// One more or one less unsettled record of a digest in S.
    fn live(&mut self, side: usize, slot: usize, more: bool, rules: &Rules) {
        let repeats = self.may_repeat(rules);
        let lists = &mut self.lists[slot].1;
        let both = |lists: &[List; 2]| lists.iter().all(|list| list.live > 0);
        let before = both(lists);
        let live = &mut lists[side].live;
        *live = if more { *live + 1 } else { live.saturating_sub(1) };
        match (before, both(lists)) {
            (false, true) => self.shared += 1,
            (true, false) => self.shared -= 1,
            _ => {}
        }
        // The entries of the digest among the lonely ones.
        let lives = [lists[0].live, lists[1].live];
        for (side, list) in lists.iter_mut().enumerate() {
            let lane = &mut self.lanes[side];
            let fresh = if lives[1 - side] == 0 {
                lane.refresh(list, repeats, rules)
            } else {
                NONE
            };
            if fresh != list.shown {
                lane.lonely.remove(list.shown);
                if fresh != NONE {
                    lane.lonely.insert(fresh);
                }
                list.shown = fresh;
            }
        }
    }

    fn may_repeat(&self, rules: &Rules) -> bool {
        rules.has_identity && !self.by_content
    }

    fn settle_one(&mut self, side: Side, number: usize, member: Member, rules: &Rules) -> Settled {
        let (own, across) = (lane(side), 1 - lane(side));
        let repeats = self.may_repeat(rules);
        let (time, end) = (member.at.time, later(member.at.time, rules.grace));
        if let Some((partner, at)) = self.front(across, member.slot).filter(|(_, at)| at.time <= end) {
            self.close(own, number, rules);
            self.close(across, partner, rules);
            return Settled::pair(self.identity, side, member.at, at, Outcome::Matched);
        }
        // The first unsettled record is a duplicate if it was passed over.
        if repeats && self.lanes[own].refresh(&mut self.lists[member.slot].1[own], repeats, rules) != number {
            self.close(own, number, rules);
            return Settled::alone(self.identity, side, member.at, Outcome::Duplicate);
        }
        let lonely = self.lanes[across].lonely.from(0);
        let lonely = lonely.and_then(|partner| Some((partner, self.lanes[across].get(partner)?.at)));
        if let Some((partner, at)) = lonely.filter(|(_, at)| rules.half_near(time, at.time)) {
            let differing = self.differing(side, member.slot, partner, rules);
            self.close(own, number, rules);
            self.close(across, partner, rules);
            return Settled::pair(self.identity, side, member.at, at, Outcome::Mismatched).with(differing);
        }
        let conflict = repeats && rules.conflicts && {
            let before = member.other_before != BEGIN && rules.near(member.other_before, time);
            // A record taken ahead has another digest here: an equal one would have made this a duplicate.
            let ahead = self.lanes[own].ahead.from(number + 1);
            let ahead = ahead.and_then(|ahead| self.lanes[own].get(ahead));
            before || self.shared > 0 || ahead.is_some_and(|ahead| ahead.at.time <= end)
        };
        self.close(own, number, rules);
        let outcome = if conflict {
            Outcome::Conflict
        } else {
            plain_surplus(side)
        };
        Settled::alone(self.identity, side, member.at, outcome)
    }

    /// Where a record of a side and one of the other differ in critical fields.
    fn differing(&self, side: Side, slot: usize, partner: usize, rules: &Rules) -> Differing {
        let across = &self.lanes[1 - lane(side)];
        let beside = |slot: usize| self.beside.get(slot).unwrap_or(&None);
        let Some(other) = across.get(partner).map(|member| beside(member.slot)) else {
            return Differing::default();
        };
        match side {
            Side::Canary => named::differing(other, beside(slot), rules),
            _ => named::differing(beside(slot), other, rules),
        }
    }

    /// The oldest unsettled record of a digest.
    fn front(&mut self, side: usize, slot: usize) -> Option<(usize, Sighting)> {
        let list = &mut self.lists[slot].1[side];
        loop {
            let member = self.lanes[side].get(list.front)?;
            if !member.settled {
                return Some((list.front, member.at));
            }
            list.front = member.next;
        }
    }

    /// Marks a record as settled.
    fn close(&mut self, side: usize, number: usize, rules: &Rules) {
        let lane = &mut self.lanes[side];
        let is_next = number == lane.next;
        let Some(member) = lane.get_mut(number) else { return };
        member.settled = true;
        let (slot, time) = (member.slot, member.at.time);
        if !is_next {
            lane.ahead.insert(number);
        }
        let list = &mut self.lists[slot].1[side];
        list.last_settled = list.last_settled.max(Some(time));
        self.live(side, slot, false, rules);
    }

    /// Drops settled records that no look-back reaches any more, those before `until`, as many as the budget allows; true
    /// once there are none.
    pub(super) fn forget(&mut self, until: i64, budget: &mut u64) -> bool {
        for side in 0..2 {
            let lane = &mut self.lanes[side];
            lane.first();
            while lane.base < lane.next && lane.members.front().is_some_and(|member| member.at.time < until) {
                if *budget == 0 {
                    return false;
                }
                *budget -= 1;
                let Some(member) = lane.members.pop_front() else { break };
                let number = lane.base;
                lane.base += 1;
                let (digest, lists) = &mut self.lists[member.slot];
                let list = &mut lists[side];
                list.len -= 1;
                for cursor in [&mut list.front, &mut list.fresh] {
                    if *cursor == number {
                        *cursor = member.next;
                    }
                }
                if list.last == number {
                    list.last = NONE;
                }
                if lists.iter().all(|list| list.len == 0) {
                    self.slots[shard(*digest)].remove(digest);
                    self.free.push(member.slot);
                    if let Some(beside) = self.beside.get_mut(member.slot) {
                        *beside = None;
                    }
                }
            }
            lane.entered = lane.entered.max(lane.base);
            lane.ahead.forget(lane.base);
            lane.lonely.forget(lane.base);
        }
        true
    }
}

#[cfg(test)]
mod tests;
