//! `show`: one finding as a diff.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, Output, ShowRequest, Tone};
use super::load::OfGeneration;
use super::{Exit, InconclusiveAs, exit};

/// One finding as a diff of its two records, which are read again: 0 shown, 3 where a record is gone
///
/// Paths and kinds are told; a value only where the stream's `show` names its path.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    of: OfGeneration,
    /// The finding's id, or its begin: `report -o ndjson` lists them
    #[arg(value_name = "FINDING")]
    finding: String,
    /// What inconclusive means to a caller that knows only two exit codes
    #[arg(long, value_name = "AS", value_enum)]
    inconclusive: Option<InconclusiveAs>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Output,
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let (config, release, generation) = self.of.load()?;
        let request = ShowRequest {
            config,
            release,
            generation,
            finding: self.finding,
            output: self.output,
        };
        Ok(exit(boundary::show(&request, tone, out)?, self.inconclusive))
    }
}
