//! Frames: how bytes name their schema.

use super::api::{Field, SchemaRef};
use super::canonical::Reader;
use super::settings::Framing;
use crate::model::{RecordBatch, RecordRef};

/// How deep a message may stand in others.
const INDEXES_MAX: usize = 64;

/// The schema that a frame names, and what stands in it. `None` where it is not such a frame, and where headers name it.
pub(super) fn open(framing: Framing, bytes: &[u8]) -> Option<(SchemaRef, &[u8])> {
    match framing {
        Framing::None => Some((SchemaRef::Fixed, bytes)),
        Framing::Confluent => by_id(bytes),
        Framing::Header => None,
        Framing::SingleObject => {
            let (fingerprint, rest) = bytes.strip_prefix(&[0xc3, 0x01])?.split_first_chunk::<8>()?;
            Some((SchemaRef::Fingerprint(*fingerprint), rest))
        }
    }
}

fn by_id(bytes: &[u8]) -> Option<(SchemaRef, &[u8])> {
    let (id, rest) = bytes.strip_prefix(&[0])?.split_first_chunk::<4>()?;
    Some((SchemaRef::Id(u32::from_be_bytes(*id)), rest))
}

/// The schema that a record's headers name for a half of it, by the last header of the name, and what stands behind the
/// name of the schema there. `None` where there is no such header, or it names none.
pub(super) fn of_headers<'b>(
    field: Field,
    batch: &'b RecordBatch,
    record: &RecordRef,
) -> Option<(SchemaRef, &'b [u8])> {
    let name: &[u8] = match field {
        Field::Key => b"__key_schema_id",
        Field::Value => b"__value_schema_id",
    };
    let (_, value) = batch.headers(record).filter(|(other, _)| *other == name).last()?;
    let value = value?;
    let by_guid = || {
        let (guid, rest) = value.strip_prefix(&[1])?.split_first_chunk::<16>()?;
        Some((SchemaRef::Guid(*guid), rest))
    };
    by_id(value).or_else(by_guid)
}

/// The indexes that lead to a message in its schema, as they stand behind the id of a Confluent frame of Protobuf, and what
/// follows them. `None` where they are none.
pub(super) fn indexes(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if bytes.first() == Some(&0) {
        return Some(bytes.split_at(1));
    }
    let mut reader = Reader(bytes);
    let count = reader.size().filter(|count| (1..=INDEXES_MAX).contains(count))?;
    for _ in 0..count {
        reader.size()?;
    }
    Some(bytes.split_at(bytes.len() - reader.0.len()))
}

/// The same as numbers; the short form is the first message.
pub(super) fn path(indexes: &[u8]) -> Vec<u32> {
    let mut reader = Reader(indexes);
    let count = reader.size().unwrap_or(0);
    if count == 0 {
        return vec![0];
    }
    let index = |_| u32::try_from(reader.size()?).ok();
    (0..count).map_while(index).collect()
}
