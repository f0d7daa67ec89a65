//! What the kept findings of a stream have in common: which paths differ together, by how much, and where.
//!
//! Values are used only where the stream may show them, and only as the largest difference of numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::grouped;
use super::model::{Finding, Pattern, StreamReport};
use crate::model::{DifferenceKind, Outcome, PerSide, Side, Topics, is_dead_letter};

/// Fewer findings have no pattern.
const FINDINGS_MIN: usize = 5;
/// A pattern is of at least one in so many of its outcome's findings.
const SHARE_MIN: usize = 10;
/// Patterns of a stream, the most frequent first.
const PATTERNS_MAX: usize = 8;
/// Paths of a pattern that are named.
const PATHS_MAX: usize = 5;

/// How findings are alike: the paths that differ with their kinds, or why a record cannot be decoded.
type Likeness<'a> = Vec<(&'a str, &'static str)>;

/// The patterns of a stream's findings, those of more findings first.
#[must_use]
pub fn patterns(stream: &StreamReport, topics: &PerSide<Topics>) -> Vec<Pattern> {
    // What is diverted stands where dead letters stand, and everything else does not.
    let compared = |side: Side| {
        let ranges = stream.sides.get(side).partitions.iter();
        ranges.filter(|range| !is_dead_letter(range.partition)).count()
    };
    let partitions = PerSide {
        baseline: (compared(Side::Baseline), &topics.baseline),
        canary: (compared(Side::Canary), &topics.canary),
    };
    let mut found = Vec::new();
    for outcome in Outcome::ALL {
        let all: Vec<&Finding> = stream
            .findings
            .iter()
            .filter(|finding| finding.outcome == outcome)
            .collect();
        if all.len() < FINDINGS_MIN {
            continue;
        }
        let mut alike: BTreeMap<Likeness<'_>, Vec<&Finding>> = BTreeMap::new();
        for finding in &all {
            alike.entry(likeness(finding)).or_default().push(finding);
        }
        let often = alike
            .iter()
            .filter(|(_, some)| some.len() >= FINDINGS_MIN && some.len() * SHARE_MIN >= all.len());
        found.extend(often.filter_map(|(likeness, some)| pattern(likeness, some, &all, &partitions)));
    }
    found.sort_by_key(|pattern: &Pattern| std::cmp::Reverse(pattern.count));
    found.truncate(PATTERNS_MAX);
    found
}

fn likeness(finding: &Finding) -> Likeness<'_> {
    let mut alike: Likeness<'_> = finding
        .fields
        .iter()
        .map(|field| (field.path.as_str(), field.kind.as_str()))
        .collect();
    alike.extend(finding.reason.map(|reason| ("", reason.as_str())));
    alike.sort_unstable();
    alike.dedup();
    alike
}

/// None where there is nothing to say beyond the counts.
fn pattern(
    likeness: &Likeness<'_>,
    some: &[&Finding],
    all: &[&Finding],
    partitions: &PerSide<(usize, &Topics)>,
) -> Option<Pattern> {
    let outcome = some.first()?.outcome;
    let mut facts = Vec::new();
    match likeness.as_slice() {
        [] => {}
        [("", reason)] => facts.push(format!("by `{reason}`")),
        paths => {
            let named = paths
                .iter()
                .take(PATHS_MAX)
                .map(|(path, kind)| format!("`{path}` ({kind})"));
            let more = match paths.len().saturating_sub(PATHS_MAX) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let together = if paths.len() > 1 { " together" } else { "" };
            facts.push(format!("in {}{more}{together}", named.collect::<Vec<_>>().join(", ")));
        }
    }
    facts.extend(largest(some));
    for side in Side::PAIR {
        if outcome != Outcome::Diverted {
            facts.extend(one_partition(some, side, *partitions.get(side)));
        }
    }
    // One path that differs in all of them is what the counts of fields say.
    if facts.is_empty()
        || (facts.len() == 1 && likeness.len() == 1 && some.len() == all.len() && some[0].reason.is_none())
    {
        return None;
    }
    let text = format!(
        "{} of {} kept {} {}",
        grouped(some.len() as u64),
        grouped(all.len() as u64),
        outcome.as_str(),
        facts.join(", ")
    );
    Some(Pattern {
        outcome,
        paths: likeness
            .iter()
            .map(|(path, _)| (*path).to_owned())
            .filter(|path| !path.is_empty())
            .collect(),
        count: some.len() as u64,
        of: all.len() as u64,
        text,
    })
}

/// The largest difference of numbers, where one path differs and all its values are shown.
fn largest(some: &[&Finding]) -> Option<String> {
    let mut largest: Option<f64> = None;
    for finding in some {
        let [field] = finding.fields.as_slice() else {
            return None;
        };
        if field.kind != DifferenceKind::Value {
            return None;
        }
        let number = |text: &Option<String>| text.as_deref()?.parse::<f64>().ok().filter(|number| number.is_finite());
        let difference = (number(&field.baseline)? - number(&field.canary)?).abs();
        largest = Some(largest.map_or(difference, |largest| largest.max(difference)));
    }
    // Nine digits: what a subtraction of doubles adds behind them is not the data's.
    let rounded: f64 = format!("{:.8e}", largest?).parse().ok()?;
    Some(format!("by at most {rounded}"))
}

