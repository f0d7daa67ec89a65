//! Records as they were read: their bytes in one arena, or in memory that whoever read them lends; spans into it. No
//! allocation a record.

use std::fmt::Debug;
use std::sync::Arc;

/// Where a lent part begins: each has as many addresses for itself, and the arena has the first.
const PART: usize = 1 << 32;

/// Memory that somebody else owns and lends to a batch, in parts.
pub trait Lent: Debug + Send + Sync {
    /// The bytes of a part; `None` where there is no such part.
    fn part(&self, at: usize) -> Option<&[u8]>;
}

/// A span of a batch's memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Bytes {
    /// The whole of a lent part of so many bytes.
    #[must_use]
    pub fn of_part(at: usize, len: usize) -> Self {
        let start = (at + 1) * PART;
        Self {
            start,
            end: start + len,
        }
    }
}

/// A header of a record: two spans; a null value is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: Bytes,
    /// Its value.
    pub value: Option<Bytes>,
}

/// One record of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRef {
    /// Offset in the partition; in a file the record's number.
    pub offset: u64,
    /// Kafka timestamp in milliseconds since the epoch, if it has one.
    pub timestamp_ms: Option<i64>,
    /// Key; `None` is null.
    pub key: Option<Bytes>,
    /// Value; `None` is a tombstone.
    pub value: Option<Bytes>,
    /// Its headers: `batch.headers[first..first + count]`.
    pub headers: (u32, u32),
}

/// Consecutive reads of one partition, in offset order. Offsets may have gaps.
#[derive(Clone, Debug, Default)]
pub struct RecordBatch {
    /// Which partition; 0 in a file.
    pub partition: u32,
    /// The bytes of all records that are not lent.
    pub arena: Vec<u8>,
    /// Those that are.
    pub lent: Option<Arc<dyn Lent>>,
    /// All headers of all records.
    pub headers: Vec<Header>,
    /// The records.
    pub records: Vec<RecordRef>,
}

impl RecordRef {
    /// A record that is a value alone: without key, headers and time.
    #[must_use]
    pub fn of_value(offset: u64, value: Bytes) -> Self {
        Self {
            offset,
            timestamp_ms: None,
            key: None,
            value: Some(value),
            headers: (0, 0),
        }
    }
}

impl RecordBatch {
    /// An empty batch of a partition.
    #[must_use]
    pub fn new(partition: u32) -> Self {
        Self {
            partition,
            ..Self::default()
        }
    }

    /// The bytes of a span.
    #[inline]
    #[must_use]
    pub fn bytes(&self, span: Bytes) -> &[u8] {
        let (memory, end) = self.around(span);
        &memory[end - (span.end - span.start)..end]
    }

    /// The memory that a span stands in, and where the span ends there.
    #[inline]
    #[must_use]
    pub fn around(&self, span: Bytes) -> (&[u8], usize) {
        if span.start < PART {
            return (&self.arena, span.end);
        }
        let lent = self.lent.as_ref().and_then(|lent| lent.part(span.start / PART - 1));
        (lent.unwrap_or_default(), span.end - span.start / PART * PART)
    }

    /// The same records in memory of their own: what was lent is given back.
    #[must_use]
    pub fn owned(self) -> Self {
        if self.lent.is_none() {
            return self;
        }
        let mut all = Self::new(self.partition);
        let keep = |all: &mut Self, span: Option<Bytes>| span.map(|span| all.push_bytes(self.bytes(span)));
        for record in &self.records {
            let (key, value) = (keep(&mut all, record.key), keep(&mut all, record.value));
            all.records.push(RecordRef { key, value, ..*record });
        }
        for header in &self.headers {
            let name = all.push_bytes(self.bytes(header.name));
            let value = keep(&mut all, header.value);
            all.headers.push(Header { name, value });
        }
        all
    }

    /// Adds a record that is a value alone, as those of files are.
    pub fn push_value(&mut self, offset: u64, value: &[u8]) {
        let value = self.push_bytes(value);
        self.records.push(RecordRef::of_value(offset, value));
    }

    /// Copies bytes into the arena.
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Bytes {
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        Bytes {
            start,
            end: self.arena.len(),
        }
    }

    /// Key of a record.
    #[must_use]
    pub fn key(&self, record: &RecordRef) -> Option<&[u8]> {
        record.key.map(|span| self.bytes(span))
    }

    /// Value of a record.
    #[must_use]
    pub fn value(&self, record: &RecordRef) -> Option<&[u8]> {
        record.value.map(|span| self.bytes(span))
    }

    /// Name and value of each header of a record, in order.
    pub fn headers<'a>(&'a self, record: &RecordRef) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> {
        let (first, count) = (record.headers.0 as usize, record.headers.1 as usize);
        self.headers[first..first + count]
            .iter()
            .map(|header| (self.bytes(header.name), header.value.map(|span| self.bytes(span))))
    }

    /// Bytes of key and value of a record.
    #[must_use]
    pub fn size(&self, record: &RecordRef) -> u64 {
        let len = |span: Option<Bytes>| span.map_or(0, |span| span.end - span.start);
        (len(record.key) + len(record.value)) as u64
    }

    /// Makes it empty and keeps its memory.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.lent = None;
        self.headers.clear();
        self.records.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Two;

    impl Lent for Two {
        fn part(&self, at: usize) -> Option<&[u8]> {
            [b"one".as_slice(), b""].get(at).copied()
        }
    }

    #[test]
    fn lent_bytes_read_like_own_ones_and_become_own() {
        let mut batch = RecordBatch::new(7);
        let name = batch.push_bytes(b"name");
        batch.lent = Some(Arc::new(Two));
        batch.headers.push(Header { name, value: None });
        batch.records.push(RecordRef {
            offset: 3,
            timestamp_ms: Some(4),
            key: Some(Bytes::of_part(0, 3)),
            value: Some(Bytes::of_part(1, 0)),
            headers: (0, 1),
        });
        let look = |batch: &RecordBatch| {
            let record = batch.records[0];
            assert_eq!(batch.key(&record), Some(b"one".as_slice()));
            assert_eq!(batch.value(&record), Some(b"".as_slice()));
            assert_eq!(batch.headers(&record).next(), Some((b"name".as_slice(), None)));
            assert_eq!((batch.size(&record), record.offset, batch.partition), (3, 3, 7));
        };
        look(&batch);
        let Bytes { start, end } = Bytes::of_part(0, 3);
        let inner = Bytes {
            start: start + 1,
            end: end - 1,
        };
        assert_eq!(batch.bytes(inner), b"n");
        let own = batch.owned();
        assert!(own.lent.is_none());
        look(&own);
    }
}
