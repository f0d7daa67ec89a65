//! The bombs of the codec as records of a file, and compressed blocks that grow: bounded memory, a reason.

use crosscheck::edge::files::{Chunk, FileError, Reader};
use crosscheck::model::UndecodableReason;

use super::container::{block, file, header, long, sized};
use crate::codec::bounds::{RECORD_BYTES_MAX, bombs};
use crate::codec::memory::peak_of;

/// What reading a file to its end says, without keeping its records, and what it allocates.
fn read(bytes: &[u8]) -> (Result<Vec<UndecodableReason>, FileError>, usize) {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), bytes);
    peak_of(|| {
        let mut reader = Reader::open(&path)?;
        let (mut chunk, mut reasons) = (Chunk::default(), Vec::new());
        while reader.next(&mut chunk)? {
            reasons.extend(chunk.undecodable.iter().map(|(_, reason)| *reason));
        }
        Ok(reasons)
    })
}

#[test]
fn bombs_of_the_codec_as_records() {
    let mut wrong = Vec::new();
    for bomb in bombs() {
        let (said, peak) = read(&[header(&bomb.schema, "null"), block(1, &bomb.bytes)].concat());
        // What is no more than a count without bytes is skipped at once; the reducer judges it.
        let fine = said
            .as_ref()
            .is_ok_and(|reasons| reasons.is_empty() || *reasons == [bomb.reason]);
        if !fine || peak > RECORD_BYTES_MAX {
            wrong.push(format!("{}: {said:?} and {peak} bytes", bomb.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Blocks of `len` zeros, compressed: codec and bytes.
fn compressed(len: usize) -> Vec<(&'static str, Vec<u8>)> {
    use std::io::Write as _;
    let zeros = vec![0_u8; len];
    let mut snappy = snap::raw::Encoder::new().compress_vec(&zeros).unwrap();
    snappy.extend(crc32fast::hash(&zeros).to_be_bytes());
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bzip2.write_all(&zeros).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&zeros).unwrap();
    vec![
        ("deflate", miniz_oxide::deflate::compress_to_vec(&zeros, 6)),
        ("zstandard", zstd::encode_all(zeros.as_slice(), 1).unwrap()),
        ("snappy", snappy),
        ("bzip2", bzip2.finish().unwrap()),
        ("xz", xz.finish().unwrap()),
    ]
}

/// The contract lets a block inflate to 64 MiB: that, and no more, is what a small file can make us hold.
#[test]
fn blocks_that_grow() {
    let schema = r#"{"type": "fixed", "name": "Mib", "size": 1048576}"#;
    let limit = (64 << 20) + RECORD_BYTES_MAX;
    for (codec, bytes) in compressed(65 << 20) {
        let (said, peak) = read(&[header(schema, codec), block(65, &bytes)].concat());
        let told = said.unwrap_err().to_string();
        assert!(told.contains("a block of more than 64 MiB inflated"), "{codec}: {told}");
        assert!(peak <= limit, "{codec}: {peak} bytes");
    }
    // What fits is read; the first record that cannot be decoded has the rest of the block as its bytes.
    let whole = zstd::encode_all(vec![0_u8; 64 << 20].as_slice(), 1).unwrap();
    for (schema, count, limit) in [(schema, 64, limit), ("\"boolean\"", 1, 2 * limit)] {
        let (said, peak) = read(&[header(schema, "zstandard"), block(count, &whole)].concat());
        assert_eq!(said.unwrap().len(), usize::from(count == 1));
        assert!(peak <= limit, "{schema}: {peak} bytes");
    }
}

#[test]
fn heads_that_lie() {
    let head = header("\"long\"", "null");
    let claims = |key: i64, value: i64| {
        let start = [b"Obj\x01".to_vec(), long(1), long(key)].concat();
        [start, b"k".to_vec(), long(value)].concat()
    };
    let snappy = |claimed: &[u8]| {
        let bytes = [claimed, &[0; 8]].concat();
        [header("\"long\"", "snappy"), block(1, &bytes)].concat()
    };
    for (name, bytes) in [
        ("a block of an exabyte", [head.clone(), long(1), long(1 << 60)].concat()),
        ("a block of 2 GiB", [head.clone(), long(1), long(1 << 31)].concat()),
        (
            "64 million records in no bytes",
            [head.clone(), block(1 << 30, &[])].concat(),
        ),
        ("the greatest count", [head.clone(), block(i64::MAX, &[])].concat()),
        ("the least of all counts", [head.clone(), block(i64::MIN, &[])].concat()),
        ("the least of all sizes", [head, long(1), long(i64::MIN)].concat()),
        ("a key of the greatest length", claims(i64::MAX, 0)),
        ("a key below zero", claims(-1, 0)),
        ("a value of 15 MiB", claims(1, 15 << 20)),
        (
            "a count of metadata without an end",
            [b"Obj\x01".to_vec(), vec![0xff; 20]].concat(),
        ),
        (
            "the least of all counts of metadata",
            [b"Obj\x01".to_vec(), long(i64::MIN), sized(b"k")].concat(),
        ),
        ("snappy that claims 4 GiB", snappy(&[0xff, 0xff, 0xff, 0xff, 0x0f])),
        ("snappy that claims 63 MiB", snappy(&[0x80, 0x80, 0x80, 0x1f])),
    ] {
        let (said, peak) = read(&bytes);
        assert!(said.is_err(), "{name}");
        let limit = if name.ends_with("63 MiB") {
            64 << 20
        } else {
            RECORD_BYTES_MAX
        };
        assert!(peak <= limit, "{name}: {peak} bytes");
    }
}