/// That all stand in one partition of a side that has several.
fn one_partition(some: &[&Finding], side: Side, (partitions, topics): (usize, &Topics)) -> Option<String> {
    let place = |finding: &'_ &Finding| match side {
        Side::Canary => finding.canary.clone(),
        _ => finding.baseline.clone(),
    };
    let found: Option<BTreeSet<u32>> = some.iter().map(|finding| Some(place(finding)?.partition)).collect();
    let mut found = found?.into_iter();
    match (found.next(), found.next()) {
        (Some(partition), None) if partitions > 1 => {
            Some(format!("all in {side} {} of {partitions}", topics.says(partition)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::{PartitionRange, Place};
    use super::*;
    use crate::model::FieldDifference;

    /// Outcome, paths with their values as `path=baseline>canary`, the partition on both sides.
    fn finding(outcome: Outcome, fields: &str, partition: u32) -> Finding {
        let field = |text: &str| {
            let (path, values) = text.split_once('=').unwrap_or((text, ""));
            let values = values.split_once('>');
            FieldDifference {
                path: path.to_owned(),
                kind: DifferenceKind::Value,
                baseline: values.map(|(baseline, _)| baseline.to_owned()),
                canary: values.map(|(_, canary)| canary.to_owned()),
            }
        };
        let place = |is: bool| is.then(|| Place::of(partition, 0));
        Finding {
            id: None,
            outcome,
            identity: None,
            window: None,
            baseline: place(outcome != Outcome::Extra),
            canary: place(outcome != Outcome::Missing),
            fields: fields.split_whitespace().map(field).collect(),
            reason: None,
            note: None,
            critical: Vec::new(),
        }
    }

    fn told(findings: Vec<Finding>) -> Vec<String> {
        let range = |partition| PartitionRange {
            topic: None,
            partition,
            from: 0,
            to: 9,
        };
        let counts = crate::model::WindowCounts::default();
        let sides = || super::super::SideInput {
            partitions: vec![range(0), range(1)],
            ..super::super::SideInput::default()
        };
        let stream = super::super::stream(super::super::StreamInput {
            stream: "orders",
            verdict: crate::model::Verdict::Fail,
            coverage: 1.0,
            sampling: 1.0,
            counts: &counts,
            sides: PerSide {
                baseline: sides(),
                canary: sides(),
            },
            fields: &BTreeMap::new(),
            schemas: Vec::new(),
            schema_changes: Vec::new(),
            findings,
            topics: PerSide::default(),
        });
        stream.patterns.into_iter().map(|pattern| pattern.text).collect()
    }

    fn many(count: usize, of: impl Fn(usize) -> Finding) -> Vec<Finding> {
        (0..count).map(of).collect()
    }

    #[test]
    fn paths_that_differ_together_and_by_how_much() {
        let mut findings = many(40, |at| {
            finding(Outcome::Mismatched, "amount=1.50>1.51", u32::from(at.is_multiple_of(2)))
        });
        findings.extend(many(8, |at| {
            finding(Outcome::Mismatched, "note status", u32::from(at.is_multiple_of(2)))
        }));
        findings.extend(many(2, |_| finding(Outcome::Mismatched, "rare", 0)));
        let expect = [
            "40 of 50 kept mismatched in `amount` (value), by at most 0.01",
            "8 of 50 kept mismatched in `note` (value), `status` (value) together",
        ];
        assert_eq!(told(findings), expect);
    }

    #[test]
    fn what_stands_in_one_partition() {
        let findings = many(6, |_| finding(Outcome::Missing, "", 1));
        assert_eq!(told(findings), ["6 of 6 kept missing all in baseline partition 1 of 2"]);
        let everywhere = many(6, |at| finding(Outcome::Missing, "", u32::from(at.is_multiple_of(2))));
        assert_eq!(told(everywhere), <[String; 0]>::default());
    }

    #[test]
    fn why_records_cannot_be_decoded() {
        let bad = |at: usize| Finding {
            reason: Some(crate::model::UndecodableReason::Truncated),
            baseline: None,
            ..finding(Outcome::Undecodable, "", u32::from(at.is_multiple_of(2)))
        };
        assert_eq!(told(many(7, bad)), ["7 of 7 kept undecodable by `truncated`"]);
    }

    #[test]
    fn few_have_none_and_a_hidden_value_tells_nothing() {
        assert_eq!(
            told(many(4, |_| finding(Outcome::Mismatched, "a", 0))),
            <[String; 0]>::default()
        );
        let hidden = |at: usize| if at == 3 { "a" } else { "a=1>2" };
        let mut findings = many(6, |at| finding(Outcome::Mismatched, hidden(at), u32::from(at > 2)));
        assert_eq!(
            told(findings.clone()),
            <[String; 0]>::default(),
            "the counts of fields say it"
        );
        findings.extend(many(6, |at| finding(Outcome::Mismatched, "b", u32::from(at > 2))));
        let expect = [
            "6 of 12 kept mismatched in `a` (value)",
            "6 of 12 kept mismatched in `b` (value)",
        ];
        assert_eq!(told(findings), expect);
    }
}
