//! Keys and values in frames: `KINDS KEY_LENGTH KEY VALUE`. The first byte chooses framings, formats and identity; any
//! schema that is asked for is one of a few, or unknown. It goes on until all is done.

use std::sync::Arc;

use crosscheck::codec::{Format, Framing, Part, Progress, Reducer, Schema, SchemaRef, Settings};
use crosscheck::model::{Path, RecordBatch, RecordRef, Reduction, Side};

const SCHEMAS: [&str; 4] = [
    "\"string\"",
    "\"long\"",
    r#"{"type":"record","name":"R","fields":[{"name":"id","type":["null","long"]},{"name":"m","type":{"type":"map","values":"string"}}]}"#,
    r#"{"type":"array","items":"bytes"}"#,
];
const FRAMINGS: [Framing; 3] = [Framing::Confluent, Framing::SingleObject, Framing::None];

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
        framing: FRAMINGS[usize::from(kinds % 3)],
        key_framing: FRAMINGS[usize::from(kinds / 3 % 3)],
        key_format: if kinds & 32 == 0 { Format::Avro } else { Format::Raw },
        identity,
        ..Settings::default()
    };
    let mut reducer = Reducer::new(Side::Baseline, settings);
    let mut batch = RecordBatch::new(0);
    let (key, value) = (batch.push_bytes(key), batch.push_bytes(value));
    batch.records = vec![RecordRef {
        offset: 0,
        timestamp_ms: None,
        key: Some(key),
        value: Some(value),
        headers: (0, 0),
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
        SchemaRef::Fixed => 2,
    };
    SCHEMAS.get(at).map(|text| Schema::parse(text).unwrap())
}

pub fn seeds(write: &mut dyn FnMut(&[u8])) {
    for kinds in [0, 64, 128, 192, 32, 96] {
        write(&[
            kinds, 7, 0, 0, 0, 0, 0, 2, b'k', 0, 0, 0, 0, 2, 2, 4, 2, 2, b'a', 2, b'b', 0,
        ]);
        let single = [0xc3, 1, 2, 0, 0, 0, 0, 0, 0, 0, 2, 4, 0];
        write(&[[kinds + 4, 13].as_slice(), &single, &single].concat());
        write(&[kinds + 8, 3, 2, 4, 0, 2, 4, 0]);
    }
}
