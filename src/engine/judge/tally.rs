//! The evidence of a stream, added up from its final windows.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::engine::{FinalWindow, SettledBad};
use crate::model::{BadCounts, PerSide, Side, Skew, WindowCounts};

/// Windows that skew and lateness are measured over.
const RECENT_MAX: usize = 20;

/// What the last windows say about the logs themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// How many windows.
    pub windows: u64,
    /// Windows in which missing and extra each exceed the pairs: the sides do not meet.
    pub unmet: u64,
    /// Late records.
    pub late: PerSide<u64>,
    /// Records that were asked for, the late ones among them.
    pub records: PerSide<u64>,
    /// Skew of the pairs.
    pub skew: Skew,
}

impl Recent {
    /// The first side with too many late records: (side, late, records).
    #[must_use]
    pub fn late(&self, policy: &Policy) -> Option<(Side, u64, u64)> {
        let over = |late: u64, records: u64| late as f64 > policy.late_max * records as f64;
        Side::PAIR
            .into_iter()
            .map(|side| (side, *self.late.get(side), *self.records.get(side)))
            .find(|&(_, late, records)| over(late, records))
    }

    /// The skew that 1 % of the pairs pass in either direction, if it is more than half of the grace.
    #[must_use]
    pub fn skew_too_large(&self, policy: &Policy) -> Option<i64> {
        let late = self.skew.quantile(0.99)?;
        let early = self.skew.quantile(0.01)?;
        let skew_ms = if early.unsigned_abs() > late.unsigned_abs() {
            early
        } else {
            late
        };
        let half = policy.grace_ms?.unsigned_abs() / 2;
        (skew_ms.unsigned_abs() > half).then_some(skew_ms)
    }

    fn add(&mut self, window: &Recent) {
        self.windows += window.windows;
        self.unmet += window.unmet;
        for side in Side::PAIR {
            *self.late.get_mut(side) += window.late.get(side);
            *self.records.get_mut(side) += window.records.get(side);
        }
        self.skew.add(&window.skew);
    }

    /// Takes back a window that was added.
    fn subtract(&mut self, window: &Recent) {
        self.windows -= window.windows;
        self.unmet -= window.unmet;
        for side in Side::PAIR {
            *self.late.get_mut(side) -= window.late.get(side);
            *self.records.get_mut(side) -= window.records.get(side);
        }
        self.skew.subtract(&window.skew);
    }
}

/// Sums over all final windows that are evidence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Final windows that are evidence.
    pub windows: u64,
    /// Start of the first with a compared record.
    pub first_ms: Option<i64>,
    /// End of the last.
    pub last_ms: Option<i64>,
    /// All that they count.
    pub counts: WindowCounts,
    /// Missing records, where a window takes evidence on them.
    pub missing: u64,
    /// Extra records, where a window takes evidence on them.
    pub extra: u64,
    /// Compared records of the windows that take evidence on missing and extra.
    pub met_compared: u64,
    /// Pairs of the windows that do not.
    pub unmet_pairs: u64,
    /// Undecodable and untimely records, as far as their sharing is settled.
    pub bad: BadCounts,
    /// The last windows.
    pub recent: Recent,
}

impl Evidence {
    /// Pairs, equal or not.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.counts.matched + self.counts.mismatched
    }

    /// Denominator of the checks on every compared record.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.met_compared + self.unmet_pairs
    }

    /// Event time from the first window with a compared record to the last window.
    #[must_use]
    pub fn duration_ms(&self) -> i64 {
        match (self.first_ms, self.last_ms) {
            (Some(first), Some(last)) => last.saturating_sub(first),
            _ => 0,
        }
    }

    /// Bad records of the canary, whatever the check.
    #[must_use]
    pub fn bad_total(&self) -> u64 {
        let canary = &self.counts.sides.canary;
        self.counts.mismatched
            + self.missing
            + self.extra
            + canary.duplicate
            + canary.conflict
            + self.bad.undecodable_judged
            + self.bad.untimely_judged
    }

    /// Records of a side in these windows that were asked for.
    #[must_use]
    pub fn records(&self, side: Side) -> u64 {
        records(&self.counts, side)
    }

    /// Those of them that were judged.
    #[must_use]
    pub fn judged(&self, side: Side) -> u64 {
        let counts = self.counts.sides.get(side);
        let unmet = match side {
            Side::Canary => self.counts.extra - self.extra.min(self.counts.extra),
            _ => self.counts.missing - self.missing.min(self.counts.missing),
        };
        self.records(side)
            .saturating_sub(counts.late + counts.excluded_noise + unmet)
    }

    /// Judged records over records asked for, the least over the sides; `None` before the first record.
    #[must_use]
    pub fn coverage(&self) -> Option<f64> {
        Side::PAIR
            .into_iter()
            .filter(|side| self.records(*side) > 0)
            .map(|side| self.judged(side) as f64 / self.records(side) as f64)
            .min_by(f64::total_cmp)
    }

    /// Undecodable records of the canary that wait for their evidence.
    pub(super) fn waiting_undecodable(&self) -> u64 {
        let settled = self.bad.undecodable_shared + self.bad.undecodable_judged;
        let apart = self.counts.sides.canary.undecodable_total().saturating_sub(settled);
        apart.min(self.waiting())
    }

    /// Untimely records of the canary that wait for their evidence.
    pub(super) fn waiting_untimely(&self) -> u64 {
        let settled = self.bad.untimely_shared + self.bad.untimely_judged;
        self.counts
            .sides
            .canary
            .untimely
            .saturating_sub(settled)
            .min(self.waiting())
    }

    fn waiting(&self) -> u64 {
        let canary = &self.counts.sides.canary;
        let BadCounts {
            undecodable_shared,
            undecodable_judged,
            untimely_shared,
            untimely_judged,
            edge,
        } = self.bad;
        let settled = undecodable_shared + undecodable_judged + untimely_shared + untimely_judged + edge;
        (canary.undecodable_total() + canary.untimely).saturating_sub(settled)
    }
}

