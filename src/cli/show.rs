//! `show`: one finding as a diff.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, Output, ShowRequest, Tone};
use super::load::ConfigFile;
use super::{Exit, InconclusiveAs, exit};
use crate::config::Purpose;

/// One finding as a diff of its two records, which are read again: 0 shown, 3 where a record is gone
///
/// Paths and kinds are told; a value only where the stream's `show` names its path.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    file: ConfigFile,
    /// Which release
    #[arg(long, value_name = "NAME", env = "CROSSCHECK_RELEASE", hide_env_values = true)]
    release: String,
    /// Which generation, rather than the newest
    #[arg(long, value_name = "N")]
    generation: Option<u32>,
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
        let request = ShowRequest {
            config: self.file.load(Purpose::Worker)?,
            release: self.release,
            generation: self.generation,
            finding: self.finding,
            output: self.output,
        };
        Ok(exit(boundary::show(&request, tone, out)?, self.inconclusive))
    }
}
