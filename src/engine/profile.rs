//! What a window has at the profiled paths, while it is open: counted record by record, in any order, bounded.
//!
//! Where the stream is unpaired the records of both sides are cut into 256 parts by a keyed hash of what the traffic was split
//! by. When the window is final its own numbers of records say how many parts make a slice of the canary's size: the first slice
//! of the baseline is compared with the canary, and two more with each other (`docs/statistics.md` section 2.2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stats::distinct;
use crate::model::{
    Arm, Bins, Categories, FieldProfile, Fingerprint, Identity, PerSide, Profiled, Side, Split, WindowProfile,
    length_bin,
};

/// Parts that an unpaired stream is cut into.
pub const PARTS: u64 = 256;
/// The largest slice: three must fit into the baseline.
const SLICE_MAX: u64 = PARTS / 3;
/// What a bin, a category or a register holds, about.
const ENTRY_BYTES: u64 = 24;

/// What is profiled. Frozen in a generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// How many paths; their values travel with the fingerprint.
    pub paths: usize,
    /// The sides see different records: nothing is paired, every record is profiled.
    pub unpaired: bool,
    /// What decides which part a record is in. Not a setting, so not written with them.
    #[serde(skip)]
    pub salt: [u8; 32],
    /// What categories are hashed with, so that nobody finds them in a dictionary. Not a setting either, and not in a digest.
    #[serde(skip)]
    pub key: [u8; 32],
}

impl Profile {
    /// Of so many paths.
    #[must_use]
    pub fn of(paths: usize, unpaired: bool) -> Option<Self> {
        (paths > 0 || unpaired).then_some(Self {
            paths,
            unpaired,
            salt: [0; 32],
            key: [0; 32],
        })
    }

    /// Which of the 256 parts an identity is in; 0 where nothing is cut.
    fn part(&self, Identity(identity): Identity) -> u8 {
        if self.unpaired {
            blake3::keyed_hash(&self.salt, &identity).as_bytes()[0]
        } else {
            0
        }
    }

    /// What a category is counted under.
    fn category(&self, hash: u64) -> u32 {
        let hash = blake3::keyed_hash(&self.key, &hash.to_le_bytes());
        let [a, b, c, d, ..] = *hash.as_bytes();
        u32::from_le_bytes([a, b, c, d])
    }
}

/// One path of one part.
#[derive(Clone, Debug, Default)]
struct Field {
    nulls: u64,
    numbers: Bins,
    categories: Categories,
    lengths: Bins,
    distinct: distinct::Registers,
}

/// One part of one side.
#[derive(Clone, Debug, Default)]
struct Part {
    records: u64,
    fields: Vec<Field>,
}

/// The profiles of a window that is not final.
#[derive(Debug, Default)]
pub(super) struct Profiles(PerSide<BTreeMap<u8, Part>>);

impl Profiles {
    /// Counts a record.
    pub(super) fn add(&mut self, side: Side, print: &Fingerprint, settings: &Profile) {
        let part = self.0.get_mut(side).entry(settings.part(print.identity)).or_default();
        part.records += 1;
        let Some(values) = &print.carried else { return };
        part.fields.resize_with(settings.paths, Field::default);
        for (field, value) in part.fields.iter_mut().zip(&values.profiled) {
            field.add(*value, settings);
        }
    }

    /// About what it holds.
    pub(super) fn held_bytes(&self) -> u64 {
        let parts = self.0.baseline.values().chain(self.0.canary.values());
        parts.flat_map(|part| &part.fields).map(Field::held_bytes).sum()
    }

    /// The profile as it is stored.
    pub(super) fn finish(self, settings: &Profile) -> WindowProfile {
        let PerSide { baseline, canary } = self.0;
        if !settings.unpaired {
            return WindowProfile {
                baseline: arm(&baseline, 0..PARTS, settings),
                canary: arm(&canary, 0..PARTS, settings),
                split: None,
            };
        }
        let records = |parts: &BTreeMap<u8, Part>| parts.values().map(|part| part.records).sum::<u64>();
        let (slice, taken) = cut(records(&baseline), records(&canary));
        WindowProfile {
            baseline: arm(&baseline, 0..slice, settings),
            canary: arm(&canary, 0..taken, settings),
            split: Some(Split {
                slice,
                taken,
                controls: [1, 2].map(|at| arm(&baseline, at * slice..(at + 1) * slice, settings)),
            }),
        }
    }
}

