//! Many keyed hashes at once. Padded messages stand in one arena; what waits is sorted by key and
//! length, and sixteen of one kind make one call of BLAKE3's widest implementation, found at run time: AVX-512, AVX2,
//! SSE4.1, SSE2, NEON, or plain code.
//!
//! A padded message of at most 1,024 bytes is one whole chunk of BLAKE3, so its hash is `hash_many` over its blocks with
//! the flags of a chunk that is the root. A longer one is a few chunks and the tree above them (`long`).
//! `blake3::platform::{Platform, words_from_le_bytes_32}` and `blake3::IncrementCounter` are public but not documented
//! by the crate: should they change, this file does not compile or the tests below fail, and `blake3::keyed_hash` one by
//! one, which they are held against, gives the same digests.

mod long;

use blake3::IncrementCounter;
use blake3::platform::{Platform, words_from_le_bytes_32};

use super::digest::first_half;
use long::Long;

const BLOCK: usize = 64;
/// Blocks of a chunk.
const CHUNK_BLOCKS: usize = 16;
/// Messages that are hashed in one call: the lanes of AVX-512.
const LANES: usize = 16;
/// More blocks than this are hashed by `keyed_hash`, which has enough chunks of its own for all lanes.
const BLOCKS_MAX: usize = 16 * CHUNK_BLOCKS;
/// More keys than this are forgotten.
const KEYS_MAX: usize = 32;

const CHUNK_START: u8 = 1;
const CHUNK_END: u8 = 1 << 1;
const PARENT: u8 = 1 << 2;
const ROOT: u8 = 1 << 3;
const KEYED_HASH: u8 = 1 << 4;

/// A message that waits: where it begins in the arena, how many blocks it has.
#[derive(Clone, Copy)]
struct Waiting {
    at: usize,
    blocks: usize,
    /// Whose hash it is: a place in the caller's list.
    slot: usize,
}

struct Queue {
    key: [u8; 32],
    /// By the number of blocks, from one on.
    buckets: [Vec<Waiting>; CHUNK_BLOCKS],
    long: Vec<Waiting>,
}

/// What is to be hashed.
pub(super) struct Hashes {
    platform: Platform,
    queues: Vec<Queue>,
    long: Long,
}

impl Default for Hashes {
    fn default() -> Self {
        Self {
            platform: Platform::detect(),
            queues: Vec::new(),
            long: Long::default(),
        }
    }
}

impl Hashes {
    /// The queue of a key. It holds until another one is asked for.
    pub fn queue(&mut self, key: &[u8; 32], arena: &[u8], done: &mut impl FnMut(usize, [u8; 16])) -> usize {
        if let Some(at) = self.queues.iter().position(|queue| queue.key == *key) {
            return at;
        }
        if self.queues.len() == KEYS_MAX {
            self.finish(arena, done);
            self.queues.clear();
        }
        self.queues.push(Queue {
            key: *key,
            buckets: Default::default(),
            long: Vec::new(),
        });
        self.queues.len() - 1
    }

    /// Takes the padded message that stands there in the arena; `done` is called with its slot now or later.
    #[inline]
    pub fn push(
        &mut self,
        queue: usize,
        arena: &[u8],
        (at, end): (usize, usize),
        slot: usize,
        done: &mut impl FnMut(usize, [u8; 16]),
    ) {
        let blocks = (end - at) / BLOCK;
        let queue = &mut self.queues[queue];
        let waiting = Waiting { at, blocks, slot };
        match queue.buckets.get_mut(blocks.wrapping_sub(1)) {
            Some(bucket) => {
                bucket.push(waiting);
                if bucket.len() == LANES {
                    chunk(self.platform, &queue.key, arena, bucket, done);
                }
            }
            None if (1..=BLOCKS_MAX).contains(&blocks) => queue.long.push(waiting),
            None => {
                let hash = blake3::keyed_hash(&queue.key, &arena[at..end]);
                done(slot, first_half(hash.as_bytes()));
            }
        }
    }

    /// Hashes what is left.
    pub fn finish(&mut self, arena: &[u8], done: &mut impl FnMut(usize, [u8; 16])) {
        for queue in &mut self.queues {
            for bucket in queue.buckets.iter_mut().filter(|bucket| !bucket.is_empty()) {
                chunk(self.platform, &queue.key, arena, bucket, done);
            }
            if !queue.long.is_empty() {
                self.long.hash(self.platform, &queue.key, arena, &mut queue.long, done);
            }
        }
    }
}

