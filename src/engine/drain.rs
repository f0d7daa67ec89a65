//! A span that gets no more records, gone through identity by identity, a few rows at a time: part by part, each sorted by
//! the first bytes of the identity. Where one identity has very many rows, those are sorted by pieces, and the pieces are
//! merged, so that they can be gone through a few at a time as well.

use super::merge::Merge;
use super::packed::{Apart, Logs, Packed};
use super::segment::{CHUNK_BITS, Part, apart_bytes, bits, prefix};
use crate::model::{PerSide, Side};

/// Rows with one prefix that are handed out at once.
const RUN_MAX: usize = 1_024;
/// The length of a piece.
const PIECE: usize = 4_096;
/// What a row costs each of the two times that it is looked at while its part is made ready, as a part of what it costs to
/// settle it.
const READY_SHARE: u64 = 12;

/// Rows are spread over so many places that about this many, or half as many, come to one, and are sorted there.
const BUCKET: usize = 4;

/// Where a row stands, with the first bytes of its identity.
type Key = (u64, u32);
/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// All rows whose identities have the same first bytes, in no order.
    Run,
    /// Some rows in the order of identities and of settling; the next ones may have the identity of the last.
    Piece,
    /// Nothing yet: all that was to be done at once is done.
    Busy,
    /// Nothing.
    Done,
}

/// The rows of a span that are not gone through yet.
#[derive(Debug)]
pub(super) struct Drain {
    pub(super) base: i64,
    pub(super) apart: Vec<Apart>,
    parts: std::vec::IntoIter<Part>,
    /// Leading bits that all identities of a part share.
    spread: u32,
    part: Part,
    keys: Vec<Key>,
    /// Where the keys with equal next bits end.
    ends: Vec<u32>,
    /// How many bits those are.
    width: u32,
    /// Chunks of the part whose rows are counted for that, and those whose rows have their keys.
    counted: usize,
    placed: usize,
    /// The first key that is not gone through, and the end of those that are sorted.
    at: usize,
    sorted: usize,
    bucket: usize,
    /// Rows that are being merged, and up to where keys are in no piece yet.
    merge: Option<(Merge, usize)>,
    pending: PerSide<u64>,
}

impl Drain {
    pub(super) fn new(base: i64, parts: Vec<Part>, spread: u32, apart: Vec<Apart>, pending: PerSide<u64>) -> Drain {
        Drain {
            base,
            apart,
            parts: parts.into_iter(),
            spread,
            part: Part::default(),
            keys: Vec::new(),
            ends: Vec::new(),
            width: 0,
            counted: 0,
            placed: 0,
            at: 0,
            sorted: 0,
            bucket: 0,
            merge: None,
            pending,
        }
    }

    /// Rows that are not handed out yet and have no outcome.
    pub(super) fn pending(&self, side: Side) -> u64 {
        *self.pending.get(side)
    }

    /// The next two rows, where they alone have their prefix and are ready: nearly always they are a pair. They are still to
    /// be handed out, or passed over.
    #[inline(always)]
    pub(super) fn pair(&mut self) -> Option<(&Packed, &Packed)> {
        if self.merge.is_some() || self.placed < self.part.chunks.len() || !self.sort_next() {
            return None;
        }
        let keys = self.keys.get(self.at..self.sorted)?;
        let ((prefix, one), (other_prefix, other)) = (keys.first()?, keys.get(1)?);
        if prefix != other_prefix || keys.get(2).is_some_and(|(third, _)| third == prefix) {
            return None;
        }
        Some((self.part.get(*one)?, self.part.get(*other)?))
    }

    /// The next two rows are dealt with: one a side, and both have an outcome or neither has.
    #[inline(always)]
    pub(super) fn pass_pair(&mut self, settled: bool, budget: &mut u64) {
        self.at += 2;
        if !settled {
            self.pending.baseline = self.pending.baseline.saturating_sub(1);
            self.pending.canary = self.pending.canary.saturating_sub(1);
        }
        *budget = budget.saturating_sub(2);
    }

    /// The next rows, and what they cost.
    pub(super) fn next(&mut self, logs: &Logs, budget: &mut u64, run: &mut Vec<Packed>) -> Next {
        loop {
            if self.merge.is_some() {
                return self.merge(logs, budget, run);
            }
            if self.placed == self.part.chunks.len() && self.sort_next() {
                if self.take(logs, run) {
                    return self.hand_out(Next::Run, budget, run);
                }
                continue;
            }
            if self.placed < self.part.chunks.len() {
                if !self.make_keys(budget) {
                    return Next::Busy;
                }
                continue;
            }
            let Some(part) = self.parts.next() else {
                return Next::Done;
            };
            *budget = budget.saturating_sub(1);
            self.begin(part);
        }
    }

