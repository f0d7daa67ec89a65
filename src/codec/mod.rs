//! First floor: bytes and schema to canonical form, fingerprint and value tree. Pure.

mod settings;
mod skip;

pub use settings::{EventTime, Format, Framing, Part, Rules, Select, Settings};
pub use skip::{Skipper, UnknownName};
