//! The records of one identity while they are many: rule 6 with an index, for streams without tolerances. Every record
//! costs a few look-ups, however many are in flight. `few` is the same rule as it is written; a property test holds the
//! two together.
//!
//! For each digest and side the records stand in a list in order. `front` is the first unsettled one; `fresh` the first
//! that is neither settled nor a duplicate: a record that was passed over as a duplicate stays one. A digest is *lonely*
//! on a side where the other side has none of it in S; the first fresh record of the first lonely digest is what
//! (c) pairs with.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::row::{Row, Settled, Sighting, plain_surplus};
use super::rules::{BEGIN, Rules, later};
use crate::model::{Digest, Identity, Outcome, Side};

/// Which of the two lists a side has.
fn lane(side: Side) -> usize {
    usize::from(side == Side::Canary)
}

#[derive(Clone, Copy, Debug)]
struct Member {
    at: Sighting,
    digest: Digest,
    settled: bool,
    /// Time of the nearest earlier record of the side with another digest.
    other_before: i64,
}

/// The records of one side, in order; the first one has the number `base`.
#[derive(Debug, Default)]
struct Lane {
    members: VecDeque<Member>,
    base: usize,
    /// Number of the first record that may be unsettled.
    next: usize,
    /// Number of the first record that is not in S yet.
    entered: usize,
    /// Records that were taken ahead of their turn.
    ahead: BTreeSet<usize>,
}

/// One digest on one side.
#[derive(Debug)]
struct List {
    numbers: VecDeque<usize>,
    /// Numbers dropped from the front: `front` and `fresh` count from the first there ever was.
    dropped: usize,
    front: usize,
    fresh: usize,
    last_settled: i64,
    any_settled: bool,
    /// Unsettled ones in S.
    live: usize,
    /// Its entry among the lonely ones.
    shown: Option<LonelyKey>,
}

type LonelyKey = (i64, u32, u64, Digest);

#[derive(Debug)]
pub(super) struct Many {
    identity: Identity,
    by_content: bool,
    lanes: [Lane; 2],
    lists: BTreeMap<Digest, [List; 2]>,
    lonely: [BTreeSet<LonelyKey>; 2],
    /// Digests that both sides have in S.
    shared: usize,
}

impl Lane {
    fn get(&self, number: usize) -> Option<&Member> {
        self.members.get(number.checked_sub(self.base)?)
    }

    /// The first unsettled record.
    fn first(&mut self) -> Option<(usize, Member)> {
        loop {
            let member = *self.get(self.next)?;
            if !member.settled {
                return Some((self.next, member));
            }
            self.ahead.remove(&self.next);
            self.next += 1;
        }
    }
}

impl Default for List {
    fn default() -> List {
        List {
            numbers: VecDeque::new(),
            dropped: 0,
            front: 0,
            fresh: 0,
            last_settled: BEGIN,
            any_settled: false,
            live: 0,
            shown: None,
        }
    }
}

