//! The records of one span of event time: appended as they come, gone through once when no more can come.

use super::row::{Pair, Row};
use crate::model::{Identity, PerSide, Side};

/// Rows stand in chunks, so that growing never copies them. The first ones are small: a span may hold a single record.
const CHUNK_MIN: usize = 8;
const CHUNK_BITS: u32 = 10;
const CHUNK_MAX: usize = 1 << CHUNK_BITS;
/// A span with more rows than this is spread over parts by the first bits of the identity: each is sorted in cache.
const SPREAD_AT: usize = 4_096;
const PART_BITS: u32 = 6;

/// A span that can still get records.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// None, one or `2^PART_BITS`.
    parts: Vec<Part>,
    len: usize,
    pending: PerSide<u64>,
}

/// Rows whose identities begin alike.
#[derive(Debug, Default)]
struct Part {
    chunks: Vec<Vec<Row>>,
    len: usize,
}

/// Where a row stands, with the first bytes of its identity.
type Key = (u64, u32);

impl Segment {
    #[inline(always)]
    pub(super) fn push(&mut self, row: Row) {
        if !row.settled {
            *self.pending.get_mut(row.side) += 1;
        }
        self.len += 1;
        match self.parts.as_mut_slice() {
            [] => {
                let mut part = Part::default();
                part.push(row);
                self.parts.push(part);
            }
            [part] if part.len < SPREAD_AT => part.push(row),
            [_] => self.spread(row),
            parts => parts[bits(prefix(&row.identity), PART_BITS)].push(row),
        }
    }

