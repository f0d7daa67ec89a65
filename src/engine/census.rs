//! The verdict of a bounded run: a census. Every record was read, so the observed rates themselves are held against the
//! budgets; no bounds, no minimum. Both sides' surplus is judged.

use super::UnsharedBad;
use super::judge::{Budgets, COVERAGE_MIN, Judgement, NamedCheck, Reason};
use super::stats::Kind;
use crate::model::{BadCounts, Inconclusive, PerSide, Side, SideCounts, Verdict, WindowCounts};

#[cfg(test)]
mod tests;

/// What was counted over the whole range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Census {
    /// All windows, added up.
    pub counts: WindowCounts,
    /// Records read.
    pub read: PerSide<u64>,
    /// Records that are in no place yet: only where the run was cut short.
    pub pending: PerSide<u64>,
    /// Undecodable records that the other side does not show too.
    pub undecodable: PerSide<u64>,
    /// Untimely records that the other side does not show too.
    pub untimely: PerSide<u64>,
    /// Diverted records that the other side does not show too.
    pub diverted: PerSide<u64>,
}

/// The rates that a bounded run bears.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Bad records over compared ones; undecodable, untimely and diverted ones over those that the side read.
    pub budgets: Budgets,
    /// Late records over those that the side read, before nothing can be said.
    pub late_max: f64,
    /// The checks that the stream has by its settings.
    pub named: Vec<NamedCheck>,
}

impl Default for Limits {
    /// Any difference fails.
    fn default() -> Self {
        Self {
            budgets: Budgets {
                mismatched: 0.0,
                missing: 0.0,
                extra: 0.0,
                duplicate: 0.0,
                conflict: 0.0,
                undecodable: 0.0,
                untimely: 0.0,
                diverted: None,
            },
            late_max: 1e-3,
            named: Vec::new(),
        }
    }
}

impl Census {
    /// Puts it together from what an engine says at its end.
    #[must_use]
    pub fn new(counts: WindowCounts, read: PerSide<u64>, shared: &BadCounts, unshared: &UnsharedBad) -> Self {
        Self {
            counts,
            read,
            pending: PerSide::default(),
            undecodable: PerSide {
                baseline: unshared.undecodable,
                canary: shared.undecodable_judged,
            },
            untimely: PerSide {
                baseline: unshared.untimely,
                canary: shared.untimely_judged,
            },
            diverted: PerSide {
                baseline: unshared.diverted,
                canary: shared.diverted_judged,
            },
        }
    }

    /// Records of a side that were asked for.
    #[must_use]
    pub fn asked(&self, side: Side) -> u64 {
        let SideCounts {
            excluded_select,
            excluded_sample,
            excluded_edge,
            ..
        } = self.counts.sides.get(side);
        let not_newest = self.counts.sides.get(side).not_newest();
        self.read
            .get(side)
            .saturating_sub(excluded_select + excluded_sample + excluded_edge + not_newest)
    }

