//! JSON lines: a record a line, blank lines apart, read in chunks.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use super::block::{CHUNK_BYTES, CHUNK_MAX_RECORDS};
use super::{Chunk, Fault, FileError, Index, Input};
use crate::model::{Bytes, RecordRef, UndecodableReason};

/// Bytes that a line may have.
pub const LINE_MAX_BYTES: usize = 64 << 20;
/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 1 << 18;

/// Reads a file of lines from its begin to its end.
pub struct Lines {
    input: Input,
    file: BufReader<File>,
    /// Next byte.
    at: u64,
    /// Number of the next record.
    offset: u64,
    index: Index,
}

impl Lines {
    /// Reads from the begin.
    ///
    /// # Errors
    /// The system does not let it.
    pub fn of(input: &Input) -> Result<Self, FileError> {
        let file = input.file.try_clone();
        let file = file.map_err(|error| failed(input, 0, error))?;
        let mut lines = Self {
            file: BufReader::with_capacity(BUFFER_BYTES, file),
            at: 0,
            offset: 0,
            index: Index::new(input.len, [0; 16]),
            input: input.clone(),
        };
        lines.seek(0, 0)?;
        Ok(lines)
    }

    /// Bytes read, and bytes there are.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.at, self.input.len)
    }

    /// Number of the next record.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Where records were found so far.
    #[must_use]
    pub fn into_index(self) -> Index {
        self.index
    }

    /// Replaces `chunk` by the next records; false at the end, with none. Of a line that is too long the first bytes stay.
    ///
    /// # Errors
    /// The file cannot be read to its end.
    pub fn next(&mut self, chunk: &mut Chunk) -> Result<bool, FileError> {
        chunk.clear();
        self.index.push(self.offset, self.at);
        let Chunk { batch, undecodable } = chunk;
        while batch.records.len() < CHUNK_MAX_RECORDS && batch.arena.len() < CHUNK_BYTES {
            let start = batch.arena.len();
            let longest = LINE_MAX_BYTES as u64 + 1;
            let read = self.file.by_ref().take(longest).read_until(b'\n', &mut batch.arena);
            let count = read.map_err(|error| failed(&self.input, self.at, error))?;
            if count == 0 {
                break;
            }
            self.at += count as u64;
            if batch.arena.last() == Some(&b'\n') {
                batch.arena.pop();
            } else if count > LINE_MAX_BYTES {
                let rest = self.file.skip_until(b'\n');
                self.at += rest.map_err(|error| failed(&self.input, self.at, error))? as u64;
                undecodable.push((self.offset, UndecodableReason::Bounds));
            }
            let line = &batch.arena[start..];
            if line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
                batch.arena.truncate(start);
                continue;
            }
            let end = batch.arena.len();
            batch
                .records
                .push(RecordRef::of_value(self.offset, Bytes { start, end }));
            self.offset += 1;
        }
        if batch.records.is_empty() && self.at < self.input.len {
            return Err(FileError::new(&self.input.path, Some(self.at), Fault::Changed));
        }
        Ok(!batch.records.is_empty())
    }

    fn seek(&mut self, record: u64, byte: u64) -> Result<(), FileError> {
        let done = self.file.seek(SeekFrom::Start(byte));
        done.map_err(|error| failed(&self.input, byte, error))?;
        (self.offset, self.at) = (record, byte);
        Ok(())
    }
}

fn failed(input: &Input, at: u64, error: std::io::Error) -> FileError {
    FileError {
        source: Some(error),
        ..FileError::new(&input.path, Some(at), Fault::Read)
    }
}

/// How many records a file of lines has.
///
/// # Errors
/// It cannot be read to its end.
pub fn count_lines(input: &Input) -> Result<u64, FileError> {
    let (mut lines, mut chunk) = (Lines::of(input)?, Chunk::default());
    while lines.next(&mut chunk)? {}
    Ok(lines.offset)
}

/// Reads the records at `offsets` (sorted) again and shows each to `visit`.
///
/// # Errors
/// The file cannot be read, or is not the one that the index was made of.
pub fn fetch_lines(
    input: &Input,
    index: &Index,
    offsets: &[u64],
    mut visit: impl FnMut(u64, &[u8]),
) -> Result<(), FileError> {
    let mut wanted = offsets.iter().copied().peekable();
    let (mut lines, mut chunk) = (Lines::of(input)?, Chunk::default());
    while let Some(&offset) = wanted.peek() {
        if let Some((record, byte)) = index.before(offset)
            && record > lines.offset
        {
            lines.seek(record, byte)?;
        }
        if !lines.next(&mut chunk)? {
            return Ok(());
        }
        for record in &chunk.batch.records {
            let mut found = false;
            while wanted.next_if_eq(&record.offset).is_some() {
                found = true;
            }
            if found {
                visit(record.offset, chunk.batch.value(record).unwrap_or_default());
            }
        }
    }
    Ok(())
}
