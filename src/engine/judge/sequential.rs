//! The sequential evidence of a stream: its checks, fed window by window in the order in which the watermark settles them.
//!
//! That order is a function of the windows alone, so whoever takes the same windows comes to the same evidence, to the last bit,
//! however often the worker was started again: the stored windows are the checkpoint.

use std::collections::{BTreeMap, BTreeSet};

use super::drift;
use super::found::{DISTINCT_MAX, Found};
use super::hold::{Hold, Holding, Share};
use super::policy::Policy;
use crate::engine::stats::{
    self, CheckSettings, Clock, ControlledCheck, Counts, Family, FamilySettings, INTERVAL_ALPHA, Interval, Kind,
    Member, RateCheck, Report,
};
use crate::model::BadCounts;

/// A check of a stream, as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// What it is called.
    pub name: String,
    /// Everything that explains it.
    pub report: Report,
    /// ln of the evidence at which it would fail the stream alone; `None` for a budget of 0.
    pub ln_limit: Option<f64>,
    /// Bad records of a budget of 0 that no second reading confirmed.
    pub unproved: u64,
}

/// What a check has counted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counted {
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// Bad records, those of a budget of 0 that were not confirmed among them.
    pub bad: u64,
    pub unproved: u64,
    pub of: u64,
    pub budget: f64,
    /// What the control shows of the same, bad of all, where there is one.
    pub control: Option<(u64, u64)>,
}

impl Counted {
    /// Whether the rate that was seen is over the budget, and what the control shows.
    pub fn is_over(&self) -> bool {
        let noise = match self.control {
            Some((bad, of)) if of > 0 => bad as f64 / of as f64,
            _ => 0.0,
        };
        self.bad > 0 && self.bad as f64 > (self.budget + noise) * self.of as f64
    }
}

/// A window that waits until what was undecodable or untimely in it is settled.
#[derive(Clone, Debug)]
struct Waiting {
    settled_at_ms: i64,
    records: u64,
    /// Its findings came with the window.
    found: Found,
}

/// The checks of one stream.
#[derive(Clone, Debug)]
pub(super) struct Sequential {
    /// `None` where the settings are none, which a config cannot be: nothing fails and nothing passes then.
    family: Option<Family>,
    kinds: Vec<(Kind, f64)>,
    /// What the checks are called.
    names: Vec<String>,
    alpha: f64,
    waiting: BTreeMap<Option<i64>, Waiting>,
    distinct: BTreeSet<String>,
    /// Bad ones of which no finding is kept: each is another one.
    nameless: u64,
    unproved: Vec<u64>,
    /// Critical fields with a budget of 0 that are broken, by their checks: the first window in which a pair differed twice.
    broken: BTreeMap<String, Option<i64>>,
    /// Counted since the last window.
    since: Vec<Share>,
    holding: Holding,
}

impl Sequential {
    pub(super) fn new(policy: &Policy) -> Self {
        let kinds = policy.kinds();
        Sequential {
            family: family(policy).ok(),
            names: (0..kinds.len()).map(|check| policy.name(check).to_owned()).collect(),
            alpha: alpha(policy),
            waiting: BTreeMap::new(),
            distinct: BTreeSet::new(),
            nameless: 0,
            unproved: vec![0; kinds.len()],
            broken: BTreeMap::new(),
            since: vec![(0, 0); kinds.len()],
            holding: Holding::new(kinds.iter().map(|(_, budget)| *budget).collect()),
            kinds,
        }
    }

    /// Settles what the watermark has passed before `at_ms` on the later clock, for windows without a bad record of the canary.
    pub(super) fn pass(&mut self, at_ms: i64) {
        let passed: Vec<Option<i64>> = self
            .waiting
            .iter()
            .take_while(|(_, waiting)| waiting.settled_at_ms < at_ms)
            .map(|(start_ms, _)| *start_ms)
            .collect();
        for start_ms in passed {
            self.settle_bad(start_ms, &BadCounts::default());
        }
    }

    /// A final window: the counts of the checks that are settled with it, and its canary's records, which those that are
    /// settled later, at `later_ms`, are counted against.
    pub(super) fn take(
        &mut self,
        start_ms: Option<i64>,
        shares: impl Fn(Kind) -> Counts,
        later_ms: i64,
        records: u64,
        found: &Found,
    ) {
        let waiting = Waiting {
            settled_at_ms: later_ms,
            records,
            found: found.of_later(start_ms),
        };
        self.waiting.insert(start_ms, waiting);
        self.settle(Clock::Window, start_ms, shares, found);
        let ln_e = self.ln_e();
        self.holding.take(start_ms.unwrap_or(0), &self.since, &ln_e);
        self.since.fill((0, 0));
    }

