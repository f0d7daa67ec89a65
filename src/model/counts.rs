//! What a window counts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::{Deserialize, Serialize};

use super::{Delays, Differing, NamedCounts, PerSide, Side, UndecodableReason};

/// Counts of one side in one window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideCounts {
    /// Surplus records that equal a settled one of their side.
    pub duplicate: u64,
    /// Surplus records that differ from one of their side.
    pub conflict: u64,
    /// Records below their partition's running maximum minus `lateness`.
    pub late: u64,
    /// Records without a usable event time.
    pub untimely: u64,
    /// Records that cannot be decoded, by reason.
    pub undecodable: BTreeMap<UndecodableReason, u64>,
    /// Left out by the selector.
    pub excluded_select: u64,
    /// Left out by sampling.
    pub excluded_sample: u64,
    /// Left out because they lie outside the range.
    pub excluded_edge: u64,
    /// Left out because a control differs too.
    pub excluded_noise: u64,
    /// Left out because a newer record of its identity stands on its side, where only the newest are compared.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub excluded_superseded: u64,
    /// Left out because the newest record of its identity is a tombstone, and it is that one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub excluded_tombstone: u64,
    /// Records of an unpaired stream.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub profiled: u64,
    /// Records in a dead letter log.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub diverted: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl SideCounts {
    /// Undecodable records, whatever the reason.
    #[must_use]
    pub fn undecodable_total(&self) -> u64 {
        // Nearly always there is none, and to be asked costs a walk.
        if self.undecodable.is_empty() {
            return 0;
        }
        self.undecodable.values().sum()
    }

    /// Records that were left out on purpose.
    #[must_use]
    pub fn excluded_total(&self) -> u64 {
        self.excluded_select + self.excluded_sample + self.excluded_edge + self.excluded_noise + self.not_newest()
    }

    /// Records that were left out because only the newest of each identity is compared.
    #[must_use]
    pub fn not_newest(&self) -> u64 {
        self.excluded_superseded + self.excluded_tombstone
    }

    /// Adds another window's counts.
    pub fn add(&mut self, other: &SideCounts) {
        let SideCounts {
            duplicate,
            conflict,
            late,
            untimely,
            undecodable,
            excluded_select,
            excluded_sample,
            excluded_edge,
            excluded_noise,
            profiled,
            excluded_superseded,
            excluded_tombstone,
            diverted,
        } = other;
        self.duplicate += duplicate;
        self.conflict += conflict;
        self.late += late;
        self.untimely += untimely;
        for (reason, count) in undecodable {
            *self.undecodable.entry(*reason).or_default() += count;
        }
        self.excluded_select += excluded_select;
        self.excluded_sample += excluded_sample;
        self.excluded_edge += excluded_edge;
        self.excluded_noise += excluded_noise;
        self.profiled += profiled;
        self.excluded_superseded += excluded_superseded;
        self.excluded_tombstone += excluded_tombstone;
        self.diverted += diverted;
    }
}

/// How far apart in event time the records of a pair are (canary minus baseline, ms): a histogram with a relative error
/// below 0.1 %, exact below 1,024 ms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skew(pub BTreeMap<i64, u64>);

impl Skew {
    /// Counts one pair.
    pub fn record(&mut self, skew_ms: i64) {
        let magnitude = skew_ms.unsigned_abs();
        let shift = (64 - magnitude.leading_zeros()).saturating_sub(10);
        let rounded = i64::try_from((magnitude >> shift) << shift).unwrap_or(i64::MAX);
        *self.0.entry(if skew_ms < 0 { -rounded } else { rounded }).or_default() += 1;
    }

    /// Adds another histogram.
    pub fn add(&mut self, other: &Skew) {
        for (bucket, count) in &other.0 {
            *self.0.entry(*bucket).or_default() += count;
        }
    }

