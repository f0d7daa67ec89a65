//! A span that got all its records: the pairs that were matched at once, in the order of their identities. A pair holds
//! 48 bytes until it is counted and 36 from then on, because nobody asks where a remembered record is; 4 more where a span
//! is longer than half a minute. What does not fit, or has tolerant values, stands apart.

use std::collections::VecDeque;

use super::packed::{Logs, Packed, Place, base};
use super::row::{Mark, Pair, Sighting, Tolerant};
use crate::model::{Digest, Identity, Side};

/// Bytes of a block of pairs, all alike, so that what one frees fits another.
const BLOCK: usize = 42_336;
/// The first block of a span has room for this many pairs.
const PAIRS_MIN: usize = 8;
const PLACES: usize = 12;
/// The longest span whose two times fit into four bytes.
const NARROW_MS: i64 = 1 << 15;
/// What dropping a block costs, in rows settled.
const DROP_COST: u64 = 64;

/// Pairs as bytes, in blocks.
#[derive(Debug)]
struct Table {
    blocks: VecDeque<Vec<u8>>,
    stride: usize,
    len: usize,
}

/// What does not fit.
#[derive(Debug)]
struct Apart {
    baseline: Sighting,
    canary: Sighting,
    tolerant: Tolerant,
}

/// A span that got all its records.
#[derive(Debug)]
pub(super) struct Sealed {
    base: i64,
    /// Bits of a time: twice them, one for a pair by content and one for what stands apart are a word.
    time_bits: u32,
    /// Pairs of this run, to be counted when their span is settled.
    fresh: Table,
    /// Pairs that are counted: remembered only.
    counted: Table,
    /// Pairs that were counted before a restart.
    recalled: Table,
    apart: Vec<Apart>,
}

impl Table {
    fn new(stride: usize) -> Table {
        Table {
            blocks: VecDeque::new(),
            stride,
            len: 0,
        }
    }

    /// Appends a pair: both hashes, and what follows them. Each is a few words of a length that is known where it is
    /// written; put together before, they would be read again by a load that waits for all the stores.
    #[inline(always)]
    fn push<const N: usize>(&mut self, identity: &[u8; 16], digest: &[u8; 16], rest: [u8; N]) {
        if self
            .blocks
            .back()
            .is_none_or(|block| block.capacity() - block.len() < 32 + N)
        {
            self.grow();
        }
        if let Some(block) = self.blocks.back_mut() {
            block.extend_from_slice(identity);
            block.extend_from_slice(digest);
            block.extend_from_slice(&rest);
            self.len += 1;
        }
    }

    /// Another block.
    #[inline(never)]
    fn grow(&mut self) {
        let pairs = (self.len / 2).clamp(PAIRS_MIN, BLOCK / self.stride);
        self.blocks.push_back(Vec::with_capacity(pairs * self.stride));
    }

