//! The records of one span of event time that can still get some: appended as they come.

use super::drain::Drain;
use super::packed::{Apart, Logs, Packed, base};
use super::row::Row;
use crate::model::{Identity, PerSide, Side};

/// Rows stand in chunks, so that growing never copies them. The first ones are small: a span may hold a single record.
const CHUNK_MIN: usize = 8;
/// A place in a part is the number of the chunk and that in the chunk.
pub(super) const CHUNK_BITS: u32 = 10;
const CHUNK_MAX: usize = 1_008;
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
    pub(super) chunks: Vec<Vec<Packed>>,
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
    fn spread(&mut self, row: Packed) {
        let parts = (0..1_u32 << PART_BITS).map(|_| Part::default()).collect();
        let rows = std::mem::replace(&mut self.parts, parts);
        let rows = rows.into_iter().flat_map(|part| part.chunks).flatten();
        for row in rows.chain([row]) {
            self.parts[bits(prefix(&row.identity), PART_BITS)].push(row);
        }
    }

    /// Records without an outcome.
    pub(super) fn pending(&self, side: Side) -> u64 {
        *self.pending.get(side)
    }

    /// Hands out the rows as they stand.
    pub(super) fn each<E>(mut self, logs: &Logs, mut each: impl FnMut(Row) -> Result<(), E>) -> Result<(), E> {
        let chunks = self.parts.into_iter().flat_map(|part| part.chunks);
        chunks
            .flatten()
            .try_for_each(|row| each(row.unpack(self.base, logs, &mut self.apart)))
    }

    /// To be gone through in the order of the identities.
    pub(super) fn drain(self) -> Drain {
        let spread = if self.parts.len() > 1 { PART_BITS } else { 0 };
        Drain::new(self.base, self.parts, spread, self.apart, self.pending)
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
    #[inline(always)]
    fn push(&mut self, row: Packed) {
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

    pub(super) fn get(&self, place: u32) -> Option<&Packed> {
        let chunk = usize::try_from(place >> CHUNK_BITS).ok()?;
        let at = usize::try_from(place & ((1 << CHUNK_BITS) - 1)).ok()?;
        self.chunks.get(chunk)?.get(at)
    }

    pub(super) fn held_bytes(&self) -> u64 {
        let rows = match self.chunks.as_slice() {
            [] => 0,
            // All but the last are full.
            [.., last] => self.len - last.len() + last.capacity(),
        };
        bytes::<Packed>(rows) + bytes::<Vec<Packed>>(self.chunks.capacity())
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
