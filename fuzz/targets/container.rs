//! Object containers: whole files, or, where the first byte says so, a block of a codec behind a good header. Reading to
//! the end says as many records as counting the heads, and those that are read again are the same.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

use crosscheck::edge::files::{Chunk, Input, Kind, Reader, count, fetch};

use crate::seeds;

const CODECS: [&str; 6] = ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"];
const MARKER: [u8; 16] = [7; 16];
const SCHEMAS: [&str; 3] = ["\"string\"", r#"{"type":"array","items":"null"}"#, "\"double\""];

pub fn run(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    let path = path();
    let mut file = File::create(path).unwrap();
    match rest.split_first() {
        Some((schema, [records, body @ ..])) if usize::from(*kind) < CODECS.len() => {
            let schema = SCHEMAS[usize::from(*schema) % SCHEMAS.len()];
            file.write_all(&whole(CODECS[usize::from(*kind)], schema, *records, body))
                .unwrap();
        }
        _ => file.write_all(rest).unwrap(),
    }
    drop(file);
    let Ok(mut reader) = Reader::open(path) else { return };
    let mut chunk = Chunk::default();
    let mut sizes: Vec<(u64, usize)> = Vec::new();
    loop {
        match reader.next(&mut chunk) {
            Ok(true) => sizes.extend(
                chunk
                    .batch
                    .records
                    .iter()
                    .map(|record| (record.offset, chunk.batch.value(record).unwrap_or_default().len())),
            ),
            Ok(false) => break,
            Err(_) => return,
        }
        // A file may claim a million records without bytes.
        if sizes.len() > 10_000 {
            return;
        }
    }
    assert_eq!(
        count(&Input::plain(path).unwrap(), Kind::Avro).unwrap(),
        sizes.len() as u64
    );
    let wanted: Vec<u64> = sizes.iter().map(|(offset, _)| *offset).step_by(3).collect();
    fetch(path, &reader.into_index(), &wanted, |offset, bytes| {
        let known = sizes.iter().find(|(known, _)| *known == offset);
        assert_eq!(known.map(|(_, size)| *size), Some(bytes.len()));
    })
    .unwrap();
}

/// A file that is used again and again.
fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let shared = PathBuf::from("/dev/shm");
        let folder = if shared.is_dir() { shared } else { std::env::temp_dir() };
        folder.join(format!("crosscheck-fuzz-{}.avro", std::process::id()))
    })
}

fn whole(codec: &str, schema: &str, records: u8, body: &[u8]) -> Vec<u8> {
    let sized = |bytes: &[u8]| [long(bytes.len()), bytes.to_vec()].concat();
    let mut out = b"Obj\x01\x04".to_vec();
    for text in ["avro.schema", schema, "avro.codec", codec] {
        out.extend(sized(text.as_bytes()));
    }
    out.push(0);
    out.extend(MARKER);
    out.extend(long(usize::from(records)));
    out.extend(sized(body));
    out.extend(MARKER);
    out
}

fn long(value: usize) -> Vec<u8> {
    let mut rest = value * 2;
    let mut out = Vec::new();
    while rest >= 128 {
        out.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    out.push(u8::try_from(rest).unwrap());
    out
}

pub fn seeds(write: &mut dyn FnMut(&[u8])) {
    for file in seeds::files("tests/data/avro") {
        write(&[&[255], file.as_slice()].concat());
    }
    let text = [6, b'a', b'b', b'c'].repeat(20);
    let mut snappy = snap::raw::Encoder::new().compress_vec(&text).unwrap();
    snappy.extend(crc32fast::hash(&text).to_be_bytes());
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bzip2.write_all(&text).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&text).unwrap();
    let bodies = [
        text.clone(),
        miniz_oxide::deflate::compress_to_vec(&text, 6),
        snappy,
        zstd::encode_all(text.as_slice(), 1).unwrap(),
        bzip2.finish().unwrap(),
        xz.finish().unwrap(),
    ];
    for (kind, body) in (0_u8..).zip(bodies) {
        write(&[&[kind, 0, 20], body.as_slice()].concat());
    }
}
