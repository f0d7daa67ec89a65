//! What a window keeps of the values at profiled paths: counts by bin, never a value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Critical, Measured};

/// Bins of one kind that a profile keeps; those of the smallest magnitude are one where there are more.
pub const BINS_MAX: usize = 512;
/// Categories that a profile keeps, those with the smallest hashes; the others are one.
pub const CATEGORIES_MAX: usize = 256;
/// Bits of a number's fraction that its bin tells: a bin is at most 1/64 wide.
const FRACTION_BITS: u32 = 6;
/// Lengths below this are bins of their own.
const LENGTHS_EXACT: u32 = 64;

/// A value at a profiled path, as it travels beside the fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profiled {
    /// The side's schema or the document lacks it.
    Absent,
    /// Null.
    Null,
    /// A number, by its bin; the hash tells numbers apart.
    Number {
        /// See [`number_bin`].
        bin: u32,
        /// Of the number.
        hash: u64,
    },
    /// A symbol or a boolean.
    Word {
        /// Of the word.
        hash: u64,
    },
    /// Text.
    Text {
        /// Of the text.
        hash: u64,
        /// Its bytes.
        length: u32,
    },
    /// Bytes, and everything that has parts.
    Bytes {
        /// Of the bytes.
        hash: u64,
        /// How many, or how many parts.
        length: u32,
    },
}

/// What travels beside the fingerprint of one record, in the order of the settings' paths. Behind one thin pointer: most streams
/// have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CarriedValues {
    /// At the profiled paths.
    pub profiled: Vec<Profiled>,
    /// At the critical paths.
    pub critical: Vec<Critical>,
    /// What aggregates are computed of.
    pub measured: Vec<Measured>,
}

impl From<Vec<Profiled>> for CarriedValues {
    fn from(profiled: Vec<Profiled>) -> Self {
        CarriedValues {
            profiled,
            ..CarriedValues::default()
        }
    }
}

/// The bin of a number: its sign, its exponent and the first six bits of its fraction, in the order of the numbers. It is fixed
/// before any record is seen, so every side, window and part counts into the same bins. Infinities are the first and the last
/// bin; every NaN is the bin after that.
#[must_use]
pub fn number_bin(value: f64) -> u32 {
    if value.is_nan() {
        return u32::MAX;
    }
    // -0.0 is 0.0 here.
    let bits = (value + 0.0).to_bits();
    let magnitude = u32::try_from((bits & !(1 << 63)) >> (52 - FRACTION_BITS)).unwrap_or(u32::MAX >> 2);
    if bits >> 63 == 0 {
        (1 << 20) + magnitude
    } else {
        (1 << 20) - 1 - magnitude
    }
}

/// The bin of a length: itself below 64, then at most 1/32 wide.
#[must_use]
pub fn length_bin(length: u32) -> u32 {
    if length < LENGTHS_EXACT {
        return length;
    }
    let shift = 26 - length.leading_zeros();
    LENGTHS_EXACT + (shift - 1) * 32 + ((length >> shift) - 32)
}

/// Counts by bin, bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bins(pub BTreeMap<u32, u64>);

impl Bins {
    /// Counts one.
    pub fn add(&mut self, bin: u32) {
        self.put(bin, 1);
    }

    /// Adds others. What comes of it does not depend on the order: a bin that is kept in the end is among the largest of every
    /// part, so it was kept there.
    pub fn merge(&mut self, other: &Bins) {
        other.0.iter().for_each(|(bin, count)| self.put(*bin, *count));
    }

    fn put(&mut self, bin: u32, count: u64) {
        *self.0.entry(bin).or_default() += count;
        if self.0.len() > BINS_MAX {
            // The least bin takes in the one after it, so that none is lost.
            if let Some((_, least)) = self.0.pop_first()
                && let Some(mut next) = self.0.first_entry()
            {
                *next.get_mut() += least;
            }
        }
    }

    /// All that is counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// Counts by category, bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Categories {
    /// By keyed hash.
    pub counts: BTreeMap<u32, u64>,
    /// Those whose hashes are larger than all that are kept.
    pub other: u64,
}

impl Categories {
    /// Counts one.
    pub fn add(&mut self, hash: u32) {
        self.put(hash, 1);
    }

