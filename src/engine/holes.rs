//! Holes: offsets that retention took before they were read. Inside the log they are what an edge is at its ends: the
//! windows that they may have filled are no evidence.

use serde::{Deserialize, Serialize};

use super::Engine;
use super::rules::{BEGIN, NEVER, Rules, earlier, later, passed};
use crate::model::{Position, Side, is_dead_letter};

/// A range of offsets of one partition that will never be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// The first that is lost.
    pub from: u64,
    /// The first that is there again.
    pub to: u64,
    /// Running maximum before it; without one it reaches back for ever.
    pub before_ms: Option<i64>,
    /// The first timely record behind it that is not late, and the running maximum there; without one it has no end yet.
    pub after: Option<(u64, i64)>,
}

impl Hole {
    /// What it may have filled: from and to which windows, both included, `reach` around the lateness.
    ///
    /// A timely record below maximum - lateness would have been late; one above the next maximum + lateness would make
    /// the record behind the hole late.
    fn windows(&self, reach: Option<i64>, rules: &Rules) -> (i64, i64) {
        let low = self.before_ms.map_or(BEGIN, |max| {
            let low = earlier(max, rules.lateness);
            if low == BEGIN { BEGIN } else { earlier(low, reach) }
        });
        let high = self
            .after
            .map_or(NEVER, |(_, max)| later(later(max, rules.lateness), reach));
        let low = if low == BEGIN { i64::MIN } else { rules.grid.window(low) };
        let high = if high == NEVER {
            i64::MAX
        } else {
            rules.grid.window(high)
        };
        (low, high)
    }

    /// True once nothing that it may have filled is open any more, sharing of bad records included.
    pub(super) fn is_passed(&self, watermark: i64, rules: &Rules) -> bool {
        let (_, last) = self.windows(rules.sharing, rules);
        last != i64::MAX && watermark != NEVER && passed(watermark, rules.grid.window_end(last), rules.sharing)
    }
}

/// Ranges of windows, both ends included, in order and apart from each other.
#[derive(Clone, Debug, Default)]
struct Windows(Vec<(i64, i64)>);

impl Windows {
    fn add(&mut self, (mut low, mut high): (i64, i64)) {
        self.0.retain(|&(from, to)| {
            let apart = to < low || high < from;
            if !apart {
                (low, high) = (low.min(from), high.max(to));
            }
            apart
        });
        let at = self.0.partition_point(|&(from, _)| from < low);
        self.0.insert(at, (low, high));
    }

    fn contains(&self, window: i64) -> bool {
        let after = self.0.partition_point(|&(from, _)| from <= window);
        after
            .checked_sub(1)
            .and_then(|at| self.0.get(at))
            .is_some_and(|&(_, to)| window <= to)
    }
}

/// The windows that holes of any partition may have filled.
#[derive(Clone, Debug, Default)]
pub(super) struct Holes {
    edges: Windows,
    /// The same around 5 x grace: bad records are compared that far.
    unshared: Windows,
    /// Of holes that nothing else needs any more.
    passed: Windows,
}

impl Holes {
    /// Takes in the holes that there are now.
    pub(super) fn renew<'a>(&mut self, holes: impl Iterator<Item = &'a Hole>, rules: &Rules) {
        self.edges = Windows::default();
        self.unshared = self.passed.clone();
        for hole in holes {
            self.edges.add(hole.windows(rules.grace, rules));
            self.unshared.add(hole.windows(rules.sharing, rules));
        }
    }

    /// A hole that is passed: bad records that are left over are still not judged there.
    pub(super) fn pass(&mut self, hole: &Hole, rules: &Rules) {
        self.passed.add(hole.windows(rules.sharing, rules));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.edges.0.is_empty()
    }

    /// True where a window is no evidence.
    pub(super) fn touch(&self, window: i64) -> bool {
        self.edges.contains(window) && !mutant!(HoleIsNoEdge)
    }

    /// True where bad records of a window are no evidence.
    pub(super) fn touch_bad(&self, window: i64) -> bool {
        self.unshared.contains(window)
    }
}

impl Engine {
    /// Retention took a range of offsets.
    pub(super) fn lose(&mut self, side: Side, partition: u32, from: u64, to: u64) {
        let watermark = self.watermark();
        if side == Side::Control {
            if let Some(control) = &mut self.control {
                control.lose(partition, (from, to), watermark);
            }
            return;
        }
        let Some(log) = self.partitions.get_mut(side).get_mut(&partition) else {
            return;
        };
        if let Some(lost) = log.lose((from, to), is_dead_letter(partition), watermark, &self.rules) {
            self.lost(side, partition, lost);
            self.renew_holes();
        }
    }

    /// What was settled with a record that is lost stays alone.
    fn lost(&mut self, side: Side, partition: u32, (from, to): (u64, u64)) {
        let at = |offset| Position {
            side,
            partition,
            offset,
        };
        let lost = at(from)..at(to);
        for (alone, time) in self.resumed.lose(&lost) {
            self.ledger.alone(alone, time, &self.rules);
        }
        self.bad.lose(&lost);
    }

    /// The holes that a checkpoint knows.
    pub(super) fn recall_holes(&mut self) {
        for side in Side::PAIR {
            let logs = self.partitions.get(side).iter();
            let known =
                logs.flat_map(|(partition, log)| log.holes().iter().map(|hole| (*partition, (hole.from, hole.to))));
            let known: Vec<(u32, (u64, u64))> = known.collect();
            for (partition, lost) in known {
                self.lost(side, partition, lost);
            }
        }
        self.renew_holes();
    }

    /// Some hole began or ended.
    pub(super) fn renew_holes(&mut self) {
        let all = self.partitions.baseline.values().chain(self.partitions.canary.values());
        let holes = all.flat_map(|log| log.holes());
        self.ledger.evidence.holes.renew(holes, &self.rules);
    }

    /// Forgets the holes that no window needs any more.
    pub(super) fn pass_holes(&mut self, watermark: i64) {
        if self.ledger.evidence.holes.is_empty() {
            return;
        }
        let all = self
            .partitions
            .baseline
            .values_mut()
            .chain(self.partitions.canary.values_mut());
        let passed: Vec<Hole> = all.flat_map(|log| log.passed_holes(watermark, &self.rules)).collect();
        for hole in &passed {
            self.ledger.evidence.holes.pass(hole, &self.rules);
        }
        if !passed.is_empty() {
            self.renew_holes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Windows;

    #[test]
    fn ranges_that_meet_are_one() {
        let mut windows = Windows::default();
        for range in [(5, 7), (20, i64::MAX), (1, 2), (2, 5), (10, 10)] {
            windows.add(range);
        }
        assert_eq!(windows.0, [(1, 7), (10, 10), (20, i64::MAX)]);
        for (window, inside) in [
            (0, false),
            (1, true),
            (7, true),
            (8, false),
            (10, true),
            (i64::MAX, true),
        ] {
            assert_eq!(windows.contains(window), inside, "{window}");
        }
    }
}
