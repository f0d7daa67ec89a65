//! The header of an object container: magic, metadata, sync marker.

use std::path::PathBuf;
use std::sync::Arc;

use super::inflate::Codec;
use super::source::Source;
use super::{Fault, FileError};
use crate::codec::{Schema, Skipper};

/// Bytes that the metadata may have.
const METADATA_MAX_BYTES: usize = 16 << 20;

/// What the header says.
pub(super) struct Header {
    /// Which file.
    pub path: PathBuf,
    /// What the records were written with.
    pub schema: Arc<Schema>,
    /// How to find the end of a record.
    pub skipper: Skipper,
    /// How blocks are compressed.
    pub codec: Codec,
    /// What ends every block.
    pub marker: [u8; 16],
}

const EARLY: Fault = Fault::Header("the file ends within it");

/// Reads the header.
pub(super) fn read(source: &mut Source) -> Result<Header, FileError> {
    let mut magic = [0; 4];
    source.read(&mut magic, &Fault::NotAvro).map_err(|mut error| {
        error.offset = error.offset.map(|_| 0);
        error
    })?;
    if magic != *b"Obj\x01" {
        return Err(source.fault(0, Fault::NotAvro));
    }
    let (mut schema_json, mut codec, mut left) = (None, Codec::Null, METADATA_MAX_BYTES);
    loop {
        let mut count = long(source)?;
        if count == 0 {
            break;
        }
        if count < 0 {
            count = count
                .checked_neg()
                .ok_or_else(|| broken(source, "a count without a meaning"))?;
            long(source)?;
        }
        for _ in 0..count {
            let key = bytes(source, &mut left)?;
            let at = source.at;
            let value = bytes(source, &mut left)?;
            match key.as_slice() {
                b"avro.schema" => {
                    let text = String::from_utf8(value);
                    schema_json = Some((at, text.map_err(|_| broken(source, "the schema is not UTF-8"))?));
                }
                b"avro.codec" => {
                    codec = Codec::named(&value)
                        .ok_or_else(|| source.fault(at, Fault::Codec(String::from_utf8_lossy(&value).into_owned())))?;
                }
                _ => {}
            }
        }
    }
    let mut marker = [0; 16];
    source.read(&mut marker, &EARLY)?;
    let (at, schema_json) = schema_json.ok_or_else(|| broken(source, "it has no schema"))?;
    let schema = Schema::parse(&schema_json).map_err(|error| source.fault(at, Fault::Schema(error.to_string())))?;
    Ok(Header {
        path: source.path().to_owned(),
        skipper: Skipper::new(schema.clone()),
        schema,
        codec,
        marker,
    })
}

fn broken(source: &Source, what: &'static str) -> FileError {
    source.fault(source.at, Fault::Header(what))
}

fn long(source: &mut Source) -> Result<i64, FileError> {
    source
        .long(&EARLY)?
        .ok_or_else(|| broken(source, "a number that is too long"))
}

fn bytes(source: &mut Source, left: &mut usize) -> Result<Vec<u8>, FileError> {
    let len = usize::try_from(long(source)?).map_err(|_| broken(source, "a length below zero"))?;
    *left = left
        .checked_sub(len.saturating_add(1))
        .ok_or_else(|| broken(source, "more than 16 MiB of metadata"))?;
    if len as u64 > source.left() {
        return Err(broken(source, "the file ends within it"));
    }
    let mut bytes = vec![0; len];
    source.read(&mut bytes, &EARLY)?;
    Ok(bytes)
}