    /// Takes back what was added.
    pub fn subtract(&mut self, other: &Skew) {
        for (bucket, taken) in &other.0 {
            if let Entry::Occupied(mut own) = self.0.entry(*bucket) {
                *own.get_mut() = own.get().saturating_sub(*taken);
                if *own.get() == 0 {
                    own.remove();
                }
            }
        }
    }

    /// The least skew that at least the fraction `q` of the pairs do not pass; `None` without a pair.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<i64> {
        let total: u64 = self.0.values().sum();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank below 2^53"
        )]
        let rank = ((total as f64 * q).ceil() as u64).max(1);
        let mut seen = 0;
        self.0.iter().find_map(|(bucket, count)| {
            seen += count;
            (seen >= rank).then_some(*bucket)
        })
    }
}

/// Everything that is counted in a window. It holds no pairs: windows count, they do not pair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowCounts {
    /// Equal pairs.
    pub matched: u64,
    /// Pairs that differ.
    pub mismatched: u64,
    /// Baseline records without a partner and without a name of their own.
    pub missing: u64,
    /// Canary records without a partner and without a name of their own.
    pub extra: u64,
    /// What is counted apart for each side.
    pub sides: PerSide<SideCounts>,
    /// Skew of the pairs.
    pub skew: Skew,
    /// What a control showed; `None` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Box<ControlCounts>>,
    /// For the checks that the stream has by its settings; `None` where nothing is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Box<NamedCounts>>,
}

/// What a control shows beside the canary (rule 15), in the windows that it took part in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlCounts {
    /// Windows that it took part in.
    pub windows: u64,
    /// Windows that it was left out of.
    pub left_out: u64,
    /// Equal pairs of baseline and control.
    pub matched: u64,
    /// Their pairs that differ.
    pub mismatched: u64,
    /// Baseline records that the control lacks.
    pub missing: u64,
    /// Control records that the baseline lacks.
    pub extra: u64,
    /// Baseline records that were compared with the canary.
    pub compared: u64,
    /// Baseline records that differ in the canary only.
    pub canary_only: u64,
    /// Baseline records that differ in the control only.
    pub control_only: u64,
    /// Baseline records that differ in both, and extra records that both have: noise.
    pub both: u64,
    /// Of `control_only` those that the control lacks.
    #[serde(default)]
    pub missing_only: u64,
    /// Control records that neither the baseline nor the canary has.
    #[serde(default)]
    pub extra_only: u64,
}

impl ControlCounts {
    /// Pairs of baseline and control that differ where the canary does not.
    #[must_use]
    pub fn mismatched_only(&self) -> u64 {
        self.control_only.saturating_sub(self.missing_only)
    }

    /// What was compared of baseline and control, without what is noise of both.
    #[must_use]
    pub fn counted(&self) -> u64 {
        (self.matched + self.mismatched + self.missing + self.extra).saturating_sub(self.both)
    }

    /// All of them, in an order that never changes.
    #[must_use]
    pub fn in_order(mut self) -> [u64; 12] {
        self.places().map(|count| *count)
    }

    fn places(&mut self) -> [&mut u64; 12] {
        let ControlCounts {
            windows,
            left_out,
            matched,
            mismatched,
            missing,
            extra,
            compared,
            canary_only,
            control_only,
            both,
            missing_only,
            extra_only,
        } = self;
        [
            windows,
            left_out,
            matched,
            mismatched,
            missing,
            extra,
            compared,
            canary_only,
            control_only,
            both,
            missing_only,
            extra_only,
        ]
    }

    /// Adds another window's counts.
    pub fn add(&mut self, other: &ControlCounts) {
        for (own, other) in self.places().into_iter().zip(other.in_order()) {
            *own += other;
        }
    }

    /// Takes back what was added.
    pub fn subtract(&mut self, other: &ControlCounts) {
        for (own, other) in self.places().into_iter().zip(other.in_order()) {
            *own = own.saturating_sub(other);
        }
    }

    /// What the control shows of noise, and of how many baseline records: B + C of rule 15.
    #[must_use]
    pub fn noise(&self) -> (u64, u64) {
        (self.control_only + self.both, self.compared)
    }