/// How many of the 256 parts of the baseline make a slice, and how many of the canary are as large, for so many records of each.
fn cut(baseline: u64, canary: u64) -> (u64, u64) {
    let slice = match (PARTS * canary).checked_div(baseline) {
        Some(parts) => parts.clamp(1, SLICE_MAX),
        None => SLICE_MAX,
    };
    let taken = match (2 * slice * baseline + canary).checked_div(2 * canary) {
        Some(parts) => parts.clamp(1, PARTS),
        None => PARTS,
    };
    (slice, taken)
}

fn arm(parts: &BTreeMap<u8, Part>, range: std::ops::Range<u64>, settings: &Profile) -> Arm {
    let mut sum = vec![Field::default(); settings.paths];
    let mut records = 0;
    for (_, part) in parts.iter().filter(|(at, _)| range.contains(&u64::from(**at))) {
        records += part.records;
        for (sum, field) in sum.iter_mut().zip(&part.fields) {
            sum.merge(field);
        }
    }
    Arm {
        records,
        fields: sum.into_iter().map(Field::finish).collect(),
    }
}

impl Field {
    fn add(&mut self, value: Profiled, settings: &Profile) {
        match value {
            Profiled::Absent | Profiled::Null => self.nulls += 1,
            Profiled::Number { bin, hash } => {
                self.numbers.add(bin);
                self.distinct.add(hash);
            }
            Profiled::Word { hash } => {
                self.categories.add(settings.category(hash));
                self.distinct.add(hash);
            }
            Profiled::Text { hash, length } => {
                self.categories.add(settings.category(hash));
                self.lengths.add(length_bin(length));
                self.distinct.add(hash);
            }
            Profiled::Bytes { hash, length } => {
                self.lengths.add(length_bin(length));
                self.distinct.add(hash);
            }
        }
    }

    fn merge(&mut self, other: &Field) {
        let Field {
            nulls,
            numbers,
            categories,
            lengths,
            distinct,
        } = other;
        self.nulls += nulls;
        self.numbers.merge(numbers);
        self.categories.merge(categories);
        self.lengths.merge(lengths);
        self.distinct.merge(distinct);
    }

    fn finish(self) -> FieldProfile {
        let Field {
            nulls,
            numbers,
            categories,
            lengths,
            distinct,
        } = self;
        FieldProfile {
            nulls,
            numbers,
            categories,
            lengths,
            distinct: distinct.estimate(),
        }
    }

    fn held_bytes(&self) -> u64 {
        let bins = self.numbers.0.len() + self.lengths.0.len() + self.categories.counts.len() + self.distinct.len();
        u64::try_from(bins).unwrap_or(u64::MAX).saturating_mul(ENTRY_BYTES)
    }
}