    /// Judged records over records asked for, the least over the sides; 0 where a side has none.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        let of = |side: Side| {
            let (judged, asked) = self.counts.covered(side, *self.pending.get(side), 0);
            rate(judged, asked)
        };
        of(Side::Baseline).min(of(Side::Canary))
    }

    /// True where every record that a side read is in exactly one place.
    #[must_use]
    pub fn is_conserved(&self, side: Side) -> bool {
        let counts = self.counts.sides.get(side);
        let alone = match side {
            Side::Canary => self.counts.extra,
            Side::Baseline | Side::Control => self.counts.missing,
        };
        let placed = self.counts.matched
            + self.counts.mismatched
            + alone
            + counts.duplicate
            + counts.conflict
            + counts.late
            + counts.untimely
            + counts.undecodable_total()
            + counts.diverted
            + counts.excluded_total()
            + counts.profiled
            + self.pending.get(side);
        placed == *self.read.get(side)
    }

    /// Judges one stream.
    #[must_use]
    pub fn judge(&self, stream: &str, limits: &Limits) -> Judgement {
        let empty: Vec<Side> = Side::PAIR.into_iter().filter(|side| self.asked(*side) == 0).collect();
        let mut reasons = Vec::new();
        let mut inconclusive = |reason: Inconclusive, text: String| {
            reasons.push(Reason {
                stream: stream.to_owned(),
                check: reason.as_str().to_owned(),
                inconclusive: Some(reason),
                text,
            });
        };
        match empty.as_slice() {
            [] => {}
            [side] => inconclusive(Inconclusive::Evidence, format!("the {side} has no records to compare")),
            _ => inconclusive(Inconclusive::Evidence, "neither side has records to compare".to_owned()),
        }
        if empty.is_empty() {
            let noise = self.noise();
            let mut failures = self.failures(stream, limits);
            if noise.is_some() {
                // A control that is not quiet hides what the canary does, and shows what it does not (rule 15).
                let compared = [Kind::Mismatched, Kind::Missing, Kind::Extra].map(Kind::as_str);
                let named = |check: &str| limits.named.iter().any(|named| named.name == check);
                failures.retain(|failure| !compared.contains(&failure.check.as_str()) && !named(&failure.check));
            }
            if !failures.is_empty() {
                return Judgement {
                    verdict: Verdict::Fail,
                    reasons: failures,
                };
            }
            if let Some(text) = noise {
                inconclusive(Inconclusive::Noise, text);
            }
            for side in Side::PAIR {
                let (late, read) = (self.counts.sides.get(side).late, *self.read.get(side));
                if rate(late, read) > limits.late_max {
                    let most = share(limits.late_max);
                    let text = format!("{} of the {side} are late, {most} may be", part(late, read, "records"));
                    inconclusive(Inconclusive::Late, text);
                }
            }
            if self.counts.compared() == 0 {
                inconclusive(Inconclusive::Evidence, "no record could be compared".to_owned());
            }
            for side in Side::PAIR {
                let pending = *self.pending.get(side);
                if pending > 0 {
                    let text = format!("records of the {side} that are not settled: {}", grouped(pending));
                    inconclusive(Inconclusive::Evidence, text);
                }
            }
            // Late records have a bound of their own: what else lowers the coverage is what a control shows, too.
            let coverage = self.coverage();
            let settled = self.pending.baseline + self.pending.canary == 0;
            if coverage < COVERAGE_MIN && settled && self.counts.control.is_some() {
                let text = format!(
                    "{} of the records were judged, {} is needed",
                    share(coverage),
                    share(COVERAGE_MIN)
                );
                inconclusive(Inconclusive::Coverage, text);
            }
        }
        let verdict = if reasons.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        };
        Judgement { verdict, reasons }
    }

    /// What the control shows, where that is more than 1 % of the pairs.
    fn noise(&self) -> Option<String> {
        let control = self.counts.control.as_ref().filter(|control| control.is_noisy())?;
        let (noise, compared) = control.noise();
        let part = part(noise, compared, "records");
        Some(format!(
            "the control differs from the baseline in {part}, more than 1 %: such noise hides what the canary does"
        ))
    }

    fn failures(&self, stream: &str, limits: &Limits) -> Vec<Reason> {
        let counts = &self.counts;
        let budgets = &limits.budgets;
        let compared = counts.compared();
        let PerSide { baseline, canary } = &counts.sides;
        let both = [
            (Kind::Mismatched, None, counts.mismatched, budgets.mismatched),
            (Kind::Missing, None, counts.missing, budgets.missing),
            (Kind::Extra, None, counts.extra, budgets.extra),
            (
                Kind::Duplicate,
                Some(Side::Baseline),
                baseline.duplicate,
                budgets.duplicate,
            ),
            (Kind::Duplicate, Some(Side::Canary), canary.duplicate, budgets.duplicate),
            (
                Kind::Conflict,
                Some(Side::Baseline),
                baseline.conflict,
                budgets.conflict,
            ),
            (Kind::Conflict, Some(Side::Canary), canary.conflict, budgets.conflict),
        ];
        let both = both.map(|(check, side, bad, budget)| (check, side, bad, compared, budget));
        let own = Side::PAIR.into_iter().flat_map(|side| {
            let read = *self.read.get(side);
            let (undecodable, untimely) = (*self.undecodable.get(side), *self.untimely.get(side));
            let diverted = *self.diverted.get(side);
            let borne = budgets.diverted.unwrap_or(0.0);
            [
                (Kind::Undecodable, Some(side), undecodable, read, budgets.undecodable),
                (Kind::Untimely, Some(side), untimely, read, budgets.untimely),
                (Kind::Diverted, Some(side), diverted, read, borne),
            ]
        });
        let mut failures: Vec<Reason> = both
            .into_iter()
            .chain(own)
            .filter(|(_, _, bad, of, budget)| rate(*bad, *of) > *budget)
            .map(|(check, side, bad, of, budget)| {
                failed(stream, check.as_str(), exceeded(check, side, bad, of, budget))
            })
            .collect();
        failures.extend(limits.named.iter().filter_map(|named| self.named(stream, named)));
        for side in Side::PAIR {
            if !self.is_conserved(side) {
                let text =
                    format!("a record of the {side} is in no place, or in two: report this as a fault of crosscheck");
                failures.push(failed(stream, "conservation", text));
            }
        }
        failures
    }
}

