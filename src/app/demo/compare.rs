//! What was found against what was injected.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::truth::{Injected, Injury, paths};
use crate::app::report::{Place, Report, StreamReport};
use crate::edge::store::FindingRow;
use crate::model::{Outcome, Verdict};

/// Positions of each difference that are told.
const TOLD_MAX: usize = 5;

/// One figure, injected and found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Of what.
    pub name: String,
    /// As the pipelines counted it.
    pub injected: u64,
    /// As the report has it.
    pub found: u64,
}

/// The comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The figures.
    pub figures: Vec<Figure>,
    /// What is not equal, a sentence each.
    pub differences: Vec<String>,
}

impl Comparison {
    /// Whether everything that was injected was found, and nothing else.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Compares the report and all stored findings with the truth.
#[must_use]
pub fn compare(injected: &Injected, report: &Report, findings: &[FindingRow], healthy: bool) -> Comparison {
    let mut comparison = Comparison::default();
    let wanted = if healthy { Verdict::Pass } else { Verdict::Fail };
    if report.verdict != wanted {
        let reasons: Vec<&str> = report.reasons.iter().map(|reason| reason.text.as_str()).collect();
        comparison.differences.push(format!(
            "the verdict is {}, not {} ({})",
            report.verdict.as_str(),
            wanted.as_str(),
            reasons.join("; ")
        ));
    }
    let [stream] = report.streams.as_slice() else {
        comparison
            .differences
            .push("the report has not exactly one stream".to_owned());
        return comparison;
    };
    figures(injected, stream, &mut comparison);
    fields(injected, stream, &mut comparison);
    let changes = |all: &[crate::app::report::SchemaChange]| {
        all.iter()
            .map(|change| format!("{} {}", change.path, change.change))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (made, told) = (changes(&injected.schema_changes), changes(&stream.schema_changes));
    if made != told {
        comparison
            .differences
            .push(format!("schema changes: injected {made}, found {told}"));
    }
    positions(injected, findings, &mut comparison);
    comparison
}

fn figures(injected: &Injected, stream: &StreamReport, comparison: &mut Comparison) {
    let (outcomes, sides) = (&stream.outcomes, &stream.sides);
    let undecodable = sides.baseline.undecodable.saturating_add(sides.canary.undecodable);
    let late = sides.baseline.late.saturating_add(sides.canary.late);
    let untimely = sides.baseline.untimely.saturating_add(sides.canary.untimely);
    let pending = outcomes.pending.baseline.saturating_add(outcomes.pending.canary);
    let conflicts = outcomes.conflict.baseline.saturating_add(outcomes.conflict.canary);
    let all = [
        (
            "records of the baseline",
            injected.written.baseline,
            sides.baseline.read,
        ),
        ("records of the canary", injected.written.canary, sides.canary.read),
        ("mismatched", injected.mismatched, outcomes.mismatched),
        ("missing", injected.missing, outcomes.missing),
        ("extra", injected.extra, outcomes.extra),
        (
            "duplicates of the baseline",
            injected.duplicate.baseline,
            outcomes.duplicate.baseline,
        ),
        (
            "duplicates of the canary",
            injected.duplicate.canary,
            outcomes.duplicate.canary,
        ),
        ("conflicts", 0, conflicts),
        ("undecodable", 0, undecodable),
        ("untimely", 0, untimely),
        ("late", 0, late),
        ("pending", 0, pending),
    ];
    for (name, injected, found) in all {
        comparison.figure(name.to_owned(), injected, found);
    }
}

fn fields(injected: &Injected, stream: &StreamReport, comparison: &mut Comparison) {
    let count = |fields: &[crate::app::report::FieldCount], path: &str, kind| {
        let same = fields.iter().find(|field| field.path == path && field.kind == kind);
        same.map_or(0, |field| field.count)
    };
    let named = injected.fields.iter().chain(&stream.fields);
    let names: BTreeSet<_> = named.map(|field| (field.path.clone(), field.kind)).collect();
    for (path, kind) in names {
        let name = format!("field {path} ({})", kind.as_str());
        let figures = (count(&injected.fields, &path, kind), count(&stream.fields, &path, kind));
        comparison.figure(name, figures.0, figures.1);
    }
}

fn positions(injected: &Injected, findings: &[FindingRow], comparison: &mut Comparison) {
    let place = |place: Option<(u32, u64)>| place.map(|(partition, offset)| Place::of(partition, offset));
    let found: BTreeSet<Injury> = findings
        .iter()
        .map(|row| Injury {
            outcome: row.outcome,
            // What a duplicate repeats is told by some, not by others; the duplicate itself is the fault.
            baseline: place(row.baseline).filter(|_| row.outcome != Outcome::Duplicate),
            canary: place(row.canary),
            fields: paths(&row.body.fields),
        })
        .collect();
    let made: BTreeSet<Injury> = injected.findings.iter().cloned().collect();
    let both = u64::try_from(made.intersection(&found).count()).unwrap_or(u64::MAX);
    comparison.figures.push(Figure {
        name: "positions".to_owned(),
        injected: u64::try_from(made.len()).unwrap_or(u64::MAX),
        found: both,
    });
    for (what, only) in [
        ("injected and not found", made.difference(&found).collect::<Vec<_>>()),
        ("found and not injected", found.difference(&made).collect::<Vec<_>>()),
    ] {
        if !only.is_empty() {
            let told: Vec<String> = only.iter().take(TOLD_MAX).map(|injury| text(injury)).collect();
            let more = if only.len() > TOLD_MAX { ", …" } else { "" };
            comparison
                .differences
                .push(format!("{} {what}: {}{more}", only.len(), told.join(", ")));
        }
    }
}

fn text(injury: &Injury) -> String {
    let place = |place: Option<&Place>| match place {
        Some(Place { partition, offset, .. }) => format!("{partition}:{offset}"),
        None => "-".to_owned(),
    };
    let mut text = format!(
        "{} at baseline {}, canary {}",
        injury.outcome.as_str(),
        place(injury.baseline.as_ref()),
        place(injury.canary.as_ref())
    );
    if !injury.fields.is_empty() {
        let _ = write!(text, " in {}", injury.fields.join(", "));
    }
    text
}

impl Comparison {
    fn figure(&mut self, name: String, injected: u64, found: u64) {
        if injected != found {
            self.differences
                .push(format!("{name}: injected {injected}, found {found}"));
        }
        self.figures.push(Figure { name, injected, found });
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("{:<28}{:>10}{:>10}\n", "", "injected", "found");
        let told = |figure: &&Figure| figure.injected > 0 || figure.found > 0;
        for Figure { name, injected, found } in self.figures.iter().filter(told) {
            let _ = writeln!(out, "{name:<28}{injected:>10}{found:>10}");
        }
        if self.is_equal() {
            out.push_str("equal: everything that was injected was found, and nothing else\n");
        }
        for difference in &self.differences {
            let _ = writeln!(out, "different: {difference}");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::report::SCHEMA_VERSION;
    use crate::edge::store::FindingBody;
    use crate::model::PerSide;

    fn injected() -> Injected {
        let injury = Injury {
            outcome: Outcome::Missing,
            baseline: Some(Place::of(1, 7)),
            canary: None,
            fields: Vec::new(),
        };
        Injected {
            written: PerSide { baseline: 0, canary: 0 },
            mismatched: 0,
            missing: 1,
            extra: 0,
            duplicate: PerSide::default(),
            fields: Vec::new(),
            schema_changes: Vec::new(),
            findings: vec![injury],
        }
    }

    fn report(missing: u64) -> Report {
        let counts = crate::model::WindowCounts {
            missing,
            ..Default::default()
        };
        let stream = crate::app::report::stream(crate::app::report::StreamInput {
            stream: "s",
            verdict: Verdict::Fail,
            coverage: 1.0,
            sampling: 1.0,
            counts: &counts,
            sides: PerSide::default(),
            fields: &Default::default(),
            schemas: Vec::new(),
            schema_changes: Vec::new(),
            findings: Vec::new(),
            topics: PerSide::default(),
        });
        Report {
            stages: Vec::new(),
            schema_version: SCHEMA_VERSION,
            guarantee: None,
            release: "r".to_owned(),
            generation: 1,
            verdict: Verdict::Fail,
            reasons: Vec::new(),
            interrupted: false,
            warnings: Vec::new(),
            streams: vec![stream],
        }
    }

    fn finding(offset: u64) -> FindingRow {
        FindingRow {
            stream: "s".to_owned(),
            start_ms: Some(0),
            outcome: Outcome::Missing,
            baseline: Some((1, offset)),
            canary: None,
            identity: None,
            body: FindingBody::default(),
        }
    }

    #[test]
    fn equal_is_equal() {
        let comparison = compare(&injected(), &report(1), &[finding(7)], false);
        assert_eq!(comparison.differences, Vec::<String>::new());
        assert!(comparison.text().ends_with("nothing else\n"));
    }

    #[test]
    fn every_difference_is_told() {
        let comparison = compare(&injected(), &report(2), &[finding(8)], true);
        let expected = [
            "the verdict is fail, not pass ()",
            "missing: injected 1, found 2",
            "1 injected and not found: missing at baseline 1:7, canary -",
            "1 found and not injected: missing at baseline 1:8, canary -",
        ];
        assert_eq!(comparison.differences, expected);
        assert!(comparison.text().contains("different: missing: injected 1, found 2\n"));
    }
}