impl List {
    fn number(&self, index: usize) -> Option<usize> {
        self.numbers.get(index.checked_sub(self.dropped)?).copied()
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
            lists: BTreeMap::new(),
            lonely: Default::default(),
            shared: 0,
        };
        rows.iter().for_each(|row| many.push(row));
        many
    }

    /// Adds a record that stands after all others of its side.
    pub(super) fn push(&mut self, row: &Row) {
        let side = lane(row.side);
        let lane = &mut self.lanes[side];
        let number = lane.base + lane.members.len();
        let other_before = lane
            .members
            .back()
            .map_or(BEGIN, |last| match last.digest == row.digest {
                true => last.other_before,
                false => last.at.time,
            });
        let member = Member {
            at: row.sighting(),
            digest: row.digest,
            settled: row.settled,
            other_before,
        };
        lane.members.push_back(member);
        let list = &mut self.lists.entry(row.digest).or_default()[side];
        list.numbers.push_back(number);
        if row.settled {
            lane.ahead.insert(number);
            list.fresh = list.dropped + list.numbers.len();
            (list.last_settled, list.any_settled) = (list.last_settled.max(row.time), true);
        }
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

    /// Settles every unsettled record before `until`.
    pub(super) fn settle(&mut self, until: i64, rules: &Rules, out: &mut Vec<Settled>) {
        while let Some((side, number, member)) = self.first() {
            if member.at.time >= until {
                break;
            }
            self.enter(later(member.at.time, rules.grace), rules);
            let settled = self.settle_one(side, number, member, rules);
            out.push(settled);
        }
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

    /// Takes every record up to `end` into S.
    fn enter(&mut self, end: i64, rules: &Rules) {
        for side in 0..2 {
            loop {
                let lane = &mut self.lanes[side];
                let Some(member) = lane.get(lane.entered).copied().filter(|member| member.at.time <= end) else {
                    break;
                };
                lane.entered += 1;
                if !member.settled {
                    self.live(side, member.digest, true, rules);
                }
            }
        }
    }

    /// One more or one less unsettled record of a digest in S.
    fn live(&mut self, side: usize, digest: Digest, more: bool, rules: &Rules) {
        let lists = self.lists.entry(digest).or_default();
        let both = |lists: &[List; 2]| lists.iter().all(|list| list.live > 0);
        let before = both(lists);
        let live = &mut lists[side].live;
        *live = if more { *live + 1 } else { live.saturating_sub(1) };
        match (before, both(lists)) {
            (false, true) => self.shared += 1,
            (true, false) => self.shared -= 1,
            _ => {}
        }
        self.show(digest, rules);
    }

    /// Brings the entries of a digest among the lonely ones up to date.
    fn show(&mut self, digest: Digest, rules: &Rules) {
        let Some(lists) = self.lists.get_mut(&digest) else {
            return;
        };
        let live = [lists[0].live, lists[1].live];
        for (side, list) in lists.iter_mut().enumerate() {
            let fresh = if live[1 - side] == 0 {
                refresh(&self.lanes[side], list, self.by_content, rules)
            } else {
                None
            };
            let key = fresh.map(|at| (at.time, at.partition, at.offset, digest));
            if key != list.shown {
                if let Some(old) = list.shown.take() {
                    self.lonely[side].remove(&old);
                }
                self.lonely[side].extend(key);
                list.shown = key;
            }
        }
    }

    fn settle_one(&mut self, side: Side, number: usize, member: Member, rules: &Rules) -> Settled {
        let (own, across) = (lane(side), 1 - lane(side));
        let repeats = rules.has_identity && !self.by_content;
        let (time, end) = (member.at.time, later(member.at.time, rules.grace));
        if let Some((partner, at)) = self.front(across, member.digest).filter(|(_, at)| at.time <= end) {
            self.close(own, number, rules);
            self.close(across, partner, rules);
            return Settled::pair(self.identity, side, member.at, at, Outcome::Matched);
        }
        if repeats && self.repeats(own, number, member.digest, rules) {
            self.close(own, number, rules);
            return Settled::alone(self.identity, side, member.at, Outcome::Duplicate);
        }
        let lonely = self.lonely[across]
            .first()
            .copied()
            .filter(|key| rules.half_near(time, key.0));
        let lonely = lonely.and_then(|key| {
            let list = &self.lists.get(&key.3)?[across];
            let partner = list.number(list.fresh)?;
            Some((partner, self.lanes[across].get(partner)?.at))
        });
        if let Some((partner, at)) = lonely {
            self.close(own, number, rules);
            self.close(across, partner, rules);
            return Settled::pair(self.identity, side, member.at, at, Outcome::Mismatched);
        }
        let conflict = repeats && rules.conflicts && {
            let before = member.other_before != BEGIN && rules.near(member.other_before, time);
            // A record taken ahead has another digest here: an equal one would have made this a duplicate.
            let ahead = self.lanes[own].ahead.range(number + 1..).next();
            let ahead = ahead.and_then(|ahead| self.lanes[own].get(*ahead));
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

    /// The oldest unsettled record of a digest.
    fn front(&mut self, side: usize, digest: Digest) -> Option<(usize, Sighting)> {
        let list = &mut self.lists.get_mut(&digest)?[side];
        list.front = list.front.max(list.dropped);
        loop {
            let number = list.number(list.front)?;
            match self.lanes[side].get(number) {
                Some(member) if !member.settled => return Some((number, member.at)),
                _ => list.front += 1,
            }
        }
    }

    /// True where the first unsettled record of a digest is a duplicate.
    fn repeats(&mut self, side: usize, number: usize, digest: Digest, rules: &Rules) -> bool {
        let Some(lists) = self.lists.get_mut(&digest) else {
            return false;
        };
        let list = &mut lists[side];
        refresh(&self.lanes[side], list, self.by_content, rules);
        list.number(list.fresh) != Some(number)
    }

    /// Marks a record as settled.
    fn close(&mut self, side: usize, number: usize, rules: &Rules) {
        let lane = &mut self.lanes[side];
        let Some(member) = number
            .checked_sub(lane.base)
            .and_then(|index| lane.members.get_mut(index))
        else {
            return;
        };
        member.settled = true;
        let (digest, time) = (member.digest, member.at.time);
        if number != lane.next {
            lane.ahead.insert(number);
        }
        if let Some(lists) = self.lists.get_mut(&digest) {
            let list = &mut lists[side];
            (list.last_settled, list.any_settled) = (list.last_settled.max(time), true);
            if list.number(list.fresh) == Some(number) {
                list.fresh += 1;
            }
        }
        self.live(side, digest, false, rules);
    }

    /// Drops settled records that no look-back reaches any more: those before `until`.
    pub(super) fn forget(&mut self, until: i64) {
        for side in 0..2 {
            let lane = &mut self.lanes[side];
            lane.first();
            while lane.base < lane.next && lane.members.front().is_some_and(|member| member.at.time < until) {
                let Some(member) = lane.members.pop_front() else { break };
                lane.base += 1;
                let Some(lists) = self.lists.get_mut(&member.digest) else {
                    continue;
                };
                let list = &mut lists[side];
                list.numbers.pop_front();
                list.dropped += 1;
                if lists.iter().all(|list| list.numbers.is_empty()) {
                    self.lists.remove(&member.digest);
                }
            }
            lane.entered = lane.entered.max(lane.base);
        }
    }
}

/// Moves `fresh` over what is settled or a duplicate; the record there, if there is one.
fn refresh(lane: &Lane, list: &mut List, by_content: bool, rules: &Rules) -> Option<Sighting> {
    list.fresh = list.fresh.max(list.dropped);
    let repeats = list.any_settled && rules.has_identity && !by_content;
    loop {
        let member = lane.get(list.number(list.fresh)?)?;
        let passed_over = repeats && rules.near(list.last_settled, member.at.time);
        if !member.settled && !passed_over {
            return Some(member.at);
        }
        list.fresh += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Names, Range, Settings, few};

    fn next(state: &mut u64, below: u64) -> u64 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % below
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
                findings_max: 1,
                held_max_bytes: 0,
            };
            let (rules, by_content) = (Rules::new(&settings), next(state, 8) == 0);
            let (digests, step) = (1 + next(state, 4), 1 + next(state, 4));
            let mut time = 0;
            let mut rows: Vec<Row> = (0..5 + next(state, 60))
                .map(|offset| {
                    time += i64::try_from(next(state, step)).unwrap();
                    Row {
                        identity: Identity([1; 16]),
                        digest: Digest([u8::try_from(next(state, digests)).unwrap(); 16]),
                        time,
                        offset,
                        tolerant: None,
                        partition: u32::try_from(next(state, 2)).unwrap(),
                        side: if next(state, 2) == 0 {
                            Side::Baseline
                        } else {
                            Side::Canary
                        },
                        by_content,
                        settled: false,
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
            many.settle(cut, &rules, &mut indexed);
            many.forget(rules.grace.map_or(BEGIN, |grace| cut - grace));
            assert_eq!(plain, indexed, "seed {seed}");
            // And taken over in the middle.
            let mut taken_over = Many::new(&all);
            few::settle(&mut all, i64::MAX, &rules, &mut plain);
            many.settle(i64::MAX, &rules, &mut indexed);
            assert_eq!(plain, indexed, "seed {seed}");
            let mut rest = Vec::new();
            taken_over.settle(i64::MAX, &rules, &mut rest);
            assert_eq!(plain[first..], rest, "seed {seed}");
        }
    }
}
