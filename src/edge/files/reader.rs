//! The records of a file, in order, a bounded chunk at a time.

use std::path::Path;
use std::sync::Arc;

use super::header::{self, Header};
use super::index::Index;
use super::source::Source;
use super::{BLOCK_MAX_BYTES, Chunk, Fault, FileError, Input, Packed, Unpacked};
use crate::codec::Schema;

/// Records that a block may claim: one of 64 MiB cannot hold more.
const BLOCK_MAX_RECORDS: u64 = BLOCK_MAX_BYTES as u64;

/// Reads a file from its begin to its end.
pub struct Reader {
    source: Source,
    header: Arc<Header>,
    index: Index,
    /// The block that is being read.
    open: Option<Unpacked>,
    /// Offset of the next record.
    offset: u64,
    /// Offset of the first record of the next block.
    next_block: u64,
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
        Self::of(&Input::plain(path)?)
    }

    /// Reads the header of an open file.
    ///
    /// # Errors
    /// Not one that can be read.
    pub fn of(input: &Input) -> Result<Self, FileError> {
        let mut source = Source::of(input)?;
        let header = header::read(&mut source)?;
        let index = Index::new(source.len, header.marker);
        Ok(Self {
            source,
            header: Arc::new(header),
            index,
            open: None,
            offset: 0,
            next_block: 0,
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

    /// Bytes up to the next block, and bytes there are.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.source.at, self.source.len)
    }

    /// Offset of the next record: how many [`Reader::next`] has read.
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
        loop {
            if let Some(open) = &mut self.open
                && open.next(chunk)
            {
                self.offset += chunk.batch.records.len() as u64;
                return Ok(true);
            }
            self.open = None;
            let Some(packed) = self.next_packed()? else {
                chunk.clear();
                return Ok(false);
            };
            self.open = Some(packed.unpack()?);
        }
    }

    /// The next block as it stands in the file, which anybody may unpack; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read to its end. What is wrong with a block behind its head is told by unpacking it.
    pub fn next_packed(&mut self) -> Result<Option<Packed>, FileError> {
        let Some(head) = read_head(&mut self.source)? else {
            return Ok(None);
        };
        let first = self.next_block;
        self.index.push(first, head.at);
        self.next_block += head.count;
        let packed = Packed::new(&self.source, self.header.clone(), head, first);
        self.source.seek(packed.end())?;
        Ok(Some(packed))
    }
}

/// How many records the heads of a file's blocks say that it has. No record is read.
///
/// # Errors
/// No such file, or not one that can be read.
pub(super) fn count_of(input: &Input) -> Result<u64, FileError> {
    let mut source = Source::of(input)?;
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
#[derive(Clone, Copy)]
pub(super) struct Head {
    /// Its first byte.
    pub at: u64,
    /// Records in it.
    pub count: u64,
    /// Bytes in the file, without the marker.
    pub size: u64,
    /// The first of them.
    pub body: u64,
}

impl Head {
    /// Byte behind the block's marker. The head was checked against the file's length.
    pub fn end(&self) -> u64 {
        self.body + self.size + 16
    }
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
    let body = source.at;
    Ok(Some(Head { at, count, size, body }))
}
