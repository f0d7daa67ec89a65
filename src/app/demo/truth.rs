//! What was injected: counted by the pipelines themselves, at the places that the cluster gave their records.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::faults::Fault;
use super::pipeline::Made;
use super::schemas::ADDED;
use crate::app::report::{FieldCount, Place, SchemaChange};
use crate::model::{DifferenceKind, FieldDifference, Outcome, PerSide};

/// The field that the canary computes wrongly.
const FIELD: &str = "total_minor";

/// Everything that was injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Injected {
    /// Records written.
    pub written: PerSide<u64>,
    /// Orders with another total.
    pub mismatched: u64,
    /// Orders that the canary dropped.
    pub missing: u64,
    /// Orders that only the canary has.
    pub extra: u64,
    /// Records sent again.
    pub duplicate: PerSide<u64>,
    /// Differing fields.
    pub fields: Vec<FieldCount>,
    /// What the canary's schema has more.
    pub schema_changes: Vec<SchemaChange>,
    /// Each of them.
    pub findings: Vec<Injury>,
}

/// One injected fault, as a finding should show it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Injury {
    /// What became of it.
    pub outcome: Outcome,
    /// Where the baseline's record is.
    pub baseline: Option<Place>,
    /// Where the canary's record is.
    pub canary: Option<Place>,
    /// Which fields differ.
    pub fields: Vec<String>,
}

/// Adds up what both pipelines say.
///
/// # Errors
/// A record without a place.
pub fn injected(baseline: &Made, canary: &Made) -> Result<Injected> {
    let mut findings = Vec::new();
    for (number, fault) in &canary.wrong {
        let place = |made: &Made, index: usize| {
            let places = made.places.get(number);
            places
                .and_then(|places| places.get(index).cloned())
                .with_context(|| format!("find the place of order {number}"))
        };
        let (outcome, baseline, canary, fields) = match fault {
            Fault::Misrounded => {
                let pair = (Some(place(baseline, 0)?), Some(place(canary, 0)?));
                (Outcome::Mismatched, pair.0, pair.1, vec![FIELD.to_owned()])
            }
            Fault::Dropped => (Outcome::Missing, Some(place(baseline, 0)?), None, Vec::new()),
            // The later of the two is the surplus.
            Fault::Twice => (Outcome::Duplicate, None, Some(place(canary, 1)?), Vec::new()),
        };
        findings.push(Injury {
            outcome,
            baseline,
            canary,
            fields,
        });
    }
    findings.sort();
    let count = |outcome| {
        let of = findings.iter().filter(|injury: &&Injury| injury.outcome == outcome);
        u64::try_from(of.count()).unwrap_or(u64::MAX)
    };
    let mismatched = count(Outcome::Mismatched);
    let field = FieldCount {
        path: FIELD.to_owned(),
        kind: DifferenceKind::Value,
        count: mismatched,
    };
    let added = SchemaChange {
        path: ADDED.to_owned(),
        change: "added".to_owned(),
        breaking: false,
    };
    Ok(Injected {
        written: PerSide {
            baseline: baseline.written,
            canary: canary.written,
        },
        mismatched,
        missing: count(Outcome::Missing),
        extra: 0,
        duplicate: PerSide {
            baseline: 0,
            canary: count(Outcome::Duplicate),
        },
        fields: Some(field).filter(|field| field.count > 0).into_iter().collect(),
        schema_changes: vec![added],
        findings,
    })
}

/// The paths of a finding's differences.
#[must_use]
pub fn paths(fields: &[FieldDifference]) -> Vec<String> {
    let mut paths: Vec<String> = fields.iter().map(|field| field.path.clone()).collect();
    paths.sort();
    paths
}
