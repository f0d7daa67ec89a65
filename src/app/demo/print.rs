//! The end of the demo on stdout: the report, and what was found against what was injected.

use std::io::Write;

use anyhow::{Context, Result};
use serde::Serialize;

use super::show::Outcome;
use super::truth::Injected;
use crate::app::command::Output;
use crate::app::report::{Look, Report, markdown, table};

/// The shape for scripts.
#[derive(Serialize)]
struct Both<'a> {
    injected: &'a Injected,
    report: &'a Report,
}

/// Prints an outcome.
///
/// # Errors
/// The writer does not take it.
pub fn print(outcome: &Outcome, output: Output, out: &mut dyn Write) -> Result<()> {
    let Outcome {
        injected,
        report,
        comparison,
        ..
    } = outcome;
    let text = match output {
        Output::Json => {
            let both = Both { injected, report };
            serde_json::to_string_pretty(&both).context("write the report")? + "\n"
        }
        Output::Table => format!("{}\n{}", table(report, &Look::default()), comparison.text()),
        Output::Markdown => format!("{}\n```\n{}```\n", markdown(report, &[]), comparison.text()),
    };
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("print the report")
}
