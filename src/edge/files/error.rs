//! Why a file cannot be read to its end: where, what, and what to do about it.

use std::path::{Path, PathBuf};

/// A file that is trouble, and where in it.
#[derive(Debug, thiserror::Error)]
#[error("read {}{}: {fault}", .path.display(), at_byte(.offset))]
pub struct FileError {
    /// Which file.
    pub path: PathBuf,
    /// The byte at which what cannot be read begins; `None` where it is not about a place in it.
    pub offset: Option<u64>,
    /// What is wrong.
    pub fault: Fault,
    /// What the system said, if it was the system.
    pub source: Option<std::io::Error>,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be opened.
    #[error("the file cannot be opened")]
    Open,
    /// A directory, a pipe, a device.
    #[error("this is not a regular file")]
    NotRegular,
    /// The system fails while it is read.
    #[error("the file cannot be read")]
    Read,
    /// It does not begin like an Avro object container.
    #[error("this is not an Avro object container")]
    NotAvro,
    /// Its header is broken.
    #[error("broken header: {0}")]
    Header(&'static str),
    /// Its schema cannot be used.
    #[error("unusable schema in the header: {0}")]
    Schema(String),
    /// It is compressed in a way that nobody knows.
    #[error("unknown compression {0:?}")]
    Codec(String),
    /// A block is broken.
    #[error("broken block: {0}")]
    Block(&'static str),
    /// It ends within a block.
    #[error("the file ends in the middle of a block")]
    Truncated,
    /// What follows a block is not the file's marker.
    #[error("corrupt sync marker after a block")]
    SyncMarker,
    /// A block does not inflate.
    #[error("broken {codec} compression: {why}")]
    Inflate {
        /// The compression.
        codec: &'static str,
        /// What its library says.
        why: String,
    },
    /// A block is too large.
    #[error("a block of more than 64 MiB inflated")]
    TooLarge,
    /// There is no room for a copy of what must be inflated or comes from standard input.
    #[error("it cannot be copied to {}", .0.display())]
    Copy(PathBuf),
    /// It is not the file that was read before.
    #[error("the file was changed while it was read")]
    Changed,
}

impl FileError {
    pub(super) fn new(path: &Path, offset: Option<u64>, fault: Fault) -> Self {
        Self {
            path: path.to_owned(),
            offset,
            fault,
            source: None,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.fault {
            Fault::Open => "check the path and the permissions of the file",
            Fault::NotRegular => "copy it to a regular file first: findings are read a second time",
            Fault::Read => "check the disk or the mount",
            Fault::NotAvro => "give a file that an Avro data file writer wrote: it begins with \"Obj\" and a byte of 1",
            Fault::Header(_) | Fault::Schema(_) => {
                "write the file again; `avro-tools getmeta` shows what its header says"
            }
            Fault::Codec(_) => "write it with null, deflate, snappy, zstandard, bzip2 or xz",
            Fault::Truncated => {
                "the copy is incomplete or still being written: fetch it again when its writer has closed it"
            }
            Fault::Block(_) | Fault::SyncMarker | Fault::Inflate { .. } => {
                "the file is damaged: fetch it again, or cut it with `avro-tools repair`"
            }
            Fault::TooLarge => "write it with a smaller block size (sync interval)",
            Fault::Copy(_) => "set TMPDIR to a directory with room for all of it, inflated",
            Fault::Changed => "compare a copy that nobody writes to",
        }
    }
}

fn at_byte(offset: &Option<u64>) -> String {
    offset.map_or_else(String::new, |at| format!(" at byte {at}"))
}