    /// Adds others, in any order.
    pub fn merge(&mut self, other: &Categories) {
        other.counts.iter().for_each(|(hash, count)| self.put(*hash, *count));
        self.other += other.other;
    }

    fn put(&mut self, hash: u32, count: u64) {
        *self.counts.entry(hash).or_default() += count;
        if self.counts.len() > CATEGORIES_MAX
            && let Some((_, largest)) = self.counts.pop_last()
        {
            self.other += largest;
        }
    }

    /// All that is counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum::<u64>() + self.other
    }
}

/// What one side, or one slice of it, had at one path in one window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProfile {
    /// Records without a value there: null or absent.
    pub nulls: u64,
    /// Numbers.
    #[serde(default)]
    pub numbers: Bins,
    /// Symbols, booleans and texts.
    #[serde(default)]
    pub categories: Categories,
    /// Lengths of texts and bytes.
    #[serde(default)]
    pub lengths: Bins,
    /// About how many values are distinct.
    pub distinct: u64,
}

/// What one side, or one slice of it, had in one window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// Its records.
    pub records: u64,
    /// Each profiled path, in the order of the settings.
    pub fields: Vec<FieldProfile>,
}

/// The profile of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowProfile {
    /// The baseline; of an unpaired stream the slice that the canary is compared with.
    pub baseline: Arm,
    /// The canary; of an unpaired stream as much of it as a slice is large.
    pub canary: Arm,
    /// Of an unpaired stream: how the two were cut out, and two more slices of the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

/// How an unpaired stream was cut in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Of 256 parts of the baseline, how many make a slice.
    pub slice: u64,
    /// Of 256 parts of the canary, how many are taken.
    pub taken: u64,
    /// Two slices that are compared with each other: what they show is noise.
    pub controls: [Arm; 2],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_in_the_order_of_the_numbers() {
        let numbers = [
            f64::NEG_INFINITY,
            -1e300,
            -2.0,
            -1.0,
            -1e-300,
            0.0,
            1e-300,
            0.5,
            1.0,
            1.1,
            2.0,
            1e300,
            f64::INFINITY,
        ];
        let bins: Vec<u32> = numbers.into_iter().map(number_bin).collect();
        assert!(bins.is_sorted_by(|a, b| a < b), "{bins:?}");
        assert_eq!(number_bin(-0.0), number_bin(0.0));
        assert!(number_bin(f64::NAN) > number_bin(f64::INFINITY));
        assert_eq!(number_bin(1.0), number_bin(1.015));
        assert_ne!(number_bin(1.0), number_bin(1.016));
    }

    #[test]
    fn lengths_have_narrow_bins() {
        let mut last = None;
        for length in (0..5_000).chain([u32::MAX - 1, u32::MAX]) {
            let bin = length_bin(length);
            assert!(last.is_none_or(|last| bin >= last), "{length}");
            last = Some(bin);
        }
        assert_eq!(
            [length_bin(63), length_bin(64), length_bin(65), length_bin(66)],
            [63, 64, 64, 65]
        );
        assert_eq!(length_bin(127) + 1, length_bin(128));
    }

    #[test]
    fn parts_come_to_the_same_in_any_order() {
        let values: Vec<u32> = (0..5_000_u32).map(|i| i.wrapping_mul(2_654_435_761) % 1_500).collect();
        let (mut bins, mut categories) = (Bins::default(), Categories::default());
        values.iter().for_each(|value| {
            bins.add(*value);
            categories.add(*value);
        });
        assert_eq!((bins.0.len(), categories.counts.len()), (BINS_MAX, CATEGORIES_MAX));
        assert_eq!((bins.total(), categories.total()), (5_000, 5_000));
        for size in [1, 7, 1_000] {
            let parts: Vec<(Bins, Categories)> = values
                .chunks(size)
                .map(|chunk| {
                    let mut part = (Bins::default(), Categories::default());
                    chunk.iter().for_each(|value| {
                        part.0.add(*value);
                        part.1.add(*value);
                    });
                    part
                })
                .collect();
            let (mut merged, mut named) = (Bins::default(), Categories::default());
            for (part, names) in parts.iter().rev() {
                merged.merge(part);
                named.merge(names);
            }
            assert_eq!((&merged, &named), (&bins, &categories), "{size}");
        }
    }
}