    /// True where there are sorted keys that are not gone through; sorts those of the next place that has some.
    #[inline(always)]
    fn sort_next(&mut self) -> bool {
        while self.at >= self.sorted {
            let Some(end) = self.ends.get(self.bucket) else {
                return false;
            };
            self.bucket += 1;
            self.sorted = *end as usize;
            match self.keys.get_mut(self.at..self.sorted) {
                Some([one, other]) => {
                    if one > other {
                        std::mem::swap(one, other);
                    }
                }
                Some([] | [_]) | None => {}
                Some(keys) => keys.sort_unstable(),
            }
        }
        true
    }

    fn hand_out(&mut self, next: Next, budget: &mut u64, run: &[Packed]) -> Next {
        for row in run.iter().filter(|row| !row.is_settled()) {
            let pending = self.pending.get_mut(row.side());
            *pending = pending.saturating_sub(1);
        }
        *budget = budget.saturating_sub(u64::try_from(run.len()).unwrap_or(u64::MAX));
        next
    }

    /// Takes the rows with the next prefix; false where they are too many.
    fn take(&mut self, logs: &Logs, run: &mut Vec<Packed>) -> bool {
        run.clear();
        let keys = self.keys.get(self.at..self.sorted).unwrap_or_default();
        let prefix = keys.first().map(|(prefix, _)| *prefix);
        let alike = keys.iter().take_while(|(own, _)| Some(*own) == prefix);
        for (_, place) in alike.take(RUN_MAX + 1) {
            run.extend(self.part.get(*place));
        }
        if run.len() <= RUN_MAX {
            self.at += run.len();
            return true;
        }
        let unsorted = self.at + keys.partition_point(|(own, _)| Some(*own) <= prefix);
        self.merge = Some((Merge::new(logs, &self.apart), unsorted));
        false
    }

    /// Sorts the next piece; once there is none, hands out the least rows of all.
    fn merge(&mut self, logs: &Logs, budget: &mut u64, run: &mut Vec<Packed>) -> Next {
        let Some((merge, unsorted)) = &mut self.merge else {
            return Next::Busy;
        };
        run.clear();
        while self.at < *unsorted {
            if *budget == 0 {
                return Next::Busy;
            }
            let end = self.at.saturating_add(PIECE).min(*unsorted);
            let keys = self.keys.get(self.at..end).unwrap_or_default();
            let rows = keys
                .iter()
                .filter_map(|(_, place)| Some((self.part.get(*place)?, *place)));
            merge.add(rows, (self.base, logs, &self.apart));
            let cost = u64::try_from(end - self.at).unwrap_or(u64::MAX);
            *budget = budget.saturating_sub(1 + cost / 2);
            self.at = end;
        }
        while run.len() < RUN_MAX / 2
            && let Some(place) = merge.next()
        {
            run.extend(self.part.get(place));
        }
        if run.is_empty() {
            self.merge = None;
            return Next::Busy;
        }
        self.hand_out(Next::Piece, budget, run)
    }

    /// Begins with a part.
    fn begin(&mut self, part: Part) {
        self.width = usize::BITS - (part.len / BUCKET).leading_zeros();
        self.ends.clear();
        self.ends.resize(1 << self.width, 0);
        self.keys.clear();
        self.part = part;
        (self.at, self.sorted, self.bucket) = (0, 0, 0);
        (self.counted, self.placed) = (0, 0);
    }

