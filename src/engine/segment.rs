//! The records of one span of event time that can still get some: appended as they come.

use super::drain::Drain;
use super::packed::{Apart, Logs, Packed, base};
use super::row::Row;
use crate::model::{Fingerprint, Identity, PerSide, Position, Side};

/// Rows stand in chunks, so that growing never copies them. The first ones are small: a span may hold a single record.
const CHUNK_MIN: usize = 8;
/// A place in a part is the number of the chunk and that in the chunk.
pub(super) const CHUNK_BITS: u32 = 10;
const CHUNK_MAX: usize = 252;
/// A span with more rows than this is spread over parts by the first bits of the identity: each is gone through in cache.
const SPREAD_AT: usize = 4_096;
pub(super) const PART_BITS: u32 = 6;

/// A span that can still get records.
#[derive(Debug)]
pub(super) struct Segment {
    base: i64,
    /// None, one or `2^PART_BITS`.
    parts: Vec<Part>,
    apart: Vec<Apart>,
    pending: PerSide<u64>,
}

/// Rows whose identities begin alike.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Full ones, and all of them once no row comes any more.
    pub(super) chunks: Vec<Vec<Packed>>,
    /// The one that fills. It has all its rows from the begin, so that they are near when they are written: a core that
    /// writes here and there, each time to memory that is far, stands still.
    last: Vec<Packed>,
    filled: usize,
    pub(super) len: usize,
}

impl Segment {
    pub(super) fn new(span_start: i64) -> Segment {
        Segment {
            base: base(span_start),
            parts: Vec::new(),
            apart: Vec::new(),
            pending: PerSide::default(),
        }
    }

    #[inline(always)]
    pub(super) fn push(&mut self, row: Row, logs: &mut Logs) {
        if !row.settled {
            *self.pending.get_mut(row.side) += 1;
        }
        let row = Packed::new(row, self.base, logs, &mut self.apart);
        self.put(row);
    }

    /// A record that was just read; false where it does not fit as it is.
    #[inline(always)]
    pub(super) fn push_fresh(
        &mut self,
        print: &Fingerprint,
        at: Position,
        (time, slow): (i64, bool),
        logs: &mut Logs,
    ) -> bool {
        let Some(time) = time.checked_sub(self.base) else {
            return false;
        };
        let Some(of) = Packed::of(print, at, (time, slow), logs) else {
            return false;
        };
        let Some(row) = self.part(&print.identity).and_then(Part::next) else {
            return false;
        };
        row.fill(print, of);
        *self.pending.get_mut(at.side) += 1;
        true
    }

    #[inline(always)]
    fn put(&mut self, row: Packed) {
        if let Some(next) = self.part(&row.identity).and_then(Part::next) {
            *next = row;
        }
    }

    /// The part that a row belongs to.
    #[inline(always)]
    fn part(&mut self, identity: &Identity) -> Option<&mut Part> {
        if self.parts.len() < 2 && self.parts.first().is_none_or(|part| part.len >= SPREAD_AT) {
            self.spread();
        }
        match self.parts.as_mut_slice() {
            [part] => Some(part),
            parts => parts.get_mut(bits(prefix(identity), PART_BITS)),
        }
    }

    /// One part for all, or a part for each of the first bits.
    #[inline(never)]
    fn spread(&mut self) {
        let count = if self.parts.is_empty() { 1 } else { 1_u32 << PART_BITS };
        let parts = (0..count).map(|_| Part::default()).collect();
        let rows = std::mem::replace(&mut self.parts, parts);
        for row in rows.into_iter().flat_map(Part::into_chunks).flatten() {
            self.put(row);
        }
    }

    /// Records without an outcome.
    pub(super) fn pending(&self, side: Side) -> u64 {
        *self.pending.get(side)
    }

    /// Hands out the rows as they stand.
    pub(super) fn each<E>(mut self, logs: &Logs, mut each: impl FnMut(Row) -> Result<(), E>) -> Result<(), E> {
        let chunks = self.parts.into_iter().flat_map(Part::into_chunks);
        chunks
            .flatten()
            .try_for_each(|row| each(row.unpack(self.base, logs, &mut self.apart)))
    }

    /// To be gone through in the order of the identities.
    pub(super) fn drain(self) -> Drain {
        let spread = if self.parts.len() > 1 { PART_BITS } else { 0 };
        let parts = self.parts.into_iter().map(Part::into_chunks).map(Part::of).collect();
        Drain::new(self.base, parts, spread, self.apart, self.pending)
    }

    /// Bytes of its rows, free places included, and of what stands apart, with that many bytes of tolerant values each.
    pub(super) fn held_bytes(&self, tolerant: u64) -> u64 {
        let rows: u64 = self.parts.iter().map(Part::held_bytes).sum();
        rows + apart_bytes(&self.apart, tolerant)
    }
}

/// Bytes of what stands apart.
pub(super) fn apart_bytes(apart: &Vec<Apart>, tolerant: u64) -> u64 {
    bytes::<Apart>(apart.capacity()) + u64::try_from(apart.len()).unwrap_or(u64::MAX) * tolerant
}

fn bytes<T>(count: usize) -> u64 {
    u64::try_from(count * size_of::<T>()).unwrap_or(u64::MAX)
}

impl Part {
    fn of(chunks: Vec<Vec<Packed>>) -> Part {
        Part {
            len: chunks.iter().map(Vec::len).sum(),
            chunks,
            ..Part::default()
        }
    }

    fn into_chunks(mut self) -> Vec<Vec<Packed>> {
        self.last.truncate(self.filled);
        if !self.last.is_empty() {
            self.chunks.push(self.last);
        }
        self.chunks
    }

    /// The place of the next row.
    #[inline(always)]
    fn next(&mut self) -> Option<&mut Packed> {
        if self.filled >= self.last.len() {
            self.grow();
        }
        self.filled += 1;
        self.len += 1;
        self.last.get_mut(self.filled - 1)
    }

    #[inline(never)]
    fn grow(&mut self) {
        let chunk = vec![Packed::NOTHING; (self.len / 2).clamp(CHUNK_MIN, CHUNK_MAX)];
        let full = std::mem::replace(&mut self.last, chunk);
        self.filled = 0;
        if !full.is_empty() {
            self.chunks.push(full);
        }
    }

    pub(super) fn get(&self, place: u32) -> Option<&Packed> {
        let chunk = usize::try_from(place >> CHUNK_BITS).ok()?;
        let at = usize::try_from(place & ((1 << CHUNK_BITS) - 1)).ok()?;
        self.chunks.get(chunk)?.get(at)
    }

    pub(super) fn held_bytes(&self) -> u64 {
        // All but the last are full.
        let free = match self.chunks.last() {
            Some(last) if self.last.is_empty() => last.capacity() - last.len(),
            _ => self.last.len() - self.filled,
        };
        bytes::<Packed>(self.len + free) + bytes::<Vec<Packed>>(self.chunks.capacity())
    }
}

/// The first bits of a prefix.
pub(super) fn bits(prefix: u64, count: u32) -> usize {
    usize::try_from(prefix.checked_shr(u64::BITS - count).unwrap_or(0)).unwrap_or(0)
}

pub(super) fn prefix(identity: &Identity) -> u64 {
    let Identity([a, b, c, d, e, f, g, h, ..]) = *identity;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}