/// Hashes messages of one chunk, all of as many blocks.
fn chunk(
    platform: Platform,
    key: &[u8; 32],
    arena: &[u8],
    bucket: &mut Vec<Waiting>,
    done: &mut impl FnMut(usize, [u8; 16]),
) {
    let call = Call {
        platform,
        key,
        counter: 0,
        flags: [KEYED_HASH, CHUNK_START, CHUNK_END | ROOT],
    };
    let mut hashes = [0; LANES * 32];
    let blocks = bucket.first().map_or(0, |first| first.blocks);
    call.blocks(arena, blocks, bucket.iter().map(|waiting| waiting.at), &mut hashes);
    for (waiting, hash) in bucket.drain(..).zip(hashes.chunks_exact(32)) {
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        done(waiting.slot, half);
    }
}

/// What the inputs of a call have in common.
struct Call<'a> {
    platform: Platform,
    key: &'a [u8; 32],
    counter: u64,
    /// Of every block, of the first, of the last.
    flags: [u8; 3],
}

impl Call<'_> {
    /// Hashes inputs of 1 to 16 blocks that begin at these places, at most `LANES`.
    fn blocks(&self, arena: &[u8], blocks: usize, places: impl Iterator<Item = usize>, out: &mut [u8]) {
        macro_rules! by_blocks {
            ($($blocks:literal)*) => {
                match blocks {
                    $($blocks => self.many::<{ $blocks * BLOCK }>(arena, places, out),)*
                    _ => {}
                }
            };
        }
        by_blocks!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
    }

    fn many<const N: usize>(&self, arena: &[u8], places: impl Iterator<Item = usize>, out: &mut [u8]) {
        let mut inputs = [&[0; N]; LANES];
        let mut count = 0;
        for (input, place) in inputs.iter_mut().zip(places) {
            if let Some(bytes) = arena[place..].first_chunk::<N>() {
                *input = bytes;
            }
            count += 1;
        }
        let [flags, first, last] = self.flags;
        self.platform.hash_many(
            &inputs[..count],
            &words_from_le_bytes_32(self.key),
            self.counter,
            IncrementCounter::No,
            flags,
            first,
            last,
            out,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::digest::pad;

    fn message(length: usize, seed: u8) -> Vec<u8> {
        let mut message: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap() ^ seed).collect();
        pad(&mut message, 0);
        message
    }

    #[test]
    fn all_at_once_are_as_one_by_one() {
        let mut platforms = vec![Platform::detect(), Platform::portable()];
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        platforms.extend(
            [
                Platform::sse2(),
                Platform::sse41(),
                Platform::avx2(),
                Platform::avx512(),
            ]
            .into_iter()
            .flatten(),
        );
        for platform in platforms {
            let mut hashes = Hashes {
                platform,
                ..Hashes::default()
            };
            let keys = [[3; 32], [9; 32]];
            let (mut arena, mut expected, mut found) = (Vec::new(), Vec::new(), Vec::new());
            let mut done = |slot: usize, hash: [u8; 16]| found.push((slot, hash));
            // Every length a few times, so that some calls are full and some are not, under two keys in turns.
            for round in 0..3 {
                for length in (0..=1_100).chain((1_100..20_000).step_by(37 + round)) {
                    let key = keys[(length + round) % 2];
                    let message = message(length, u8::try_from(round).unwrap());
                    expected.push(first_half(blake3::keyed_hash(&key, &message).as_bytes()));
                    let at = arena.len();
                    arena.extend(message);
                    let (queue, span) = (hashes.queue(&key, &arena, &mut done), (at, arena.len()));
                    hashes.push(queue, &arena, span, expected.len() - 1, &mut done);
                }
            }
            hashes.finish(&arena, &mut done);
            found.sort_unstable();
            let expected: Vec<_> = expected.into_iter().enumerate().collect();
            assert!(found == expected, "{platform:?}");
        }
    }

    #[test]
    fn many_keys_are_forgotten() {
        let mut hashes = Hashes::default();
        let (mut arena, mut found) = (Vec::new(), vec![[0; 16]; 200]);
        let mut done = |slot: usize, hash: [u8; 16]| found[slot] = hash;
        for number in 0..200_u8 {
            let at = arena.len();
            arena.extend(message(70, number));
            let (queue, span) = (hashes.queue(&[number; 32], &arena, &mut done), (at, arena.len()));
            hashes.push(queue, &arena, span, usize::from(number), &mut done);
        }
        hashes.finish(&arena, &mut done);
        for number in 0..200_u8 {
            let hash = blake3::keyed_hash(&[number; 32], &message(70, number));
            assert_eq!(found[usize::from(number)], first_half(hash.as_bytes()));
        }
    }
}