    /// The keys of the part, spread by their next bits, so that a few at a time can be sorted; chunk by chunk, as far as the
    /// budget allows. True once all are there.
    fn make_keys(&mut self, budget: &mut u64) -> bool {
        let (spread, width) = (self.spread, self.width);
        let bucket = |prefix: u64| bits(prefix << spread, width);
        let Drain { part, keys, ends, .. } = self;
        let all = part.chunks.len();
        let cost = |rows: &Vec<Packed>| u64::try_from(rows.len()).unwrap_or(0) / READY_SHARE;
        while let Some(rows) = part.chunks.get(self.counted) {
            for row in rows {
                ends[bucket(prefix(&row.identity))] += 1;
            }
            keys.resize(keys.len() + rows.len(), (0, 0));
            self.counted += 1;
            *budget = budget.saturating_sub(cost(rows));
            if self.counted == all {
                let mut start = 0_u32;
                for end in ends.iter_mut() {
                    (*end, start) = (start, start + *end);
                }
            }
            if *budget == 0 {
                return false;
            }
        }
        while let Some(rows) = part.chunks.get(self.placed) {
            let chunk = u32::try_from(self.placed).unwrap_or(u32::MAX) << CHUNK_BITS;
            for (at, row) in (0_u32..).zip(rows) {
                let prefix = prefix(&row.identity);
                let end = &mut ends[bucket(prefix)];
                keys[*end as usize] = (prefix, chunk | at);
                *end += 1;
            }
            self.placed += 1;
            *budget = budget.saturating_sub(cost(rows));
            if *budget == 0 {
                return self.placed == all;
            }
        }
        true
    }

    /// Bytes of the rows that are left, and of what they are sorted by.
    pub(super) fn held_bytes(&self, tolerant: u64) -> u64 {
        let parts = self.parts.as_slice().iter().chain([&self.part]);
        let rows: u64 = parts.map(Part::held_bytes).sum();
        let merged = self.merge.as_ref().map_or(0, |(merge, _)| merge.held_bytes());
        let sorted = self.keys.capacity() * size_of::<Key>() + self.ends.capacity() * size_of::<u32>() + merged;
        rows + apart_bytes(&self.apart, tolerant) + u64::try_from(sorted).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::{Mark, Row};
    use super::super::segment::Segment;
    use super::*;
    use crate::model::{Digest, Identity};

    fn row(identity: [u8; 16], number: u64, time: i64) -> Row {
        Row {
            identity: Identity(identity),
            digest: Digest([0; 16]),
            time,
            offset: number,
            tolerant: None,
            partition: 0,
            side: if number.is_multiple_of(2) {
                Side::Baseline
            } else {
                Side::Canary
            },
            by_content: false,
            settled: false,
            mark: Mark::default(),
        }
    }

    /// Rows by identity, with the order of settling inside.
    fn drained(segment: Segment, logs: &Logs, budget: u64) -> Vec<(Identity, (i64, Side, u32, u64))> {
        let (mut drain, mut seen, mut run) = (segment.drain(), Vec::new(), Vec::new());
        loop {
            let mut left = budget;
            let next = drain.next(logs, &mut left, &mut run);
            let mut rows: Vec<_> = run
                .drain(..)
                .map(|row| row.look(drain.base, logs, &drain.apart))
                .collect();
            match next {
                Next::Run => rows.sort_unstable(),
                Next::Piece => assert!(rows.is_sorted()),
                Next::Busy => assert!(rows.is_empty()),
                Next::Done => return seen,
            }
            seen.append(&mut rows);
        }
    }

    #[test]
    fn rows_come_out_in_order() {
        for budget in [1, 2, 5_000, u64::MAX] {
            let (mut segment, mut logs) = (Segment::new(0), Logs::default());
            for number in 0..20_000_u64 {
                let mut identity = [7_u8; 16];
                // Many share their first bytes, some their whole identity.
                identity[..2]
                    .copy_from_slice(&u16::try_from(number.wrapping_mul(7919) % 60_000).unwrap().to_be_bytes());
                identity[15] = u8::try_from(number % 3).unwrap();
                let time = i64::try_from(number * 31 % 17).unwrap();
                segment.push(row(identity, number, time), &mut logs);
            }
            let seen = drained(segment, &logs, budget);
            assert_eq!(seen.len(), 20_000);
            assert!(seen.is_sorted());
        }
    }

    #[test]
    fn one_identity_has_most() {
        for budget in [1, 2, 3_000, u64::MAX] {
            let (mut segment, mut logs) = (Segment::new(0), Logs::default());
            for number in 0..9_000_u64 {
                let mut identity = [0x77_u8; 16];
                if number % 10 == 0 {
                    identity[..2].copy_from_slice(&u16::try_from(number).unwrap().to_be_bytes());
                }
                // The prefix is shared by two.
                identity[15] = u8::from(number % 100 == 1);
                let time = i64::try_from(number.wrapping_mul(7919) % 1_000).unwrap();
                segment.push(row(identity, number, time), &mut logs);
            }
            let seen = drained(segment, &logs, budget);
            assert_eq!(seen.len(), 9_000);
            assert!(seen.is_sorted());
        }
    }
}