    /// True where noise passes 1 % of the pairs: then it hides what the canary does (rule 15).
    #[must_use]
    pub fn is_noisy(&self) -> bool {
        let (noise, compared) = self.noise();
        u128::from(noise) * 100 > u128::from(compared)
    }
}

impl WindowCounts {
    /// Adds another window's counts.
    pub fn add(&mut self, other: &WindowCounts) {
        self.matched += other.matched;
        self.mismatched += other.mismatched;
        self.missing += other.missing;
        self.extra += other.extra;
        self.sides.baseline.add(&other.sides.baseline);
        self.sides.canary.add(&other.sides.canary);
        self.skew.add(&other.skew);
        if let Some(control) = &other.control {
            self.control.get_or_insert_default().add(control);
        }
        if let Some(named) = &other.named {
            self.named.get_or_insert_default().add(named);
        }
    }

    /// A pair differs at critical fields.
    pub fn differs(&mut self, differing: Differing) {
        if !differing.is_none() {
            self.named.get_or_insert_default().count(differing);
        }
    }

    /// Such a pair does not count.
    pub fn differs_not(&mut self, differing: Differing) {
        if let Some(named) = &mut self.named {
            named.take_back(differing);
        }
        self.named.take_if(|named| named.is_empty());
    }

    /// So many pairs have a slow canary record and a baseline's that is not.
    pub fn slower(&mut self, pairs: u64) {
        if pairs > 0 {
            self.named.get_or_insert_default().slower += pairs;
        }
    }

    /// So many of them do not count.
    pub fn slower_not(&mut self, pairs: u64) {
        if let Some(named) = &mut self.named {
            named.slower = named.slower.saturating_sub(pairs);
        }
        self.named.take_if(|named| named.is_empty());
    }

    /// Of an aggregate, by its place: how many groups differ, of how many.
    #[must_use]
    pub fn aggregate(&self, place: usize) -> (u64, u64) {
        self.named.as_ref().map_or((0, 0), |named| named.aggregate(place))
    }

    /// How long its records took.
    pub fn delays(&mut self, delays: PerSide<Delays>) {
        if delays != PerSide::default() {
            self.named.get_or_insert_default().delays = delays;
        }
    }

    /// Pairs that differ at a critical field, by its place.
    #[must_use]
    pub fn differing(&self, place: usize) -> u64 {
        self.named.as_ref().map_or(0, |named| named.differing(place))
    }

    /// Records of a side that have an outcome, without the late and the bad ones: of these only the sampled ones are here.
    #[must_use]
    pub fn settled(&self, side: Side) -> u64 {
        let own = self.sides.get(side);
        let alone = match side {
            Side::Canary => self.extra,
            Side::Baseline | Side::Control => self.missing,
        };
        self.matched + self.mismatched + alone + own.duplicate + own.conflict + own.excluded_noise + own.profiled
    }

    /// Records of a side that were judged, and those that were asked for, where so many more are `pending` and nothing can be
    /// said of so many of the settled ones (`unsaid`). Late, untimely, undecodable and diverted records are counted whether
    /// they are in the sample or not; here they count with the share that the sample has of the others, so that a sample takes nothing
    /// from the coverage.
    #[must_use]
    pub fn covered(&self, side: Side, pending: u64, unsaid: u64) -> (u64, u64) {
        let own = self.sides.get(side);
        let sampled = self.settled(side) + pending;
        let all = sampled + own.excluded_sample;
        let share = |records: u64| {
            let share =
                (u128::from(records) * u128::from(sampled) * 2 + u128::from(all)).checked_div(u128::from(all) * 2);
            share.map_or(records, |share| u64::try_from(share).unwrap_or(records))
        };
        let late = share(own.late);
        let asked = sampled + late + share(own.untimely + own.undecodable_total() + own.diverted);
        let open = late + own.excluded_noise + pending + unsaid;
        (asked.saturating_sub(open), asked)
    }

