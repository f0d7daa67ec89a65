//! Records as they were read: bytes in one arena, spans into it. No allocation a record.

/// A span of the arena, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A header of a record: two spans of the arena; a null value is `None`.
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
    /// All bytes of all records.
    pub arena: Vec<u8>,
    /// All headers of all records.
    pub headers: Vec<Header>,
    /// The records.
    pub records: Vec<RecordRef>,
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
    #[must_use]
    pub fn bytes(&self, span: Bytes) -> &[u8] {
        &self.arena[span.start..span.end]
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
        self.headers.clear();
        self.records.clear();
    }
}