    /// The undecodable, untimely and diverted records of a window, now that it is settled which of them the baseline shows too.
    pub(super) fn settle_bad(&mut self, start_ms: Option<i64>, counts: &BadCounts) {
        let waiting = self.waiting.remove(&start_ms);
        let (records, found) = waiting.map_or_else(Default::default, |waiting| (waiting.records, waiting.found));
        let share = |kind| match kind {
            Kind::Undecodable => Counts::new(counts.undecodable_judged, records),
            Kind::Diverted => Counts::new(counts.diverted_judged, records),
            _ => Counts::new(counts.untimely_judged, records),
        };
        self.settle(Clock::Later, start_ms, share, &found);
    }

    fn settle(&mut self, clock: Clock, start_ms: Option<i64>, share: impl Fn(Kind) -> Counts, found: &Found) {
        let mut counts = Vec::with_capacity(self.kinds.len());
        for check in 0..self.kinds.len() {
            let (kind, budget) = self.kinds[check];
            if kind.clock() != clock {
                continue;
            }
            let Counts { bad, of, control } = share(kind);
            // A window of nothing but bad records that are counted against others is bad as a whole.
            let of = if of == 0 { bad } else { of };
            let (sum, all) = self.since[check];
            let beyond = bad.saturating_sub(control.map_or(0, |(noise, _)| noise));
            self.since[check] = (sum.saturating_add(beyond), all.saturating_add(of));
            let confirmed = budget > 0.0 || bad == 0 || self.confirmed(check, start_ms, found);
            if !confirmed {
                self.unproved[check] = self.unproved[check].saturating_add(bad);
            }
            if bad > 0 && self.distinct.len() < DISTINCT_MAX {
                // Some of those kept may turn out to be on both sides: never more than what is judged.
                let identities = found
                    .identities(start_ms, kind)
                    .take(usize::try_from(bad).unwrap_or(usize::MAX));
                self.distinct.extend(identities.map(str::to_owned));
            }
            if matches!(kind, Kind::Latency | Kind::Aggregates(_)) {
                self.nameless = self.nameless.saturating_add(bad);
            }
            let bad = if confirmed { bad } else { 0 };
            counts.push(Counts { bad, of, control });
        }
        let distinct = self.nameless.saturating_add(self.distinct.len() as u64);
        if let Some(family) = &mut self.family {
            // There are as many counts as checks of the clock: both come from `kinds`.
            let taken = family.settle(clock, start_ms.unwrap_or(0), &counts, distinct);
            debug_assert!(taken.is_ok(), "{taken:?}");
        }
    }

    /// Whether a bad record of a window, of a check with a budget of 0, was seen twice. A critical field that is broken is so
    /// for good, and what differs there later adds nothing: so the first window is all that a restart needs to know.
    fn confirmed(&mut self, check: usize, start_ms: Option<i64>, found: &Found) -> bool {
        let (kind, name) = (self.kinds[check].0, &self.names[check]);
        if self.broken.contains_key(name) {
            return true;
        }
        let confirmed = found.confirms(start_ms, kind, name);
        if confirmed && matches!(kind, Kind::Field(_)) {
            self.broken.insert(name.clone(), start_ms);
        }
        confirmed
    }

    pub(super) fn broken(&self) -> &BTreeMap<String, Option<i64>> {
        &self.broken
    }

    fn members(&self) -> &[Member] {
        self.family.as_ref().map_or(&[], Family::members)
    }

    fn ln_e(&self) -> Vec<f64> {
        self.members().iter().map(|member| member.evidence.ln_e()).collect()
    }

    /// The checks that fail the stream: none before it failed.
    pub(super) fn failed(&self) -> Vec<usize> {
        let Some(family) = &self.family else {
            return Vec::new();
        };
        let Some(failure) = family.failure() else {
            return Vec::new();
        };
        let mut checks = family.attributed();
        if !checks.contains(&failure.leading) {
            checks.push(failure.leading);
        }
        checks.sort_unstable();
        checks
    }

