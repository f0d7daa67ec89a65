//! Writing: blocks with a checksum, one behind the other.

use std::cell::Cell;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::rc::Rc;

use super::read::Reader;
use super::{HEADER, SpillError};

/// A file that is being written.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: Option<File>,
    /// The block: a header to be filled in, and its items.
    block: Vec<u8>,
    block_max: usize,
    bytes: u64,
    total: Rc<Cell<u64>>,
}

/// A file that was written; it is removed when this is dropped.
#[derive(Debug)]
pub struct Written {
    path: PathBuf,
    bytes: u64,
    total: Rc<Cell<u64>>,
}

impl Writer {
    pub(super) fn new(path: PathBuf, block_max: usize, total: Rc<Cell<u64>>) -> Self {
        Self {
            path,
            file: None,
            block: Vec::new(),
            block_max,
            bytes: 0,
            total,
        }
    }

    /// Appends one item: what `write` appends to the bytes. An item is never cut between two blocks.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), SpillError> {
        if self.block.is_empty() {
            self.block.reserve(self.block_max);
            self.block.extend_from_slice(&[0; HEADER]);
        }
        write(&mut self.block);
        if self.block.len() >= self.block_max {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SpillError> {
        let Some((header, items)) = self.block.split_first_chunk_mut::<HEADER>() else {
            return Ok(());
        };
        let length = u32::try_from(items.len()).map_err(|_| SpillError::Damaged {
            path: self.path.clone(),
        })?;
        let (of_length, of_sum) = header.split_at_mut(HEADER / 2);
        of_length.copy_from_slice(&length.to_le_bytes());
        of_sum.copy_from_slice(&crc32fast::hash(items).to_le_bytes());
        let written = self.total.get();
        let failed = |error| SpillError::write(&self.path, written, error);
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(
                OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .open(&self.path)
                    .map_err(failed)?,
            ),
        };
        file.write_all(&self.block).map_err(failed)?;
        let bytes = u64::try_from(self.block.len()).unwrap_or(u64::MAX);
        self.bytes += bytes;
        self.total.set(written + bytes);
        self.block.clear();
        Ok(())
    }

    /// Writes what is left; `None` where nothing was appended.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn finish(mut self) -> Result<Option<Written>, SpillError> {
        self.flush()?;
        Ok(self.file.map(|_| Written {
            path: self.path,
            bytes: self.bytes,
            total: self.total,
        }))
    }
}

impl Written {
    /// Reads it from its begin.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn read(&self) -> Result<Reader, SpillError> {
        Reader::open(&self.path, self.bytes)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // What stays goes with the directory.
        if fs::remove_file(&self.path).is_ok() {
            self.total.set(self.total.get().saturating_sub(self.bytes));
        }
    }
}
