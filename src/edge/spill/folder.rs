//! The directory: made for one run, entered by nobody else, removed when it is dropped.

use std::cell::Cell;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::SpillError;
use super::write::Writer;

/// Names that are tried: who finds all of them taken has another trouble.
const ATTEMPTS_MAX: u32 = 10_000;

/// A directory of one run.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    files: Cell<u64>,
    /// Bytes that stand in all its files.
    written: Rc<Cell<u64>>,
}

impl Folder {
    /// Makes one in `parent` that only this user may enter.
    ///
    /// # Errors
    /// `parent` is not there or cannot be written.
    pub fn make(parent: &Path) -> Result<Self, SpillError> {
        let id = std::process::id();
        for attempt in 0..ATTEMPTS_MAX {
            let path = parent.join(format!("crosscheck-spill-{id}-{attempt}"));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    return Ok(Self {
                        path,
                        files: Cell::default(),
                        written: Rc::default(),
                    });
                }
                // A process of the same number left it, or another run of this one has it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => {
                    return Err(SpillError::Make {
                        folder: parent.to_owned(),
                        source,
                    });
                }
            }
        }
        Err(SpillError::Make {
            folder: parent.to_owned(),
            source: io::ErrorKind::AlreadyExists.into(),
        })
    }

    /// A new file, which is made with its first block; it is written in blocks of about `block` bytes.
    #[must_use]
    pub fn file(&self, block: usize) -> Writer {
        let number = self.files.get();
        self.files.set(number + 1);
        Writer::new(self.path.join(number.to_string()), block, self.written.clone())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that stand in its files now.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.get()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!("remove the directory {}: {error}", self.path.display());
        }
    }
}
