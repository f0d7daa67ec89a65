//! What one would write without this project: apache-avro's `Value`, canonical bytes, BLAKE3, one `HashMap` of what
//! waits for its partner; a pair is forgotten at once.

use std::collections::HashMap;
use std::error::Error;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use crosscheck::model::RecordBatch;

use super::data::{Shape, put_long};

/// Pairs that are equal, and pairs that differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub matched: u64,
    pub mismatched: u64,
}

/// Reads orders: identity, digest, event time.
pub struct Orders<'a> {
    shape: Shape,
    reader: GenericDatumReader<'a>,
    bytes: Vec<u8>,
}

impl<'a> Orders<'a> {
    pub fn new(shape: Shape, schema: &'a apache_avro::Schema) -> Result<Self, Box<dyn Error>> {
        let reader = GenericDatumReader::builder(schema).build()?;
        let bytes = Vec::new();
        Ok(Self { shape, reader, bytes })
    }

    pub fn read(&mut self, mut record: &[u8]) -> Result<(String, [u8; 32], i64), Box<dyn Error>> {
        let Value::Record(mut fields) = self.reader.read_value(&mut record)? else {
            return Err("not a record".into());
        };
        fields.retain(|(name, _)| !self.shape.ignored().contains(&name.as_str()));
        self.bytes.clear();
        fields.iter_mut().for_each(|(_, value)| put(&mut self.bytes, value));
        let digest = *blake3::hash(&self.bytes).as_bytes();
        let time = fields.iter().find_map(|(_, value)| match value {
            Value::TimestampMillis(ms) => Some(*ms),
            Value::TimestampMicros(micros) => Some(micros.div_euclid(1_000)),
            _ => None,
        });
        let Some((_, Value::String(order))) = fields.into_iter().next() else {
            return Err("not an order".into());
        };
        Ok((order, digest, time.ok_or("no event time")?))
    }
}

/// Compares two logs whose batches come in this order.
pub fn compare(
    shape: Shape,
    schema: &apache_avro::Schema,
    turns: &[(bool, &RecordBatch)],
) -> Result<Counted, Box<dyn Error>> {
    let reader = GenericDatumReader::builder(schema).build()?;
    let mut waiting: HashMap<(bool, String), [u8; 32]> = HashMap::new();
    let mut counted = Counted::default();
    let mut bytes = Vec::new();
    for (canary, batch) in turns {
        for record in &batch.records {
            let value = reader.read_value(&mut batch.value(record).unwrap_or_default())?;
            let Value::Record(mut fields) = value else {
                return Err("not a record".into());
            };
            fields.retain(|(name, _)| !shape.ignored().contains(&name.as_str()));
            bytes.clear();
            fields.iter_mut().for_each(|(_, value)| put(&mut bytes, value));
            let digest = *blake3::hash(&bytes).as_bytes();
            let Some((_, Value::String(order))) = fields.into_iter().next() else {
                return Err("not an order".into());
            };
            // The key is moved, not copied, and names the side that is waited for.
            let key = (*canary, order);
            match waiting.remove(&key) {
                Some(other) if other == digest => counted.matched += 1,
                Some(_) => counted.mismatched += 1,
                None => {
                    waiting.insert((!canary, key.1), digest);
                }
            }
        }
    }
    Ok(counted)
}

/// Only the first half of it: the canonical bytes and their hash.
pub fn digest(shape: Shape, schema: &apache_avro::Schema, batches: &[RecordBatch]) -> Result<u64, Box<dyn Error>> {
    let reader = GenericDatumReader::builder(schema).build()?;
    let mut bytes = Vec::new();
    let mut sum = 0;
    for batch in batches {
        for record in &batch.records {
            let Value::Record(mut fields) = reader.read_value(&mut batch.value(record).unwrap_or_default())? else {
                return Err("not a record".into());
            };
            fields.retain(|(name, _)| !shape.ignored().contains(&name.as_str()));
            bytes.clear();
            fields.iter_mut().for_each(|(_, value)| put(&mut bytes, value));
            sum += u64::from(blake3::hash(&bytes).as_bytes()[0]);
        }
    }
    Ok(sum)
}

/// Unambiguous bytes of a value: the Avro binary, maps in the order of their keys.
fn put(out: &mut Vec<u8>, value: &mut Value) {
    match value {
        Value::Boolean(value) => out.push(u8::from(*value)),
        Value::Int(value) | Value::Date(value) | Value::TimeMillis(value) => put_long(out, i64::from(*value)),
        Value::Long(value)
        | Value::TimestampMillis(value)
        | Value::TimestampMicros(value)
        | Value::TimestampNanos(value)
        | Value::TimeMicros(value) => put_long(out, *value),
        Value::Float(value) => out.extend(value.to_le_bytes()),
        Value::Double(value) => out.extend(value.to_le_bytes()),
        Value::Bytes(bytes) | Value::Fixed(_, bytes) => put_bytes(out, bytes),
        Value::String(text) => put_bytes(out, text.as_bytes()),
        Value::Enum(index, _) => put_long(out, i64::from(*index)),
        Value::Union(index, value) => {
            put_long(out, i64::from(*index));
            put(out, value);
        }
        Value::Array(items) => {
            put_long(out, i64::try_from(items.len()).unwrap_or(0));
            items.iter_mut().for_each(|item| put(out, item));
        }
        Value::Map(map) => {
            put_long(out, i64::try_from(map.len()).unwrap_or(0));
            let mut entries: Vec<(&String, &mut Value)> = map.iter_mut().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            for (key, value) in entries {
                put_bytes(out, key.as_bytes());
                put(out, value);
            }
        }
        Value::Record(fields) => fields.iter_mut().for_each(|(_, value)| put(out, value)),
        Value::Decimal(decimal) => {
            let bytes: Vec<u8> = (&*decimal).try_into().unwrap_or_default();
            put_bytes(out, &bytes);
        }
        _ => {}
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_long(out, i64::try_from(bytes.len()).unwrap_or(0));
    out.extend_from_slice(bytes);
}
