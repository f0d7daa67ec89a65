//! Hashes of identities that leave the process: keyed, so that nobody finds them in a dictionary.

use crate::model::{Identity, hex};

const CONTEXT: &str = "crosscheck 2026 finding-key v1";

/// The key of a generation's findings. No `Debug`.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// From secret material.
    #[must_use]
    pub fn new(material: &[u8]) -> Self {
        Self(blake3::derive_key(CONTEXT, material))
    }

    /// One that nobody knows, for a run that keeps nothing.
    #[must_use]
    pub fn random() -> Self {
        let mut material = Vec::with_capacity(64);
        for _ in 0..4 {
            material.extend_from_slice(uuid::Uuid::now_v7().as_bytes());
        }
        Self::new(&material)
    }

    /// What stands for an identity: 128 bits in hex.
    #[must_use]
    pub fn of(&self, identity: Identity) -> String {
        let hash = blake3::keyed_hash(&self.0, &identity.0);
        hex(&hash.as_bytes()[..16])
    }
}
