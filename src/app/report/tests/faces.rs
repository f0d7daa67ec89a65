//! The faces for machines and browsers.

use super::*;

/// A name that ends every attribute, element and line that it can.
const HOSTILE: &str = "a\"'><script>alert(1)</script>&\u{1b}[31m\n]]>\u{202e}";

fn hostile() -> Report {
    let mut hostile = report(false);
    HOSTILE.clone_into(&mut hostile.release);
    for reason in &mut hostile.reasons {
        HOSTILE.clone_into(&mut reason.stream);
        HOSTILE.clone_into(&mut reason.text);
        HOSTILE.clone_into(&mut reason.check);
    }
    hostile.warnings = vec![HOSTILE.to_owned()];
    hostile.guarantee = Some(HOSTILE.to_owned());
    for stream in &mut hostile.streams {
        HOSTILE.clone_into(&mut stream.stream);
        for field in &mut stream.fields {
            HOSTILE.clone_into(&mut field.path);
        }
        for change in &mut stream.schema_changes {
            HOSTILE.clone_into(&mut change.path);
            HOSTILE.clone_into(&mut change.change);
        }
        for finding in &mut stream.findings {
            finding.note = Some(HOSTILE.to_owned());
        }
    }
    hostile
}

/// Drift in every face that shows it: what drifts, and what leads to nothing.
#[test]
fn of_drift() {
    let mut report = report(false);
    let row = |path: &str, drifting, fails_at_log10: Option<f64>| super::super::model::Drift {
        path: path.to_owned(),
        measure: "cdf_gap".to_owned(),
        value: 0.131,
        floor: 0.02,
        evidence_log10: if drifting { 4.25 } else { -0.3 },
        critical: fails_at_log10.is_some(),
        holds: path != "$records",
        fails_at_log10,
        drifting,
    };
    report.streams[0].drift = vec![
        row("amount", true, Some(3.5)),
        row("note", true, None),
        row("$records", false, None),
        row(HOSTILE, true, None),
    ];
    let look = Look {
        colour: false,
        notes: Vec::new(),
    };
    let of = |text: String, from: &str| {
        let start = text.find(from).unwrap();
        text[start..]
            .lines()
            .take(7)
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let page = html::html(&report, &[]);
    assert!(!page.contains("<script>alert"));
    insta::assert_snapshot!(
        [
            of(table(&report, &look), "  drift"),
            of(markdown(&report, &[]), "Drift of"),
            of(page, "<h3>Drift"),
        ]
        .join("---\n")
    );
}

#[test]
fn as_junit() {
    insta::assert_snapshot!(junit::junit(&report(false)));
}

#[test]
fn as_html() {
    insta::assert_snapshot!(html::html(&report(false), &["nothing was <b>missed</b>".to_owned()]));
}

#[test]
fn a_page_needs_nothing_and_runs_nothing() {
    for report in [report(false), report(true), hostile()] {
        let page = html::html(&report, &[HOSTILE.to_owned()]);
        for forbidden in [
            "<script", "http:", "https:", "src=", "href=", "url(", "@import", "onload",
        ] {
            assert!(!page.contains(forbidden), "{forbidden} in {page}");
        }
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
        for element in ["table", "svg", "ul", "details", "div", "h2", "tr"] {
            let opened = page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
            assert_eq!(
                opened,
                page.matches(&format!("</{element}>")).count(),
                "{element} in {page}"
            );
        }
    }
}

#[test]
fn what_is_hostile_is_text() {
    for text in [html::html(&hostile(), &[]), junit::junit(&hostile())] {
        assert!(
            !text.contains("<script") && !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{text}"
        );
        assert!(text.contains("a&quot;&#39;&gt;&lt;script&gt;"), "{text}");
    }
}

#[test]
fn what_is_inconclusive_is_an_error_and_never_skipped() {
    let mut open = report(false);
    open.verdict = Verdict::Inconclusive;
    open.streams[0].verdict = Verdict::Inconclusive;
    let text = junit::junit(&open);
    assert!(
        text.contains("<error ") && !text.contains("<failure ") && !text.contains("skipped"),
        "{text}"
    );
}

#[test]
fn a_finding_a_line() {
    let report = report(false);
    let text = ndjson::ndjson(&report).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kept: usize = report.streams.iter().map(|stream| stream.findings.len()).sum();
    assert_eq!(lines.len(), kept);
    assert!(kept > 0);
    let whole: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    for (line, finding) in lines.iter().zip(whole["streams"][0]["findings"].as_array().unwrap()) {
        assert_eq!(line["stream"], whole["streams"][0]["stream"]);
        for (key, value) in finding.as_object().unwrap() {
            assert_eq!(&line[key], value);
        }
    }
}
