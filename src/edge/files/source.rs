//! A regular file that knows where it stands and how long it is.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::{Fault, FileError, Input};

/// Heads are read through it; whole blocks are not.
const BUFFER_BYTES: usize = 1 << 10;

/// What is read of a file.
pub(super) struct Source {
    file: BufReader<File>,
    input: Input,
    /// Next byte.
    pub at: u64,
    /// Bytes when it was opened.
    pub len: u64,
}

impl Source {
    /// Reads an open file from its begin.
    pub fn of(input: &Input) -> Result<Self, FileError> {
        let file = input.file.try_clone().map_err(|error| FileError {
            source: Some(error),
            ..FileError::new(&input.path, None, Fault::Open)
        })?;
        let mut source = Self {
            file: BufReader::with_capacity(BUFFER_BYTES, file),
            len: input.len,
            input: input.clone(),
            at: 0,
        };
        source.seek(0)?;
        Ok(source)
    }

    /// The file, to read from any place by any thread.
    pub fn file(&self) -> &Arc<File> {
        &self.input.file
    }

    /// Which file.
    pub fn path(&self) -> &Path {
        &self.input.path
    }

    /// Bytes that are left of what it had when it was opened.
    pub fn left(&self) -> u64 {
        self.len.saturating_sub(self.at)
    }

    /// A fault at a byte.
    pub fn fault(&self, offset: u64, fault: Fault) -> FileError {
        FileError::new(&self.input.path, Some(offset), fault)
    }

    fn failed(&self, error: std::io::Error, early: Fault) -> FileError {
        if error.kind() == ErrorKind::UnexpectedEof {
            return self.fault(self.at, early);
        }
        FileError {
            source: Some(error),
            ..self.fault(self.at, Fault::Read)
        }
    }

    /// Fills `bytes`; where the file ends before, that is the fault `early`.
    pub fn read(&mut self, bytes: &mut [u8], early: &Fault) -> Result<(), FileError> {
        match self.file.read_exact(bytes) {
            Ok(()) => {
                self.at += bytes.len() as u64;
                Ok(())
            }
            Err(error) => Err(self.failed(error, early.clone())),
        }
    }

    /// One long; where the file ends before, that is the fault `early`. `None` where it is not one.
    pub fn long(&mut self, early: &Fault) -> Result<Option<i64>, FileError> {
        let mut value: u64 = 0;
        for i in 0..10 {
            let mut byte = [0];
            self.read(&mut byte, early)?;
            let bits = u64::from(byte[0] & 0x7f);
            if i == 9 && bits > 1 {
                return Ok(None);
            }
            value |= bits << (7 * i);
            if byte[0] < 0x80 {
                let magnitude = (value >> 1).cast_signed();
                return Ok(Some(if value & 1 == 1 { !magnitude } else { magnitude }));
            }
        }
        Ok(None)
    }

    /// True where it ended when it was opened.
    pub fn at_end(&mut self) -> Result<bool, FileError> {
        if self.at >= self.len {
            return Ok(true);
        }
        match self.file.fill_buf() {
            Ok([]) => Err(self.fault(self.at, Fault::Changed)),
            Ok(_) => Ok(false),
            Err(error) => Err(self.failed(error, Fault::Read)),
        }
    }

    /// Goes to a byte.
    pub fn seek(&mut self, to: u64) -> Result<(), FileError> {
        match self.file.seek(SeekFrom::Start(to)) {
            Ok(_) => {
                self.at = to;
                Ok(())
            }
            Err(error) => Err(self.failed(error, Fault::Read)),
        }
    }
}