    /// The pair of an identity.
    fn find(&self, identity: Identity) -> Option<&[u8]> {
        let before = self
            .blocks
            .partition_point(|block| block.get(..16).is_some_and(|first| *first <= identity.0[..]));
        let block = self.blocks.get(before.checked_sub(1)?)?;
        let (mut low, mut high) = (0, block.len() / self.stride);
        while low < high {
            let middle = low.midpoint(high);
            let pair = block.get(middle * self.stride..(middle + 1) * self.stride)?;
            match pair.get(..16)?.cmp(&identity.0[..]) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(pair),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn pairs(&self) -> impl Iterator<Item = &[u8]> {
        self.blocks.iter().flat_map(|block| block.chunks_exact(self.stride))
    }

    fn pop(&mut self) -> Option<Vec<u8>> {
        let block = self.blocks.pop_front()?;
        self.len -= block.len() / self.stride;
        Some(block)
    }

    fn held_bytes(&self) -> usize {
        // All but the last are full.
        let free = self.blocks.back().map_or(0, |last| last.capacity() - last.len());
        self.len * self.stride + free + self.blocks.capacity() * size_of::<Vec<u8>>()
    }
}

impl Sealed {
    /// A span from `start` to before `end`.
    pub(super) fn new(start: i64, end: i64) -> Sealed {
        let base = base(start);
        // A span without ends has no times: all are 0.
        let narrow = end.saturating_sub(start) <= NARROW_MS || base != start;
        let word = if narrow { 4 } else { 8 };
        Sealed {
            base,
            time_bits: if narrow { 15 } else { 31 },
            fresh: Table::new(32 + word + PLACES),
            counted: Table::new(32 + word),
            recalled: Table::new(32 + word),
            apart: Vec::new(),
        }
    }

    fn word(&self, baseline: u64, canary: u64) -> Option<u64> {
        let fits = (baseline | canary) >> self.time_bits == 0;
        fits.then_some(baseline | canary << self.time_bits)
    }

    fn flag(&self, by_content: bool) -> u64 {
        u64::from(by_content) << (2 * self.time_bits)
    }

    fn apart_flag(&self) -> u64 {
        2 << (2 * self.time_bits)
    }

    /// Two packed rows of this span; false where they do not fit.
    #[inline(always)]
    pub(super) fn push_packed(&mut self, baseline: &Packed, canary: &Packed) -> bool {
        let times = self.word(u64::from(baseline.time()), u64::from(canary.time()));
        let Some(word) = times else { return false };
        let word = word | self.flag(baseline.is_by_content());
        self.push_as(
            baseline.is_settled(),
            (baseline.identity, baseline.digest),
            word,
            [baseline.place(), canary.place()],
        );
        true
    }

    #[inline(always)]
    fn push_as(&mut self, settled: bool, (identity, digest): (Identity, Digest), word: u64, places: [Place; 2]) {
        let narrow = self.time_bits == 15;
        let short = |word: u64| u32::try_from(word & u64::from(u32::MAX)).unwrap_or(0).to_le_bytes();
        match (settled, narrow) {
            (false, true) => {
                let rest = word_and_places(word & u64::from(u32::MAX), places);
                self.fresh.push(&identity.0, &digest.0, rest.to_le_bytes());
            }
            (false, false) => self.push_wide((identity, digest), word, places),
            (true, true) => self.recalled.push(&identity.0, &digest.0, short(word)),
            (true, false) => self.recalled.push(&identity.0, &digest.0, word.to_le_bytes()),
        }
    }

    #[inline(never)]
    fn push_wide(&mut self, (identity, digest): (Identity, Digest), word: u64, places: [Place; 2]) {
        let mut rest = [0; 8 + PLACES];
        rest[..8].copy_from_slice(&word.to_le_bytes());
        rest[8..14].copy_from_slice(&places[0].0);
        rest[14..].copy_from_slice(&places[1].0);
        self.fresh.push(&identity.0, &digest.0, rest);
    }

    /// A pair that does not fit, or has tolerant values.
    pub(super) fn push(&mut self, pair: Pair, settled: bool) {
        let word = u64::try_from(self.apart.len()).unwrap_or(u64::MAX);
        let word = word | self.apart_flag() | self.flag(pair.by_content);
        self.apart.push(Apart {
            baseline: pair.baseline,
            canary: pair.canary,
            tolerant: pair.tolerant,
        });
        self.push_as(settled, (pair.identity, pair.digest), word, [Place([0; 6]); 2]);
    }

    /// Pairs without a place in a window.
    pub(super) fn uncounted(&self) -> usize {
        self.fresh.len
    }

    pub(super) fn len(&self) -> usize {
        self.fresh.len + self.counted.len + self.recalled.len
    }

    /// Room that no pair will come for.
    pub(super) fn finish(&mut self) {
        for table in [&mut self.fresh, &mut self.recalled] {
            if let Some(last) = table.blocks.back_mut() {
                last.shrink_to_fit();
            }
        }
    }

    /// The pair that an identity had here, if it was matched at once. Where a counted one was is not known any more.
    pub(super) fn find(&self, identity: Identity, logs: &Logs) -> Option<Pair> {
        let tables = [&self.counted, &self.fresh, &self.recalled];
        let pair = tables.into_iter().find_map(|table| table.find(identity))?;
        self.pair(pair, logs)
    }

    /// All of them.
    pub(super) fn pairs<'a>(&'a self, logs: &'a Logs) -> impl Iterator<Item = Pair> {
        let pairs = self
            .counted
            .pairs()
            .chain(self.fresh.pairs())
            .chain(self.recalled.pairs());
        pairs.filter_map(move |pair| self.pair(pair, logs))
    }

    fn pair(&self, pair: &[u8], logs: &Logs) -> Option<Pair> {
        let (identity, rest) = pair.split_first_chunk()?;
        let (digest, _) = rest.split_first_chunk()?;
        let (word, baseline, canary) = self.sightings(pair, logs)?;
        let tolerant = self.apart_of(word).and_then(|apart| apart.tolerant.clone());
        Some(Pair {
            identity: Identity(*identity),
            digest: Digest(*digest),
            baseline,
            canary,
            tolerant,
            by_content: word & self.flag(true) != 0,
        })
    }

    fn apart_of(&self, word: u64) -> Option<&Apart> {
        let at = word & (self.flag(true) - 1);
        self.apart
            .get(usize::try_from(at).ok()?)
            .filter(|_| word & self.apart_flag() != 0)
    }

    #[inline(always)]
    fn sightings(&self, pair: &[u8], logs: &Logs) -> Option<(u64, Sighting, Sighting)> {
        let behind = pair.get(32..)?;
        let (word, mut places) = if self.time_bits == 15 {
            let (word, places) = behind.split_first_chunk()?;
            (u64::from(u32::from_le_bytes(*word)), places)
        } else {
            let (word, places) = behind.split_first_chunk()?;
            (u64::from_le_bytes(*word), places)
        };
        if let Some(apart) = self.apart_of(word) {
            return Some((word, apart.baseline, apart.canary));
        }
        let mask = (1 << self.time_bits) - 1;
        let mut next = |time: u64| {
            let ((partition, offset), slow) = match places.split_first_chunk() {
                Some((place, rest)) => {
                    places = rest;
                    (logs.position(Place(*place))?, Place(*place).is_slow())
                }
                None => ((0, 0), false),
            };
            Some(Sighting {
                time: self.base.saturating_add(i64::try_from(time & mask).ok()?),
                offset,
                partition,
                mark: Mark::slow(slow),
            })
        };
        let baseline = next(word)?;
        let canary = next(word >> self.time_bits)?;
        Some((word, baseline, canary))
    }

    /// The next pairs that are to be counted; `None` once all are. They must be given back with [`Sealed::keep`].
    pub(super) fn next_uncounted(&mut self) -> Option<Vec<u8>> {
        self.fresh.pop()
    }

    /// Where the records of these pairs are, the baseline's first.
    pub(super) fn places<'a>(
        &'a self,
        uncounted: &'a [u8],
        logs: &'a Logs,
    ) -> impl Iterator<Item = (Sighting, Sighting)> {
        let pairs = uncounted.chunks_exact(self.fresh.stride);
        pairs.filter_map(|pair| {
            self.sightings(pair, logs)
                .map(|(_, baseline, canary)| (baseline, canary))
        })
    }

