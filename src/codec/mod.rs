//! First floor: bytes and schema to canonical form, fingerprint and value tree. Pure.
//!
//! A schema is parsed once ([`Schema`]); with its contract and the rules it becomes a plan, a flat list of operations;
//! a walk follows the plan over the bytes of a record, once; what it yields is hashed. JSON is walked by the contract itself,
//! or without one. Protobuf is made Avro binary of its own schema before. [`Reducer`] does it for batches.
//! `docs/canonical-form.md` is the specification.

mod api;
mod applied;
mod canonical;
mod changes;
mod compile;
mod decimal;
mod default;
mod digest;
mod envelope;
mod fast;
mod frame;
mod half;
mod hashes;
mod header;
mod identity;
mod json;
mod looks;
mod mapping;
mod marks;
mod matching;
mod messages;
mod paths;
mod plan;
mod profiled;
mod proto;
mod reducer;
mod render;
mod schema;
mod select;
mod settings;
mod skip;
mod time;
mod tolerant;
mod walk;
mod writers;

pub use api::{Field, Met, Progress, Rendered, SchemaRef, SchemaUse};
pub use applied::{Applied, Rule};
pub use changes::{Change, SchemaChange};
pub use looks::looks;
pub use messages::Messages;
pub use paths::PathKind;
pub use reducer::Reducer;
pub use schema::{Schema, SchemaError};
pub use settings::{
    CONDITIONS_MAX, Condition, Conditional, EventTime, Format, Framing, Mapping, Part, Rules, Select, Settings, Sign,
    Then, Unwrap,
};
pub use skip::Skipper;
pub use writers::Writers;
