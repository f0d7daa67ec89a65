//! The checks that a stream has by its settings, beside those that every stream has.

use serde::{Deserialize, Serialize};

use super::Aggregate;
use super::Settings;
use super::row::{self, Row};
use super::rules::Rules;
use super::tolerance::Equality;
use crate::model::{Critical, Differing, Fingerprint, TolerantKind, TolerantValue};

/// What is counted for them. Frozen in a generation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// Critical fields, in the order in which their values travel: of each the place of its tolerance, if it has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical: Vec<Option<usize>>,
    /// Places of those that bear no difference: a window keeps some pairs of each, to be read again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strict: Vec<usize>,
    /// A record is slow that came into its log this much after its event time; `None` where nobody asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slower_than_ms: Option<i64>,
    /// What is computed of each window, side by side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aggregates: Vec<Aggregate>,
}

impl Named {
    /// True where something is counted of each record by itself.
    pub(super) fn watches(&self) -> bool {
        self.slower_than_ms.is_some() || !self.aggregates.is_empty()
    }

    /// True where there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a record in flight holds beside its digest: behind one thin pointer, because most streams have none.
pub(super) type Tolerant = Option<Box<Beside>>;

/// Values that are compared beside the digest.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Beside {
    /// Values under tolerance.
    pub(super) tolerant: Box<[TolerantValue]>,
    /// Values at critical paths: what is paired already needs none.
    pub(super) critical: Box<[Critical]>,
}

/// The values under tolerance.
pub(super) fn tolerant(beside: &Tolerant) -> &[TolerantValue] {
    beside.as_ref().map_or(&[], |beside| &beside.tolerant)
}

fn critical(beside: &Tolerant) -> &[Critical] {
    beside.as_ref().map_or(&[], |beside| &beside.critical)
}

/// At which critical fields two records of a pair differ, and how. One within its tolerance does not.
pub(super) fn differing(baseline: &Tolerant, canary: &Tolerant, rules: &Rules) -> Differing {
    let mut differing = Differing::default();
    let values = critical(baseline).iter().zip(critical(canary));
    for (place, (one, other)) in values.enumerate() {
        let Some(kind) = one.difference(*other) else { continue };
        let tolerance = rules.critical.get(place).copied().flatten();
        let within = tolerance.is_some_and(|at| is_within(at, baseline, canary, rules));
        if !within || mutant!(CriticalIntolerant) {
            differing.put(place, kind);
            if mutant!(CriticalOfAll) {
                differing.put(rules.critical.len().saturating_sub(1), kind);
            }
        }
    }
    differing
}

/// True where both have a value under the tolerance and it bears how they differ. A tolerance that does not hold for these
/// records took no value.
fn is_within(at: usize, baseline: &Tolerant, canary: &Tolerant, rules: &Rules) -> bool {
    let value = |beside| tolerant(beside).get(at).map(|value| &value.0);
    match (value(baseline), value(canary)) {
        (Some(TolerantKind::Nothing), _) | (_, Some(TolerantKind::Nothing)) => false,
        (Some(one), Some(other)) => rules.equality_at(at, one, other) != Equality::Different,
        _ => false,
    }
}

/// At which critical fields two records differ, found as it is of the pairs of a window: for whoever reads them again.
#[must_use]
pub fn differing_again(settings: &Settings, baseline: &Fingerprint, canary: &Fingerprint) -> Differing {
    let rules = Rules::new(settings);
    differing(&row::beside(baseline), &row::beside(canary), &rules)
}

impl Row {
    /// Where this record and one of the other side differ in critical fields.
    pub(super) fn differing(&self, other: &Row, rules: &Rules) -> Differing {
        if rules.critical.is_empty() {
            return Differing::default();
        }
        let (baseline, canary) = self.in_order_of_sides(other);
        differing(&baseline.tolerant, &canary.tolerant, rules)
    }
}
