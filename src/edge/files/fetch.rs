//! Records read again, by their offsets, for the findings.

use std::path::Path;

use super::block::{Block, unpack};
use super::reader::read_head;
use super::source::Source;
use super::{Fault, FileError, Index, Input, header};

/// Reads the records at `offsets` (sorted) again and shows each to `visit`; those that cannot be told apart from the
/// rest of their block are left out.
///
/// # Errors
/// The file cannot be read, or is not the one that the index was made of.
pub fn fetch(path: &Path, index: &Index, offsets: &[u64], visit: impl FnMut(u64, &[u8])) -> Result<(), FileError> {
    if offsets.is_empty() {
        return Ok(());
    }
    fetch_from(&Input::plain(path)?, index, offsets, visit)
}

/// The same of an open file.
pub(super) fn fetch_from(
    input: &Input,
    index: &Index,
    offsets: &[u64],
    mut visit: impl FnMut(u64, &[u8]),
) -> Result<(), FileError> {
    let mut wanted = offsets.iter().copied().peekable();
    if wanted.peek().is_none() {
        return Ok(());
    }
    let mut source = Source::of(input)?;
    let header = header::read(&mut source)?;
    if source.len < index.len || header.marker != index.marker {
        return Err(FileError::new(&input.path, None, Fault::Changed));
    }
    let (mut packed, mut block) = (Vec::new(), Block::default());
    let mut first = 0;
    while let Some(&offset) = wanted.peek() {
        if let Some((record, byte)) = index.before(offset)
            && byte > source.at
        {
            source.seek(byte)?;
            first = record;
        }
        let Some(head) = read_head(&mut source)? else {
            return Ok(());
        };
        let end = first + head.count;
        source.seek(head.end())?;
        if offset >= end {
            first = end;
            continue;
        }
        unpack(source.file(), &header, &head, &mut packed, &mut block)?;
        for number in first..end {
            // What is left of a block is not cut any more where no record of it is wanted.
            let Some(&offset) = wanted.peek().filter(|offset| **offset < end) else {
                break;
            };
            let (span, reason) = block.next(&header);
            if number != offset {
                continue;
            }
            if reason.is_none() {
                visit(offset, &block.bytes[span.start..span.end]);
            }
            while wanted.next_if_eq(&offset).is_some() {}
        }
        first = end;
    }
    Ok(())
}
