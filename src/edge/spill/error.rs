//! What can go wrong with spilled files.

use std::io;
use std::path::{Path, PathBuf};

/// A file that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SpillError {
    /// There is no directory for them.
    #[error("make a directory in {}", .folder.display())]
    Make {
        /// Where.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The disk is full, or the quota or the largest size of a file is reached.
    #[error("no room is left in {} behind {written} bytes", .folder.display())]
    Full {
        /// Where.
        folder: PathBuf,
        /// Bytes that stand there already.
        written: u64,
        /// The system's words.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("write {}", .path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be read.
    #[error("read {}", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It does not hold what was written to it.
    #[error("{} does not hold what was written to it", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
}

impl SpillError {
    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Make { .. } => "point TMPDIR to a directory that can be written, or set --held-max-bytes to more",
            Self::Full { .. } => {
                "records that do not fit into held_max_bytes are written there: make room, point TMPDIR to a larger disk, \
                 or set --held-max-bytes to more"
            }
            Self::Write { .. } | Self::Read { .. } | Self::Damaged { .. } => {
                "look at the disk, point TMPDIR to another one, or set --held-max-bytes to more"
            }
        }
    }

    /// A write that failed.
    pub(super) fn write(path: &Path, written: u64, source: io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        if matches!(source.kind(), FileTooLarge | QuotaExceeded | StorageFull) {
            return Self::Full {
                folder: path.parent().unwrap_or(path).to_owned(),
                written,
                source,
            };
        }
        Self::Write {
            path: path.to_owned(),
            source,
        }
    }
}
