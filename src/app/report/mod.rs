//! The report: one shape for every command, and its faces.

mod adoption;
mod build;
mod figures;
mod html;
mod junit;
mod markdown;
mod model;
mod ndjson;
mod pattern;
mod sampling;
mod table;
mod topics;

#[cfg(test)]
mod tests;

pub use adoption::{Adoption, ProducerShare, Producers, SchemaShare, Share, adoption};
pub use build::{
    FieldCounts, SideInput, StreamInput, add_aggregates, add_named, add_noise, checks, drift, finding, release,
    rfc3339, stages, stream,
};
pub use figures::{grouped, harmless};
pub use markdown::markdown;
pub use model::{
    AggregateReport, CheckReport, ControlReport, DelayMs, Drift, ExcludedReasons, FieldCount, Finding, NoiseReport,
    Outcomes, PartitionRange, Pattern, Place, Reason, Report, SCHEMA_VERSION, SamplingRate, SchemaChange, SchemaUse,
    SideReport, SkewMs, StageReport, StreamReport, schema,
};
pub use sampling::add_rates;
pub use table::{Look, table};
pub use topics::name_finding;

use anyhow::{Context, Result};

use super::command::ReportOutput;
use crate::model::Verdict;

/// A report in a shape; `notes` are lines of the command's own, which only people are told.
///
/// # Errors
/// A number that JSON does not have.
pub fn written(report: &Report, output: ReportOutput, notes: &[String]) -> Result<String> {
    Ok(match output {
        ReportOutput::Table => table(
            report,
            &Look {
                colour: true,
                notes: notes.to_vec(),
            },
        ),
        ReportOutput::Markdown => markdown(report, notes),
        ReportOutput::Html => html::html(report, notes),
        ReportOutput::Junit => junit::junit(report),
        ReportOutput::Json => report.json().context("write the report")?,
        ReportOutput::Ndjson => ndjson::ndjson(report).context("write the findings")?,
    })
}

/// Whether a shape tells the notes of a command.
#[must_use]
pub fn tells_notes(output: ReportOutput) -> bool {
    matches!(
        output,
        ReportOutput::Table | ReportOutput::Markdown | ReportOutput::Html
    )
}

/// What an inconclusive verdict is for a caller that knows only two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InconclusiveAs {
    /// Itself: 3.
    #[default]
    Itself,
    /// A pass: 0.
    Pass,
    /// A failure: 1.
    Fail,
}

/// Exit code after SIGINT.
pub const EXIT_INTERRUPTED: u8 = 130;

/// The exit code of a verdict.
#[must_use]
pub fn exit_code(verdict: Verdict, inconclusive: InconclusiveAs) -> u8 {
    match (verdict, inconclusive) {
        (Verdict::Pass, _) | (Verdict::Inconclusive, InconclusiveAs::Pass) => 0,
        (Verdict::Fail, _) | (Verdict::Inconclusive, InconclusiveAs::Fail) => 1,
        (Verdict::Inconclusive, InconclusiveAs::Itself) => 3,
    }
}

impl Report {
    /// The exit code of the command that prints it.
    #[must_use]
    pub fn exit_code(&self, inconclusive: InconclusiveAs) -> u8 {
        if self.interrupted {
            EXIT_INTERRUPTED
        } else {
            exit_code(self.verdict, inconclusive)
        }
    }

    /// The report as JSON for scripts: indented, one order of keys, a line feed at the end.
    ///
    /// # Errors
    /// A number that JSON does not have.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}
