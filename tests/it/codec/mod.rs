//! Codec: canonical form, digests, plans, hostile bytes.

mod bench;
mod bombs;
pub(crate) mod bounds;
pub(crate) mod build;
mod critical;
mod cuts;
mod drawn;
mod edges;
mod frozen;
mod json;
mod json_hostile;
mod json_typed;
mod lacked;
pub(crate) mod memory;
mod oracle;
mod profiled;
mod protobuf;
mod reducer;
mod second;
mod table;
mod unheld;
mod vectors;
mod words;
