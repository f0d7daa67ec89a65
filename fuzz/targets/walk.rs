//! A record under a random schema and what evolved from it: `LENGTH TAPE BYTES`. What is decoded has one length, none of
//! its beginnings and none of its continuations is decoded, and alone or among others it has the same fingerprint.

use std::sync::Arc;

use crosscheck::codec::{Field, Format, Framing, Progress, Reducer, Schema, SchemaRef, Settings, Skipper};
use crosscheck::model::{Entry, RecordBatch, RecordRef, Reduction, Side, UndecodableReason};

use crate::tape::Maker;

pub fn run(bytes: &[u8]) {
    let Some((len, rest)) = bytes.split_first() else { return };
    let (tape, record) = rest.split_at(usize::from(*len).min(rest.len()));
    let mut maker = Maker::new(tape);
    let writer = maker.schema(0);
    let contract = maker.evolved(&writer);
    // Unions in unions and the like are refused.
    let Ok(writer) = Schema::parse(&writer.to_string()) else {
        return;
    };
    let contract = Schema::parse(&contract.to_string()).unwrap_or_else(|_| writer.clone());
    check(&writer, &contract, record);
}

/// What must hold of any record.
pub fn check(writer: &Arc<Schema>, contract: &Arc<Schema>, record: &[u8]) {
    let mut reducer = reducer(writer, contract);
    let longer = [record, &[0]].concat();
    let mut records = vec![record, &longer];
    if let Some((_, shorter)) = record.split_last() {
        records.push(shorter);
    }
    records.extend([record; 2]);
    let found: Vec<Reduction> = records
        .iter()
        .map(|bytes| reduce(&mut reducer, &[bytes]).remove(0).body)
        .collect();
    let together: Vec<Reduction> = reduce(&mut reducer, &records)
        .into_iter()
        .map(|reduced| reduced.body)
        .collect();
    assert_eq!(found, together, "alone and among others");
    let batch = batch(&[record]);
    let (value, canonical) = (reducer.value(&batch, 0), reducer.canonical(&batch, 0));
    let skipped = Skipper::new(writer.clone()).record_len(record);
    match &found[0] {
        Reduction::Decoded(_) => {
            assert_eq!(
                skipped,
                Ok(record.len()),
                "its end is found without its schema's contract"
            );
            assert!(value.is_ok() && canonical.is_ok(), "what is decoded is shown");
            // A continuation and a beginning are not: Avro is free of prefixes.
            assert!(
                matches!(found[1], Reduction::Undecodable(UndecodableReason::Trailing, _)),
                "{:?}",
                found[1]
            );
            if records.len() == 5 {
                assert!(matches!(found[2], Reduction::Undecodable(..)), "a beginning is decoded");
            }
        }
        _ => assert!(value.is_err(), "what is not decoded is not shown"),
    }
}

fn reducer(writer: &Arc<Schema>, contract: &Arc<Schema>) -> Reducer {
    let settings = Settings {
        framing: Framing::None,
        key_format: Format::Raw,
        key_framing: Framing::None,
        ..Settings::default()
    };
    let mut reducer = Reducer::new(Side::Canary, settings);
    reducer.add_schema(Field::Value, SchemaRef::Fixed, writer.clone());
    reducer.set_sole_contract(Field::Value, contract.clone());
    reducer
}

/// A batch of values.
pub fn batch(values: &[&[u8]]) -> RecordBatch {
    let mut batch = RecordBatch::new(0);
    for bytes in values {
        let value = Some(batch.push_bytes(bytes));
        batch.records.push(RecordRef {
            offset: 0,
            timestamp_ms: Some(1_000),
            key: None,
            value,
            headers: (0, 0),
        });
    }
    batch
}

fn reduce(reducer: &mut Reducer, values: &[&[u8]]) -> Vec<Entry> {
    let mut out = Vec::new();
    let done = reducer.reduce(&batch(values), 0, &mut out);
    assert!(matches!(done, Progress::Done) && out.len() == values.len());
    out
}

pub fn seeds(write: &mut dyn FnMut(&[u8])) {
    // A record of a long, a text, an array of doubles and a nullable map, with some fields added, dropped or turned.
    for tail in [0, 1, 2, 3] {
        let tape = [18, 3, 3, 7, 14, 5, 16, 15, 2, 0, 0, 0, 0, tail];
        let record = [2, 2, b'k', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, b'a', 4, 0];
        write(&[&[14], tape.as_slice(), record.as_slice()].concat());
    }
    (0..20).for_each(|kind| write(&[1, kind, 2, 2, 0, 0]));
}
