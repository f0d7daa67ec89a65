//! A set of numbers that lie near one another and grow: a bit each, and a bit for every 64 of those that has one.

use std::collections::VecDeque;

const WORD: usize = 64;
/// Numbers under one word of the upper bits; they are forgotten together.
const BLOCK: usize = WORD * WORD;

/// A set of numbers.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    bits: VecDeque<u64>,
    upper: VecDeque<u64>,
    /// Blocks that were forgotten.
    forgotten: usize,
}

impl Numbers {
    /// Place of a number's word among those that are kept.
    #[inline]
    fn word(&self, number: usize) -> Option<usize> {
        (number / WORD).checked_sub(self.forgotten * WORD)
    }

    pub(super) fn insert(&mut self, number: usize) {
        let Some(word) = self.word(number) else { return };
        while self.bits.len() <= word {
            self.upper.push_back(0);
            self.bits.extend([0; WORD]);
        }
        self.bits[word] |= 1 << (number % WORD);
        self.upper[word / WORD] |= 1 << (word % WORD);
    }

    pub(super) fn remove(&mut self, number: usize) {
        let Some(word) = self.word(number) else { return };
        let Some(bits) = self.bits.get_mut(word) else { return };
        *bits &= !(1 << (number % WORD));
        if *bits == 0 {
            self.upper[word / WORD] &= !(1 << (word % WORD));
        }
    }

    /// The least number that is not below this one.
    pub(super) fn from(&self, number: usize) -> Option<usize> {
        let number = number.max(self.forgotten * BLOCK);
        let word = self.word(number)?;
        let rest = self.bits.get(word)? >> (number % WORD);
        if rest != 0 {
            return Some(number + rest.trailing_zeros() as usize);
        }
        let upper = word / WORD;
        let behind = self.upper.get(upper)? & (u64::MAX << (word % WORD)) & !(1 << (word % WORD));
        let (at, words) = if behind != 0 {
            (upper, behind)
        } else {
            let next = self.upper.iter().skip(upper + 1).position(|words| *words != 0)?;
            let at = upper + 1 + next;
            (at, *self.upper.get(at)?)
        };
        let word = at * WORD + words.trailing_zeros() as usize;
        let bits = self.bits.get(word)?;
        Some((self.forgotten * WORD + word) * WORD + bits.trailing_zeros() as usize)
    }

    /// Forgets numbers below this one, unless a few are cheaper to keep.
    pub(super) fn forget(&mut self, number: usize) {
        while !self.upper.is_empty() && (self.forgotten + 1) * BLOCK <= number {
            self.upper.pop_front();
            self.bits.drain(..WORD);
            self.forgotten += 1;
        }
        if self.upper.is_empty() {
            self.forgotten = self.forgotten.max(number / BLOCK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn it_is_a_set() {
        let (mut numbers, mut plain) = (Numbers::default(), BTreeSet::new());
        let (mut state, mut base) = (1_u64, 0);
        for step in 0..200_000_usize {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let number = base + usize::try_from(state >> 33).unwrap() % 20_000;
            if step % 5 < 2 {
                numbers.insert(number);
                plain.insert(number);
            } else {
                let least = plain.range(number..).next().copied();
                assert_eq!(numbers.from(number), least);
                let gone = least.filter(|_| step % 3 > 0).unwrap_or(number);
                numbers.remove(gone);
                plain.remove(&gone);
            }
            if step % 1_000 == 0 {
                base += usize::try_from(state >> 50).unwrap() % 9_000;
                numbers.forget(base);
                plain = plain.split_off(&base);
                assert_eq!(numbers.from(base), plain.first().copied());
            }
        }
    }
}
