//! Avro object containers, written by any implementation, with any codec, read block by block in constant memory; and JSON
//! lines. Both may be compressed as a whole, and may come from standard input.

mod block;
mod error;
mod fetch;
mod gunzip;
mod header;
mod index;
mod inflate;
mod input;
mod lines;
mod reader;
mod records;
mod source;

pub use block::{Chunk, Packed, Unpacked};
pub use error::{Fault, FileError};
pub use fetch::fetch;
use fetch::fetch_from;
pub use index::Index;
pub use input::Input;
pub use lines::{LINE_MAX_BYTES, Lines};
use lines::{count_lines, fetch_lines};
pub use reader::Reader;
use reader::count_of;
pub use records::{Found, Kind, Records, count, read_again};

use std::path::PathBuf;

/// Bytes that a block may have, inflated.
pub const BLOCK_MAX_BYTES: usize = 64 << 20;

/// Which file is a side's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where it is.
    pub path: PathBuf,
}
