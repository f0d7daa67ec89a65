//! Object containers made by hand, so that they can be wrong.

use std::path::{Path, PathBuf};

use crosscheck::edge::files::{Chunk, FileError, Reader};
use crosscheck::model::UndecodableReason;

/// The marker of the containers made here.
pub const MARKER: [u8; 16] = *b"crosscheck tests";

/// One long as Avro writes it.
pub fn long(value: i64) -> Vec<u8> {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    let mut out = Vec::new();
    loop {
        let bits = u8::try_from(rest & 0x7f).unwrap();
        rest >>= 7;
        if rest == 0 {
            out.push(bits);
            return out;
        }
        out.push(bits | 0x80);
    }
}

/// Bytes or text as Avro writes them.
pub fn sized(bytes: &[u8]) -> Vec<u8> {
    [long(i64::try_from(bytes.len()).unwrap()), bytes.to_vec()].concat()
}

/// A header.
pub fn header(schema: &str, codec: &str) -> Vec<u8> {
    let mut out = b"Obj\x01".to_vec();
    out.extend(long(2));
    out.extend([sized(b"avro.schema"), sized(schema.as_bytes())].concat());
    out.extend([sized(b"avro.codec"), sized(codec.as_bytes())].concat());
    out.extend(long(0));
    out.extend(MARKER);
    out
}

/// A block.
pub fn block(count: i64, bytes: &[u8]) -> Vec<u8> {
    [long(count), sized(bytes), MARKER.to_vec()].concat()
}

/// A file of these bytes.
pub fn file(dir: &Path, bytes: &[u8]) -> PathBuf {
    let path = dir.join("log.avro");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Everything that a file says: its records' bytes, and those that cannot be decoded.
pub type Said = (Vec<Vec<u8>>, Vec<(u64, UndecodableReason)>);

/// Reads a file to its end.
pub fn read(path: &Path) -> Result<Said, FileError> {
    let mut reader = Reader::open(path)?;
    read_on(&mut reader)
}

/// Reads on to the end.
pub fn read_on(reader: &mut Reader) -> Result<Said, FileError> {
    let (mut records, mut undecodable) = (Vec::new(), Vec::new());
    let mut chunk = Chunk::default();
    while reader.next(&mut chunk)? {
        assert!(!chunk.batch.records.is_empty());
        for record in &chunk.batch.records {
            assert_eq!(record.offset, records.len() as u64);
            records.push(chunk.batch.value(record).unwrap().to_vec());
        }
        undecodable.extend(chunk.undecodable.iter().copied());
    }
    assert_eq!(reader.offset(), records.len() as u64);
    Ok((records, undecodable))
}
