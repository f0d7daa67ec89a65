//! The report as one page: no script, no link to anything, opens from a disk. The charts are drawn in SVG.

use std::fmt::Write as _;

use super::figures::{FIGURES, asides, details, drifted, figures, grouped, place, whys};
use super::junit::escaped;
use super::model::{CheckReport, Report, StreamReport};

/// Findings of a stream that are shown.
const FINDINGS_MAX: usize = 200;
/// Differing fields of a stream that are drawn.
const FIELDS_MAX: usize = 20;
/// Width of a chart.
const WIDTH: f64 = 420.0;
/// Rates of a chart: from 1e-7 to 1, a tenth of the width a decade and more.
const DECADES: f64 = 7.0;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8886;--bad:#c0392b;--good:#1e8449;--open:#b9770e}
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}h3{font-size:1rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{border-bottom:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap}code{font-size:.92em;overflow-wrap:anywhere}
.pass{color:var(--good)}.fail{color:var(--bad)}.inconclusive{color:var(--open)}
.wide{overflow-x:auto}svg text{font:12px system-ui,sans-serif;fill:currentColor}
";

/// The whole page. `notes` are lines of the command's own.
#[must_use]
pub fn html(report: &Report, notes: &[String]) -> String {
    let verdict = report.verdict.as_str();
    let release = escaped(&report.release);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>crosscheck: {release} {verdict}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>{release}, generation {}: <span class=\"{verdict}\">{verdict}</span>{}</h1>\n",
        report.generation,
        escaped(&whys(report))
    );
    if report.interrupted {
        out.push_str("<p>Interrupted: these are the counts so far.</p>\n");
    }
    let reasons = report
        .reasons
        .iter()
        .map(|reason| (reason.stream.as_str(), reason.text.as_str()));
    let warnings = report.warnings.iter().map(|warning| ("warning", warning.as_str()));
    let notes = notes.iter().map(|note| ("", note.as_str()));
    let lines: Vec<(&str, &str)> = reasons.chain(warnings).chain(notes).collect();
    if !lines.is_empty() {
        out.push_str("<ul>\n");
        for (of, text) in lines {
            let of = if of.is_empty() {
                String::new()
            } else {
                format!("<b>{}</b>: ", escaped(of))
            };
            let _ = writeln!(out, "<li>{of}{}</li>", escaped(text));
        }
        out.push_str("</ul>\n");
    }
    outcomes(&mut out, report);
    report.streams.iter().for_each(|stream| of_stream(&mut out, stream));
    if let Some(guarantee) = &report.guarantee {
        let _ = writeln!(out, "<p>{}</p>", escaped(guarantee));
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn outcomes(out: &mut String, report: &Report) {
    out.push_str("<div class=\"wide\"><table>\n<tr><th>stream</th>");
    for column in FIGURES {
        let _ = write!(out, "<th class=\"n\">{column}</th>");
    }
    out.push_str("<th>verdict</th></tr>\n");
    for stream in &report.streams {
        let _ = write!(out, "<tr><td>{}</td>", escaped(&stream.stream));
        for figure in figures(stream) {
            let _ = write!(out, "<td class=\"n\">{figure}</td>");
        }
        let verdict = stream.verdict.as_str();
        let _ = writeln!(out, "<td class=\"{verdict}\">{verdict}</td></tr>");
    }
    out.push_str("</table></div>\n<p>Two figures are baseline / canary.</p>\n");
}

fn of_stream(out: &mut String, stream: &StreamReport) {
    let _ = writeln!(out, "<h2>{}</h2>", escaped(&stream.stream));
    for line in asides(stream) {
        let _ = writeln!(out, "<p>{}</p>", escaped(&line));
    }
    if !stream.checks.is_empty() {
        out.push_str("<h3>Rates, their intervals (95 %) and budgets</h3>\n");
        rates(out, &stream.checks);
    }
    if !stream.drift.is_empty() {
        out.push_str("<h3>Drift</h3>\n<ul>\n");
        for row in &stream.drift {
            let _ = writeln!(out, "<li>{}</li>", escaped(&drifted(row)));
        }
        out.push_str("</ul>\n");
    }
    if !stream.fields.is_empty() {
        out.push_str("<h3>Differing fields</h3>\n");
        fields(out, stream);
    }
    if !stream.schema_changes.is_empty() {
        out.push_str("<h3>Schema changes</h3>\n<ul>\n");
        for change in &stream.schema_changes {
            let breaking = if change.breaking { ", <b>breaking</b>" } else { "" };
            let _ = writeln!(
                out,
                "<li><code>{}</code> {}{breaking}</li>",
                escaped(&change.path),
                escaped(&change.change)
            );
        }
        out.push_str("</ul>\n");
    }
    if !stream.patterns.is_empty() {
        out.push_str("<h3>Patterns</h3>\n<ul>\n");
        for pattern in &stream.patterns {
            let _ = writeln!(out, "<li>{}</li>", escaped(&pattern.text));
        }
        out.push_str("</ul>\n");
    }
    if !stream.findings.is_empty() {
        findings(out, stream);
    }
}

/// A line a check on a logarithmic scale: the interval, the estimate as a dot, the budget as a stroke.
fn rates(out: &mut String, checks: &[CheckReport]) {
    let at = |rate: f64| 110.0 + WIDTH * (1.0 + rate.max(1e-12).log10() / DECADES).clamp(0.0, 1.0);
    let height = 22 * checks.len() + 26;
    let _ = writeln!(
        out,
        "<svg role=\"img\" aria-label=\"rates of the checks\" width=\"760\" height=\"{height}\">"
    );
    for decade in (1..=7).rev().step_by(2) {
        let x = at(10_f64.powi(-decade));
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{}\" stroke=\"#8886\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">1e-{decade}</text>",
            height - 20,
            height - 6
        );
    }
    for (row, check) in checks.iter().enumerate() {
        let y = 22.0 * row as f64 + 12.0;
        let over = check.estimate.is_some_and(|estimate| estimate > check.budget);
        let colour = if over { "var(--bad)" } else { "var(--good)" };
        let _ = writeln!(
            out,
            "<text x=\"0\" y=\"{:.1}\">{}</text><line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{colour}\" stroke-width=\"3\"/>",
            y + 4.0,
            escaped(&check.check),
            at(check.lower),
            at(check.upper)
        );
        if let Some(estimate) = check.estimate.filter(|_| check.x > 0) {
            let _ = writeln!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>",
                at(estimate)
            );
        }
        if check.budget > 0.0 {
            let x = at(check.budget);
            let _ = writeln!(
                out,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"currentColor\" stroke-width=\"2\"/>",
                y - 7.0,
                y + 7.0
            );
        }
        let _ = writeln!(
            out,
            "<text x=\"550\" y=\"{:.1}\">{} of {}, evidence 10^{:.1}</text>",
            y + 4.0,
            grouped(check.x),
            grouped(check.n),
            check.evidence_log10
        );
    }
    out.push_str("</svg>\n");
}

