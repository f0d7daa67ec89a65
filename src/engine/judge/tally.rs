//! The evidence of a stream, added up from its final windows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::drift::{Drift, Drifts};
use super::found::Found;
use super::policy::Policy;
use super::sequential::{Sequential, Standing};
use crate::engine::stats::{self, Interval, Kind};
use crate::engine::{FinalWindow, SettledBad};
use crate::model::{BadCounts, ControlCounts, PerSide, Side, Skew, WindowCounts, WindowProfile};

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
    /// What a control showed; nothing without one.
    #[serde(default)]
    pub control: ControlCounts,
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
        self.control.add(&window.control);
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
        self.control.subtract(&window.control);
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
    /// Undecodable, untimely and diverted records, as far as their sharing is settled.
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

    /// Records that the sides were compared by: pairs, or of an unpaired stream those of the side that has fewer.
    #[must_use]
    pub fn seen(&self, unpaired: bool) -> u64 {
        if unpaired {
            self.counts
                .sides
                .baseline
                .profiled
                .min(self.counts.sides.canary.profiled)
        } else {
            self.pairs()
        }
    }

    /// Event time from the first window with a compared record to the last window.
    #[must_use]
    pub fn duration_ms(&self) -> i64 {
        match (self.first_ms, self.last_ms) {
            (Some(first), Some(last)) => last.saturating_sub(first),
            _ => 0,
        }
    }

    /// Records of a side in these windows that were asked for.
    #[must_use]
    pub fn records(&self, side: Side) -> u64 {
        self.covered(side).1
    }

    /// Those of them that were judged.
    #[must_use]
    pub fn judged(&self, side: Side) -> u64 {
        self.covered(side).0
    }

    fn covered(&self, side: Side) -> (u64, u64) {
        let unmet = match side {
            Side::Canary => self.counts.extra - self.extra.min(self.counts.extra),
            _ => self.counts.missing - self.missing.min(self.counts.missing),
        };
        self.counts.covered(side, 0, unmet)
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

    /// Diverted records of the canary that wait for their evidence.
    pub(super) fn waiting_diverted(&self) -> u64 {
        let settled = self.bad.diverted_shared + self.bad.diverted_judged;
        let apart = self.counts.sides.canary.diverted.saturating_sub(settled);
        apart.min(self.waiting())
    }

    fn waiting(&self) -> u64 {
        let canary = &self.counts.sides.canary;
        let BadCounts {
            undecodable_shared,
            undecodable_judged,
            untimely_shared,
            untimely_judged,
            edge,
            diverted_shared,
            diverted_judged,
        } = self.bad;
        let settled = undecodable_shared + undecodable_judged + untimely_shared + untimely_judged;
        let settled = settled + diverted_shared + diverted_judged + edge;
        (canary.undecodable_total() + canary.untimely + canary.diverted).saturating_sub(settled)
    }
}

/// Records that could have been late or bad: those that are not in the sample, too.
fn records(counts: &WindowCounts, side: Side) -> u64 {
    let own = counts.sides.get(side);
    counts.settled(side) + own.excluded_sample + own.late + own.untimely + own.undecodable_total() + own.diverted
}

/// A final window, as far as the judge asks.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// First millisecond; `None` for the one window of `event_time: none`.
    pub start_ms: Option<i64>,
    /// First millisecond after it.
    pub end_ms: Option<i64>,
    /// What it counts.
    pub counts: &'a WindowCounts,
    /// True where no part of it is evidence.
    pub edge: bool,
    /// What it has at the profiled paths.
    pub profile: Option<&'a WindowProfile>,
}

impl<'a> From<&'a FinalWindow> for Counted<'a> {
    fn from(window: &'a FinalWindow) -> Self {
        Counted {
            start_ms: window.start_ms,
            end_ms: window.end_ms,
            counts: &window.counts,
            edge: window.edge,
            profile: window.profile.as_deref(),
        }
    }
}

