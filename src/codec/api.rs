//! What goes into a reducer and what comes out: the nouns of the codec's surface.

use std::sync::Arc;

use super::applied::Rule;
use super::schema::Schema;
use super::writers::Writers;
use crate::model::Value;

/// Which half of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The Kafka key.
    Key,
    /// The value.
    Value,
}

/// How a record names its writer schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SchemaRef {
    /// Its id in the registry of the side.
    Id(u32),
    /// Its GUID, which is the same in every registry.
    Guid([u8; 16]),
    /// The CRC-64-AVRO fingerprint, as it stands in the frame.
    Fingerprint([u8; 8]),
    /// Not at all: the log has one schema.
    Fixed,
}

/// How far a batch was reduced.
#[derive(Clone)]
pub enum Progress {
    /// To its end.
    Done,
    /// To a record whose writer schema is not known yet: give it with `add_schema` or `unknown_schema`, and go on from `at`.
    NeedsSchema {
        /// Index of the record in the batch.
        at: usize,
        /// Key or value.
        field: Field,
        /// How the record names its schema.
        schema: SchemaRef,
    },
    /// To a record of a type without a contract: give one with `add_contract`, and go on from `at`.
    NeedsContract {
        /// Index of the record in the batch.
        at: usize,
        /// Key or value.
        field: Field,
        /// Full name of the record type, or the name of a primitive.
        type_name: String,
        /// The record's event time, if its own schema tells it.
        time_ms: Option<i64>,
        /// The record's writer schema.
        schema: Arc<Schema>,
    },
}

/// A record as the contract's type, for findings. No `Debug`: it holds values.
#[derive(Clone, PartialEq)]
pub struct Rendered {
    /// The key; `None` where it is not compared.
    pub key: Option<Value>,
    /// The value; [`Value::Null`] for a tombstone with `tombstone` set.
    pub value: Value,
    /// The record has no value.
    pub tombstone: bool,
    /// The conditional rules that hold for it and leave something out, by their places.
    pub when: Vec<usize>,
    /// The compared headers by name, in the order of the rules, each with all its values in order; a null is `None`.
    pub headers: Vec<(String, Vec<Option<Vec<u8>>>)>,
}

/// How often a writer schema was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaUse {
    /// Key or value.
    pub field: Field,
    /// How the records name it.
    pub schema: SchemaRef,
    /// Its digest.
    pub digest: [u8; 32],
    /// Records that named it and were decoded.
    pub records: u64,
}

/// What one reducer met and another is to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// A writer schema.
    Schema {
        /// Key or value.
        field: Field,
        /// How the records name it.
        schema: SchemaRef,
        /// Which of its messages, where it is Protobuf.
        message: Option<u32>,
        /// Records that were decoded.
        records: u64,
    },
    /// A rule that was seen to apply.
    Rule(Rule),
    /// Records, by who wrote them.
    Writers(Writers),
}
