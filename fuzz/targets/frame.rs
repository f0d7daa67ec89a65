//! Keys and values in frames: `KINDS KEY_LENGTH KEY VALUE`. The first byte chooses framings, formats, envelope and identity; any
//! schema that is asked for is one of a few, or unknown. What a header names a schema by is what its half begins with. It goes
//! on until all is done.

use std::sync::Arc;

use crosscheck::codec::{Format, Framing, Part, Progress, Reducer, Schema, SchemaRef, Settings, Unwrap};
use crosscheck::model::{Header, Path, RecordBatch, RecordRef, Reduction, Side};

const SCHEMAS: [&str; 5] = [
    "\"string\"",
    "\"long\"",
    r#"{"type":"record","name":"R","fields":[{"name":"id","type":["null","long"]},{"name":"m","type":{"type":"map","values":"string"}}]}"#,
    r#"{"type":"array","items":"bytes"}"#,
    r#"{"type":"record","name":"Envelope","fields":[{"name":"before","type":["null",{"type":"record","name":"Row","fields":[
        {"name":"id","type":"long"}]}]},{"name":"after","type":["null","Row"]},{"name":"op","type":"string"}]}"#,
];
const FRAMINGS: [Framing; 4] = [
    Framing::Confluent,
    Framing::SingleObject,
    Framing::None,
    Framing::Header,
];

pub fn run(bytes: &[u8]) {
    let [kinds, key_len, rest @ ..] = bytes else { return };
    let (key, value) = rest.split_at(usize::from(*key_len).min(rest.len()));
    let identity = match kinds >> 6 {
        0 => Vec::new(),
        1 => vec![Part::Key],
        2 => vec![Part::KeyPath(Path::parse("id").unwrap())],
        _ => vec![Part::Field(Path::parse("id").unwrap()), Part::Header("h".to_owned())],
    };
    let settings = Settings {
        framing: FRAMINGS[usize::from(kinds & 3)],
        key_framing: FRAMINGS[usize::from(kinds >> 2 & 3)],
        unwrap: (kinds & 16 != 0).then_some(Unwrap::Debezium),
        key_format: if kinds & 32 == 0 { Format::Avro } else { Format::Raw },
        identity,
        ..Settings::default()
    };
    let mut reducer = Reducer::new(Side::Baseline, settings);
    let mut batch = RecordBatch::new(0);
    for (name, half) in [("__key_schema_id", key), ("__value_schema_id", value)] {
        let (name, value) = (
            batch.push_bytes(name.as_bytes()),
            batch.push_bytes(&half[..half.len().min(17)]),
        );
        batch.headers.push(Header {
            name,
            value: Some(value),
        });
    }
    let (key, value) = (batch.push_bytes(key), batch.push_bytes(value));
    batch.records = vec![RecordRef {
        offset: 0,
        timestamp_ms: None,
        key: Some(key),
        value: Some(value),
        headers: (0, 2),
    }];
    let mut out = Vec::new();
    for _ in 0..8 {
        match reducer.reduce(&batch, 0, &mut out) {
            Progress::Done => {
                assert!(out.len() == 1 && !matches!(out[0].body, Reduction::Deselected));
                return;
            }
            Progress::NeedsSchema { field, schema, .. } => match schema_of(schema) {
                Some(known) => reducer.add_schema(field, schema, known),
                None => reducer.unknown_schema(field, schema),
            },
            Progress::NeedsContract { field, schema, .. } => reducer.add_contract(field, schema),
        }
    }
    panic!("it asks without an end");
}

/// The schema that a frame names.
fn schema_of(named: SchemaRef) -> Option<Arc<Schema>> {
    let at = match named {
        SchemaRef::Id(id) => id as usize % 8,
        SchemaRef::Fingerprint(bytes) => usize::from(bytes[0] % 8),
        SchemaRef::Guid(bytes) => usize::from(bytes[0] % 8),
        SchemaRef::Fixed => 4,
    };
    SCHEMAS.get(at).map(|text| Schema::parse(text).unwrap())
}

pub fn seeds(write: &mut dyn FnMut(&[u8])) {
    for kinds in [0, 64, 128, 192, 32, 96] {
        write(&[
            kinds, 7, 0, 0, 0, 0, 0, 2, b'k', 0, 0, 0, 0, 2, 2, 4, 2, 2, b'a', 2, b'b', 0,
        ]);
        let single = [0xc3, 1, 2, 0, 0, 0, 0, 0, 0, 0, 2, 4, 0];
        write(&[[kinds + 5, 13].as_slice(), &single, &single].concat());
        write(&[kinds + 10, 3, 2, 4, 0, 2, 4, 0]);
        write(&[[kinds + 15, 17, 1, 2].as_slice(), &[0; 15], &[1, 1], &[0; 15]].concat());
        write(&[kinds + 16 + 8, 1, 2, 0, 0, 0, 0, 4, 0, 2, 6, 2, b'c']);
        write(&[kinds + 16 + 10, 1, 2, 2, 6, 0, 2, b'd']);
    }
}