    /// The share of the timely records of a side that was in the sample, measured; `None` before the first.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
    pub fn sampled(&self, side: Side, pending: u64) -> Option<f64> {
        let sampled = self.settled(side) + pending;
        let all = sampled + self.sides.get(side).excluded_sample;
        (all > 0).then(|| sampled as f64 / all as f64)
    }

    /// Denominator of the rates: matched + mismatched + missing + extra.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.matched + self.mismatched + self.missing + self.extra
    }
}

/// Undecodable, untimely and diverted records of a window once the sharing is settled: those that the other side does not
/// show.
/// Inserted once, when every watermark has passed the window's end + 5 x grace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadCounts {
    /// Canary's undecodable records that the baseline shows too.
    pub undecodable_shared: u64,
    /// Canary's undecodable records that are judged.
    pub undecodable_judged: u64,
    /// Canary's untimely records that the baseline shows too.
    pub untimely_shared: u64,
    /// Canary's untimely records that are judged.
    pub untimely_judged: u64,
    /// Canary's undecodable, untimely and diverted records that lie outside the range of evidence.
    pub edge: u64,
    /// Canary's diverted records that the baseline shows too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub diverted_shared: u64,
    /// Canary's diverted records that are judged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub diverted_judged: u64,
}

impl BadCounts {
    /// Adds another window's counts.
    pub fn add(&mut self, other: &BadCounts) {
        let BadCounts {
            undecodable_shared,
            undecodable_judged,
            untimely_shared,
            untimely_judged,
            edge,
            diverted_shared,
            diverted_judged,
        } = other;
        self.undecodable_shared += undecodable_shared;
        self.undecodable_judged += undecodable_judged;
        self.untimely_shared += untimely_shared;
        self.untimely_judged += untimely_judged;
        self.edge += edge;
        self.diverted_shared += diverted_shared;
        self.diverted_judged += diverted_judged;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Canary's: (matched, excluded by sampling, late, undecodable).
    fn counts(matched: u64, sample: u64, late: u64, undecodable: u64) -> WindowCounts {
        let mut counts = WindowCounts {
            matched,
            ..WindowCounts::default()
        };
        counts.sides.canary = SideCounts {
            excluded_sample: sample,
            late,
            undecodable: BTreeMap::from([(UndecodableReason::Truncated, undecodable)]),
            ..SideCounts::default()
        };
        counts
    }

    #[test]
    fn a_sample_takes_nothing_from_the_coverage() {
        let covered = |counts: &WindowCounts, pending, unsaid| counts.covered(Side::Canary, pending, unsaid);
        assert_eq!(covered(&counts(980, 0, 20, 0), 0, 0), (980, 1_000));
        // A tenth of the identities, and of the late records, which were counted before it was asked for the sample.
        assert_eq!(covered(&counts(98, 882, 20, 0), 0, 0), (98, 100));
        assert_eq!(covered(&counts(96, 864, 20, 20), 0, 0), (98, 100));
        // What waits and what says nothing is of the sample only.
        assert_eq!(covered(&counts(88, 882, 20, 0), 10, 0), (88, 100));
        assert_eq!(covered(&counts(98, 882, 20, 0), 0, 8), (90, 100));
        assert_eq!(covered(&counts(0, 50, 3, 0), 0, 0), (0, 0));
        assert_eq!(covered(&counts(0, 0, 3, 2), 0, 0), (2, 5));
        assert_eq!(
            covered(&counts(u64::MAX / 4, u64::MAX / 4, 8, 0), 0, 0).1,
            u64::MAX / 4 + 4
        );
    }

    #[test]
    fn what_was_sampled_is_measured() {
        assert_eq!(counts(0, 0, 9, 9).sampled(Side::Canary, 0), None);
        assert_eq!(counts(30, 70, 9, 9).sampled(Side::Canary, 0), Some(0.3));
        assert_eq!(counts(20, 70, 9, 9).sampled(Side::Canary, 10), Some(0.3));
        assert_eq!(counts(30, 70, 9, 9).sampled(Side::Baseline, 0), Some(1.0));
    }
}
