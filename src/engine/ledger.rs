//! Where every record ends: the windows that are not final, and the pairs that reach over windows.

use std::collections::BTreeMap;

use super::evidence::Evidence;
use super::left_out::leave_out;
use super::pairing::Tally;
use super::row::{Settled, Sighting};
use super::rules::Rules;
use super::sample::Undecided;
use super::window::{Aside, Window};
use super::{Entry, Straddling};
use crate::model::{Fingerprint, PerSide, Position, Side, WindowCounts};

/// A pair with its records in two windows.
#[derive(Clone, Copy, Debug)]
struct Cross {
    pair: Straddling,
    low: i64,
    high: i64,
}

/// The windows that are not final.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) open: BTreeMap<i64, Window>,
    /// Counted before it is known which window is the oldest.
    pub(super) unplaced: Window,
    pub(super) evidence: Evidence,
    pub(super) wants_pairs: bool,
    /// What differs is kept until the window is final, to be compared with what another ledger has.
    pub(super) has_control: bool,
    pub(super) undecided: Undecided,
    cross: Vec<Cross>,
    /// Records of each side in final windows.
    finals: PerSide<u64>,
}

impl Ledger {
    pub(super) fn new(evidence: Evidence) -> Ledger {
        Ledger {
            evidence,
            ..Ledger::default()
        }
    }

    /// A record that takes no part in pairing, at the running maximum of its partition.
    pub(super) fn aside(&mut self, position: Position, max: Option<i64>, aside: Aside, rules: &Rules) {
        let window = match max {
            Some(max) => self.open.entry(rules.grid.window(max)).or_default(),
            None => &mut self.unplaced,
        };
        window.aside(position, aside, rules.findings_max);
    }

    /// A record that was settled with one that is lost.
    pub(super) fn alone(&mut self, position: Position, time: i64, rules: &Rules) {
        self.open.entry(rules.grid.window(time)).or_default().alone(position);
    }

    /// What is counted of a timely record by itself, in the window of its own event time: its values at the profiled paths, how
    /// late it was written.
    pub(super) fn watch(&mut self, side: Side, time: i64, (entry, print): (&Entry, &Fingerprint), rules: &Rules) {
        let window = self.open.entry(rules.grid.window(time)).or_default();
        if let Some(settings) = &rules.profile {
            window.profile.add(side, print, settings);
        }
        if !rules.aggregates.is_empty() {
            let values = print.carried.as_ref().map_or(&[][..], |values| &values.measured);
            window.aggregates.add(side, values, &rules.aggregates);
        }
        if let (Some(_), Some(at)) = (rules.slower_than, entry.timestamp_ms) {
            window.delays.get_mut(side).record(at.saturating_sub(time));
        }
    }

    /// Remembers a pair that may straddle a frontier.
    pub(super) fn cross(&mut self, settled: &Settled, rules: &Rules) {
        let (Some(baseline), Some(canary)) = (settled.baseline, settled.canary) else {
            return;
        };
        if rules.grid.window(baseline.time) != rules.grid.window(canary.time) {
            let (baseline_at, canary_at) = (baseline.position(Side::Baseline), canary.position(Side::Canary));
            self.cross.push(Cross {
                pair: Straddling {
                    baseline: baseline_at,
                    canary: canary_at,
                    outcome: settled.outcome,
                    differing: settled.differing,
                },
                low: baseline.time.min(canary.time),
                high: baseline.time.max(canary.time),
            });
        }
    }

    /// The pairs with one record before the frontier and one at or after it.
    pub(super) fn straddling(&self, frontier: i64) -> impl Iterator<Item = Straddling> {
        self.cross
            .iter()
            .filter(move |cross| cross.low < frontier && cross.high >= frontier)
            .map(|cross| cross.pair)
    }

    /// Forgets pairs that no later frontier parts.
    pub(super) fn forget(&mut self, frontier: i64) {
        self.cross.retain(|cross| cross.high >= frontier);
    }

    /// A window is final: its records are counted for good.
    pub(super) fn close(&mut self, counts: &WindowCounts) {
        self.finals.baseline += counted(counts, Side::Baseline);
        self.finals.canary += counted(counts, Side::Canary);
    }

    /// Records of both sides in all windows, final or not.
    pub(super) fn counted(&self) -> PerSide<u64> {
        let mut sum = self.finals;
        for window in self.open.values().chain([&self.unplaced]) {
            for side in Side::PAIR {
                *sum.get_mut(side) += counted(window.counts(), side);
            }
        }
        sum
    }

    /// What is counted in windows that are not final.
    pub(super) fn unfinished(&self) -> WindowCounts {
        let mut counts = self.unplaced.counts().clone();
        for (window, counted) in &self.open {
            let mut counted = counted.counts().clone();
            if self.evidence.holes.touch(*window) {
                leave_out(&mut counted);
            }
            counts.add(&counted);
        }
        counts
    }

    pub(super) fn held_bytes(&self) -> u64 {
        let held = |window: &Window| window.profile.held_bytes() + window.aggregates.held_bytes();
        let profiles: u64 = self.open.values().map(held).sum();
        let differing: usize = self.open.values().map(|window| window.differing.len()).sum();
        let bytes = self.cross.len() * size_of::<Cross>() + differing * size_of::<Settled>();
        u64::try_from(bytes).unwrap_or(u64::MAX) + self.undecided.held_bytes() + profiles
    }
}

/// The conservation law's right side: every record of a side that a window counts.
pub(super) fn counted(counts: &WindowCounts, side: Side) -> u64 {
    let own = counts.sides.get(side);
    let surplus = if side == Side::Canary {
        counts.extra
    } else {
        counts.missing
    };
    let paired = counts.matched + counts.mismatched;
    paired
        + surplus
        + own.duplicate
        + own.conflict
        + own.late
        + own.untimely
        + own.undecodable_total()
        + own.diverted
        + own.excluded_total()
        + own.profiled
}

/// Takes outcomes into the ledger.
pub(super) struct Sink<'a> {
    pub(super) ledger: &'a mut Ledger,
    pub(super) rules: &'a Rules,
}

/// The same where no frontier parts a pair: nothing is remembered of those in two windows.
pub(super) struct Apart<'a>(pub(super) Sink<'a>);

impl Tally for Apart<'_> {
    fn matched(&mut self, window: i64, pairs: impl Iterator<Item = (Sighting, Sighting)>) {
        self.0.matched(window, pairs);
    }

    fn settled(&mut self, settled: Settled) {
        self.0.settled(settled);
    }

    fn decided(&mut self, _settled: &Settled) {}
}

impl Tally for Sink<'_> {
    fn matched(&mut self, window: i64, pairs: impl Iterator<Item = (Sighting, Sighting)>) {
        let Ledger { open, evidence, .. } = &mut *self.ledger;
        open.entry(window).or_default().matched(pairs, evidence);
    }

    fn settled(&mut self, settled: Settled) {
        let window = self
            .ledger
            .open
            .entry(self.rules.grid.window(settled.time()))
            .or_default();
        let how = (self.rules, self.ledger.has_control);
        let candidate = window.settled(&settled, &self.ledger.evidence, how);
        if self.ledger.wants_pairs && settled.outcome == crate::model::Outcome::Mismatched {
            window.pairs.extend(candidate);
        }
    }

    fn decided(&mut self, settled: &Settled) {
        self.ledger.cross(settled, self.rules);
    }
}
