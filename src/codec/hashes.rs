//! Many keyed hashes at once. What waits is sorted by key and length; sixteen messages of one kind make one call of
//! BLAKE3's widest implementation, found at run time.
//!
//! A padded message of at most 1,024 bytes is one whole chunk of BLAKE3, so its hash is `hash_many` over its blocks with
//! the flags of a chunk that is the root. `hash_many` is public but not documented by the crate: should it change, the
//! test below fails or this file does not compile, and `blake3::keyed_hash` one by one gives the same digests.

use blake3::IncrementCounter;
use blake3::platform::{Platform, words_from_le_bytes_32};

use super::digest::first_half;

const BLOCK: usize = 64;
/// Blocks of a chunk.
const CHUNK_BLOCKS: usize = 16;
/// Messages that are hashed in one call: the lanes of AVX-512.
const LANES: usize = 16;
/// More keys than this are forgotten.
const KEYS_MAX: usize = 32;

const CHUNK_START: u8 = 1;
const CHUNK_END: u8 = 1 << 1;
const ROOT: u8 = 1 << 3;
const KEYED_HASH: u8 = 1 << 4;

/// Which of a record's hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Digest,
    Identity,
}

/// Whose hash it is: a place in the caller's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub at: usize,
    pub what: What,
}

/// Messages of one length.
#[derive(Default)]
struct Bucket {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

struct Queue {
    key: [u8; 32],
    /// By the number of blocks, from one on.
    buckets: [Bucket; CHUNK_BLOCKS],
}

/// What is to be hashed.
pub(super) struct Hashes {
    platform: Platform,
    queues: Vec<Queue>,
    /// The queue that the last digest went to, and the last identity.
    last: [usize; 2],
}

impl Default for Hashes {
    fn default() -> Self {
        Self {
            platform: Platform::detect(),
            queues: Vec::new(),
            last: [0; 2],
        }
    }
}

impl Hashes {
    /// Takes a padded message; `done` is called for it now or later.
    pub fn push(&mut self, key: &[u8; 32], message: &[u8], slot: Slot, done: &mut impl FnMut(Slot, [u8; 16])) {
        let blocks = message.len() / BLOCK;
        if !(1..=CHUNK_BLOCKS).contains(&blocks) {
            return done(slot, first_half(blake3::keyed_hash(key, message).as_bytes()));
        }
        let at = self.queue(key, slot.what, done);
        let bucket = &mut self.queues[at].buckets[blocks - 1];
        bucket.bytes.extend_from_slice(message);
        bucket.slots.push(slot);
        if bucket.slots.len() == LANES {
            bucket.hash(self.platform, key, blocks, done);
        }
    }

    fn queue(&mut self, key: &[u8; 32], what: What, done: &mut impl FnMut(Slot, [u8; 16])) -> usize {
        let last = &mut self.last[usize::from(what == What::Identity)];
        if self.queues.get(*last).is_some_and(|queue| queue.key == *key) {
            return *last;
        }
        let at = match self.queues.iter().position(|queue| queue.key == *key) {
            Some(at) => at,
            None => {
                if self.queues.len() >= KEYS_MAX {
                    self.finish(done);
                    self.queues.clear();
                }
                self.queues.push(Queue {
                    key: *key,
                    buckets: Default::default(),
                });
                self.queues.len() - 1
            }
        };
        self.last[usize::from(what == What::Identity)] = at;
        at
    }

    /// Hashes what is left.
    pub fn finish(&mut self, done: &mut impl FnMut(Slot, [u8; 16])) {
        for queue in &mut self.queues {
            for (bucket, blocks) in queue.buckets.iter_mut().zip(1..) {
                if !bucket.slots.is_empty() {
                    bucket.hash(self.platform, &queue.key, blocks, done);
                }
            }
        }
    }
}

impl Bucket {
    fn hash(&mut self, platform: Platform, key: &[u8; 32], blocks: usize, done: &mut impl FnMut(Slot, [u8; 16])) {
        let mut hashes = [0; LANES * 32];
        let out = &mut hashes[..self.slots.len() * 32];
        macro_rules! by_blocks {
            ($($blocks:literal)*) => {
                match blocks {
                    $($blocks => hash_many::<{ $blocks * BLOCK }>(platform, key, &self.bytes, out),)*
                    _ => {}
                }
            };
        }
        by_blocks!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
        for (slot, hash) in self.slots.drain(..).zip(hashes.chunks_exact(32)) {
            let mut half = [0; 16];
            half.copy_from_slice(&hash[..16]);
            done(slot, half);
        }
        self.bytes.clear();
    }
}

/// Hashes messages of `N` bytes that stand one behind the other.
fn hash_many<const N: usize>(platform: Platform, key: &[u8; 32], messages: &[u8], out: &mut [u8]) {
    let (messages, _) = messages.as_chunks::<N>();
    let mut inputs = [&[0; N]; LANES];
    let count = messages.len().min(LANES);
    inputs
        .iter_mut()
        .zip(messages)
        .for_each(|(input, message)| *input = message);
    platform.hash_many(
        &inputs[..count],
        &words_from_le_bytes_32(key),
        0,
        IncrementCounter::No,
        KEYED_HASH,
        CHUNK_START,
        CHUNK_END | ROOT,
        out,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::digest::pad;

    fn message(length: usize, seed: u8) -> Vec<u8> {
        let mut message: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap() ^ seed).collect();
        pad(&mut message);
        message
    }

    #[test]
    fn all_at_once_are_as_one_by_one() {
        let mut platforms = vec![Platform::detect(), Platform::portable()];
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        platforms.extend(
            [Platform::sse2(), Platform::sse41(), Platform::avx2()]
                .into_iter()
                .flatten(),
        );
        for platform in platforms {
            let mut hashes = Hashes {
                platform,
                ..Hashes::default()
            };
            let keys = [[3; 32], [9; 32]];
            let mut expected = Vec::new();
            let mut found = Vec::new();
            let mut done = |slot: Slot, hash: [u8; 16]| found.push((slot.at, hash));
            // Every length a few times, so that some calls are full and some are not, under two keys in turns.
            for round in 0..3 {
                for length in 0..=1_100 {
                    let key = keys[(length + round) % 2];
                    let message = message(length, u8::try_from(round).unwrap());
                    expected.push(first_half(blake3::keyed_hash(&key, &message).as_bytes()));
                    let slot = Slot {
                        at: expected.len() - 1,
                        what: What::Digest,
                    };
                    hashes.push(&key, &message, slot, &mut done);
                }
            }
            hashes.finish(&mut done);
            found.sort_unstable();
            let expected: Vec<_> = expected.into_iter().enumerate().collect();
            assert!(found == expected, "{platform:?}");
        }
    }

    #[test]
    fn many_keys_are_forgotten() {
        let mut hashes = Hashes::default();
        let mut found = vec![[0; 16]; 200];
        let mut done = |slot: Slot, hash: [u8; 16]| found[slot.at] = hash;
        for number in 0..200_u8 {
            let slot = Slot {
                at: usize::from(number),
                what: What::Identity,
            };
            hashes.push(&[number; 32], &message(70, number), slot, &mut done);
        }
        hashes.finish(&mut done);
        for number in 0..200_u8 {
            let hash = blake3::keyed_hash(&[number; 32], &message(70, number));
            assert_eq!(found[usize::from(number)], first_half(hash.as_bytes()));
        }
    }
}