/// Bad records of a window whose sharing is settled.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// The window.
    pub start_ms: Option<i64>,
    /// Its counts.
    pub counts: &'a BadCounts,
}

impl<'a> From<&'a SettledBad> for Shared<'a> {
    fn from(settled: &'a SettledBad) -> Self {
        Shared {
            start_ms: settled.start_ms,
            counts: &settled.counts,
        }
    }
}

/// What is settled at one moment of the watermark.
#[derive(Clone, Copy, Debug)]
enum Event<'a> {
    Window(Counted<'a>),
    Bad(Shared<'a>),
}

/// Adds final windows up, in the order in which the watermark settled them.
#[derive(Clone, Debug)]
pub struct Tally {
    policy: Policy,
    evidence: Evidence,
    sequential: Sequential,
    /// Shared, because a tally is copied at every commit.
    recent: VecDeque<Arc<Recent>>,
    edges: BTreeSet<Option<i64>>,
    drifts: Drifts,
}

impl Tally {
    /// Starts with nothing.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Tally {
            sequential: Sequential::new(&policy),
            drifts: Drifts::new(&policy),
            policy,
            evidence: Evidence::default(),
            recent: VecDeque::with_capacity(RECENT_MAX),
            edges: BTreeSet::new(),
        }
    }

    /// Takes what became final and settled since the last time, with its findings. After a restart all that is stored comes
    /// at once, and comes to the same.
    pub fn take<'a>(
        &mut self,
        windows: impl IntoIterator<Item = Counted<'a>>,
        bad: impl IntoIterator<Item = Shared<'a>>,
        found: &Found,
    ) {
        let windows = windows.into_iter().map(|window| {
            let at_ms = later(window.end_ms, self.policy.grace_ms);
            (at_ms, 0, window.start_ms, Event::Window(window))
        });
        let bad = bad.into_iter().map(|bad| {
            let at_ms = later(self.end_ms(bad.start_ms), self.sharing_ms());
            (at_ms, 1, bad.start_ms, Event::Bad(bad))
        });
        let mut events: Vec<_> = windows.chain(bad).collect();
        events.sort_by_key(|(at_ms, order, start_ms, _)| (*at_ms, *order, *start_ms));
        for (at_ms, _, _, event) in events {
            self.sequential.pass(at_ms);
            match event {
                Event::Window(window) => self.add(&window, found),
                Event::Bad(bad) => self.settle(&bad),
            }
        }
    }

    fn end_ms(&self, start_ms: Option<i64>) -> Option<i64> {
        Some(start_ms?.saturating_add(self.policy.window_ms?))
    }

    /// How long after its window's end a bad record is settled (rule 14).
    fn sharing_ms(&self) -> Option<i64> {
        Some(self.policy.grace_ms?.saturating_mul(5))
    }

    fn add(&mut self, window: &Counted<'_>, found: &Found) {
        let Counted {
            start_ms,
            end_ms,
            counts,
            edge,
            profile,
        } = *window;
        if edge {
            self.edges.insert(start_ms);
            return;
        }
        if let Some(profile) = profile {
            self.drifts.take(profile);
        }
        let pairs = counts.matched + counts.mismatched;
        let met = counts.missing <= pairs || counts.extra <= pairs;
        self.remember(counts, met);
        let evidence = &mut self.evidence;
        evidence.windows += 1;
        evidence.counts.add(counts);
        let profiled = counts.sides.baseline.profiled.min(counts.sides.canary.profiled);
        if evidence.first_ms.is_none() && counts.compared() + profiled > 0 {
            evidence.first_ms = start_ms;
        }
        evidence.last_ms = evidence.last_ms.max(end_ms);
        // Where the control is not quiet it hides what the canary does, and shows what the canary does not (rule 15).
        let noisy = evidence.recent.control.is_noisy();
        let proved = met
            && !noisy
            && evidence.recent.skew_too_large(&self.policy).is_none()
            && evidence.recent.late(&self.policy).is_none();
        if proved {
            evidence.missing += counts.missing;
            evidence.extra += counts.extra;
            evidence.met_compared += counts.compared();
        } else {
            evidence.unmet_pairs += pairs;
        }
        let compared = if proved { counts.compared() } else { pairs };
        let canary = &counts.sides.canary;
        let control = counts.control.as_deref().filter(|control| control.windows > 0);
        let beside = |bad: u64, noise: fn(&ControlCounts) -> u64| {
            let counts = stats::Counts::new(bad, compared);
            control.map_or(counts, |control| counts.against(noise(control), control.counted()))
        };
        let shares = |kind| match kind {
            Kind::Mismatched if !noisy => beside(counts.mismatched, ControlCounts::mismatched_only),
            Kind::Field(place) if !noisy => stats::Counts::new(counts.differing(usize::from(place)), pairs),
            Kind::Latency if !noisy => stats::Counts::new(counts.named.as_ref().map_or(0, |named| named.slower), pairs),
            Kind::Aggregates(place) if proved => {
                let (bad, of) = counts.aggregate(usize::from(place));
                stats::Counts::new(bad, of)
            }
            Kind::Missing if proved => beside(counts.missing, |control| control.missing_only),
            Kind::Extra if proved => beside(counts.extra, |control| control.extra_only),
            Kind::Duplicate => stats::Counts::new(canary.duplicate, compared),
            Kind::Conflict => stats::Counts::new(canary.conflict, compared),
            _ => stats::Counts::default(),
        };
        let later_ms = later(end_ms, self.sharing_ms());
        let records = records(counts, Side::Canary);
        self.sequential.take(start_ms, shares, later_ms, records, found);
    }

    fn settle(&mut self, settled: &Shared<'_>) {
        if self.edges.contains(&settled.start_ms) {
            return;
        }
        self.evidence.bad.add(settled.counts);
        self.sequential.settle_bad(settled.start_ms, settled.counts);
    }

    /// The sums so far.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// How the stream is judged.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How each profiled distribution differs.
    #[must_use]
    pub fn drift(&self) -> Vec<Drift> {
        self.drifts.rows()
    }

    pub(super) fn drifts(&self) -> &Drifts {
        &self.drifts
    }

    /// The checks, in the order of the reports.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        (0..self.policy.checks())
            .filter(|check| self.policy.has(*check))
            .filter_map(|check| self.sequential.standing(check))
            .collect()
    }

    /// log10 of the evidence against each budget above 0: cheap, unlike [`Tally::standings`].
    pub fn evidence_log10(&self) -> impl Iterator<Item = (&str, f64)> + '_ {
        (0..self.policy.checks()).filter_map(|check| Some((self.policy.name(check), self.sequential.log10(check)?.0)))
    }

    /// The 95 % interval of the rate of mismatches; `None` before the first pair.
    #[must_use]
    pub fn mismatch_interval(&self) -> Option<Interval> {
        let kinds = self.policy.budgets.by_kind();
        let check = kinds.iter().position(|(kind, _)| *kind == Kind::Mismatched)?;
        self.sequential.interval(check)
    }

    /// Critical fields with a budget of 0 that a second reading proved to differ, by their checks, each with the first window in
    /// which it did. To be stored with the windows: more findings may be stored than are read back.
    #[must_use]
    pub fn broken(&self) -> &BTreeMap<String, Option<i64>> {
        self.sequential.broken()
    }

    pub(super) fn sequential(&self) -> &Sequential {
        &self.sequential
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
            control: counts.control.as_deref().copied().unwrap_or_default(),
        };
        sum.add(&window);
        self.recent.push_back(Arc::new(window));
    }
}

/// When the watermark has passed a time and what is allowed after it; at the end of everything where either is unbounded.
fn later(end_ms: Option<i64>, after_ms: Option<i64>) -> i64 {
    match (end_ms, after_ms) {
        (Some(end), Some(after)) => end.saturating_add(after),
        _ => i64::MAX,
    }
}
