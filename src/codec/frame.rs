//! Frames: how bytes name their schema.

use super::api::SchemaRef;
use super::canonical::Reader;
use super::settings::Framing;

/// How deep a message may stand in others.
const INDEXES_MAX: usize = 64;

/// The schema that a frame names, and what stands in it. `None` where it is not such a frame.
pub(super) fn open(framing: Framing, bytes: &[u8]) -> Option<(SchemaRef, &[u8])> {
    match framing {
        Framing::None => Some((SchemaRef::Fixed, bytes)),
        Framing::Confluent => {
            let (id, rest) = bytes.strip_prefix(&[0])?.split_first_chunk::<4>()?;
            Some((SchemaRef::Id(u32::from_be_bytes(*id)), rest))
        }
        Framing::SingleObject => {
            let (fingerprint, rest) = bytes.strip_prefix(&[0xc3, 0x01])?.split_first_chunk::<8>()?;
            Some((SchemaRef::Fingerprint(*fingerprint), rest))
        }
    }
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
