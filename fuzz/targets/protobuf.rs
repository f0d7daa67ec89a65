//! A message: `KIND BYTES`. The first byte chooses a schema and rules. What is decoded has one digest, alone and among others,
//! and is shown.

use std::sync::{Arc, OnceLock};

use crosscheck::codec::{EventTime, Field, Format, Framing, Part, Progress, Reducer, Schema, SchemaRef, Settings};
use crosscheck::model::{Path, RecordBatch, Reduction, Side};

const SCHEMAS: [&str; 2] = [
    r#"syntax = "proto3"; import "google/protobuf/timestamp.proto"; message A {
        int32 id = 1; string name = 2; A part = 3; repeated sint64 numbers = 4; repeated fixed32 fixed = 5; map<string, A> map = 6; repeated A list = 7;
        google.protobuf.Timestamp at = 8; oneof o { uint64 u = 9; A other = 10; Kind kind = 11; } map<int64, double> rates = 12; optional bool b = 13; bytes raw = 14; }
        enum Kind { NONE = 0; ONE = 1; }"#,
    r#"syntax = "proto2"; message A { required int64 id = 1; optional group G = 2 { optional A in = 1; repeated group H = 2 { optional string s = 1; } }
        repeated Kind kinds = 3 [packed = true]; map<sint32, Kind> map = 4; optional string name = 5; optional A part = 6; }
        enum Kind { TWO = 0; ONE = 1; }"#,
];

/// Compiled once, not for each message.
static KNOWN: OnceLock<[Arc<Schema>; 2]> = OnceLock::new();

pub fn run(bytes: &[u8]) {
    let [kind, message @ ..] = bytes else { return };
    let path = |text: &str| Path::parse(text).unwrap();
    let framed = kind & 8 != 0;
    let mut settings = Settings {
        format: Format::Protobuf,
        framing: if framed { Framing::Confluent } else { Framing::None },
        key_format: Format::Raw,
        key_framing: Framing::None,
        ..Settings::default()
    };
    if kind & 2 != 0 {
        settings.identity = vec![Part::Field(path("name"))];
        settings.event_time = EventTime::Field(path("at"));
        settings.rules.ignore = vec![path("$unknown"), path("part.name")];
        settings.rules.tolerant = vec![path("id")];
    }
    let schema =
        KNOWN.get_or_init(|| SCHEMAS.map(|text| Schema::protobuf(text, &[]).unwrap()))[usize::from(kind & 1)].clone();
    let mut reducer = Reducer::new(Side::Canary, settings);
    let reference = if framed { SchemaRef::Id(0) } else { SchemaRef::Fixed };
    reducer.add_schema(Field::Value, reference, schema.clone());
    reducer.set_sole_contract(Field::Value, schema);
    let together = reduce(&mut reducer, &[message, message]);
    let alone = reduce(&mut reducer, &[message]);
    assert!(
        alone[0] == together[0] && alone[0] == together[1],
        "alone and among others"
    );
    let batch = batch(&[message]);
    let (value, canonical) = (reducer.value(&batch, 0), reducer.canonical(&batch, 0));
    match &alone[0] {
        Reduction::Decoded(_) => assert!(value.is_ok() && canonical.is_ok(), "what is decoded is shown"),
        Reduction::Undecodable(reason, _) => {
            assert!(value.err() == Some(*reason) && canonical.err() == Some(*reason));
        }
        Reduction::Deselected | Reduction::Diverted(_) => panic!("nothing was selected, and it is no dead letter"),
    }
}

fn batch(values: &[&[u8]]) -> RecordBatch {
    let mut batch = RecordBatch::new(0);
    for (offset, value) in (0..).zip(values) {
        batch.push_value(offset, value);
    }
    batch
}

fn reduce(reducer: &mut Reducer, values: &[&[u8]]) -> Vec<Reduction> {
    let (batch, mut out) = (batch(values), Vec::new());
    let mut from = 0;
    while let Progress::NeedsSchema { field, schema, .. } = reducer.reduce(&batch, from, &mut out) {
        reducer.unknown_schema(field, schema);
        from = out.len();
    }
    out.into_iter().map(|entry| entry.body).collect()
}

pub fn seeds(write: &mut dyn FnMut(&[u8])) {
    for kind in 0..16u8 {
        let frame: &[u8] = if kind & 8 != 0 { &[0, 0, 0, 0, 0, 0] } else { &[] };
        for message in [
            &b"\x08\x05\x12\x01a\x1a\x04\x12\x02bc\x22\x03\x01\x02\x03\x25\x01\x00\x00\x00"[..],
            b"\x32\x05\x0a\x01k\x12\x00\x3a\x02\x08\x07\x42\x04\x08\x01\x10\x02\x48\x09\x62\x0b\x08\x03\x11\x00\x00\x00\x00\x00\x00\xf0\x3f",
            b"\x52\x00\x58\x07\x68\x01\x72\x01\xff\x9b\x06\x08\x01\x9c\x06\xa0\x06\x07",
            b"\x08\x01\x13\x0a\x02\x08\x02\x13\x0a\x01x\x14\x14\x1a\x02\x01\x09\x22\x04\x08\x03\x10\x01\x2a\x01n",
        ] {
            write(&[&[kind], frame, message].concat());
        }
    }
}