/// Over all that is counted: lengths before lists, eight bytes each, little-endian. Of categories the counts alone, the least
/// first: what they are counted under depends on a key that is no setting.
pub(super) fn digest(profile: &WindowProfile, hasher: &mut blake3::Hasher) {
    let mut put = |number: u64| {
        hasher.update(&number.to_le_bytes());
    };
    let WindowProfile {
        baseline,
        canary,
        split,
    } = profile;
    let mut arms = vec![baseline, canary];
    if let Some(Split { slice, taken, controls }) = split {
        put(*slice);
        put(*taken);
        arms.extend(controls);
    }
    for Arm { records, fields } in arms {
        put(*records);
        put(fields.len() as u64);
        for field in fields {
            let FieldProfile {
                nulls,
                numbers,
                categories,
                lengths,
                distinct,
            } = field;
            put(*nulls);
            put(*distinct);
            for Bins(bins) in [numbers, lengths] {
                put(bins.len() as u64);
                for (bin, count) in bins {
                    put(u64::from(*bin));
                    put(*count);
                }
            }
            // Of more than are kept it depends on the key which are.
            put(categories.total());
            if categories.other == 0 {
                let mut counts: Vec<u64> = categories.counts.values().copied().collect();
                counts.sort_unstable();
                put(counts.len() as u64);
                counts.into_iter().for_each(&mut put);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CarriedValues, Digest, number_bin};

    fn print(number: u64, value: Profiled) -> Fingerprint {
        let hash = blake3::hash(&number.to_le_bytes());
        Fingerprint {
            identity: Identity(*hash.as_bytes().first_chunk().unwrap()),
            by_content: false,
            digest: Digest([0; 16]),
            time_ms: Some(0),
            tolerant: None,
            tombstone: false,
            carried: Some(Box::new(CarriedValues::from(vec![value]))),
        }
    }

    fn number(value: u64) -> Profiled {
        Profiled::Number {
            bin: number_bin(value as f64),
            hash: distinct::mixed(value),
        }
    }

    fn of(settings: &Profile, records: impl IntoIterator<Item = (Side, Fingerprint)>) -> WindowProfile {
        let mut profiles = Profiles::default();
        for (side, print) in records {
            profiles.add(side, &print, settings);
        }
        profiles.finish(settings)
    }

    fn records(baseline: u64, canary: u64) -> Vec<(Side, Fingerprint)> {
        let of = |side, range: std::ops::Range<u64>| range.map(move |i| (side, print(i, number(i % 50))));
        of(Side::Baseline, 0..baseline)
            .chain(of(Side::Canary, 1_000_000..1_000_000 + canary))
            .collect()
    }

    #[test]
    fn the_order_of_arrival_does_not_show() {
        for unpaired in [false, true] {
            let settings = Profile::of(1, unpaired).unwrap();
            let mut all = records(3_000, 400);
            let one = of(&settings, all.clone());
            all.reverse();
            all.rotate_left(1_234);
            assert_eq!(one, of(&settings, all));
        }
    }

    #[test]
    fn slices_are_of_the_canarys_size() {
        let settings = Profile::of(1, true).unwrap();
        for (baseline, canary) in [(19_000, 1_000), (8_000, 2_000), (5_000, 5_000), (1_000, 9_000)] {
            let profile = of(&settings, records(baseline, canary));
            let split = profile.split.unwrap();
            let arms = [&profile.canary, &split.controls[0], &split.controls[1]];
            for arm in arms {
                let (own, slice) = (arm.records as f64, profile.baseline.records as f64);
                // As equal as 256 parts can make them.
                assert!((own / slice).ln().abs() < 0.3, "{baseline} {canary}: {own} {slice}");
                assert_eq!(arm.fields[0].numbers.total(), arm.records);
            }
            assert!(3 * split.slice <= PARTS);
        }
    }

    #[test]
    fn a_side_without_records_is_no_trouble() {
        let settings = Profile::of(1, true).unwrap();
        for all in [records(0, 0), records(9, 0), records(0, 9)] {
            let profile = of(&settings, all);
            assert!(profile.split.is_some());
        }
    }

    #[test]
    fn the_key_of_the_categories_is_in_no_digest() {
        let word = |i: u64| Profiled::Word {
            hash: distinct::mixed(i % 7),
        };
        let all: Vec<_> = (0..500).map(|i| (Side::Baseline, print(i, word(i)))).collect();
        let digest_of = |key: [u8; 32]| {
            let settings = Profile {
                key,
                ..Profile::of(1, false).unwrap()
            };
            let profile = of(&settings, all.clone());
            let mut hasher = blake3::Hasher::new();
            digest(&profile, &mut hasher);
            (hasher.finalize(), profile)
        };
        let (one, other) = (digest_of([1; 32]), digest_of([2; 32]));
        assert_eq!(one.0, other.0);
        assert_ne!(one.1, other.1);
        assert_eq!(one.1.baseline.fields[0].distinct, 7);
    }
}
