//! `verdict`: the judgement now, for pipelines.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, Output, Tone, VerdictRequest};
use super::load::Asked;
use super::{Exit, InconclusiveAs, exit};

/// The verdict now: 0 pass, 1 fail, 3 inconclusive
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    asked: Asked,
    /// Only what must pass before this stage of the rollout (policy.stages)
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    /// Every check with its numbers, and what is missing
    #[arg(long)]
    explain: bool,
    /// What inconclusive means to a caller that knows only two exit codes
    #[arg(long, value_name = "AS", value_enum)]
    inconclusive: Option<InconclusiveAs>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Output,
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let Args {
            asked,
            stage,
            explain,
            inconclusive,
            output,
        } = self;
        let (release, generation, from) = asked.load()?;
        let request = VerdictRequest {
            release,
            generation,
            from,
            stage,
            explain,
            output,
        };
        Ok(exit(boundary::verdict(request, tone, out)?, inconclusive))
    }
}
