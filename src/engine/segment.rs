//! The records of one span of event time: appended as they come, gone through once when no more can come.

use super::row::{Pair, Row};
use crate::model::{Identity, PerSide, Side};

/// Rows stand in chunks, so that growing never copies them. The first ones are small: a span may hold a single record.
const CHUNK_MIN: usize = 16;
const CHUNK_BITS: u32 = 12;
const CHUNK_MAX: usize = 1 << CHUNK_BITS;

/// A span that can still get records.
#[derive(Debug, Default)]
pub(super) struct Segment {
    chunks: Vec<Vec<Row>>,
    len: usize,
    pending: PerSide<u64>,
}

/// Where a row stands, with the first bytes of its identity.
type Key = (u64, u32);

impl Segment {
    pub(super) fn push(&mut self, row: Row) {
        if !row.settled {
            *self.pending.get_mut(row.side) += 1;
        }
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

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Records without an outcome.
    pub(super) fn pending(&self, side: Side) -> u64 {
        *self.pending.get(side)
    }

    /// Hands out the rows identity by identity, in the order of the identities, each in the order of settling.
    pub(super) fn drain(mut self, mut each: impl FnMut(&mut Vec<Row>)) {
        let keys = self.keys();
        let mut run: Vec<Row> = Vec::new();
        let mut group: Vec<Row> = Vec::new();
        let mut keys = keys.into_iter().peekable();
        while let Some((prefix, place)) = keys.next() {
            run.extend(self.take(place));
            while let Some((_, place)) = keys.next_if(|(next, _)| *next == prefix) {
                run.extend(self.take(place));
            }
            run.sort_unstable_by_key(|row| (row.identity, row.order()));
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

    /// The keys of all rows, sorted: spread by their first bits, so that each part is sorted in cache.
    fn keys(&self) -> Vec<Key> {
        let bits = usize::BITS - (self.len / 64).leading_zeros();
        let part = |prefix: u64| usize::try_from(prefix.checked_shr(64 - bits).unwrap_or(0)).unwrap_or(0);
        let mut ends = vec![0_usize; 1 << bits];
        self.each_key(|(prefix, _)| ends[part(prefix)] += 1);
        let mut start = 0;
        for end in &mut ends {
            (*end, start) = (start, start + *end);
        }
        let mut keys: Vec<Key> = vec![(0, 0); self.len];
        self.each_key(|key| {
            let end = &mut ends[part(key.0)];
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
