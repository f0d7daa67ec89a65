//! Protobuf: which encodings are one message, what a field becomes, and which bytes are bad.

mod against;
mod hostile;
mod rules;
mod values;
mod vectors;

use std::sync::Arc;

use crosscheck::codec::{Field, Format, Framing, Reducer, Schema, SchemaRef, Settings};
use crosscheck::model::{Fingerprint, Side, UndecodableReason};

use super::build::{one, settings, values};

pub fn protobuf(text: &str) -> Arc<Schema> {
    Schema::protobuf(text, &[]).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Unframed messages: the first one of the schema.
pub fn messages() -> Settings {
    Settings {
        format: Format::Protobuf,
        framing: Framing::None,
        ..settings()
    }
}

/// A reducer of a writer's messages under a contract.
pub fn reducer_of(side: Side, settings: Settings, writer: &str, contract: &str) -> Reducer {
    let mut reducer = Reducer::new(side, settings);
    reducer.add_schema(Field::Value, SchemaRef::Fixed, protobuf(writer));
    reducer.set_sole_contract(Field::Value, protobuf(contract));
    reducer
}

pub fn read(schema: &str, bytes: &[u8]) -> Result<Fingerprint, UndecodableReason> {
    one(&mut reducer_of(Side::Baseline, messages(), schema, schema), bytes)
}

/// The bytes that the digest is taken of, of the value alone.
pub fn canonical(schema: &str, bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut reducer = reducer_of(Side::Baseline, messages(), schema, schema);
    let (mut found, tagged) = reducer.canonical(&values(&[bytes.to_vec()]), 0).unwrap();
    // The key, which is null.
    assert_eq!(found.pop(), Some(0));
    (found, tagged)
}

/// A varint of at least so many bytes.
pub fn long(mut value: u64, least: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 || out.len() + 1 < least {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
    out
}

pub fn varint(value: u64) -> Vec<u8> {
    long(value, 1)
}

/// A field: number, wire type, payload without its length.
pub fn field(number: u64, wire: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = varint(number << 3 | u64::from(wire));
    if wire == 2 {
        out.extend(varint(payload.len() as u64));
    }
    out.extend_from_slice(payload);
    if wire == 3 {
        out.extend(varint(number << 3 | 4));
    }
    out
}

/// A field of a varint.
pub fn number(number: u64, value: u64) -> Vec<u8> {
    field(number, 0, &varint(value))
}
