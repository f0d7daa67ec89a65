//! An order in Avro bytes with Confluent's frame: three schemas and a small encoder of our own.

use super::truth::{Note, Order};

/// The contract, and the first version.
pub const FIRST: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
{"name":"id","type":"long"},
{"name":"created_at","type":["null",{"type":"long","logicalType":"timestamp-millis"}]},
{"name":"amount","type":"long"},
{"name":"note","type":["null","string"]},
{"name":"status","type":{"type":"enum","name":"Status","symbols":["NEW","PAID","SENT"]}}]}"#;

/// The same values in other bytes: another order, narrower numbers, a field and a symbol that the contract lacks.
pub const SECOND: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
{"name":"status","type":{"type":"enum","name":"Status","symbols":["LOST","SENT","PAID","NEW"]}},
{"name":"channel","type":"string"},
{"name":"amount","type":"int"},
{"name":"note","type":["string","null"]},
{"name":"created_at","type":[{"type":"long","logicalType":"timestamp-millis"},"null"]},
{"name":"id","type":"int"}]}"#;

/// It lacks a field of the contract.
pub const THIRD: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
{"name":"id","type":"long"},
{"name":"created_at","type":["null",{"type":"long","logicalType":"timestamp-millis"}]},
{"name":"amount","type":"long"},
{"name":"status","type":{"type":"enum","name":"Status","symbols":["NEW","PAID","SENT"]}}]}"#;

/// A version of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    First,
    Second,
    Third,
}

/// What to spoil in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoil {
    Nothing,
    /// The note is no UTF-8.
    Note,
    /// The symbol's index is out of range.
    Symbol,
    /// A length below zero.
    Length,
}

fn long(bytes: &mut Vec<u8>, n: i64) {
    let mut rest = ((n << 1) ^ (n >> 63)).cast_unsigned();
    while rest >= 0x80 {
        bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).unwrap());
}

fn text(bytes: &mut Vec<u8>, text: &[u8]) {
    long(bytes, i64::try_from(text.len()).unwrap());
    bytes.extend_from_slice(text);
}

/// A union of null and something: the branch, then the value.
fn nullable(bytes: &mut Vec<u8>, null_is: i64, value: Option<impl FnOnce(&mut Vec<u8>)>) {
    long(bytes, if value.is_none() { null_is } else { 1 - null_is });
    if let Some(write) = value {
        write(bytes);
    }
}

fn note(bytes: &mut Vec<u8>, null_is: i64, note: Note, spoil: Spoil) {
    match (spoil, note) {
        (Spoil::Note, _) => nullable(bytes, null_is, Some(|bytes: &mut Vec<u8>| text(bytes, &[b'n', 0xff]))),
        (Spoil::Length, _) => nullable(bytes, null_is, Some(|bytes: &mut Vec<u8>| long(bytes, -3))),
        (_, Note::Text(n)) => nullable(
            bytes,
            null_is,
            Some(|bytes: &mut Vec<u8>| text(bytes, &[b'n', b'a' + n])),
        ),
        _ => nullable(bytes, null_is, None::<fn(&mut Vec<u8>)>),
    }
}

/// The framed value. The order must fit the version: a symbol outside the contract only in the second, a note not in the third.
pub fn value(schema_id: u32, version: Version, order: &Order, spoil: Spoil) -> Vec<u8> {
    let Order {
        id,
        created_ms,
        amount,
        note: its_note,
        status,
    } = *order;
    let mut bytes = Vec::with_capacity(32);
    bytes.push(0);
    bytes.extend_from_slice(&schema_id.to_be_bytes());
    let created = created_ms.map(|ms| move |bytes: &mut Vec<u8>| long(bytes, ms));
    let symbol = if spoil == Spoil::Symbol { 7 } else { i64::from(status) };
    match version {
        Version::First | Version::Third => {
            long(&mut bytes, i64::from(id));
            nullable(&mut bytes, 0, created);
            long(&mut bytes, amount);
            if version == Version::First {
                note(&mut bytes, 0, its_note, spoil);
            }
            long(&mut bytes, symbol);
        }
        Version::Second => {
            long(
                &mut bytes,
                if spoil == Spoil::Symbol {
                    7
                } else {
                    3 - i64::from(status)
                },
            );
            text(&mut bytes, b"web");
            long(&mut bytes, amount);
            note(&mut bytes, 1, its_note, spoil);
            nullable(&mut bytes, 1, created);
            long(&mut bytes, i64::from(id));
        }
    }
    bytes
}

/// A key's bytes.
pub fn key(number: u32) -> Vec<u8> {
    let mut bytes = b"o-".to_vec();
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes
}
