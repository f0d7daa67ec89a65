//! Second floor: the world. One outside thing a file; does I/O and decides nothing.

pub mod files;
pub mod store;
pub mod kafka;
pub mod http;
