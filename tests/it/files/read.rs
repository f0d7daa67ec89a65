//! Files that other implementations wrote, and our own of every codec and size.

use std::path::{Path, PathBuf};

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::{Codec, Schema, Writer};
use crosscheck::edge::files::{Chunk, Reader, fetch};

use super::container::{block, file, header, long, read, read_on, sized};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/avro")
        .join(format!("{name}.avro"))
}

#[test]
fn every_codec_of_other_writers() {
    let (expect, _) = read(&data("fastavro_null")).unwrap();
    assert_eq!(expect.len(), 60);
    for codec in ["deflate", "snappy", "zstandard", "bzip2", "xz"] {
        let (records, undecodable) = read(&data(&format!("fastavro_{codec}"))).unwrap();
        assert_eq!(records, expect, "{codec}");
        assert_eq!(undecodable, [], "{codec}");
    }
    let (records, undecodable) = read(&data("apache_python_deflate")).unwrap();
    assert_eq!((records.len(), undecodable.len()), (60, 0));
}

#[test]
fn records_end_where_apache_avro_says() {
    let path = data("fastavro_null");
    let oracle: Vec<Value> = apache_avro::Reader::new(std::fs::File::open(&path).unwrap())
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut reader = Reader::open(&path).unwrap();
    let schema = Schema::parse_str(reader.schema_json()).unwrap();
    let (records, _) = read_on(&mut reader).unwrap();
    assert_eq!(records.len(), oracle.len());
    let decoder = GenericDatumReader::builder(&schema).build().unwrap();
    for (record, expect) in records.iter().zip(&oracle) {
        let mut rest = record.as_slice();
        assert_eq!(&decoder.read_value(&mut rest).unwrap(), expect);
        assert!(rest.is_empty());
    }
}

#[test]
fn every_codec_of_apache_avro() {
    let schema = Schema::parse_str(r#"{"type": "array", "items": ["null", "string", "double"]}"#).unwrap();
    let codecs = [
        Codec::Null,
        Codec::Deflate(Default::default()),
        Codec::Snappy,
        Codec::Zstandard(Default::default()),
        Codec::Bzip2(Default::default()),
        Codec::Xz(Default::default()),
    ];
    let value = |i: u32| {
        Value::Array(vec![
            Value::Union(0, Box::new(Value::Null)),
            Value::Union(1, Box::new(Value::String("x".repeat(i as usize % 300)))),
            Value::Union(2, Box::new(Value::Double(f64::from(i)))),
        ])
    };
    let mut seen = Vec::new();
    for codec in codecs {
        let mut writer = Writer::builder()
            .schema(&schema)
            .writer(Vec::new())
            .codec(codec)
            .block_size(10_000)
            .build()
            .unwrap();
        for i in 0..2_000 {
            writer.append_value(value(i)).unwrap();
        }
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path(), &writer.into_inner().unwrap());
        let (records, undecodable) = read(&path).unwrap();
        assert_eq!((records.len(), undecodable.len()), (2_000, 0), "{codec:?}");
        seen.push(records);
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn an_empty_file_has_a_schema_and_no_records() {
    let mut reader = Reader::open(&data("empty")).unwrap();
    assert!(reader.schema_json().contains("shop.Order"));
    assert!(!reader.next(&mut Chunk::default()).unwrap());
    let (read, all) = reader.progress();
    assert_eq!(read, all);
}

#[test]
fn chunks_stay_small_and_progress_grows() {
    let dir = tempfile::tempdir().unwrap();
    let records: Vec<u8> = (0..100_000_i64).flat_map(long).collect();
    let path = file(
        dir.path(),
        &[header("\"long\"", "null"), block(100_000, &records)].concat(),
    );
    let mut reader = Reader::open(&path).unwrap();
    let mut chunk = Chunk::default();
    let (mut next, mut before) = (0, reader.progress().0);
    while reader.next(&mut chunk).unwrap() {
        assert!(chunk.batch.records.len() <= 4096);
        for record in &chunk.batch.records {
            let offset = i64::try_from(record.offset).unwrap();
            assert_eq!(
                (record.offset, chunk.batch.value(record).unwrap()),
                (next, long(offset).as_slice())
            );
            assert_eq!((record.key, record.timestamp_ms, record.headers), (None, None, (0, 0)));
            next += 1;
        }
        let (read, all) = reader.progress();
        assert!(before <= read && read <= all);
        before = read;
    }
    assert_eq!(next, 100_000);
}

#[test]
fn values_of_no_bytes_are_records_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), &[header("\"null\"", "null"), block(3, b"")].concat());
    let (records, undecodable) = read(&path).unwrap();
    assert_eq!((records, undecodable), (vec![Vec::new(); 3], Vec::new()));
}

#[test]
fn records_are_fetched_again_by_their_offsets() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = header("\"string\"", "null");
    for first in (0..20_000).step_by(2) {
        let records = [
            sized(format!("r{first}").as_bytes()),
            sized(format!("r{}", first + 1).as_bytes()),
        ]
        .concat();
        bytes.extend(block(2, &records));
    }
    let path = file(dir.path(), &bytes);
    let mut reader = Reader::open(&path).unwrap();
    read_on(&mut reader).unwrap();
    let index = reader.into_index();
    let offsets = [0, 1, 2, 777, 778, 9_999, 9_999, 19_999, 20_000, 99_999];
    let mut found = Vec::new();
    fetch(&path, &index, &offsets, |offset, bytes| {
        assert_eq!(bytes, sized(format!("r{offset}").as_bytes()));
        found.push(offset);
    })
    .unwrap();
    assert_eq!(found, [0, 1, 2, 777, 778, 9_999, 19_999]);
    fetch(&path, &index, &[], |_, _| unreachable!()).unwrap();

    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = fetch(&path, &index, &[3], |_, _| {}).unwrap_err();
    assert!(
        error.to_string().ends_with("the file was changed while it was read"),
        "{error}"
    );
}
