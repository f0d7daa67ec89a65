//! The report for people at a terminal.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::figures::{FIGURES, asides, details, figures, grouped, harmless, place, whys};
use super::model::{Report, SideReport, StreamReport};
use crate::model::{Side, Verdict};

/// Findings of a stream that are printed.
const FINDINGS_MAX: usize = 10;
/// Differing fields of a stream that are printed.
const FIELDS_MAX: usize = 20;
/// Partitions of a side that are printed.
const PARTITIONS_MAX: usize = 16;

/// How it looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Colours of a terminal.
    pub colour: bool,
    /// What the command has to say of its own, a line each: what `--from` and `--to` resolved to, what was missed.
    pub notes: Vec<String>,
}

/// The report as a table, why it is not `pass`, what differs and where.
#[must_use]
pub fn table(report: &Report, look: &Look) -> String {
    let mut out = outcomes(report);
    let verdict = painted(report.verdict, look.colour);
    let interrupted = if report.interrupted {
        " (interrupted: the counts so far)"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "\nverdict of {}: {verdict}{}{interrupted}",
        harmless(&report.release),
        whys(report)
    );
    for reason in &report.reasons {
        let stream = if reason.stream.is_empty() {
            &report.release
        } else {
            &reason.stream
        };
        let _ = writeln!(out, "  {}: {}", harmless(stream), harmless(&reason.text));
    }
    for warning in &report.warnings {
        let _ = writeln!(out, "  warning: {}", harmless(warning));
    }
    for stream in &report.streams {
        of_stream(&mut out, stream);
    }
    if let Some(guarantee) = report
        .guarantee
        .as_ref()
        .filter(|_| report.streams.iter().any(|s| !s.checks.is_empty()))
    {
        let _ = writeln!(out, "\n{}", harmless(guarantee));
    }
    if !look.notes.is_empty() {
        out.push('\n');
        look.notes.iter().for_each(|note| {
            let _ = writeln!(out, "{}", harmless(note));
        });
    }
    out
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn printed(out: &mut String, table: &Table) {
    for line in table.to_string().lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

fn outcomes(report: &Report) -> String {
    let mut table = plain();
    let columns = ["stream"].into_iter().chain(FIGURES).chain(["verdict"]);
    table.set_header(columns.collect::<Vec<&str>>());
    for stream in &report.streams {
        let name = [harmless(&stream.stream)].into_iter();
        let cells = name.chain(figures(stream)).chain([stream.verdict.as_str().to_owned()]);
        table.add_row(cells.collect::<Vec<String>>());
    }
    for column in table.column_iter_mut().skip(1).take(FIGURES.len()) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut out = String::new();
    printed(&mut out, &table);
    out.push_str(" (two figures are baseline / canary)\n");
    out
}

fn of_stream(out: &mut String, stream: &StreamReport) {
    let name = harmless(&stream.stream);
    let _ = writeln!(out, "\n{name}");
    for side in Side::PAIR {
        let _ = writeln!(out, "  {side}: {}", of_side(stream.sides.get(side)));
    }
    for line in asides(stream) {
        let _ = writeln!(out, "  {line}");
    }
    for change in &stream.schema_changes {
        let breaking = if change.breaking { ", breaking" } else { "" };
        let _ = writeln!(out, "  schema: {} {}{breaking}", harmless(&change.path), change.change);
    }
    if !stream.checks.is_empty() {
        out.push_str("\n  checks\n");
        printed(out, &checks(stream));
        warnings(out, stream);
    }
    if !stream.drift.is_empty() {
        out.push_str("\n  drift\n");
        printed(out, &drift(stream));
    }
    if !stream.fields.is_empty() {
        out.push_str("\n  differing fields\n");
        let mut fields: Vec<_> = stream.fields.iter().collect();
        fields.sort_by_key(|field| std::cmp::Reverse(field.count));
        let mut table = plain();
        for field in fields.iter().take(FIELDS_MAX) {
            table.add_row([
                format!("   {}", harmless(&field.path)),
                field.kind.as_str().to_owned(),
                grouped(field.count),
            ]);
        }
        if let Some(column) = table.column_mut(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        printed(out, &table);
        more(out, fields.len(), FIELDS_MAX);
    }
    if !stream.patterns.is_empty() {
        out.push_str("\n  patterns\n");
        for pattern in &stream.patterns {
            let _ = writeln!(out, "   {}", harmless(&pattern.text));
        }
    }
    if !stream.findings.is_empty() {
        out.push_str("\n  findings (partition:offset)\n");
        let mut table = plain();
        table.set_header(["   outcome", "window", "baseline", "canary", "what"]);
        for finding in stream.findings.iter().take(FINDINGS_MAX) {
            table.add_row([
                format!("   {}", finding.outcome.as_str()),
                finding.window.clone().unwrap_or_else(|| "-".to_owned()),
                place(finding.baseline.as_ref()),
                place(finding.canary.as_ref()),
                details(finding).join(", "),
            ]);
        }
        printed(out, &table);
        more(out, stream.findings.len(), FINDINGS_MAX);
    }
}

/// Each check with bad records (x) of all (n), the rate that this is with its interval, the rate that is borne, the evidence
/// against it with what would fail the stream, and what is missing for a proof that it is kept.
fn checks(stream: &StreamReport) -> Table {
    let mut table = plain();
    table.set_header([
        "   check",
        "x",
        "n",
        "estimate",
        "95 % interval",
        "budget",
        "evidence",
        "fails at",
        "budget kept",
    ]);
    for check in &stream.checks {
        let estimate = check.estimate.map_or_else(|| "-".to_owned(), rate);
        let kept = match (check.proved, check.clean_needed) {
            (true, _) => "proved".to_owned(),
            (false, Some(0) | None) => "not proved".to_owned(),
            (false, Some(needed)) => format!("after {} more", grouped(needed)),
        };
        table.add_row([
            format!("   {}", harmless(&check.check)),
            grouped(check.x),
            grouped(check.n),
            estimate,
            format!("{} to {}", rate(check.lower), rate(check.upper)),
            rate(check.budget),
            power(check.evidence_log10),
            check.fails_at_log10.map_or_else(|| "1 record".to_owned(), power),
            kept,
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// How each profiled distribution differs, what of that is borne, the evidence that it is more, and what that leads to.
fn drift(stream: &StreamReport) -> Table {
    let mut table = plain();
    table.set_header(["   field", "measure", "differs by", "borne", "evidence", "leads to"]);
    for row in &stream.drift {
        let leads_to = match row.fails_at_log10 {
            Some(limit) => format!("fail at {}", power(limit)),
            None if row.holds => "hold at 10^1.0".to_owned(),
            None => "nothing".to_owned(),
        };
        table.add_row([
            format!("   {}", harmless(&row.path)),
            row.measure.clone(),
            format!("{:.4}", row.value),
            row.floor.to_string(),
            power(row.evidence_log10),
            if row.drifting {
                format!("{leads_to}, drifts")
            } else {
                leads_to
            },
        ]);
    }
    for column in table.column_iter_mut().skip(2).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// What speaks against the assumptions of a stream's checks.
fn warnings(out: &mut String, stream: &StreamReport) {
    for check in &stream.checks {
        for warning in &check.warnings {
            let _ = writeln!(out, "   {}: {}", harmless(&check.check), harmless(warning));
        }
    }
}

/// Evidence as a power of ten.
fn power(log10: f64) -> String {
    if log10.abs() < 0.05 {
        "1".to_owned()
    } else {
        format!("10^{log10:.1}")
    }
}

/// A rate as it stands in a config.
fn rate(rate: f64) -> String {
    if rate == 0.0 {
        "0".to_owned()
    } else {
        format!("{rate:.1e}")
    }
}

fn more(out: &mut String, all: usize, told: usize) {
    if all > told {
        let _ = writeln!(out, "    and {} more (-o json has all that were kept)", all - told);
    }
}

/// What was read of a side, and what was left out of it.
fn of_side(side: &SideReport) -> String {
    let ranges = side.partitions.iter().take(PARTITIONS_MAX);
    let mut parts: Vec<String> = ranges
        .map(|range| {
            let topic = range
                .topic
                .as_ref()
                .map_or_else(String::new, |topic| format!("{topic} "));
            format!("{topic}{}:[{}, {})", range.partition, range.from, range.to)
        })
        .collect();
    if side.partitions.len() > PARTITIONS_MAX {
        parts.push(format!(
            "and {} more partitions",
            side.partitions.len() - PARTITIONS_MAX
        ));
    }
    if parts.is_empty() {
        let read = match side.read {
            0 => "nothing".to_owned(),
            // From a database: the counts are stored, the ranges are the worker's.
            read => format!("{} records", grouped(read)),
        };
        parts.push(read);
    }
    let mut text = format!("read {}", parts.join(" "));
    let excluded = &side.excluded_reasons;
    let apart = [
        ("late", side.late),
        ("untimely", side.untimely),
        ("diverted", side.diverted),
        ("not selected", excluded.select),
        ("not sampled", excluded.sample),
        ("outside the range", excluded.edge),
        ("noise", excluded.noise),
        ("not the newest", excluded.superseded),
        ("tombstones", excluded.tombstone),
        ("gaps", side.gaps),
    ];
    for (what, count) in apart.into_iter().filter(|(_, count)| *count > 0) {
        let _ = write!(text, ", {what} {}", grouped(count));
    }
    for (reason, count) in side.undecodable_reasons.iter().filter(|(_, count)| **count > 0) {
        let _ = write!(text, ", undecodable ({}) {}", reason.as_str(), grouped(*count));
    }
    text
}

fn painted(verdict: Verdict, colour: bool) -> String {
    let code = match verdict {
        Verdict::Pass => "32",
        Verdict::Inconclusive => "33",
        Verdict::Fail => "31",
    };
    if colour {
        format!("\u{1b}[1;{code}m{}\u{1b}[0m", verdict.as_str())
    } else {
        verdict.as_str().to_owned()
    }
}
