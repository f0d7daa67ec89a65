//! Codec: canonical form, digests, plans, hostile bytes.

mod bench;
mod bombs;
mod build;
mod cuts;
mod edges;
mod oracle;
mod reducer;
mod second;
mod table;
mod vectors;