fn records(counts: &WindowCounts, side: Side) -> u64 {
    let own = counts.sides.get(side);
    let alone = match side {
        Side::Canary => counts.extra,
        _ => counts.missing,
    };
    counts.matched
        + counts.mismatched
        + alone
        + own.duplicate
        + own.conflict
        + own.late
        + own.untimely
        + own.undecodable_total()
        + own.excluded_noise
}

/// Adds final windows up, in the order in which they became final.
#[derive(Clone, Debug)]
pub struct Tally {
    policy: Policy,
    evidence: Evidence,
    /// Shared, because a tally is copied at every commit.
    recent: VecDeque<Arc<Recent>>,
    edges: BTreeSet<Option<i64>>,
}

impl Tally {
    /// Starts with nothing.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Tally {
            policy,
            evidence: Evidence::default(),
            recent: VecDeque::with_capacity(RECENT_MAX),
            edges: BTreeSet::new(),
        }
    }

    /// Takes a window that became final. After a restart, those of the store come first.
    pub fn push(&mut self, window: &FinalWindow) {
        self.add(window.start_ms, window.end_ms, &window.counts, window.edge);
    }

    /// The same, from its parts.
    pub fn add(&mut self, start_ms: Option<i64>, end_ms: Option<i64>, counts: &WindowCounts, edge: bool) {
        if edge {
            self.edges.insert(start_ms);
            return;
        }
        let pairs = counts.matched + counts.mismatched;
        let met = counts.missing <= pairs || counts.extra <= pairs;
        self.remember(counts, met);
        let evidence = &mut self.evidence;
        evidence.windows += 1;
        evidence.counts.add(counts);
        if evidence.first_ms.is_none() && counts.compared() > 0 {
            evidence.first_ms = start_ms;
        }
        evidence.last_ms = evidence.last_ms.max(end_ms);
        let proved = met
            && evidence.recent.skew_too_large(&self.policy).is_none()
            && evidence.recent.late(&self.policy).is_none();
        if proved {
            evidence.missing += counts.missing;
            evidence.extra += counts.extra;
            evidence.met_compared += counts.compared();
        } else {
            evidence.unmet_pairs += pairs;
        }
    }

    /// Takes the settled sharing of a window's undecodable and untimely records.
    pub fn settle(&mut self, settled: &SettledBad) {
        self.add_bad(settled.start_ms, &settled.counts);
    }

    /// The same, from its parts.
    pub fn add_bad(&mut self, start_ms: Option<i64>, counts: &BadCounts) {
        if self.edges.contains(&start_ms) {
            return;
        }
        let BadCounts {
            undecodable_shared,
            undecodable_judged,
            untimely_shared,
            untimely_judged,
            edge,
        } = counts;
        let bad = &mut self.evidence.bad;
        bad.undecodable_shared += undecodable_shared;
        bad.undecodable_judged += undecodable_judged;
        bad.untimely_shared += untimely_shared;
        bad.untimely_judged += untimely_judged;
        bad.edge += edge;
    }

    /// The sums so far.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    fn remember(&mut self, counts: &WindowCounts, met: bool) {
        let sum = &mut self.evidence.recent;
        if self.recent.len() == RECENT_MAX
            && let Some(oldest) = self.recent.pop_front()
        {
            sum.subtract(&oldest);
        }
        let window = Recent {
            windows: 1,
            unmet: u64::from(!met),
            late: PerSide {
                baseline: counts.sides.baseline.late,
                canary: counts.sides.canary.late,
            },
            records: PerSide {
                baseline: records(counts, Side::Baseline),
                canary: records(counts, Side::Canary),
            },
            skew: counts.skew.clone(),
        };
        sum.add(&window);
        self.recent.push_back(Arc::new(window));
    }
}
