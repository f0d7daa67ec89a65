//! Whatever the bytes: an answer, never a panic, never a record without an end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crosscheck::codec::{Field, Framing, Progress, Reducer, Schema, SchemaRef, Settings, Skipper};
use crosscheck::edge::files::Reader;
use crosscheck::model::{RecordBatch, Reduction, Side, UndecodableReason};
use proptest::prelude::*;

use super::container::{file, read, read_on};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/avro")
        .join(format!("{name}.avro"))
}

fn orders() -> (Skipper, Vec<Vec<u8>>) {
    let mut reader = Reader::open(&data("fastavro_null")).unwrap();
    (Skipper::new(reader.schema().clone()), read_on(&mut reader).unwrap().0)
}

/// What the reducer makes of these bytes as one record.
fn reduced(schema: &Arc<Schema>, bytes: &[u8]) -> Option<UndecodableReason> {
    let settings = Settings {
        framing: Framing::None,
        ..Settings::default()
    };
    let mut reducer = Reducer::new(Side::Canary, settings);
    reducer.add_schema(Field::Value, SchemaRef::Fixed, schema.clone());
    reducer.add_contract(Field::Value, schema.clone());
    let mut batch = RecordBatch::new(0);
    batch.push_value(0, bytes);
    let mut out = Vec::new();
    assert!(matches!(reducer.reduce(&batch, 0, &mut out), Progress::Done));
    match out[0].body {
        Reduction::Undecodable(reason, _) => Some(reason),
        _ => None,
    }
}

#[test]
fn a_record_has_one_end() {
    let (skipper, records) = orders();
    for record in &records {
        assert_eq!(skipper.record_len(record), Ok(record.len()));
        for end in 0..record.len() {
            assert!(skipper.record_len(&record[..end]).is_err());
        }
        let more = [record.as_slice(), &[0; 3]].concat();
        assert_eq!(skipper.record_len(&more), Ok(record.len()));
    }
}

#[test]
fn schemas_that_grow_without_bytes_are_walked_in_no_time() {
    let mut schema = r#""null""#.to_owned();
    for depth in 0..24 {
        schema = format!(
            r#"{{"type": "record", "name": "R{depth}", "fields": [{{"name": "a", "type": {schema}}}, {{"name": "b", "type": {}}}]}}"#,
            if depth == 0 {
                r#""null""#.to_owned()
            } else {
                format!("\"R{}\"", depth - 1)
            }
        );
    }
    let skipper = Skipper::new(Schema::parse(&schema).unwrap());
    assert_eq!(skipper.record_len(&[]), Ok(0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (skipper, _) = orders();
        if let Ok(len) = skipper.record_len(&bytes) {
            prop_assert!(len <= bytes.len());
        }
    }

    /// Where the skipper and the reducer differed, a record would be cut at another place than it is read to.
    #[test]
    fn the_reducer_says_the_same(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut reader = Reader::open(&data("fastavro_null")).unwrap();
        let schema = reader.schema().clone();
        let records = read_on(&mut reader).unwrap().0;
        let mut bytes = records[which.index(records.len())].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len() - cut.index(bytes.len()) / 8);
        let skipped = match Skipper::new(schema.clone()).record_len(&bytes) {
            Ok(len) if len < bytes.len() => Some(UndecodableReason::Trailing),
            said => said.err(),
        };
        prop_assert_eq!(reduced(&schema, &bytes), skipped);
    }

    #[test]
    fn any_damage(
        codec in prop::sample::select(vec!["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]),
        at in any::<prop::sample::Index>(),
        mask in 1_u8..,
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = std::fs::read(data(&format!("fastavro_{codec}"))).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        bytes.truncate(bytes.len() - cut.index(bytes.len()) / 4);
        let dir = tempfile::tempdir().unwrap();
        let _ = read(&file(dir.path(), &bytes));
    }
}
