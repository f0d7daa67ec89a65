//! Drift: whether the canary's distributions are the baseline's, from the profiles of the final windows
//! (`docs/statistics.md` sections 2.2, 3 and 4).
//!
//! Of a paired stream both sides have the same records, so whatever is more than the floor is a change. Of an unpaired one the
//! difference of two slices of the baseline says what is noise, over 40 windows at least, before anything is evidence. A drift
//! of a critical path fails the stream; one of another holds the rollout and never fails.

mod settings;
mod text;
mod watch;

#[cfg(test)]
mod tests;

pub use settings::{DISTINCT_FLOOR, DriftPolicy, FLOOR, Measure, NULL_FLOOR, ProfiledField, RATE_FLOOR, measures};

use super::Policy;
use crate::engine::stats::{self, CALIBRATION_MIN, Kind, e_bh};
use crate::model::WindowProfile;
use watch::Watch;

/// The name of the check.
pub const DRIFT: &str = "drift";
/// What stands for the stream itself where a path is asked for.
pub const RECORDS: &str = "$records";
/// ln of the evidence that holds: 10.
const LN_HOLD_AT: f64 = std::f64::consts::LN_10;
/// ln of the evidence of every watch below which a hold may end: 2.
const LN_CLEAR_BELOW: f64 = std::f64::consts::LN_2;
/// Windows in a row that must be clear.
const CLEAR_WINDOWS: u32 = 3;
/// False discoveries among those that are called drifting.
const FDR: f64 = 0.05;

/// How a distribution differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Where.
    pub path: String,
    /// By which measure.
    pub measure: Measure,
    /// How much, over about the last fifty windows.
    pub value: f64,
    /// What is borne.
    pub floor: f64,
    /// log10 of the evidence for it.
    pub evidence_log10: f64,
    /// It may fail the stream.
    pub critical: bool,
    /// log10 of the evidence at which it does.
    pub fails_at_log10: Option<f64>,
    /// It may hold the rollout; else it is reported only.
    pub holds: bool,
    /// It is one of those that drift: of all that are called so, 5 % are wrong at most.
    pub drifting: bool,
}

/// The watches of one stream.
#[derive(Clone, Debug)]
pub(super) struct Drifts {
    policy: DriftPolicy,
    watches: Vec<Watch>,
    /// Windows with records of both sides.
    windows: u64,
    failed: Vec<usize>,
    hold: Option<usize>,
    clear: u32,
}

/// The share of the stream's chance of error that goes to critical drift: its weight of section 4.
pub(super) fn share(policy: &Policy) -> f64 {
    weights(policy).1.iter().sum()
}

/// The weights of the checks that are counts among themselves: they sum to 1 where any budget is above 0.
pub(super) fn weights_of_counts(policy: &Policy) -> Vec<f64> {
    if policy.named.is_empty() {
        return stats::weights(&policy.kinds());
    }
    // A critical field and the drift of one share a weight.
    let (counts, _) = weights(policy);
    let total: f64 = counts.iter().sum();
    counts
        .into_iter()
        .map(|weight| if total > 0.0 { weight / total } else { 0.0 })
        .collect()
}

/// The weights of the checks that are counts, and of the critical fields; the last is that of the rate of records.
fn weights(policy: &Policy) -> (Vec<f64>, Vec<f64>) {
    let mut kinds = policy.kinds();
    let counts = kinds.len();
    let drift = &policy.drift;
    let critical = drift.fields.iter().filter(|field| field.critical);
    let known = u16::try_from(policy.named.len()).unwrap_or(u16::MAX);
    let fields = (known..)
        .zip(critical)
        .map(|(at, field)| (Kind::Field(at), field.floor.max(f64::MIN_POSITIVE)));
    kinds.extend(fields);
    if drift.unpaired && drift.share.is_some() {
        // It stands for what is missing and extra, which cannot be seen.
        kinds.push((Kind::Missing, RATE_FLOOR));
    }
    let mut all = stats::weights(&kinds);
    let rest = all.split_off(counts);
    (all, rest)
}

