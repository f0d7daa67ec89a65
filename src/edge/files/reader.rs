//! The records of a file, in order, a bounded chunk at a time.

use std::path::Path;
use std::sync::Arc;

use super::header::{self, Header};
use super::index::Index;
use super::source::Source;
use super::{BLOCK_MAX_BYTES, Fault, FileError};
use crate::codec::Schema;
use crate::model::{Bytes, RecordBatch, RecordRef, UndecodableReason};

/// Records in one chunk.
const CHUNK_MAX_RECORDS: usize = 4096;

/// Bytes after which a chunk ends.
const CHUNK_BYTES: usize = 1 << 20;

/// Records that a block may claim: one of 64 MiB cannot hold more.
const BLOCK_MAX_RECORDS: u64 = BLOCK_MAX_BYTES as u64;

/// Bytes that a compressed block may have: what does not shrink grows a little.
const COMPRESSED_MAX_BYTES: u64 = (BLOCK_MAX_BYTES + BLOCK_MAX_BYTES / 6 + (64 << 10)) as u64;

/// Some records of a file.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    /// The records. The first of those that cannot be told apart has the rest of its block as value, the others have an
    /// empty one.
    pub batch: RecordBatch,
    /// Offset and reason of those that cannot be decoded, in order.
    pub undecodable: Vec<(u64, UndecodableReason)>,
}

impl Chunk {
    /// Makes it empty and keeps its memory.
    pub fn clear(&mut self) {
        self.batch.clear();
        self.undecodable.clear();
    }
}

/// Reads a file from its begin to its end.
pub struct Reader {
    source: Source,
    header: Header,
    index: Index,
    block: Block,
    /// Offset of the next record.
    offset: u64,
}

/// The block that is being read.
#[derive(Default)]
pub(super) struct Block {
    compressed: Vec<u8>,
    bytes: Vec<u8>,
    at: usize,
    /// Records that are left.
    pub left: u64,
    /// Why those that are left cannot be told apart.
    dead: Option<UndecodableReason>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// No such file, or not one that can be read.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let mut source = Source::open(path)?;
        let header = header::read(&mut source)?;
        let index = Index::new(source.len, header.marker);
        Ok(Self {
            source,
            header,
            index,
            block: Block::default(),
            offset: 0,
        })
    }

    /// The schema that the records were written with.
    #[must_use]
    pub fn schema_json(&self) -> &str {
        self.header.schema.json()
    }

    /// The same, parsed.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.header.schema
    }

    /// Bytes read, and bytes there are.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.source.at, self.source.len)
    }

    /// Offset of the next record: how many were read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Where the blocks begin that were read so far, for [`super::fetch()`].
    #[must_use]
    pub fn into_index(self) -> Index {
        self.index
    }

    /// Replaces `chunk` by the next records; false at the end, with none.
    ///
    /// # Errors
    /// The file cannot be read to its end.
    pub fn next(&mut self, chunk: &mut Chunk) -> Result<bool, FileError> {
        chunk.clear();
        while self.block.left == 0 {
            let Some(head) = read_head(&mut self.source)? else {
                return Ok(false);
            };
            read_body(&mut self.source, &self.header, &head, &mut self.block)?;
            self.index.push(self.offset, head.at);
        }
        while self.block.left > 0
            && chunk.batch.records.len() < CHUNK_MAX_RECORDS
            && chunk.batch.arena.len() < CHUNK_BYTES
        {
            let (bytes, reason) = self.block.next(&self.header);
            let value = chunk.batch.push_bytes(bytes);
            if let Some(reason) = reason {
                chunk.undecodable.push((self.offset, reason));
            }
            chunk.batch.records.push(record(self.offset, value));
            self.offset += 1;
        }
        Ok(true)
    }
}

fn record(offset: u64, value: Bytes) -> RecordRef {
    RecordRef {
        offset,
        timestamp_ms: None,
        key: None,
        value: Some(value),
        headers: (0, 0),
    }
}

impl Block {
    /// The next record's bytes, and why it cannot be decoded. Only where `left > 0`.
    pub fn next(&mut self, header: &Header) -> (&[u8], Option<UndecodableReason>) {
        let rest = &self.bytes[self.at..];
        self.left -= 1;
        let (len, reason) = match self.dead {
            Some(reason) => (rest.len(), Some(reason)),
            None => match header.skipper.record_len(rest) {
                Ok(len) if self.left == 0 && len < rest.len() => (rest.len(), Some(UndecodableReason::Trailing)),
                Ok(len) => (len, None),
                Err(reason) => {
                    self.dead = Some(reason);
                    (rest.len(), Some(reason))
                }
            },
        };
        self.at += len;
        (&self.bytes[self.at - len..self.at], reason)
    }
}

/// How many records the heads of a file's blocks say that it has. No record is read.
///
/// # Errors
/// No such file, or not one that can be read.
pub fn count(path: &Path) -> Result<u64, FileError> {
    let mut source = Source::open(path)?;
    header::read(&mut source)?;
    let mut records = 0_u64;
    while let Some(Head { count, size, .. }) = read_head(&mut source)? {
        records = records.saturating_add(count);
        let next = source.at + size + 16;
        source.seek(next)?;
    }
    Ok(records)
}

/// The head of a block.
pub(super) struct Head {
    /// Its first byte.
    pub at: u64,
    /// Records in it.
    pub count: u64,
    /// Bytes in the file, without the marker.
    pub size: u64,
}

/// Reads the head of the next block; `None` at the end.
pub(super) fn read_head(source: &mut Source) -> Result<Option<Head>, FileError> {
    if source.at_end()? {
        return Ok(None);
    }
    let at = source.at;
    let count = source.long(&Fault::Truncated)?;
    let size = source.long(&Fault::Truncated)?;
    let broken = |what| source.fault(at, Fault::Block(what));
    let count = count.and_then(|count| u64::try_from(count).ok());
    let count = count.ok_or_else(|| broken("its count of records is none"))?;
    let size = size.and_then(|size| u64::try_from(size).ok());
    let size = size.ok_or_else(|| broken("its size is none"))?;
    if count > BLOCK_MAX_RECORDS {
        return Err(broken("it claims more records than a block can hold"));
    }
    if size.saturating_add(16) > source.left() {
        return Err(source.fault(at, Fault::Truncated));
    }
    Ok(Some(Head { at, count, size }))
}

/// Reads the body of a block and its marker, and inflates it.
pub(super) fn read_body(source: &mut Source, header: &Header, head: &Head, block: &mut Block) -> Result<(), FileError> {
    let size = usize::try_from(head.size)
        .ok()
        .filter(|_| head.size <= COMPRESSED_MAX_BYTES);
    let size = size.ok_or_else(|| source.fault(head.at, Fault::TooLarge))?;
    block.compressed.clear();
    block.compressed.resize(size, 0);
    source.read(&mut block.compressed, &Fault::Truncated)?;
    let mut marker = [0; 16];
    let marker_at = source.at;
    source.read(&mut marker, &Fault::Truncated)?;
    if marker != header.marker {
        return Err(source.fault(marker_at, Fault::SyncMarker));
    }
    let inflated = header.codec.inflate(&mut block.compressed, &mut block.bytes);
    inflated.map_err(|fault| source.fault(head.at, fault))?;
    if head.count == 0 && !block.bytes.is_empty() {
        return Err(source.fault(head.at, Fault::Block("it has bytes and no record")));
    }
    block.at = 0;
    block.left = head.count;
    block.dead = None;
    Ok(())
}
