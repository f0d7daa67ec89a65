//! The schemas of the demo, and values framed as Confluent's clients frame them.

use anyhow::{Context, Result, bail, ensure};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What customers order.
pub const ORDER: &str = r#"{
  "type": "record", "name": "Order", "namespace": "shop",
  "fields": [
    {"name": "order_id", "type": "string"},
    {"name": "created_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "customer_id", "type": "long"},
    {"name": "country", "type": "string"},
    {"name": "currency", "type": "string"},
    {"name": "lines", "type": {"type": "array", "items": {
      "type": "record", "name": "Line", "fields": [
        {"name": "sku", "type": "string"},
        {"name": "quantity", "type": "int"},
        {"name": "price_minor", "type": "long"}]}}}
  ]}"#;

/// What the baseline makes of an order.
pub const ENRICHED: &str = r#"{
  "type": "record", "name": "EnrichedOrder", "namespace": "shop",
  "fields": [
    {"name": "order_id", "type": "string"},
    {"name": "created_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "customer_id", "type": "long"},
    {"name": "region", "type": "string"},
    {"name": "currency", "type": "string"},
    {"name": "total_minor", "type": "long"},
    {"name": "items", "type": "int"}
  ]}"#;

/// The same of the canary: one more field, with a default, not at the end.
pub const ENRICHED_CANARY: &str = r#"{
  "type": "record", "name": "EnrichedOrder", "namespace": "shop",
  "fields": [
    {"name": "order_id", "type": "string"},
    {"name": "created_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "customer_id", "type": "long"},
    {"name": "channel", "type": "string", "default": "web"},
    {"name": "region", "type": "string"},
    {"name": "currency", "type": "string"},
    {"name": "total_minor", "type": "long"},
    {"name": "items", "type": "int"}
  ]}"#;

/// The field that only the canary's schema has.
pub const ADDED: &str = "channel";

/// Bytes before the value: a zero and the schema's id.
const FRAME: usize = 5;

/// A schema under its id in the registry.
pub struct Registered {
    id: u32,
    schema: Schema,
}

impl Registered {
    /// Parses a schema.
    ///
    /// # Errors
    /// A text that is no Avro schema.
    pub fn new(id: u32, text: &str) -> Result<Self> {
        let schema = Schema::parse_str(text).with_context(|| format!("parse schema {id}"))?;
        Ok(Self { id, schema })
    }

    /// Writes a value behind its frame.
    ///
    /// # Errors
    /// A value that does not fit the schema.
    pub fn write(&self, value: &impl Serialize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(128);
        bytes.push(0);
        bytes.extend_from_slice(&self.id.to_be_bytes());
        let writer = GenericDatumWriter::builder(&self.schema)
            .human_readable(false)
            .build()
            .context("resolve the schema")?;
        writer.write_ser(&mut bytes, value).context("write a record")?;
        Ok(bytes)
    }

    /// Reads a value behind its frame.
    ///
    /// # Errors
    /// Bytes that the schema did not write.
    pub fn read<T: DeserializeOwned>(&self, framed: &[u8]) -> Result<T> {
        ensure!(id(framed)? == self.id, "the record was written with another schema");
        let mut rest = framed.get(FRAME..).unwrap_or_default();
        let reader = GenericDatumReader::builder(&self.schema)
            .human_readable(false)
            .build()
            .context("resolve the schema")?;
        reader.read_deser(&mut rest).context("read a record")
    }
}

/// The id of the schema that a value was written with.
///
/// # Errors
/// A value without a frame.
pub fn id(framed: &[u8]) -> Result<u32> {
    match framed {
        [0, a, b, c, d, ..] => Ok(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => bail!("the record is not framed"),
    }
}
