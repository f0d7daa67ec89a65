//! Second floor: the world. One outside thing a file; does I/O and decides nothing.

pub mod files;
pub mod http;
pub mod kafka;
pub mod registry;
pub mod spill;
pub mod store;
