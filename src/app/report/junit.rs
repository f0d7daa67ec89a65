//! The report as JUnit XML, for the test tab of a CI: a suite a stream, a case a check. What is inconclusive is an error, never
//! a skipped case: a CI passes those.

use std::fmt::Write as _;

use super::figures::{asides, grouped, harmless};
use super::model::{Reason, Report, StreamReport};
use crate::model::Verdict;

/// The checks that have a case in every stream.
const CHECKS: [&str; 7] = [
    "mismatched",
    "missing",
    "extra",
    "duplicate",
    "conflict",
    "undecodable",
    "untimely",
];
/// The case of everything that is no check's: why a verdict is inconclusive, silence, a latched failure.
const VERDICT: &str = "verdict";

/// The report as one XML document.
#[must_use]
pub fn junit(report: &Report) -> String {
    let suites: Vec<Suite<'_>> = report.streams.iter().map(|stream| Suite::of(report, stream)).collect();
    // What is the release's own stands in a suite of its own.
    let own: Vec<&Reason> = report
        .reasons
        .iter()
        .filter(|reason| reason.stream.is_empty())
        .collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // A verdict that somebody set fails, or passes with a word on it; anything else could not be said.
    let (own_failed, own_wrong) = match report.verdict {
        Verdict::Fail if !own.is_empty() => (1, 0),
        Verdict::Inconclusive if !own.is_empty() => (0, 1),
        _ => (0, 0),
    };
    let failures: usize = suites.iter().map(Suite::failures).sum::<usize>() + own_failed;
    let errors: usize = suites.iter().map(Suite::errors).sum::<usize>() + own_wrong;
    let tests: usize = suites.iter().map(|suite| suite.cases.len()).sum::<usize>() + usize::from(!own.is_empty());
    let _ = writeln!(
        out,
        "<testsuites name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">",
        escaped(&report.release)
    );
    suites.iter().for_each(|suite| suite.write(&mut out));
    if !own.is_empty() {
        let _ = writeln!(
            out,
            "  <testsuite name=\"release\" tests=\"1\" failures=\"{own_failed}\" errors=\"{own_wrong}\">\n    \
             <testcase classname=\"release\" name=\"{VERDICT}\">"
        );
        for reason in own {
            match report.verdict {
                Verdict::Pass => {
                    let _ = writeln!(out, "      <system-out>{}</system-out>", escaped(&reason.text));
                }
                Verdict::Fail => problem(&mut out, "failure", reason),
                Verdict::Inconclusive => problem(&mut out, "error", reason),
            }
        }
        out.push_str("    </testcase>\n  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

struct Suite<'a> {
    stream: &'a StreamReport,
    /// Whether what is wrong is a failure, or an error: nothing could be said.
    failed: bool,
    cases: Vec<(&'a str, Vec<&'a Reason>)>,
}

impl<'a> Suite<'a> {
    fn of(report: &'a Report, stream: &'a StreamReport) -> Self {
        let own = || report.reasons.iter().filter(|reason| reason.stream == stream.stream);
        // Behind those that every stream has, those that this one has by its settings.
        let mut checks: Vec<&str> = CHECKS.to_vec();
        checks.extend(
            stream
                .checks
                .iter()
                .map(|check| check.check.as_str())
                .filter(|check| !CHECKS.contains(check)),
        );
        let cases = checks.iter();
        let mut cases: Vec<(&str, Vec<&Reason>)> = cases
            .map(|check| (*check, own().filter(|reason| reason.check == *check).collect()))
            .collect();
        let rest = own().filter(|reason| !checks.contains(&reason.check.as_str()));
        cases.push((VERDICT, rest.collect()));
        Suite {
            stream,
            failed: stream.verdict == Verdict::Fail && !report.interrupted,
            cases,
        }
    }

    fn wrong(&self) -> usize {
        self.cases.iter().filter(|(_, reasons)| !reasons.is_empty()).count()
    }

    fn failures(&self) -> usize {
        if self.failed { self.wrong() } else { 0 }
    }

    fn errors(&self) -> usize {
        if self.failed { 0 } else { self.wrong() }
    }

    fn write(&self, out: &mut String) {
        let name = escaped(&self.stream.stream);
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
            self.cases.len(),
            self.failures(),
            self.errors()
        );
        for (check, reasons) in &self.cases {
            if reasons.is_empty() {
                let _ = writeln!(out, "    <testcase classname=\"{name}\" name=\"{check}\"/>");
                continue;
            }
            let _ = writeln!(out, "    <testcase classname=\"{name}\" name=\"{check}\">");
            let what = if self.failed { "failure" } else { "error" };
            reasons.iter().for_each(|reason| problem(out, what, reason));
            out.push_str("    </testcase>\n");
        }
        let outcomes = &self.stream.outcomes;
        let asides = asides(self.stream)
            .into_iter()
            .fold(String::new(), |all, line| all + "; " + &escaped(&line));
        let _ = writeln!(
            out,
            "    <system-out>matched {}, mismatched {}, missing {}, extra {}, coverage {}{}</system-out>\n  </testsuite>",
            grouped(outcomes.matched),
            grouped(outcomes.mismatched),
            grouped(outcomes.missing),
            grouped(outcomes.extra),
            self.stream.coverage,
            asides
        );
    }
}

fn problem(out: &mut String, what: &str, reason: &Reason) {
    let _ = writeln!(
        out,
        "      <{what} type=\"{}\" message=\"{}\"/>",
        escaped(&reason.check),
        escaped(&reason.text)
    );
}

/// Text that an attribute or an element bears.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in harmless(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
