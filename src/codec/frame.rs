//! Frames: how bytes name their schema.

use super::api::SchemaRef;
use super::settings::Framing;

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