    /// Whether a check, by its place, is proved to keep its budget.
    pub(super) fn may_pass(&self, check: usize) -> bool {
        let proved = |member: &Member| member.evidence.may_pass();
        self.unproved[check] == 0 && self.members().get(check).is_some_and(proved)
    }

    /// Clean records that a check misses for that; `None` where no number is enough.
    pub(super) fn clean_needed(&self, check: usize) -> Option<u64> {
        self.members().get(check)?.evidence.clean_needed()
    }

    /// What was counted of a check, by its place.
    pub(super) fn counts(&self, check: usize) -> Counted {
        let evidence = self.members().get(check).map(|member| &member.evidence);
        let tally = evidence.and_then(stats::Evidence::tally);
        let (bad, of) = tally.map_or((0, 0), |tally| (tally.bad(), tally.of()));
        let control = match evidence {
            Some(stats::Evidence::Controlled(check)) => Some(check.control()),
            _ => None,
        };
        let (kind, budget) = self.kinds[check];
        Counted {
            kind,
            name: self.names[check].clone(),
            bad: bad.saturating_add(self.unproved[check]),
            unproved: self.unproved[check],
            of,
            budget,
            control,
        }
    }

    /// Why the rollout waits, where not for a check that is left out.
    pub(super) fn hold(&self, left_out: impl Fn(usize) -> bool) -> Option<Hold> {
        self.holding.get(left_out)
    }

    /// A check, by its place, as it stands; `None` where the settings are none.
    pub(super) fn standing(&self, check: usize) -> Option<Standing> {
        let member = self.members().get(check)?;
        let limited = member.weight > 0.0 && self.alpha > 0.0;
        Some(Standing {
            name: self.names[check].clone(),
            report: member.evidence.report(),
            ln_limit: limited.then(|| -(self.alpha * member.weight).ln()),
            unproved: self.unproved[check],
        })
    }

    /// The evidence of a check and what fails the stream by it alone, as log10; nothing for a budget of 0.
    pub(super) fn log10(&self, check: usize) -> Option<(f64, f64)> {
        let member = self.members().get(check).filter(|member| member.weight > 0.0)?;
        let log10 = |ln: f64| ln / std::f64::consts::LN_10;
        Some((log10(member.evidence.ln_e()), log10(-(self.alpha * member.weight).ln())))
    }

    /// The interval of a check's rate, as [`Report::interval`].
    pub(super) fn interval(&self, check: usize) -> Option<Interval> {
        let evidence = &self.members().get(check)?.evidence;
        evidence.tally().filter(|tally| tally.of() > 0)?;
        evidence.interval(INTERVAL_ALPHA)
    }

    /// The largest evidence of a check so far, as log10; nothing for a budget of 0.
    pub(super) fn most_log10(&self, check: usize) -> Option<f64> {
        let member = self.members().get(check).filter(|member| member.weight > 0.0)?;
        Some(member.evidence.max_ln_e() / std::f64::consts::LN_10)
    }
}

/// The checks of a policy, with no evidence yet.
///
/// # Errors
/// A budget or a chance of error that is none.
pub fn family(policy: &Policy) -> Result<Family, stats::Fault> {
    let kinds = policy.kinds();
    let settings = CheckSettings {
        profile: policy.profile,
        beta: policy.beta,
        horizon: policy.horizon(),
    };
    let weights = drift::weights_of_counts(policy);
    let member = |((kind, budget), weight): (&(Kind, f64), f64)| {
        let beside = policy.controlled && matches!(kind, Kind::Mismatched | Kind::Missing | Kind::Extra);
        let evidence = if beside && *budget > 0.0 {
            stats::Evidence::Controlled(Box::new(ControlledCheck::new(*budget, settings)?))
        } else {
            stats::Evidence::Rate(RateCheck::new(*budget, settings)?)
        };
        Ok(Member {
            weight,
            clock: kind.clock(),
            evidence,
        })
    };
    let members = kinds
        .iter()
        .zip(weights)
        .map(member)
        .collect::<Result<Vec<Member>, stats::Fault>>()?;
    Family::new(FamilySettings::of(alpha(policy), policy.profile.betting), members)
}

/// What critical drift leaves of the stream's chance of a wrong `fail`.
fn alpha(policy: &Policy) -> f64 {
    policy.alpha * (1.0 - drift::share(policy))
}
