//! Second floor: the world. One outside thing a file; does I/O and decides nothing.

pub mod files;
pub mod http;
pub mod kafka;
<<<<<<< HEAD
pub mod registry;
=======
>>>>>>> 8ebef09 (census: the verdict of a bounded run)
pub mod store;
