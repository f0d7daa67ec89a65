//! The checks that a stream has by its settings: what travels with a record for them, and what a window counts.

use serde::{Deserialize, Serialize};

use super::{Bins, DifferenceKind, PerSide, length_bin};

/// A value at a critical path, as it travels beside the fingerprint. Two are equal where the values are, after the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Critical {
    /// The side's schema or the document lacks it.
    Absent,
    /// Null.
    Null,
    /// A value.
    Value {
        /// What kind of value, and of which branch of a union: equal for values of one type.
        kind: u16,
        /// The first eight bytes of its BLAKE3.
        hash: u64,
    },
    /// One that the contract's type cannot hold.
    Foreign {
        /// The same.
        hash: u64,
    },
}

impl Critical {
    /// The kind of a symbol: one outside the contract is another value, not another type.
    pub const SYMBOL: u16 = 6;

    /// How it differs from another one; `None` where it does not.
    #[must_use]
    pub fn difference(self, other: Self) -> Option<DifferenceKind> {
        use Critical::{Absent, Foreign, Null, Value};
        Some(match (self, other) {
            (one, other) if one == other => return None,
            (Absent, _) | (_, Absent) => DifferenceKind::Absent,
            (Null, _) | (_, Null) => DifferenceKind::Null,
            (Value { kind, .. }, Value { kind: other, .. }) if kind != other => DifferenceKind::Type,
            (Value { kind, .. }, Foreign { .. }) | (Foreign { .. }, Value { kind, .. }) => {
                if kind & 0xff == Self::SYMBOL {
                    DifferenceKind::Value
                } else {
                    DifferenceKind::Type
                }
            }
            _ => DifferenceKind::Value,
        })
    }
}

/// At which critical fields a pair differs, and how: four bits a field, 0 where it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Differing(pub u32);

impl Differing {
    /// Critical fields that a stream may have.
    pub const FIELDS_MAX: usize = 8;
    /// How two values may differ, in the order of the counts.
    pub const KINDS: [DifferenceKind; 4] = [
        DifferenceKind::Value,
        DifferenceKind::Type,
        DifferenceKind::Absent,
        DifferenceKind::Null,
    ];

    /// True where no critical field differs.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0 == 0
    }

    /// True where the field at this place differs.
    #[must_use]
    pub fn at(self, place: usize) -> bool {
        self.iter().any(|(differs, _)| differs == place)
    }

    /// Says how a field differs.
    pub fn put(&mut self, place: usize, kind: DifferenceKind) {
        let kind = (1..).zip(Self::KINDS).find(|(_, known)| *known == kind);
        if let (Some((bits, _)), true) = (kind, place < Self::FIELDS_MAX) {
            self.0 |= bits << (4 * place);
        }
    }

    /// The fields that differ: their places, and the places of the kinds.
    pub fn iter(self) -> impl Iterator<Item = (usize, usize)> {
        (0..Self::FIELDS_MAX).filter_map(move |place| {
            let bits = usize::try_from(self.0 >> (4 * place) & 0xf).ok()?;
            Some((place, bits.checked_sub(1)?))
        })
    }
}

/// A value that aggregates are computed of, as it travels beside the fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Null, or the side's schema or the document lacks it: no value, as databases have it.
    Nothing,
    /// A number, `unscaled * 10^-scale`.
    Number {
        /// Without its scale.
        unscaled: i128,
        /// Digits after the point; may be negative.
        scale: i32,
        /// Of its encoding.
        hash: u64,
    },
    /// Anything else, numbers of more than 38 digits and those that are infinite or none among them.
    Other {
        /// Of its encoding.
        hash: u64,
    },
}

impl Measured {
    /// What tells it from others: 0 for nothing, else 1 and a hash.
    #[must_use]
    pub fn place(&self) -> (u8, u64) {
        match self {
            Measured::Nothing => (0, 0),
            Measured::Number { hash, .. } | Measured::Other { hash } => (1, *hash),
        }
    }
}

