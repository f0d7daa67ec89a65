//! What of a window is left out: at an edge of the range, beside the sample, older than the newest.

use super::codes::key;
use super::evidence::Evidence;
use super::profile::Profiles;
use super::row::Sighting;
use super::window::Window;
use crate::model::{Position, Side, WindowCounts};

/// Marks in the digest what is left out as `edge`.
pub(super) const EDGE: u64 = 1 << 8;
/// And what is left out as `sample`, because the record that decides its window is not in it.
const UNSAMPLED: u64 = 1 << 10;
const ALONE: u64 = 18;
const SAMPLE: u64 = 19;
const SUPERSEDED: u64 = 20;
const TOMBSTONE: u64 = 21;
const PROFILED: u64 = 22;

/// The mark of what is decided by this record: 0 where it counts.
#[inline(always)]
pub(super) fn left_out(decides: Sighting, evidence: &Evidence) -> u64 {
    if !evidence.contains(decides.time) {
        EDGE
    } else if decides.mark.is_unsampled() && !mutant!(BesideIsSampled) {
        UNSAMPLED
    } else {
        0
    }
}

/// What counts becomes `excluded (edge)`.
pub(super) fn leave_out(counts: &mut WindowCounts) {
    let WindowCounts {
        matched,
        mismatched,
        missing,
        extra,
        sides,
        skew,
        control,
        named,
    } = counts;
    (*control, *named) = (None, None);
    let pairs = std::mem::take(matched) + std::mem::take(mismatched);
    let surplus = [std::mem::take(missing), std::mem::take(extra)];
    for (own, surplus) in [&mut sides.baseline, &mut sides.canary].into_iter().zip(surplus) {
        own.excluded_edge += pairs + surplus + std::mem::take(&mut own.duplicate) + std::mem::take(&mut own.conflict);
        own.excluded_edge += std::mem::take(&mut own.excluded_sample) + std::mem::take(&mut own.profiled);
    }
    *skew = crate::model::Skew::default();
}

impl Window {
    /// Records of a pair, or one, that are left out.
    pub(super) fn exclude(&mut self, why: u64, (baseline, canary): (bool, bool)) {
        for (own, is) in [
            (&mut self.counts.sides.baseline, baseline),
            (&mut self.counts.sides.canary, canary),
        ] {
            let counter = if why == EDGE {
                &mut own.excluded_edge
            } else {
                &mut own.excluded_sample
            };
            *counter += u64::from(is);
        }
    }

    /// A record that was settled with one that is lost: it does not count.
    pub(super) fn alone(&mut self, position: Position) {
        self.counts.sides.get_mut(position.side).excluded_edge += 1;
        let side = u64::from(position.side == Side::Canary);
        self.add([ALONE | EDGE, side, key(position.partition), position.offset, 0]);
    }

    /// A record that pairs with none: of an unpaired stream, or not in the sample. Whether it counts does not show in the sums:
    /// that may be known later.
    pub(super) fn unsampled(&mut self, position: Position, counts: bool, unpaired: bool) {
        let own = self.counts.sides.get_mut(position.side);
        let (place, counter) = if unpaired {
            (PROFILED, &mut own.profiled)
        } else {
            (SAMPLE, &mut own.excluded_sample)
        };
        *(if counts { counter } else { &mut own.excluded_edge }) += 1;
        let side = u64::from(position.side == Side::Canary);
        self.add([place, side, key(position.partition), position.offset, 0]);
    }

    /// A record that is not the newest of its identity, or the newest and a tombstone.
    pub(super) fn not_newest(&mut self, position: Position, tombstone: bool) {
        let own = self.counts.sides.get_mut(position.side);
        if tombstone {
            own.excluded_tombstone += 1;
        } else {
            own.excluded_superseded += 1;
        }
        let side = u64::from(position.side == Side::Canary);
        let place = if tombstone { TOMBSTONE } else { SUPERSEDED };
        self.add([place, side, key(position.partition), position.offset, 0]);
    }

    /// One of those that counted lies at an edge.
    pub(super) fn unsampled_at_edge(&mut self, side: Side) {
        let own = self.counts.sides.get_mut(side);
        let counted = if own.profiled > 0 {
            &mut own.profiled
        } else {
            &mut own.excluded_sample
        };
        *counted = counted.saturating_sub(1);
        own.excluded_edge += 1;
    }

    /// All of them do.
    pub(super) fn leave_out_unsampled(&mut self) {
        for side in Side::PAIR {
            let own = self.counts.sides.get_mut(side);
            own.excluded_edge += std::mem::take(&mut own.excluded_sample) + std::mem::take(&mut own.profiled);
        }
    }

    /// Makes an edge of all of it: what counts is left out, what takes no part in pairing keeps its place. The sums stay,
    /// so that it does not show whether a hole was met before or after something was settled.
    pub(super) fn leave_out(&mut self) {
        leave_out(&mut self.counts);
        (self.pairs, self.differing, self.noisy) = Default::default();
        self.profile = Profiles::default();
        (self.delays, self.aggregates) = Default::default();
        self.kept.leave_out();
    }
}
