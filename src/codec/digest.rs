//! Keyed BLAKE3 over padded bytes: digests of records, identities, hashes of what cannot be decoded.
//!
//! The padding makes every message a whole number of blocks with its length at the end, so that many can be hashed at
//! once without a change of a digest.

use super::api::Field;

/// The context of the keys of plain records.
pub(super) const RECORD: &str = "crosscheck canonical form v1 record";
/// The context of the keys of records with a tagged part.
pub(super) const TAGGED: &str = "crosscheck canonical form v1 tagged record";
/// The context of the key of identities.
pub(super) const IDENTITY: &str = "crosscheck canonical form v1 identity";
/// The context of the key of undecodable records.
pub(super) const UNDECODABLE: &str = "crosscheck canonical form v1 undecodable";

const BLOCK: usize = 64;

/// Behind the message that begins at `from`: zeros and its length, so that the whole is a multiple of 64 bytes.
#[inline(always)]
pub(super) fn pad(bytes: &mut Vec<u8>, from: usize) {
    let length = bytes.len() - from;
    let padded = (length + 8).next_multiple_of(BLOCK);
    // Zeros of one fixed length are a few stores; what is too much is cut off.
    bytes.extend_from_slice(&[0; BLOCK]);
    bytes.truncate(from + padded - 8);
    bytes.extend_from_slice(&(length as u64).to_le_bytes());
}

/// A padded message without its padding. None where there is none.
pub(super) fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let length = u64::from_le_bytes(*padded.last_chunk()?);
    padded.get(..usize::try_from(length).ok()?)
}

pub(super) fn first_half(hash: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    half
}

fn put(material: &mut Vec<u8>, bytes: &[u8]) {
    material.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    material.extend_from_slice(bytes);
}

/// What the keys of the records of one kind are derived from.
#[derive(Default)]
pub(super) struct Material<'a> {
    /// Digest of the value's contract; none for a tombstone.
    pub value: Option<[u8; 32]>,
    /// The key is compared.
    pub key_compared: bool,
    /// Digest of the key's contract; none for a null.
    pub key: Option<[u8; 32]>,
    /// Names of the compared headers.
    pub headers: &'a [String],
    /// Paths that are absent in every record.
    pub absent: Vec<(Field, String)>,
    /// The conditional rules that leave something out, by their places.
    pub when: &'a [usize],
}

/// The two keys: of plain records and of those with a tagged part.
#[derive(Clone, Copy)]
pub(super) struct Keys {
    pub plain: [u8; 32],
    pub tagged: [u8; 32],
}

impl Material<'_> {
    pub fn keys(&self) -> Keys {
        let mut bytes = Vec::new();
        bytes.extend(self.value.unwrap_or_default());
        bytes.push(u8::from(self.key_compared));
        bytes.extend(self.key.unwrap_or_default());
        bytes.extend(u32::try_from(self.headers.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.headers.iter().for_each(|name| put(&mut bytes, name.as_bytes()));
        let name = |(field, path): &(Field, String)| match (field, path.as_str()) {
            (Field::Value, path) => path.to_owned(),
            (Field::Key, path) => format!("$key.{path}"),
        };
        let mut absent: Vec<String> = self.absent.iter().map(name).collect();
        absent.sort();
        bytes.extend(u32::try_from(absent.len()).unwrap_or(u32::MAX).to_le_bytes());
        absent.iter().for_each(|path| put(&mut bytes, path.as_bytes()));
        if !self.when.is_empty() {
            let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX).to_le_bytes();
            bytes.extend(number(self.when.len()));
            self.when.iter().for_each(|place| bytes.extend(number(*place)));
        }
        Keys {
            plain: blake3::derive_key(RECORD, &bytes),
            tagged: blake3::derive_key(TAGGED, &bytes),
        }
    }
}

/// The hash of a record that cannot be decoded: of its raw key and value.
pub(super) fn undecodable(key: Option<&[u8]>, value: Option<&[u8]>) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key(UNDECODABLE);
    for part in [key, value] {
        hasher.update(&[u8::from(part.is_some())]);
        let bytes = part.unwrap_or_default();
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    first_half(hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pads_to_blocks() {
        for (length, padded) in [(0, 64), (56, 64), (57, 128), (64, 128), (120, 128), (121, 192)] {
            let mut message = vec![7; length];
            pad(&mut message, 0);
            assert_eq!(message.len(), padded);
            assert_eq!(message[padded - 8..], (length as u64).to_le_bytes());
            assert_eq!(unpad(&message), Some(vec![7; length].as_slice()));
        }
    }

    #[test]
    fn null_and_empty_are_apart() {
        assert_ne!(undecodable(None, Some(b"a")), undecodable(Some(b""), Some(b"a")));
        assert_ne!(
            undecodable(Some(b"a"), Some(b"bc")),
            undecodable(Some(b"ab"), Some(b"c"))
        );
    }
}
