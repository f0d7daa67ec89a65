//! A record on its way to its fingerprint: what is known before its hashes are, and where they go.

use super::api::Reduced;
use super::digest;
use super::hashes::{Slot, What};
use crate::model::{
    Digest, Fingerprint, Identity, RecordBatch, RecordRef, Reduction, TolerantValue, UndecodableReason,
};

/// What a record is reduced to, but for its hashes.
pub(super) enum Walked {
    Decoded(Print),
    Undecodable(UndecodableReason),
    Deselected,
}

/// A fingerprint without its hashes.
pub(super) struct Print {
    pub by_content: bool,
    pub time_ms: Option<i64>,
    pub tolerant: Option<Box<[TolerantValue]>>,
}

impl Walked {
    /// The entry of a record, with hashes of zeros where they are to be filled in. Each is built in its place.
    #[inline(always)]
    pub fn append(self, batch: &RecordBatch, record: &RecordRef, out: &mut Vec<Reduced>) {
        let (offset, timestamp_ms, bytes) = (record.offset, record.timestamp_ms, batch.size(record));
        match self {
            Walked::Decoded(print) => out.push(Reduced {
                offset,
                bytes,
                timestamp_ms,
                reduction: Reduction::Decoded(Fingerprint {
                    identity: Identity([0; 16]),
                    by_content: print.by_content,
                    digest: Digest([0; 16]),
                    time_ms: print.time_ms,
                    tolerant: print.tolerant,
                }),
            }),
            Walked::Undecodable(reason) => out.push(Reduced {
                offset,
                bytes,
                timestamp_ms,
                reduction: Reduction::Undecodable(reason, digest::undecodable(batch.key(record), batch.value(record))),
            }),
            Walked::Deselected => out.push(Reduced {
                offset,
                bytes,
                timestamp_ms,
                reduction: Reduction::Deselected,
            }),
        }
    }
}

/// Puts a hash where it belongs: a record without an identity has its digest for one.
pub(super) fn fill(out: &mut [Reduced], slot: Slot, hash: [u8; 16]) {
    let Some(Reduction::Decoded(fingerprint)) = out.get_mut(slot.at).map(|reduced| &mut reduced.reduction) else {
        return;
    };
    if slot.what == What::Digest {
        fingerprint.digest = Digest(hash);
    }
    if slot.what == What::Identity || fingerprint.by_content {
        fingerprint.identity = Identity(hash);
    }
}

/// All values of a header: how many, then each, null or with its length.
pub(super) fn digest_header(message: &mut Vec<u8>, batch: &RecordBatch, record: &RecordRef, name: &str) {
    let values = || batch.headers(record).filter(|(other, _)| *other == name.as_bytes());
    super::canonical::put_long(message, i64::try_from(values().count()).unwrap_or(i64::MAX));
    for (_, value) in values() {
        message.push(u8::from(value.is_some()));
        if let Some(value) = value {
            super::canonical::put_bytes(message, value);
        }
    }
}
