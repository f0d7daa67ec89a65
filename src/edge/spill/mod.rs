//! Files for what does not fit in memory: a directory of its own, gone with it. Written once from begin to end, read once
//! from begin to end.

mod error;
mod folder;
mod read;
mod write;

pub use error::SpillError;
pub use folder::Folder;
pub use read::Reader;
pub use write::{Writer, Written};

/// Bytes before each block: its length and its checksum.
const HEADER: usize = 8;