/// A bar a differing field, the most frequent first.
fn fields(out: &mut String, stream: &StreamReport) {
    let mut fields: Vec<_> = stream.fields.iter().collect();
    fields.sort_by_key(|field| std::cmp::Reverse(field.count));
    let most = fields.first().map_or(1, |field| field.count).max(1) as f64;
    out.push_str("<table>\n");
    for field in fields.iter().take(FIELDS_MAX) {
        let _ = writeln!(
            out,
            "<tr><td><code>{}</code></td><td>{}</td><td class=\"n\">{}</td><td><svg role=\"img\" aria-label=\"share\" width=\"{WIDTH}\" height=\"12\"><rect width=\"{:.1}\" height=\"12\" fill=\"var(--bad)\"/></svg></td></tr>",
            escaped(&field.path),
            field.kind.as_str(),
            grouped(field.count),
            WIDTH * field.count as f64 / most
        );
    }
    out.push_str("</table>\n");
    if fields.len() > FIELDS_MAX {
        let _ = writeln!(out, "<p>and {} more</p>", fields.len() - FIELDS_MAX);
    }
}

fn findings(out: &mut String, stream: &StreamReport) {
    let told = stream.findings.len().min(FINDINGS_MAX);
    let _ = writeln!(
        out,
        "<details>\n<summary>{told} of {} findings that were kept (partition:offset)</summary>\n<div class=\"wide\"><table>\n\
         <tr><th>outcome</th><th>window</th><th>baseline</th><th>canary</th><th>what</th></tr>",
        stream.findings.len()
    );
    for finding in stream.findings.iter().take(told) {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
            finding.outcome.as_str(),
            escaped(finding.window.as_deref().unwrap_or("-")),
            place(finding.baseline.as_ref()),
            place(finding.canary.as_ref()),
            escaped(&details(finding).join(", "))
        );
    }
    out.push_str("</table></div>\n</details>\n");
}
