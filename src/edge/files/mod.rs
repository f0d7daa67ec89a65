//! Avro object containers: written by any implementation, with any codec, read block by block in constant memory.

mod block;
mod error;
mod fetch;
mod header;
mod index;
mod inflate;
mod reader;
mod source;

pub use block::{Chunk, Packed, Unpacked};
pub use error::{Fault, FileError};
pub use fetch::fetch;
pub use index::Index;
pub use reader::{Reader, count};

use std::path::PathBuf;

/// Bytes that a block may have, inflated.
pub const BLOCK_MAX_BYTES: usize = 64 << 20;

/// Which file is a side's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where it is.
    pub path: PathBuf,
}
