//! The report for a comment on a pull request.

use std::fmt::Write as _;

use super::figures::{FIGURES, asides, details, drifted, figures, grouped, harmless, place, whys};
use super::model::{Report, StreamReport};
use crate::model::Verdict;

/// Findings of a stream that are told: a comment has at most 65,536 characters.
const FINDINGS_MAX: usize = 50;
/// Differing fields of a stream that are told.
const FIELDS_MAX: usize = 20;
/// Characters of what a finding has to say.
const DETAILS_MAX: usize = 300;

/// The report as Markdown; the findings folded away. `notes` are lines of the command's own.
#[must_use]
pub fn markdown(report: &Report, notes: &[String]) -> String {
    let mark = match report.verdict {
        Verdict::Pass => "✅",
        Verdict::Inconclusive => "❔",
        Verdict::Fail => "❌",
    };
    let mut out = format!(
        "### {mark} crosscheck: {} {}{}\n\n",
        code(&report.release),
        report.verdict.as_str(),
        whys(report)
    );
    if report.interrupted {
        out.push_str("Interrupted: these are the counts so far.\n\n");
    }
    for reason in &report.reasons {
        let stream = if reason.stream.is_empty() {
            &report.release
        } else {
            &reason.stream
        };
        let _ = writeln!(out, "- {}: {}", code(stream), escaped(&reason.text));
    }
    for warning in &report.warnings {
        let _ = writeln!(out, "- warning: {}", escaped(warning));
    }
    if !(report.reasons.is_empty() && report.warnings.is_empty()) {
        out.push('\n');
    }
    let _ = writeln!(out, "| stream | {} | verdict |", FIGURES.join(" | "));
    let _ = writeln!(out, "|---|{}---|", "--:|".repeat(FIGURES.len()));
    report.streams.iter().for_each(|stream| row(&mut out, stream));
    out.push_str("\nTwo figures are baseline / canary.\n");
    report.streams.iter().for_each(|stream| of_stream(&mut out, stream));
    if !notes.is_empty() {
        out.push('\n');
        for note in notes {
            let _ = writeln!(out, "- {}", escaped(note));
        }
    }
    out
}

fn row(out: &mut String, stream: &StreamReport) {
    let (name, verdict) = (code(&stream.stream), stream.verdict.as_str());
    let _ = writeln!(out, "| {name} | {} | {verdict} |", figures(stream).join(" | "));
}

fn of_stream(out: &mut String, stream: &StreamReport) {
    let asides = asides(stream);
    if !asides.is_empty() {
        let asides = escaped(&asides.join("; "));
        let _ = writeln!(out, "\n{}: {asides}.", code(&stream.stream));
    }
    if !stream.fields.is_empty() {
        let _ = writeln!(out, "\nDiffering fields of {}:\n", code(&stream.stream));
        out.push_str("| field | kind | pairs |\n|---|---|--:|\n");
        let mut fields: Vec<_> = stream.fields.iter().collect();
        fields.sort_by_key(|field| std::cmp::Reverse(field.count));
        for field in fields.iter().take(FIELDS_MAX) {
            let (path, kind) = (code(&field.path), field.kind.as_str());
            let _ = writeln!(out, "| {path} | {kind} | {} |", grouped(field.count));
        }
        if fields.len() > FIELDS_MAX {
            let _ = writeln!(out, "| {} more | | |", fields.len() - FIELDS_MAX);
        }
    }
    let drifting: Vec<_> = stream.drift.iter().filter(|row| row.drifting).collect();
    if !drifting.is_empty() {
        let _ = writeln!(out, "\nDrift of {}:\n", code(&stream.stream));
        for row in drifting {
            let _ = writeln!(out, "- {}", spans(&drifted(row)));
        }
    }
    if !stream.patterns.is_empty() {
        let _ = writeln!(out, "\nPatterns of {}:\n", code(&stream.stream));
        for pattern in &stream.patterns {
            let _ = writeln!(out, "- {}", spans(&pattern.text));
        }
    }
    if !stream.schema_changes.is_empty() {
        let _ = writeln!(out, "\nSchema changes of {}:\n", code(&stream.stream));
        for change in &stream.schema_changes {
            let breaking = if change.breaking { ", **breaking**" } else { "" };
            let _ = writeln!(out, "- {} {}{breaking}", code(&change.path), change.change);
        }
    }
    if stream.findings.is_empty() {
        return;
    }
    let told = stream.findings.len().min(FINDINGS_MAX);
    let _ = writeln!(
        out,
        "\n<details>\n<summary>{told} of {} findings kept of {}</summary>\n",
        stream.findings.len(),
        escaped(&stream.stream)
    );
    out.push_str("| outcome | window | baseline | canary | what |\n|---|---|---|---|---|\n");
    for finding in stream.findings.iter().take(told) {
        let what = details(finding).join(", ");
        let what = if what.is_empty() {
            String::new()
        } else {
            code(&cut(what))
        };
        let window = finding.window.as_deref().unwrap_or("-");
        let (baseline, canary) = (place(finding.baseline.as_ref()), place(finding.canary.as_ref()));
        let _ = writeln!(
            out,
            "| {} | {window} | {baseline} | {canary} | {what} |",
            finding.outcome.as_str()
        );
    }
    out.push_str("\nPositions are partition:offset.\n\n</details>\n");
}

fn cut(text: String) -> String {
    match text.char_indices().nth(DETAILS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// A code span that also a table bears.
fn code(text: &str) -> String {
    format!("`{}`", harmless(text).replace('`', "'").replace('|', "\\|"))
}

/// Text whose pieces between backticks are code spans.
fn spans(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    pieces
        .map(|(at, piece)| if at % 2 == 1 { code(piece) } else { escaped(piece) })
        .collect()
}

/// Text without a meaning to Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in harmless(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '@' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
