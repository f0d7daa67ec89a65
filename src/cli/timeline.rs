//! `timeline`: what happened to a release and when.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, Output, TimelineRequest, Tone};
use super::load::ConfigFile;
use super::{Exit, exit};
use crate::config::Purpose;

/// What happened to a release and when: its beginning and end, what people decided, every verdict
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
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Output,
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let request = TimelineRequest {
            config: Box::new(self.file.load(Purpose::Bounded)?),
            release: self.release,
            generation: self.generation,
            output: self.output,
        };
        Ok(exit(boundary::timeline(&request, tone, out)?, None))
    }
}