impl Drifts {
    pub(super) fn new(policy: &Policy) -> Self {
        let drift = policy.drift.clone();
        let (_, weights) = weights(policy);
        let mut weights = weights.into_iter();
        let limit = |weight: f64| {
            let alpha = policy.alpha * weight;
            (alpha > 0.0).then(|| -alpha.ln())
        };
        let mut watches = Vec::new();
        for (at, field) in drift.fields.iter().enumerate() {
            // The measures of a path share its weight: the union bound.
            let weight = if field.critical {
                weights.next().unwrap_or(0.0)
            } else {
                0.0
            };
            let weight = weight / Measure::OF_FIELD.len() as f64;
            for measure in Measure::OF_FIELD {
                let watch = Watch::new(
                    Some(at),
                    measure,
                    field.floor_of(measure),
                    policy.horizon(),
                    drift.unpaired,
                );
                watches.extend(watch.map(|watch| watch.leading_to(field.critical, limit(weight))));
            }
        }
        if drift.unpaired {
            let watch = Watch::new(None, Measure::RecordRate, RATE_FLOOR, policy.horizon(), true);
            let weight = weights.next().unwrap_or(0.0);
            let judged = |watch: Watch| {
                watch
                    .with_share(drift.share)
                    .leading_to(drift.share.is_some(), limit(weight))
            };
            watches.extend(watch.map(judged));
        }
        Drifts {
            policy: drift,
            watches,
            windows: 0,
            failed: Vec::new(),
            hold: None,
            clear: 0,
        }
    }

    /// A final window that is evidence. One without records of either side says nothing.
    pub(super) fn take(&mut self, profile: &WindowProfile) {
        if profile.baseline.records == 0 || profile.canary.records == 0 {
            return;
        }
        self.windows += 1;
        for (at, watch) in self.watches.iter_mut().enumerate() {
            watch.take(profile);
            if watch.fails() && !self.failed.contains(&at) {
                self.failed.push(at);
            }
        }
        let strongest = self.strongest();
        let ln_e = strongest.map_or(0.0, |at| self.watches[at].ln_e());
        if ln_e >= LN_HOLD_AT {
            (self.hold, self.clear) = (strongest, 0);
            return;
        }
        self.clear = if ln_e < LN_CLEAR_BELOW {
            self.clear.saturating_add(1)
        } else {
            0
        };
        if self.clear >= CLEAR_WINDOWS {
            self.hold = None;
        }
    }

    fn strongest(&self) -> Option<usize> {
        let holding = (0..self.watches.len()).filter(|at| self.watches[*at].holds);
        holding.max_by(|a, b| self.watches[*a].ln_e().total_cmp(&self.watches[*b].ln_e()))
    }

    /// The watches that fail the stream, for good.
    pub(super) fn failed(&self) -> &[usize] {
        &self.failed
    }

    /// The watch that the rollout waits for.
    pub(super) fn hold(&self) -> Option<usize> {
        self.hold
    }

    /// Windows of A against A that are in, of those that are needed before anything passes; `None` once they are.
    pub(super) fn calibrating(&self) -> Option<u64> {
        let needed = self.policy.unpaired && self.windows < CALIBRATION_MIN as u64;
        needed.then_some(self.windows)
    }

    /// The watches whose drift is not proved to be small enough for a `pass`.
    pub(super) fn unproved(&self, beta: f64) -> Vec<usize> {
        let open = |at: &usize| self.watches[*at].holds && !self.watches[*at].may_pass(beta);
        (0..self.watches.len()).filter(open).collect()
    }

    /// How each distribution differs, in the order of the settings; those without any value are not there.
    pub(super) fn rows(&self) -> Vec<Drift> {
        let seen: Vec<usize> = (0..self.watches.len())
            .filter(|at| self.watches[*at].has_values())
            .collect();
        let e: Vec<f64> = seen.iter().map(|at| self.watches[*at].ln_e().exp()).collect();
        let drifting = e_bh(&e, FDR);
        let row = |(place, at): (usize, &usize)| {
            let watch = &self.watches[*at];
            Drift {
                path: self.path(*at).to_owned(),
                measure: watch.measure,
                value: watch.value(),
                floor: watch.floor,
                evidence_log10: watch.ln_e() / std::f64::consts::LN_10,
                critical: watch.critical,
                holds: watch.holds,
                fails_at_log10: watch
                    .ln_limit
                    .filter(|_| watch.critical)
                    .map(|limit| limit / std::f64::consts::LN_10),
                drifting: drifting.contains(&place),
            }
        };
        seen.iter().enumerate().map(row).collect()
    }

    fn path(&self, at: usize) -> &str {
        let field = self.watches[at].field.and_then(|field| self.policy.fields.get(field));
        field.map_or(RECORDS, |field| &field.path)
    }
}
