//! `report`: the scorecard of a release.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, ReportOutput, ReportRequest, Tone};
use super::load::Asked;
use super::{Exit, exit};

/// The scorecard: what was read, what differs, the verdict and why
///
/// Ends with 0 whatever the verdict: `verdict` is the one for pipelines.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    asked: Asked,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: ReportOutput,
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let (release, generation, from) = self.asked.load()?;
        let request = ReportRequest {
            release,
            generation,
            from,
            output: self.output,
        };
        Ok(exit(boundary::report(&request, tone, out)?, None))
    }
}
