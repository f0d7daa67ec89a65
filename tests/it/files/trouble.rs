//! Files that cannot be read to their end: an error that says where, why, and what to do.

use std::path::Path;

use crosscheck::edge::files::FileError;

use super::container::{block, file, header, long, read, sized};

fn told(error: &FileError, dir: &Path) -> String {
    format!("{error}\nhint: {}", error.hint()).replace(&dir.display().to_string(), "DIR")
}

fn trouble(bytes: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    told(&read(&file(dir.path(), bytes)).unwrap_err(), dir.path())
}

fn data(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/avro")
        .join(format!("{name}.avro"));
    std::fs::read(path).unwrap()
}

#[test]
fn what_is_told() {
    let head = header("\"long\"", "null");
    let good = [head.clone(), block(1, &long(7))].concat();
    let mut marker = good.clone();
    *marker.last_mut().unwrap() ^= 1;
    let no_schema = [
        b"Obj\x01".to_vec(),
        long(1),
        sized(b"x"),
        sized(b"y"),
        long(0),
        vec![0; 16],
    ]
    .concat();
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        (
            "empty",
            vec![],
            "at byte 0: this is not an Avro object container",
            "Avro data file writer",
        ),
        (
            "text",
            b"{\"a\": 1}".to_vec(),
            "at byte 0: this is not an Avro object container",
            "begins with \"Obj\"",
        ),
        (
            "Avro 0",
            b"Obj\x00....".to_vec(),
            "at byte 0: this is not an Avro object container",
            "data file writer",
        ),
        (
            "half a header",
            head[..30].to_vec(),
            "broken header: the file ends within it",
            "getmeta",
        ),
        (
            "no marker",
            head[..head.len() - 3].to_vec(),
            "broken header: the file ends within it",
            "getmeta",
        ),
        ("no schema", no_schema, "broken header: it has no schema", "getmeta"),
        (
            "no such type",
            header("\"lung\"", "null"),
            "unusable schema in the header",
            "getmeta",
        ),
        (
            "no such codec",
            header("\"long\"", "lz4"),
            "unknown compression \"lz4\"",
            "zstandard, bzip2 or xz",
        ),
        (
            "in a block",
            good[..good.len() - 17].to_vec(),
            "at byte 57: the file ends in the middle of a block",
            "fetch it again",
        ),
        (
            "in a marker",
            good[..good.len() - 1].to_vec(),
            "at byte 57: the file ends in the middle of a block",
            "fetch it again",
        ),
        (
            "in a count",
            [good.clone(), vec![0x80]].concat(),
            "the file ends in the middle of a block",
            "fetch it again",
        ),
        (
            "the marker",
            marker,
            "at byte 60: corrupt sync marker after a block",
            "damaged",
        ),
        (
            "a count below zero",
            [head.clone(), block(-1, &long(7))].concat(),
            "broken block: its count of records is none",
            "damaged",
        ),
        (
            "a size below zero",
            [head.clone(), long(1), long(-1)].concat(),
            "broken block: its size is none",
            "damaged",
        ),
        (
            "a size without an end",
            [head.clone(), long(1), vec![0xff; 12]].concat(),
            "broken block: its size is none",
            "damaged",
        ),
        (
            "a count of too many",
            [head.clone(), block(1 << 40, &long(7))].concat(),
            "more records than a block can hold",
            "damaged",
        ),
        (
            "bytes without a record",
            [head.clone(), block(0, &long(7))].concat(),
            "it has bytes and no record",
            "damaged",
        ),
        (
            "a size of too much",
            [head, long(1), long(1 << 60)].concat(),
            "in the middle of a block",
            "fetch it again",
        ),
    ];
    for (name, bytes, what, hint) in cases {
        let told = trouble(&bytes);
        assert!(told.starts_with("read DIR/log.avro at byte "), "{name}: {told}");
        assert!(told.contains(what), "{name}: {told}");
        assert!(told.split_once("hint: ").unwrap().1.contains(hint), "{name}: {told}");
    }
}

#[test]
fn no_file_and_no_regular_file() {
    let dir = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(told(&read(&dir.path().join("none.avro")).unwrap_err(), dir.path()), @r"
    read DIR/none.avro: the file cannot be opened
    hint: check the path and the permissions of the file
    ");
    insta::assert_snapshot!(told(&read(dir.path()).unwrap_err(), dir.path()), @r"
    read DIR: this is not a regular file
    hint: copy it to a regular file first: findings are read a second time
    ");
}

#[test]
fn damaged_compression() {
    for codec in ["deflate", "snappy", "zstandard", "bzip2", "xz"] {
        let whole = data(&format!("fastavro_{codec}"));
        let begin = whole
            .windows(16)
            .position(|bytes| bytes == super::container::MARKER)
            .unwrap()
            + 16;
        let mut found = false;
        for at in [begin + 4, begin + 40, begin + 200] {
            let mut bytes = whole.clone();
            for byte in &mut bytes[at..at + 8] {
                *byte ^= 0x5a;
            }
            let dir = tempfile::tempdir().unwrap();
            if let Err(error) = read(&file(dir.path(), &bytes)) {
                found |= error
                    .to_string()
                    .contains(&format!("at byte {begin}: broken {codec} compression"));
            }
        }
        assert!(found, "{codec}");
    }
}

#[test]
fn every_cut_is_trouble_unless_it_is_between_blocks() {
    let whole = data("fastavro_deflate");
    let marker = super::container::MARKER;
    let ends: Vec<usize> = (16..=whole.len())
        .filter(|&end| whole[end - 16..end] == marker)
        .collect();
    let dir = tempfile::tempdir().unwrap();
    for end in 0..whole.len() {
        let said = read(&file(dir.path(), &whole[..end]));
        assert_eq!(said.is_ok(), ends.contains(&end), "cut at {end}");
    }
}

#[test]
fn a_bomb_is_stopped_while_it_inflates() {
    let zeros = vec![0_u8; (64 << 20) + 1];
    let fits = &zeros[..64 << 20];
    let deflated = |bytes: &[u8]| miniz_oxide::deflate::compress_to_vec(bytes, 6);
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let snappy = |bytes: &[u8]| {
        let mut out = snap::raw::Encoder::new().compress_vec(bytes).unwrap();
        out.extend(crc32fast::hash(bytes).to_be_bytes());
        out
    };
    const MIB: &str = r#"{"type": "fixed", "name": "Mib", "size": 1048576}"#;
    type Compress<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;
    let codecs: [(&str, Compress); 3] = [("deflate", &deflated), ("zstandard", &zstd), ("snappy", &snappy)];
    for (codec, compress) in codecs {
        let with = |bytes: &[u8], count| [header(MIB, codec), block(count, &compress(bytes))].concat();
        let dir = tempfile::tempdir().unwrap();
        let (records, _) = read(&file(dir.path(), &with(fits, 64))).unwrap();
        assert_eq!(records.len(), 64, "{codec}");
        let told = trouble(&with(&zeros, 64));
        assert!(told.contains("a block of more than 64 MiB inflated"), "{codec}: {told}");
        assert!(told.contains("smaller block size"), "{codec}: {told}");
    }
}
