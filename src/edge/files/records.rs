//! The records of a file, whatever kind it is of.

use std::sync::Arc;

use super::{Chunk, FileError, Index, Input, Lines, Packed, Reader, count_lines, count_of, fetch_from, fetch_lines};
use crate::codec::Schema;

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An Avro object container.
    Avro,
    /// JSON lines.
    Lines,
}

/// Reads a file from its begin to its end.
pub enum Records {
    /// An Avro object container.
    Avro(Box<Reader>),
    /// JSON lines.
    Lines(Box<Lines>),
}

/// Some of its records.
pub enum Found {
    /// As they stand in the file, which anybody may unpack.
    Packed(Packed),
    /// Read already.
    Chunk(Chunk),
}

impl Records {
    /// Begins to read.
    ///
    /// # Errors
    /// Not such a file.
    pub fn of(input: &Input, kind: Kind) -> Result<Self, FileError> {
        Ok(match kind {
            Kind::Avro => Records::Avro(Box::new(Reader::of(input)?)),
            Kind::Lines => Records::Lines(Box::new(Lines::of(input)?)),
        })
    }

    /// The schema that all records were written with, if there is one.
    #[must_use]
    pub fn schema(&self) -> Option<&Arc<Schema>> {
        match self {
            Records::Avro(reader) => Some(reader.schema()),
            Records::Lines(_) => None,
        }
    }

    /// Replaces `chunk` by the next records; false at the end, with none.
    ///
    /// # Errors
    /// The file cannot be read to its end.
    pub fn next(&mut self, chunk: &mut Chunk) -> Result<bool, FileError> {
        match self {
            Records::Avro(reader) => reader.next(chunk),
            Records::Lines(lines) => lines.next(chunk),
        }
    }

    /// The next records, and the byte behind them; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read to its end.
    pub fn find(&mut self) -> Result<Option<(Found, u64)>, FileError> {
        match self {
            Records::Avro(reader) => {
                let packed = reader.next_packed()?;
                Ok(packed.map(|packed| {
                    let end = packed.end();
                    (Found::Packed(packed), end)
                }))
            }
            Records::Lines(lines) => {
                let mut chunk = Chunk::default();
                let more = lines.next(&mut chunk)?;
                Ok(more.then(|| (Found::Chunk(chunk), lines.progress().0)))
            }
        }
    }

    /// Bytes read, and bytes there are.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        match self {
            Records::Avro(reader) => reader.progress(),
            Records::Lines(lines) => lines.progress(),
        }
    }

    /// Offset of the next record.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match self {
            Records::Avro(reader) => reader.offset(),
            Records::Lines(lines) => lines.offset(),
        }
    }

    /// Where records were found so far.
    #[must_use]
    pub fn into_index(self) -> Index {
        match self {
            Records::Avro(reader) => reader.into_index(),
            Records::Lines(lines) => lines.into_index(),
        }
    }
}

/// How many records a file has.
///
/// # Errors
/// It cannot be read to its end.
pub fn count(input: &Input, kind: Kind) -> Result<u64, FileError> {
    match kind {
        Kind::Avro => count_of(input),
        Kind::Lines => count_lines(input),
    }
}

/// Reads the records at `offsets` (sorted) again and shows each to `visit`.
///
/// # Errors
/// The file cannot be read, or is not the one that the index was made of.
pub fn read_again(
    (input, kind): (&Input, Kind),
    index: &Index,
    offsets: &[u64],
    visit: impl FnMut(u64, &[u8]),
) -> Result<(), FileError> {
    match kind {
        Kind::Avro => fetch_from(input, index, offsets, visit),
        Kind::Lines => fetch_lines(input, index, offsets, visit),
    }
}
