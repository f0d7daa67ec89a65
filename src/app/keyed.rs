//! Hashes of identities that leave the process: keyed, so that nobody finds them in a dictionary.

use secrecy::{ExposeSecret, SecretString};

use crate::edge::store::GenerationId;
use crate::model::{Identity, hex};

const CONTEXT: &str = "crosscheck 2026 finding-key v1";
const CATEGORIES: &str = "crosscheck 2026 category-key v1";
const SALT: &str = "crosscheck 2026 sample-salt v1";

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

    /// The one that a config names, else one that nobody knows: for a run that keeps nothing.
    #[must_use]
    pub fn of_run(trusted: Option<&SecretString>) -> Self {
        trusted.map_or_else(Self::random, |key| Self::new(key.expose_secret().as_bytes()))
    }

    /// What decides which identities a run takes into its sample: those of one key are the same ones.
    #[must_use]
    pub fn salt(&self) -> [u8; 32] {
        blake3::derive_key(SALT, &self.0)
    }

    /// What the categories of a profile are hashed with: nobody finds them in a dictionary.
    #[must_use]
    pub fn categories(&self) -> [u8; 32] {
        blake3::derive_key(CATEGORIES, &self.0)
    }

    /// What stands for an identity: 128 bits in hex.
    #[must_use]
    pub fn of(&self, identity: Identity) -> String {
        let hash = blake3::keyed_hash(&self.0, &identity.0);
        hex(&hash.as_bytes()[..16])
    }
}

/// What decides which identities a generation takes into its sample. It is made of what is stored of the generation and
/// never changes: a worker that starts again, another worker and a replay come to the same, also with another key of the
/// findings. The next generation takes others.
#[must_use]
pub fn salt(GenerationId { release, generation }: &GenerationId, started_ms: i64) -> [u8; 32] {
    let mut material = Vec::with_capacity(release.len() + 24);
    material.extend_from_slice(&(release.len() as u64).to_le_bytes());
    material.extend_from_slice(release.as_bytes());
    material.extend_from_slice(&generation.to_le_bytes());
    material.extend_from_slice(&started_ms.to_le_bytes());
    blake3::derive_key(SALT, &material)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_has_one_salt_and_the_next_another() {
        let of = |release: &str, generation, started_ms| {
            let release = release.to_owned();
            salt(&GenerationId { release, generation }, started_ms)
        };
        assert_eq!(of("a", 1, 5), of("a", 1, 5));
        let others = [of("a", 2, 5), of("a", 1, 6), of("b", 1, 5), Key::new(b"a").salt()];
        assert!(!others.contains(&of("a", 1, 5)));
        assert_eq!(Key::new(b"a").salt(), Key::of_run(Some(&"a".into())).salt());
    }
}
