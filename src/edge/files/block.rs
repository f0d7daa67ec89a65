//! One block of a file: packed as it stands there, unpacked, cut into records. It needs nothing of the reader, so that
//! any thread may do it.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::header::Header;
use super::reader::Head;
use super::source::Source;
use super::{BLOCK_MAX_BYTES, Fault, FileError};
use crate::model::{Bytes, RecordBatch, RecordRef, UndecodableReason};

/// Records in one chunk.
pub(super) const CHUNK_MAX_RECORDS: usize = 4096;

/// Bytes after which a chunk ends.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// Bytes that a compressed block may have: what does not shrink grows a little.
const COMPRESSED_MAX_BYTES: u64 = (BLOCK_MAX_BYTES + BLOCK_MAX_BYTES / 6 + (64 << 10)) as u64;

/// Some records of a file, all of one block.
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

/// A block as it stands in the file, not read yet.
pub struct Packed {
    file: Arc<File>,
    header: Arc<Header>,
    head: Head,
    /// Offset of its first record.
    first: u64,
}

impl Packed {
    pub(super) fn new(source: &Source, header: Arc<Header>, head: Head, first: u64) -> Self {
        let file = source.file().clone();
        Self {
            file,
            header,
            head,
            first,
        }
    }

    /// Reads and inflates it.
    ///
    /// # Errors
    /// It cannot be read, is corrupt or too large.
    pub fn unpack(self) -> Result<Unpacked, FileError> {
        let (mut packed, mut block) = (Vec::new(), Block::default());
        unpack(&self.file, &self.header, &self.head, &mut packed, &mut block)?;
        Ok(Unpacked {
            header: self.header,
            block,
            offset: self.first,
        })
    }

    /// Byte of the file behind it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.head.end()
    }
}

/// A block that is cut into chunks.
pub struct Unpacked {
    header: Arc<Header>,
    block: Block,
    offset: u64,
}

impl Unpacked {
    /// Replaces `chunk` by the next records; false where none are left.
    pub fn next(&mut self, chunk: &mut Chunk) -> bool {
        chunk.clear();
        let Self { header, block, offset } = self;
        if block.left == 0 {
            return false;
        }
        let mut put = |chunk: &mut Chunk, value, reason: Option<UndecodableReason>| {
            chunk.undecodable.extend(reason.map(|reason| (*offset, reason)));
            chunk.batch.records.push(RecordRef::of_value(*offset, value));
            *offset += 1;
        };
        if block.is_one_chunk() {
            chunk
                .batch
                .records
                .reserve_exact(usize::try_from(block.left).unwrap_or(0));
            while block.left > 0 {
                let (value, reason) = block.next(header);
                put(chunk, value, reason);
            }
            // Not copied: the block is the arena.
            std::mem::swap(&mut chunk.batch.arena, &mut block.bytes);
            return true;
        }
        while block.left > 0 && chunk.batch.records.len() < CHUNK_MAX_RECORDS && chunk.batch.arena.len() < CHUNK_BYTES {
            let (span, reason) = block.next(header);
            let value = chunk.batch.push_bytes(&block.bytes[span.start..span.end]);
            put(chunk, value, reason);
        }
        true
    }

    /// Bytes that it holds; 0 where no record is left.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        if self.block.left == 0 {
            0
        } else {
            self.block.bytes.len()
        }
    }

    /// True where no record is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.block.left == 0
    }
}

/// The block that is being read.
#[derive(Default)]
pub(super) struct Block {
    /// Its records, one behind the other.
    pub bytes: Vec<u8>,
    at: usize,
    /// Records that are left.
    pub left: u64,
    /// Why those that are left cannot be told apart.
    dead: Option<UndecodableReason>,
}

impl Block {
    /// Where the next record's bytes are, and why it cannot be decoded. Only where `left > 0`.
    pub fn next(&mut self, header: &Header) -> (Bytes, Option<UndecodableReason>) {
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
        let start = self.at;
        self.at += len;
        (Bytes { start, end: self.at }, reason)
    }

    /// True where nothing was read of it and all of it makes one chunk.
    fn is_one_chunk(&self) -> bool {
        self.at == 0 && self.left <= CHUNK_MAX_RECORDS as u64 && self.bytes.len() < CHUNK_BYTES
    }
}

/// Reads a block into `packed`, which is spent, and inflates it into `block`.
pub(super) fn unpack(
    file: &File,
    header: &Header,
    head: &Head,
    packed: &mut Vec<u8>,
    block: &mut Block,
) -> Result<(), FileError> {
    let fault = |at, fault| FileError::new(&header.path, Some(at), fault);
    let size = usize::try_from(head.size)
        .ok()
        .filter(|_| head.size <= COMPRESSED_MAX_BYTES);
    let size = size.ok_or_else(|| fault(head.at, Fault::TooLarge))?;
    packed.clear();
    packed.resize(size + header.marker.len(), 0);
    file.read_exact_at(packed, head.body).map_err(|error| {
        if error.kind() == ErrorKind::UnexpectedEof {
            return fault(head.body, Fault::Truncated);
        }
        FileError {
            source: Some(error),
            ..fault(head.body, Fault::Read)
        }
    })?;
    if packed[size..] != header.marker {
        return Err(fault(head.body + head.size, Fault::SyncMarker));
    }
    packed.truncate(size);
    let inflated = header.codec.inflate(packed, &mut block.bytes);
    inflated.map_err(|why| fault(head.at, why))?;
    if head.count == 0 && !block.bytes.is_empty() {
        return Err(fault(head.at, Fault::Block("it has bytes and no record")));
    }
    block.at = 0;
    block.left = head.count;
    block.dead = None;
    Ok(())
}
