//! The findings, one a line, for pipes: each with its stream, in the order of the report.

use serde::Serialize;

use super::model::{Finding, Report};

#[derive(Serialize)]
struct Line<'a> {
    release: &'a str,
    generation: u64,
    stream: &'a str,
    #[serde(flatten)]
    finding: &'a Finding,
}

/// A line for every finding that was kept.
///
/// # Errors
/// A number that JSON does not have.
pub fn ndjson(report: &Report) -> Result<String, serde_json::Error> {
    let mut out = String::new();
    for stream in &report.streams {
        for finding in &stream.findings {
            let line = Line {
                release: &report.release,
                generation: report.generation,
                stream: &stream.stream,
                finding,
            };
            out.push_str(&serde_json::to_string(&line)?);
            out.push('\n');
        }
    }
    Ok(out)
}
