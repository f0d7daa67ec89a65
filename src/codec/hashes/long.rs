//! Messages of several chunks: chunk `k` of many of them in one call, then the parents, level by level.
//!
//! A tree of BLAKE3 has a power of two of chunks on the left; that is the same as pairing neighbours level by level, the
//! last one without a neighbour going up as it is.

use blake3::platform::Platform;

use super::{BLOCK, CHUNK_BLOCKS, CHUNK_END, CHUNK_START, Call, KEYED_HASH, LANES, PARENT, ROOT, Waiting};
use crate::codec::digest::first_half;

const CHUNK: usize = CHUNK_BLOCKS * BLOCK;
const ALL: [u8; 32] = [0; 32];

/// Memory that is used again.
#[derive(Default)]
pub(super) struct Long {
    /// The chaining values of all messages, one behind the other.
    values: Vec<[u8; 32]>,
    /// Where the values of each message begin, and how many are left.
    trees: Vec<(usize, usize)>,
    /// Where inputs begin, and which value each becomes.
    inputs: Vec<(usize, usize)>,
    pairs: Vec<u8>,
}

impl Long {
    /// Hashes messages of more than one chunk under one key.
    pub fn hash(
        &mut self,
        platform: Platform,
        key: &[u8; 32],
        arena: &[u8],
        messages: &mut Vec<Waiting>,
        done: &mut impl FnMut(usize, [u8; 16]),
    ) {
        messages.sort_unstable_by_key(|message| message.blocks);
        let call = |counter, flags| Call {
            platform,
            key,
            counter,
            flags,
        };
        self.trees.clear();
        let mut total = 0;
        for message in messages.iter() {
            let chunks = message.blocks.div_ceil(CHUNK_BLOCKS);
            self.trees.push((total, chunks));
            total += chunks;
        }
        self.values.clear();
        self.values.resize(total, ALL);
        let chunks_max = self.trees.last().map_or(0, |(_, chunks)| *chunks);
        for (chunk, counter) in (0..chunks_max).zip(0..) {
            let call = call(counter, [KEYED_HASH, CHUNK_START, CHUNK_END]);
            // Whole chunks, whatever comes behind them; then the last ones, shortest first, as the messages are sorted.
            let blocks_of = |message: &Waiting| (message.blocks - chunk * CHUNK_BLOCKS).min(CHUNK_BLOCKS);
            let first = messages.partition_point(|message| message.blocks <= chunk * CHUNK_BLOCKS);
            let mut rest = first;
            while rest < messages.len() {
                let blocks = blocks_of(&messages[rest]);
                let same = messages[rest..].partition_point(|message| blocks_of(message) == blocks);
                self.inputs.clear();
                let (messages, trees) = (&messages[rest..rest + same], &self.trees[rest..rest + same]);
                let both = messages.iter().zip(trees);
                self.inputs
                    .extend(both.map(|(message, (base, _))| (message.at + chunk * CHUNK, base + chunk)));
                run(&call, arena, blocks, &self.inputs, &mut self.values);
                rest += same;
            }
        }
        while self.trees.iter().any(|(_, count)| *count > 1) {
            self.level(&call(0, [KEYED_HASH | PARENT, 0, 0]), false);
            self.level(&call(0, [KEYED_HASH | PARENT | ROOT, 0, 0]), true);
            for (_, count) in &mut self.trees {
                *count = count.div_ceil(2);
            }
        }
        for (message, (base, _)) in messages.drain(..).zip(&self.trees) {
            done(message.slot, first_half(&self.values[*base]));
        }
    }

    /// Pairs become their parents: those that are a root, or the others.
    fn level(&mut self, call: &Call<'_>, root: bool) {
        self.inputs.clear();
        self.pairs.clear();
        for (base, count) in self.trees.iter().copied().filter(|(_, count)| (*count == 2) == root) {
            for pair in 0..count / 2 {
                self.inputs.push((self.pairs.len(), base + pair));
                let (left, right) = (self.values[base + 2 * pair], self.values[base + 2 * pair + 1]);
                self.pairs.extend(left);
                self.pairs.extend(right);
            }
            if count % 2 == 1 && count > 1 {
                // The last value goes up as it is. Its place is that of a pair that was copied already.
                self.values[base + count / 2] = self.values[base + count - 1];
            }
        }
        run(call, &self.pairs, 1, &self.inputs, &mut self.values);
    }
}

/// Hashes inputs of so many blocks into their places.
fn run(call: &Call<'_>, arena: &[u8], blocks: usize, inputs: &[(usize, usize)], values: &mut [[u8; 32]]) {
    for inputs in inputs.chunks(LANES) {
        let mut hashes = [0; LANES * 32];
        call.blocks(arena, blocks, inputs.iter().map(|(at, _)| *at), &mut hashes);
        let (hashes, _) = hashes.as_chunks::<32>();
        for ((_, place), hash) in inputs.iter().zip(hashes) {
            values[*place] = *hash;
        }
    }
}