impl Census {
    /// A check that the stream has by its settings, where it is over its budget.
    fn named(&self, stream: &str, named: &NamedCheck) -> Option<Reason> {
        let pairs = self.counts.matched + self.counts.mismatched;
        let (bad, of, noun) = match named.kind {
            Kind::Field(place) => (self.counts.differing(usize::from(place)), pairs, "pairs"),
            Kind::Latency => (
                self.counts.named.as_ref().map_or(0, |named| named.slower),
                pairs,
                "pairs",
            ),
            Kind::Aggregates(place) => {
                let (bad, of) = self.counts.aggregate(usize::from(place));
                (bad, of, "groups")
            }
            _ => return None,
        };
        let text = || {
            let part = part(bad, of, noun);
            format!("{}: {part}, over the budget of {}", named.name, share(named.budget))
        };
        (rate(bad, of) > named.budget).then(|| failed(stream, &named.name, text()))
    }
}

fn failed(stream: &str, check: &str, text: String) -> Reason {
    Reason {
        stream: stream.to_owned(),
        check: check.to_owned(),
        inconclusive: None,
        text,
    }
}

fn exceeded(check: Kind, side: Option<Side>, bad: u64, of: u64, budget: f64) -> String {
    let noun = match check {
        Kind::Undecodable | Kind::Untimely | Kind::Diverted => "records read",
        _ => "compared",
    };
    let whose = side.map_or_else(String::new, |side| format!(" on the {side}"));
    let part = part(bad, of, noun);
    format!(
        "{}{whose}: {part}, over the budget of {}",
        check.as_str(),
        share(budget)
    )
}

/// `3 of 1,000 compared (0.3 %)`.
fn part(bad: u64, of: u64, noun: &str) -> String {
    format!("{} of {} {noun} ({})", grouped(bad), grouped(of), share(rate(bad, of)))
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn rate(bad: u64, of: u64) -> f64 {
    if bad == 0 { 0.0 } else { bad as f64 / of.max(1) as f64 }
}

/// A rate as a percentage of at most three digits that are not zero.
fn share(rate: f64) -> String {
    let percent = rate * 100.0;
    if percent == 0.0 {
        return "0".to_owned();
    }
    let mut text = if percent >= 100.0 {
        format!("{percent:.0}")
    } else if percent < 1e-4 {
        format!("{percent:.2e}")
    } else {
        let mut digits = 2;
        let mut least = 1.0;
        while percent < least && digits < 8 {
            digits += 1;
            least /= 10.0;
        }
        format!("{percent:.digits$}")
    };
    if text.contains('.') && !text.contains('e') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    format!("{text} %")
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