    /// These pairs are counted; gives their number.
    pub(super) fn keep(&mut self, counted: &[u8]) -> usize {
        let stride = self.fresh.stride;
        let keep = |pair: &[u8], table: &mut Table| {
            let (identity, rest) = pair.split_first_chunk()?;
            let (digest, rest) = rest.split_first_chunk()?;
            match rest.len() {
                16 => table.push(identity, digest, *rest.first_chunk::<4>()?),
                _ => table.push(identity, digest, *rest.first_chunk::<8>()?),
            }
            Some(())
        };
        for pair in counted.chunks_exact(stride) {
            keep(pair, &mut self.counted);
        }
        if self.fresh.len == 0
            && let Some(last) = self.counted.blocks.back_mut()
        {
            last.shrink_to_fit();
        }
        counted.len() / stride
    }

    /// Forgets some pairs; false once there are none.
    pub(super) fn forget(&mut self, budget: &mut u64) -> bool {
        for table in [&mut self.counted, &mut self.recalled] {
            while table.len > 0 {
                if *budget == 0 {
                    return true;
                }
                *budget = budget.saturating_sub(DROP_COST);
                table.pop();
            }
        }
        false
    }

    /// Bytes of the pairs, free places included, and of what stands apart, with that many bytes of tolerant values each.
    pub(super) fn held_bytes(&self, tolerant: u64) -> u64 {
        let tables = [&self.fresh, &self.counted, &self.recalled];
        let pairs: usize = tables.into_iter().map(Table::held_bytes).sum();
        let apart = self.apart.capacity() * size_of::<Apart>() + size_of::<Sealed>();
        let tolerant = u64::try_from(self.apart.len()).unwrap_or(u64::MAX) * tolerant;
        u64::try_from(pairs + apart).unwrap_or(u64::MAX) + tolerant
    }
}

/// A word of four bytes and two places behind it.
#[inline(always)]
fn word_and_places(word: u64, [baseline, canary]: [Place; 2]) -> u128 {
    u128::from(word) | u128::from(baseline.bits()) << 32 | u128::from(canary.bits()) << 80
}

/// Whose record of a pair is the baseline's.
pub(super) fn sides<'a>(one: &'a Packed, other: &'a Packed) -> Option<(&'a Packed, &'a Packed)> {
    match (one.side(), other.side()) {
        (Side::Baseline, Side::Canary) => Some((one, other)),
        (Side::Canary, Side::Baseline) => Some((other, one)),
        _ => None,
    }
}
