//! How figures and names are written for people. What comes from a log can hold anything, and is made harmless here.

use super::model::{AggregateReport, ControlReport, DelayMs, Drift, Finding, NoiseReport, Place, Report, StreamReport};
use super::{adoption, sampling};
use crate::engine::judge::span;
use crate::model::{FieldDifference, PerSide, Side, Verdict};

/// 1234567 as `1,234,567`.
pub fn grouped(number: u64) -> String {
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

/// `12 / 0`, baseline first; one 0 where both are.
fn sides(figures: PerSide<u64>) -> String {
    match figures {
        PerSide { baseline: 0, canary: 0 } => "0".to_owned(),
        PerSide { baseline, canary } => format!("{} / {}", grouped(baseline), grouped(canary)),
    }
}

/// `read` of both sides, whatever it is.
fn read(stream: &StreamReport) -> String {
    let read = |read| grouped(read);
    format!(
        "{} / {}",
        read(stream.sides.baseline.read),
        read(stream.sides.canary.read)
    )
}

/// Undecodable records of both sides.
fn undecodable(stream: &StreamReport) -> String {
    sides(PerSide {
        baseline: stream.sides.baseline.undecodable,
        canary: stream.sides.canary.undecodable,
    })
}

/// What every face tells of a stream in one line, between its name and its verdict.
pub(super) const FIGURES: [&str; 9] = [
    "read",
    "matched",
    "mismatched",
    "missing",
    "extra",
    "duplicates",
    "conflicts",
    "undecodable",
    "coverage",
];

/// The [`FIGURES`] of a stream.
pub(super) fn figures(stream: &StreamReport) -> [String; FIGURES.len()] {
    let outcomes = &stream.outcomes;
    [
        read(stream),
        grouped(outcomes.matched),
        grouped(outcomes.mismatched),
        grouped(outcomes.missing),
        grouped(outcomes.extra),
        sides(outcomes.duplicate),
        sides(outcomes.conflict),
        undecodable(stream),
        percent(stream.coverage),
    ]
}

/// What every face tells of a stream beside its figures, in lines: of a sample, of producers, of delays, and of a control.
pub(super) fn asides(stream: &StreamReport) -> Vec<String> {
    let mut lines = sampling::lines(stream);
    lines.extend(stream.adoption.as_ref().and_then(adoption::line));
    lines.extend(stream.delay_ms.map(delays));
    lines.extend(stream.aggregates.iter().map(aggregate));
    lines.extend(stream.control.iter().flat_map(control));
    lines
}

/// How many groups of an aggregate differ.
fn aggregate(row: &AggregateReport) -> String {
    let AggregateReport {
        name,
        groups,
        differing,
        merged,
    } = row;
    let more = if *merged > 0 {
        format!(
            "; in {} windows there were too many groups, and some of them were one",
            grouped(*merged)
        )
    } else {
        String::new()
    };
    let (differing, groups) = (grouped(*differing), grouped(*groups));
    format!(
        "aggregate {}: {differing} of {groups} groups differ{more}",
        harmless(name)
    )
}

/// How long the records took from the event to the log.
fn delays(delays: PerSide<DelayMs>) -> String {
    let of = |side: Side| {
        let DelayMs { p50, p99 } = *delays.get(side);
        let told = |ms: Option<u64>| {
            ms.map_or_else(
                || "nothing".to_owned(),
                |ms| span(i64::try_from(ms).unwrap_or(i64::MAX)),
            )
        };
        format!("{side} {} (p50), {} (p99)", told(p50), told(p99))
    };
    format!(
        "from the event to the log: {}; {}",
        of(Side::Baseline),
        of(Side::Canary)
    )
}

/// What the control shows, and which paths had better be ignored.
fn control(control: &ControlReport) -> Vec<String> {
    let NoiseReport {
        compared,
        canary_only,
        control_only,
        both,
    } = control.noise;
    let mut lines = vec![
        format!(
            "control: matched {}, mismatched {}, missing {}, extra {}",
            grouped(control.matched),
            grouped(control.mismatched),
            grouped(control.missing),
            grouped(control.extra)
        ),
        format!(
            "of {} records, {} differ in the canary only, {} in the control only, {} in both (noise)",
            grouped(compared),
            grouped(canary_only),
            grouped(control_only),
            grouped(both)
        ),
    ];
    if control.left_out > 0 {
        let all = control.left_out + control.windows;
        lines.push(format!(
            "the control was left out of {} of {} windows",
            grouped(control.left_out),
            grouped(all)
        ));
    }
    if !control.proposed_ignore.is_empty() {
        let paths: Vec<String> = control.proposed_ignore.iter().map(|path| harmless(path)).collect();
        lines.push(format!("noisy, better ignored: {}", paths.join(", ")));
    }
    lines
}

/// A share in percent with at most four digits that are not zero at its begin.
pub(super) fn short(share: f64) -> String {
    let percent = share * 100.0;
    let digits = if percent >= 10.0 {
        2
    } else if percent >= 0.01 {
        4
    } else {
        8
    };
    let text = format!("{percent:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A fraction as a percentage that never rounds up to 100.
pub(super) fn percent(fraction: f64) -> String {
    if fraction >= 1.0 {
        "100 %".to_owned()
    } else {
        format!("{:.2} %", (fraction * 10_000.0).floor() / 100.0)
    }
}

/// `partition:offset`, the topic before it where its side has several; or a dash.
pub(super) fn place(place: Option<&Place>) -> String {
    let Some(place) = place else {
        return "-".to_owned();
    };
    let topic = place
        .topic
        .as_ref()
        .map_or_else(String::new, |topic| format!("{topic} "));
    format!("{topic}{}:{}", place.partition, place.offset)
}

/// Control characters escaped: a terminal must not obey a log.
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// `amount value`, and the values where they may be shown.
pub(super) fn difference(field: &FieldDifference) -> String {
    let told = |value: &Option<String>| value.as_deref().unwrap_or("?").to_owned();
    let values = if field.baseline.is_some() || field.canary.is_some() {
        format!(" ({} -> {})", told(&field.baseline), told(&field.canary))
    } else {
        String::new()
    };
    harmless(&format!("{} {}{values}", field.path, field.kind.as_str()))
}

/// What a finding has to say beside where it is.
pub(super) fn details(finding: &Finding) -> Vec<String> {
    let mut details: Vec<String> = finding.fields.iter().take(FIELDS_MAX).map(difference).collect();
    if finding.fields.len() > FIELDS_MAX {
        details.push(format!("{} more", finding.fields.len() - FIELDS_MAX));
    }
    if !finding.critical.is_empty() {
        let again = finding.critical.join(" and ");
        details.push(harmless(&format!("seen again at {again}")));
    }
    details.extend(finding.reason.map(|reason| reason.as_str().to_owned()));
    details.extend(finding.note.as_deref().map(harmless));
    details
}

/// Fields of a finding that are told to people.
const FIELDS_MAX: usize = 8;

/// Why it is inconclusive, in the contract's words and in parentheses; nothing with any other verdict.
pub(super) fn whys(report: &Report) -> String {
    let mut words: Vec<&str> = report.reasons.iter().map(|reason| reason.check.as_str()).collect();
    words.dedup();
    if report.verdict != Verdict::Inconclusive || report.interrupted || words.is_empty() {
        return String::new();
    }
    format!(" ({})", words.join(", "))
}
/// How a distribution differs, in one sentence.
pub(super) fn drifted(row: &Drift) -> String {
    let drifts = if row.drifting { ": it drifts" } else { "" };
    format!(
        "`{}` by {}: {:.4}, {} is borne, evidence 10^{:.1}{drifts}",
        row.path, row.measure, row.value, row.floor, row.evidence_log10
    )
}
