//! The checks of a stream: how many are bad, of how many, against which budget.

use super::{Budgets, Evidence};
use crate::model::Side;

/// What the canary is judged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Pairs that differ.
    Mismatched,
    /// Baseline's records that the canary lost.
    Missing,
    /// Canary's records that the baseline lacks.
    Extra,
    /// Canary's records sent again.
    Duplicate,
    /// Canary's records that contradict one of its own.
    Conflict,
    /// Canary's records that cannot be decoded and that the baseline does not show.
    Undecodable,
    /// Canary's records without a usable event time that the baseline does not show.
    Untimely,
}

impl Check {
    /// The word for it, which is also its budget's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Check::Mismatched => "mismatched",
            Check::Missing => "missing",
            Check::Extra => "extra",
            Check::Duplicate => "duplicate",
            Check::Conflict => "conflict",
            Check::Undecodable => "undecodable",
            Check::Untimely => "untimely",
        }
    }
}

/// What a check counts, for those who explain a verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Which.
    pub check: Check,
    /// Bad records.
    pub bad: u64,
    /// Of how many.
    pub of: u64,
    /// The rate that is borne.
    pub budget: f64,
}

/// Every check with its figures, in the order of the reports.
#[must_use]
pub fn figures(evidence: &Evidence, budgets: &Budgets) -> Vec<Figures> {
    let figures = |weighed: Weighed| Figures {
        check: weighed.check,
        bad: weighed.bad,
        of: weighed.of,
        budget: weighed.budget,
    };
    weigh(evidence, budgets).into_iter().map(figures).collect()
}

/// One check with its numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighed {
    pub check: Check,
    pub bad: u64,
    /// Records that will be bad unless the baseline turns out to show them too.
    pub waiting: u64,
    pub of: u64,
    pub budget: f64,
}

impl Weighed {
    pub fn exceeded(&self) -> bool {
        exceeds(self.bad, self.of, self.budget)
    }

    pub fn exceeded_with_waiting(&self) -> bool {
        exceeds(self.bad.saturating_add(self.waiting), self.of, self.budget)
    }
}

fn exceeds(bad: u64, of: u64, budget: f64) -> bool {
    bad > 0 && bad as f64 > budget * of as f64
}

/// All checks, in the order of the reports.
pub(super) fn weigh(evidence: &Evidence, budgets: &Budgets) -> [Weighed; 7] {
    let Budgets {
        mismatched,
        missing,
        extra,
        duplicate,
        conflict,
        undecodable,
        untimely,
    } = *budgets;
    let counts = &evidence.counts;
    let canary = &counts.sides.canary;
    let bad = &evidence.bad;
    let check = |check, bad, of, budget| Weighed {
        check,
        bad,
        waiting: 0,
        of,
        budget,
    };
    let read = evidence.records(Side::Canary);
    let compared = evidence.compared();
    [
        check(Check::Mismatched, counts.mismatched, compared, mismatched),
        check(Check::Missing, evidence.missing, evidence.met_compared, missing),
        check(Check::Extra, evidence.extra, evidence.met_compared, extra),
        check(Check::Duplicate, canary.duplicate, compared, duplicate),
        check(Check::Conflict, canary.conflict, compared, conflict),
        Weighed {
            waiting: evidence.waiting_undecodable(),
            ..check(Check::Undecodable, bad.undecodable_judged, read, undecodable)
        },
        Weighed {
            waiting: evidence.waiting_untimely(),
            ..check(Check::Untimely, bad.untimely_judged, read, untimely)
        },
    ]
}
