//! What is kept of a record: never its payload.

use serde::{Deserialize, Serialize};

use super::{CarriedValues, UndecodableReason};

/// What makes two sightings one event: 128 bits of a keyed BLAKE3 over the identity's unambiguous encoding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity(pub [u8; 16]);

/// The checksum of a record's canonical form: 128 bits of a keyed BLAKE3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

/// Bytes as lower-case hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble & 0xf)]);
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(*byte));
    }
    text
}

macro_rules! shown_as_hex {
    ($($name:ident),*) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }
    )*};
}
shown_as_hex!(Identity, Digest);

/// What kind of value stands at a tolerant path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TolerantKind {
    /// No number there: null, absent or of a type that has no tolerance. Its kind is in the digest.
    Nothing,
    /// An exact decimal: `unscaled * 10^-scale`, the unscaled part as a big-endian two's complement.
    Decimal {
        /// Minimal two's complement, big-endian.
        unscaled: Vec<u8>,
        /// Digits after the point; may be negative.
        scale: i32,
    },
    /// Not a number, of a float or double.
    NotANumber,
    /// Plus or minus infinity, of a float or double.
    Infinite {
        /// Minus infinity.
        negative: bool,
    },
}

/// A value under tolerance, which travels beside the digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TolerantValue(pub TolerantKind);

/// What a record is reduced to.
#[derive(Clone, Debug, PartialEq)]
pub struct Fingerprint {
    /// Its identity, or the content's where it has none.
    pub identity: Identity,
    /// True where it is paired by its content: whole-content streams, and a null or absent identity.
    pub by_content: bool,
    /// The record has no value, or what stands in its place says that the thing is gone.
    pub tombstone: bool,
    /// The checksum.
    pub digest: Digest,
    /// Event time in whole milliseconds since the epoch, rounded down; `None` where it is absent or unparsable.
    pub time_ms: Option<i64>,
    /// Values under tolerance, at most 8, in the order of the rules; `None` where the stream has no tolerance.
    pub tolerant: Option<Box<[TolerantValue]>>,
    /// Values that are looked at by themselves: profiled, critical, aggregated; `None` where the stream has none.
    pub carried: Option<Box<CarriedValues>>,
}

impl Fingerprint {
    /// True where values at critical paths travel with it.
    #[inline]
    #[must_use]
    pub fn has_critical(&self) -> bool {
        self.carried.as_ref().is_some_and(|values| !values.critical.is_empty())
    }
}

/// What the codec makes of one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Reduction {
    /// Decoded. Without an event time it is untimely.
    Decoded(Fingerprint),
    /// Not decodable; the hash is over the raw bytes of key and value.
    Undecodable(UndecodableReason, [u8; 16]),
    /// Left out by the selector.
    Deselected,
    /// In a dead letter log; the hash is over the raw bytes of key and value.
    Diverted([u8; 16]),
}