/// The groups of one aggregate in a window, on either side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupCounts {
    /// How many.
    pub groups: u64,
    /// Those that are not the same on both sides, by more than is borne.
    pub differing: u64,
    /// 1 where there were too many, and some are one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub merged: u64,
}

/// What a window counts for the checks that a stream has by its settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCounts {
    /// Pairs that differ at each critical field, by how (see [`Differing::KINDS`]). Those behind the last that differs are
    /// not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<[u64; 4]>,
    /// Pairs whose canary record is slow while the baseline's is not.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub slower: u64,
    /// How long after their event time the records of each side came into their logs, where somebody asks; late, untimely and
    /// undecodable ones are not among them.
    #[serde(default, skip_serializing_if = "no_delays")]
    pub delays: PerSide<Delays>,
    /// Of each aggregate, in the order of the settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupCounts>,
}

/// Delays, at most 1/32 off: a histogram by [`length_bin`] of milliseconds. What came before its time has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delays(pub Bins);

impl Delays {
    /// Counts a record.
    pub fn record(&mut self, delay_ms: i64) {
        self.0
            .add(length_bin(u32::try_from(delay_ms.max(0)).unwrap_or(u32::MAX)));
    }

    /// The least delay that at least the fraction `q` of the records do not pass, milliseconds; `None` without a record.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank below 2^53"
    )]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let rank = ((self.0.total() as f64 * q).ceil() as u64).max(1);
        let mut seen = 0;
        self.0.0.iter().find_map(|(bin, count)| {
            seen += count;
            (seen >= rank).then(|| least_in(*bin))
        })
    }
}