    #[inline(never)]
    fn spread(&mut self, row: Row) {
        let parts = (0..1_u32 << PART_BITS).map(|_| Part::default()).collect();
        let rows = std::mem::replace(&mut self.parts, parts);
        let rows = rows.into_iter().flat_map(|part| part.chunks).flatten();
        for row in rows.chain([row]) {
            self.parts[bits(prefix(&row.identity), PART_BITS)].push(row);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Records without an outcome.
    pub(super) fn pending(&self, side: Side) -> u64 {
        *self.pending.get(side)
    }

    /// Hands out the rows as they stand.
    pub(super) fn each<E>(self, each: impl FnMut(Row) -> Result<(), E>) -> Result<(), E> {
        let chunks = self.parts.into_iter().flat_map(|part| part.chunks);
        chunks.flatten().try_for_each(each)
    }

    /// Hands out the rows identity by identity, in the order of the identities, each in the order of settling.
    pub(super) fn drain(self, mut each: impl FnMut(&mut Vec<Row>)) {
        let spread = if self.parts.len() > 1 { PART_BITS } else { 0 };
        self.parts.into_iter().for_each(|part| part.drain(spread, &mut each));
    }
}

impl Part {
    #[inline(always)]
    fn push(&mut self, row: Row) {
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < chunk.capacity() => chunk.push(row),
            _ => {
                let mut chunk = Vec::with_capacity((self.len / 2).clamp(CHUNK_MIN, CHUNK_MAX));
                chunk.push(row);
                self.chunks.push(chunk);
            }
        }
        self.len += 1;
    }

    fn drain(mut self, spread: u32, each: &mut impl FnMut(&mut Vec<Row>)) {
        let mut run: Vec<Row> = Vec::new();
        let mut group: Vec<Row> = Vec::new();
        let mut keys = self.keys(spread).into_iter().peekable();
        while let Some((prefix, place)) = keys.next() {
            run.extend(self.take(place));
            while let Some((_, place)) = keys.next_if(|(next, _)| *next == prefix) {
                run.extend(self.take(place));
            }
            if !is_pair_in_order(&run) {
                run.sort_unstable_by_key(|row| (row.identity, row.order()));
            }
            if run.first().map(|row| row.identity) == run.last().map(|row| row.identity) {
                each(&mut run);
            } else {
                // Identities that agree in their first bytes: one after the other.
                for row in run.drain(..) {
                    if group.last().is_some_and(|last| last.identity != row.identity) {
                        each(&mut group);
                        group.clear();
                    }
                    group.push(row);
                }
                each(&mut group);
                group.clear();
            }
            run.clear();
        }
    }

    /// The keys of all rows, sorted: spread by their next bits first, then a few at a time.
    fn keys(&self, spread: u32) -> Vec<Key> {
        let width = usize::BITS - (self.len / 16).leading_zeros();
        let place = |key: &Key| bits(key.0 << spread, width);
        let mut ends = vec![0_usize; 1 << width];
        self.each_key(|key| ends[place(&key)] += 1);
        let mut start = 0;
        for end in &mut ends {
            (*end, start) = (start, start + *end);
        }
        let mut keys: Vec<Key> = vec![(0, 0); self.len];
        self.each_key(|key| {
            let end = &mut ends[place(&key)];
            keys[*end] = key;
            *end += 1;
        });
        let mut start = 0;
        for end in ends {
            keys[start..end].sort_unstable();
            start = end;
        }
        keys
    }

    fn each_key(&self, mut each: impl FnMut(Key)) {
        for (chunk, rows) in (0_u32..).zip(&self.chunks) {
            for (at, row) in (0_u32..).zip(rows) {
                each((prefix(&row.identity), chunk << CHUNK_BITS | at));
            }
        }
    }

    fn take(&mut self, place: u32) -> Option<Row> {
        let chunk = usize::try_from(place >> CHUNK_BITS).ok()?;
        let at = usize::try_from(place).ok()? % CHUNK_MAX;
        let row = self.chunks.get_mut(chunk)?.get_mut(at)?;
        Some(Row {
            tolerant: row.tolerant.take(),
            ..*row
        })
    }
}

/// The usual cases, seen without a sort.
fn is_pair_in_order(run: &[Row]) -> bool {
    match run {
        [_] => true,
        [one, other] => one.identity == other.identity && one.order() < other.order(),
        _ => false,
    }
}

/// The first bits of a prefix.
fn bits(prefix: u64, count: u32) -> usize {
    usize::try_from(prefix.checked_shr(u64::BITS - count).unwrap_or(0)).unwrap_or(0)
}

fn prefix(identity: &Identity) -> u64 {
    let Identity([a, b, c, d, e, f, g, h, ..]) = *identity;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// A span that got all its records: the pairs that were matched at once, in the order of their identities.
#[derive(Debug, Default)]
pub(super) struct Sealed {
    /// Pairs of this run, to be counted when their span is settled, then remembered.
    pub(super) pairs: Vec<Pair>,
    /// Pairs that were counted before a restart: remembered only.
    pub(super) recalled: Vec<Pair>,
    pub(super) counted: bool,
}

impl Sealed {
    pub(super) fn len(&self) -> usize {
        self.pairs.len() + self.recalled.len()
    }

    /// The pair that an identity had here, if it was matched at once.
    pub(super) fn find(&self, identity: Identity) -> Option<&Pair> {
        [&self.pairs, &self.recalled].into_iter().find_map(|pairs| {
            let at = pairs.binary_search_by_key(&identity, |pair| pair.identity).ok()?;
            pairs.get(at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    #[test]
    fn rows_come_out_in_order() {
        let mut segment = Segment::default();
        for number in 0..20_000_u64 {
            let mut identity = [7_u8; 16];
            // Many share their first bytes, some their whole identity.
            identity[..2].copy_from_slice(&u16::try_from(number.wrapping_mul(7919) % 60_000).unwrap().to_be_bytes());
            identity[15] = u8::try_from(number % 3).unwrap();
            segment.push(Row {
                identity: Identity(identity),
                digest: Digest([0; 16]),
                time: i64::try_from(number * 31 % 17).unwrap(),
                offset: number,
                tolerant: None,
                partition: 0,
                side: if number % 2 == 0 { Side::Baseline } else { Side::Canary },
                by_content: false,
                settled: false,
            });
        }
        let mut seen = Vec::new();
        segment.drain(|rows| {
            assert!(rows.iter().all(|row| row.identity == rows[0].identity));
            seen.extend(rows.iter().map(|row| (row.identity, row.order())));
        });
        assert_eq!(seen.len(), 20_000);
        assert!(seen.is_sorted());
    }
}
