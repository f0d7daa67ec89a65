//! What is held of a record while it is in flight, and how two of them compare.

use super::named::{self, Beside};
use super::rules::Rules;
use super::tolerance::{Equality, compare_all};
use crate::model::{Differing, Digest, Fingerprint, Identity, Outcome, Position, Side};

pub(super) use super::named::Tolerant;

/// A record while it is looked at: 64 bytes.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) identity: Identity,
    pub(super) digest: Digest,
    pub(super) time: i64,
    pub(super) offset: u64,
    pub(super) tolerant: Tolerant,
    pub(super) partition: u32,
    pub(super) side: Side,
    pub(super) by_content: bool,
    /// It has its outcome already and serves the look-back only.
    pub(super) settled: bool,
    pub(super) mark: Mark,
}

/// What is known of a record beside its fingerprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark(u8);

impl Mark {
    const SLOW: u8 = 1;
    const UNSAMPLED: u8 = 2;

    /// It came into its log later than is borne.
    pub(super) const fn slow(is: bool) -> Mark {
        Mark(if is { Mark::SLOW } else { 0 })
    }

    /// It is not in the sample, and is there for a partner that may be.
    pub(super) fn or_unsampled(self, is: bool) -> Mark {
        Mark(self.0 | if is { Mark::UNSAMPLED } else { 0 })
    }

    #[inline(always)]
    pub(super) fn is_slow(self) -> bool {
        self.0 & Mark::SLOW != 0
    }

    #[inline(always)]
    pub(super) fn is_unsampled(self) -> bool {
        self.0 & Mark::UNSAMPLED != 0
    }
}

/// A pair that was matched at once.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) identity: Identity,
    pub(super) digest: Digest,
    pub(super) baseline: Sighting,
    pub(super) canary: Sighting,
    pub(super) tolerant: Tolerant,
    pub(super) by_content: bool,
}

/// When and where a record was seen; the side goes without saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) time: i64,
    pub(super) offset: u64,
    pub(super) partition: u32,
    pub(super) mark: Mark,
}

/// An outcome: of a pair, or of a record that stays alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) outcome: Outcome,
    pub(super) identity: Identity,
    pub(super) baseline: Option<Sighting>,
    pub(super) canary: Option<Sighting>,
    /// Of a mismatched pair, the critical fields that differ.
    pub(super) differing: Differing,
}

impl Row {
    /// A record that was just read.
    pub(super) fn new(print: &Fingerprint, at: Position, time: i64) -> Row {
        Row {
            identity: print.identity,
            digest: print.digest,
            time,
            offset: at.offset,
            tolerant: beside(print),
            partition: at.partition,
            side: at.side,
            by_content: print.by_content,
            settled: false,
            mark: Mark::default(),
        }
    }

    /// The order in which the records of one identity are settled.
    pub(super) fn order(&self) -> (i64, Side, u32, u64) {
        (self.time, self.side, self.partition, self.offset)
    }

    pub(super) fn sighting(&self) -> Sighting {
        Sighting {
            time: self.time,
            offset: self.offset,
            partition: self.partition,
            mark: self.mark,
        }
    }

    /// True where this record can be a duplicate at all.
    pub(super) fn may_repeat(&self, rules: &Rules) -> bool {
        rules.has_identity && !self.by_content
    }

    /// True where this record's surplus can be a conflict.
    pub(super) fn may_conflict(&self, rules: &Rules) -> bool {
        rules.conflicts && self.may_repeat(rules)
    }

    /// How equal two records are, of two sides (seen from the baseline) or of one (from the earlier one).
    pub(super) fn equality(&self, other: &Row, rules: &Rules) -> Equality {
        if self.digest != other.digest {
            return Equality::Different;
        }
        if self.tolerant.is_none() && other.tolerant.is_none() {
            return Equality::Exact;
        }
        let (reference, value) = self.in_order_of_sides(other);
        compare_all(
            &rules.limits,
            named::tolerant(&reference.tolerant),
            named::tolerant(&value.tolerant),
        )
    }

