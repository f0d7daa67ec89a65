//! Protobuf: a schema becomes types of our own, and a record becomes Avro binary of those types. From there on it goes the
//! way of every record: plan, walk, digest.
//!
//! The wire names fields by number, in any order, packed or not, again and again, and leaves out what is a default. All of
//! that is settled here, in one walk over the bytes with the compiled layout of the message: what comes out has each field
//! once, in the order of the numbers. So two encodings of one message come out as the same bytes.

mod build;
mod decode;
mod layout;
mod many;
mod scan;
mod source;
mod unknown;

pub(super) use build::build;
pub(super) use decode::Decoder;
pub(super) use layout::Layouts;
pub(super) use source::{Source, compile, imports, restore};

/// The field of every message that holds what its schema does not know, as the wire has it.
pub(super) const UNKNOWN: &str = "$unknown";

/// How deep messages may nest.
const DEPTH_MAX: u32 = 64;
