//! Whatever the bytes: an answer, never a panic, never a record without an end.

use std::path::{Path, PathBuf};

use apache_avro::Schema;
use crosscheck::codec::Skipper;
use crosscheck::edge::files::Reader;
use proptest::prelude::*;

use super::container::{file, read, read_on};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/avro")
        .join(format!("{name}.avro"))
}

fn orders() -> (Skipper, Vec<Vec<u8>>) {
    let mut reader = Reader::open(&data("fastavro_null")).unwrap();
    let schema = Schema::parse_str(reader.schema_json()).unwrap();
    (Skipper::new(&schema).unwrap(), read_on(&mut reader).unwrap().0)
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
    let skipper = Skipper::new(&Schema::parse_str(&schema).unwrap()).unwrap();
    assert_eq!(skipper.record_len(&[]), Ok(0));
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (skipper, _) = orders();
        if let Ok(len) = skipper.record_len(&bytes) {
            prop_assert!(len <= bytes.len());
        }
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