/// The least length in a bin of [`length_bin`].
fn least_in(bin: u32) -> u64 {
    match bin.checked_sub(64) {
        None => u64::from(bin),
        Some(above) => u64::from(above % 32 + 32) << (above / 32 + 1).min(58),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn no_delays(delays: &PerSide<Delays>) -> bool {
    *delays == PerSide::default()
}

impl NamedCounts {
    /// True where nothing is counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Pairs that differ at a critical field.
    #[must_use]
    pub fn differing(&self, place: usize) -> u64 {
        self.fields.get(place).map_or(0, |counts| counts.iter().sum())
    }

    /// Of an aggregate, by its place: how many groups differ, of how many.
    #[must_use]
    pub fn aggregate(&self, place: usize) -> (u64, u64) {
        self.groups
            .get(place)
            .map_or((0, 0), |groups| (groups.differing, groups.groups))
    }

    /// Counts a pair that differs.
    pub fn count(&mut self, differing: Differing) {
        for (place, kind) in differing.iter() {
            if self.fields.len() <= place {
                self.fields.resize(place + 1, [0; 4]);
            }
            self.fields[place][kind] += 1;
        }
    }

    /// Takes back a pair that was counted.
    pub fn take_back(&mut self, differing: Differing) {
        for (place, kind) in differing.iter() {
            if let Some(counts) = self.fields.get_mut(place) {
                counts[kind] = counts[kind].saturating_sub(1);
            }
        }
        while self.fields.last().is_some_and(|counts| *counts == [0; 4]) {
            self.fields.pop();
        }
    }

    /// Adds another window's counts.
    pub fn add(&mut self, other: &NamedCounts) {
        let NamedCounts {
            fields,
            slower,
            delays,
            groups,
        } = other;
        if self.groups.len() < groups.len() {
            self.groups.resize(groups.len(), GroupCounts::default());
        }
        for (own, other) in self.groups.iter_mut().zip(groups) {
            own.groups += other.groups;
            own.differing += other.differing;
            own.merged += other.merged;
        }
        self.slower += slower;
        self.delays.baseline.0.merge(&delays.baseline.0);
        self.delays.canary.0.merge(&delays.canary.0);
        if self.fields.len() < fields.len() {
            self.fields.resize(fields.len(), [0; 4]);
        }
        for (own, other) in self.fields.iter_mut().zip(fields) {
            own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
        }
    }

    /// All of them in an order that never changes, lengths before lists.
    pub fn in_order(&self) -> impl Iterator<Item = u64> + '_ {
        let NamedCounts {
            fields,
            slower,
            delays,
            groups,
        } = self;
        let groups = groups
            .iter()
            .flat_map(|groups| [groups.groups, groups.differing, groups.merged]);
        let length = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let bins = [&delays.baseline, &delays.canary]
            .into_iter()
            .flat_map(move |Delays(Bins(bins))| {
                let pairs = bins.iter().flat_map(|(bin, count)| [u64::from(*bin), *count]);
                [length(bins.len())].into_iter().chain(pairs)
            });
        let fields = [length(fields.len())]
            .into_iter()
            .chain(fields.iter().flatten().copied());
        fields.chain([*slower]).chain(bins).chain(groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_two_values_differ() {
        use Critical::{Absent, Foreign, Null};
        let value = |kind, hash| Critical::Value { kind, hash };
        for (one, other, expected) in [
            (Absent, Absent, None),
            (Absent, Null, Some(DifferenceKind::Absent)),
            (value(1, 5), Absent, Some(DifferenceKind::Absent)),
            (Null, Null, None),
            (Null, value(1, 5), Some(DifferenceKind::Null)),
            (Foreign { hash: 1 }, Null, Some(DifferenceKind::Null)),
            (value(1, 5), value(1, 5), None),
            (value(1, 5), value(1, 6), Some(DifferenceKind::Value)),
            (value(1, 5), value(2, 5), Some(DifferenceKind::Type)),
            (value(1, 5), value(0x101, 5), Some(DifferenceKind::Type)),
            (value(1, 5), Foreign { hash: 5 }, Some(DifferenceKind::Type)),
            (value(6, 5), Foreign { hash: 5 }, Some(DifferenceKind::Value)),
            (Foreign { hash: 1 }, Foreign { hash: 2 }, Some(DifferenceKind::Value)),
        ] {
            assert_eq!(one.difference(other), expected, "{one:?} {other:?}");
            assert_eq!(other.difference(one), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn delays_have_quantiles() {
        let mut delays = Delays::default();
        assert_eq!(delays.quantile(0.5), None);
        (0..100).for_each(|ms| delays.record(ms));
        delays.record(-7);
        assert_eq!((delays.quantile(0.5), delays.quantile(0.01)), (Some(49), Some(0)));
        for ms in [64, 70, 1_000, 5_000, 86_400_000, i64::from(u32::MAX), i64::MAX] {
            let mut one = Delays::default();
            one.record(ms);
            let found = one.quantile(0.99).unwrap();
            let ms = ms.unsigned_abs().min(u64::from(u32::MAX));
            assert!(found <= ms && ms - found <= ms / 32, "{ms}: {found}");
        }
    }

    #[test]
    fn what_differs_is_counted_and_taken_back() {
        let mut differing = Differing::default();
        assert!(differing.is_none());
        differing.put(7, DifferenceKind::Null);
        differing.put(0, DifferenceKind::Value);
        differing.put(3, DifferenceKind::Length);
        differing.put(8, DifferenceKind::Value);
        assert_eq!(differing.iter().collect::<Vec<_>>(), [(0, 0), (7, 3)]);
        let mut counts = NamedCounts::default();
        counts.count(differing);
        counts.count(Differing(2));
        assert_eq!(
            (counts.differing(0), counts.differing(7), counts.differing(1)),
            (2, 1, 0)
        );
        let mut sum = NamedCounts::default();
        sum.add(&counts);
        sum.add(&counts);
        assert_eq!(sum.differing(0), 4);
        counts.take_back(differing);
        assert_eq!(counts.fields, [[0, 1, 0, 0]]);
        counts.take_back(Differing(2));
        assert!(counts.is_empty());
    }
}