    /// Two records of two sides, the baseline's first; or of one, the earlier one first.
    pub(super) fn in_order_of_sides<'a>(&'a self, other: &'a Row) -> (&'a Row, &'a Row) {
        let self_first = match self.side == other.side {
            true => self.order() <= other.order(),
            false => self.side == Side::Baseline,
        };
        if self_first { (self, other) } else { (other, self) }
    }

    pub(super) fn equals(&self, other: &Row, rules: &Rules) -> bool {
        self.equality(other, rules) != Equality::Different
    }

    /// The outcome of this record alone.
    pub(super) fn alone(&self, outcome: Outcome) -> Settled {
        Settled::alone(self.identity, self.side, self.sighting(), outcome)
    }
}

/// What a record that was just read holds beside its digest.
pub(super) fn beside(print: &Fingerprint) -> Tolerant {
    let critical = print.carried.as_ref().map_or(&[][..], |values| &values.critical);
    if print.tolerant.is_none() && critical.is_empty() {
        return None;
    }
    Some(Box::new(Beside {
        tolerant: print.tolerant.clone().unwrap_or_default(),
        critical: critical.into(),
    }))
}

impl Settled {
    pub(super) fn alone(identity: Identity, side: Side, sighting: Sighting, outcome: Outcome) -> Settled {
        let (baseline, canary) = if side == Side::Canary {
            (None, Some(sighting))
        } else {
            (Some(sighting), None)
        };
        Settled {
            outcome,
            identity,
            baseline,
            canary,
            differing: Differing::default(),
        }
    }

    /// A pair of a record of `side` and one of the other side.
    pub(super) fn pair(identity: Identity, side: Side, own: Sighting, other: Sighting, outcome: Outcome) -> Settled {
        let (baseline, canary) = if side == Side::Canary {
            (other, own)
        } else {
            (own, other)
        };
        Settled {
            outcome,
            identity,
            baseline: Some(baseline),
            canary: Some(canary),
            differing: Differing::default(),
        }
    }

    /// The same pair, which differs at these critical fields.
    pub(super) fn with(self, differing: Differing) -> Settled {
        Settled { differing, ..self }
    }

    /// True for a pair whose canary record is slow while the baseline's is not.
    pub(super) fn is_slower(&self) -> bool {
        let slow = |sighting: Option<Sighting>| sighting.is_some_and(|sighting| sighting.mark.is_slow());
        self.baseline.is_some() && slow(self.canary) && (!slow(self.baseline) || mutant!(SlowOfBoth))
    }

    /// The time that decides the window and whether it is evidence: the baseline's of a pair.
    pub(super) fn time(&self) -> i64 {
        self.baseline.or(self.canary).map_or(0, |sighting| sighting.time)
    }
}

/// What a surplus record is called where it has no name of its own.
pub(super) fn plain_surplus(side: Side) -> Outcome {
    if side == Side::Canary {
        Outcome::Extra
    } else {
        Outcome::Missing
    }
}

impl Sighting {
    pub(super) fn position(self, side: Side) -> Position {
        Position {
            side,
            partition: self.partition,
            offset: self.offset,
        }
    }
}

impl Pair {
    /// The pair as two settled rows, baseline first.
    pub(super) fn rows(&self) -> [Row; 2] {
        [(Side::Baseline, self.baseline), (Side::Canary, self.canary)].map(|(side, sighting)| Row {
            identity: self.identity,
            digest: self.digest,
            time: sighting.time,
            offset: sighting.offset,
            tolerant: self.tolerant.clone(),
            partition: sighting.partition,
            side,
            by_content: self.by_content,
            settled: true,
            mark: sighting.mark,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_what_the_limits_assume() {
        assert_eq!(size_of::<Row>(), 64);
    }
}
