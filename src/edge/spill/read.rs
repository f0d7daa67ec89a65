//! Reading: block by block, each as it was written or not at all.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{HEADER, SpillError};

/// A file that is being read.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    file: File,
    left: u64,
    block: Vec<u8>,
}

impl Reader {
    pub(super) fn open(path: &Path, bytes: u64) -> Result<Self, SpillError> {
        let file = File::open(path).map_err(|source| SpillError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            left: bytes,
            block: Vec::new(),
        })
    }

    /// The items of the next block; `None` at the end.
    ///
    /// # Errors
    /// The disk fails, or does not give back what was written.
    pub fn block(&mut self) -> Result<Option<&[u8]>, SpillError> {
        if self.left == 0 {
            return Ok(None);
        }
        let header = self.take(HEADER)?.first_chunk::<HEADER>().copied();
        let [a, b, c, d, sum @ ..] = header.unwrap_or_default();
        let length = u32::from_le_bytes([a, b, c, d]);
        if u64::from(length) > self.left {
            return Err(self.damaged());
        }
        let length = usize::try_from(length).map_err(|_| self.damaged())?;
        if crc32fast::hash(self.take(length)?) != u32::from_le_bytes(sum) {
            return Err(self.damaged());
        }
        Ok(Some(&self.block))
    }

    /// It does not hold what was written to it.
    #[must_use]
    pub fn damaged(&self) -> SpillError {
        SpillError::Damaged {
            path: self.path.clone(),
        }
    }

    fn take(&mut self, length: usize) -> Result<&[u8], SpillError> {
        let bytes = u64::try_from(length).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(bytes).ok_or_else(|| self.damaged())?;
        self.block.resize(length, 0);
        self.file
            .read_exact(&mut self.block)
            .map_err(|source| SpillError::Read {
                path: self.path.clone(),
                source,
            })?;
        Ok(&self.block)
    }
}
