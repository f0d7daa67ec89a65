//! `check`: the config against the world.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, Output, Tone};
use super::load::ConfigFile;
use super::{Exit, exit};
use crate::config::Purpose;

/// Hold a config against the world: topics, registry, database, rights, and whether the sides can meet
///
/// Reads only. Ends with 1 where something is found that will not work.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    file: ConfigFile,
    /// The config alone; connects to nothing and reads no secret
    #[arg(long)]
    offline: bool,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Output,
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let purpose = if self.offline {
            Purpose::WorkerOffline
        } else {
            Purpose::Worker
        };
        let config = self.file.load(purpose)?;
        Ok(exit(
            boundary::check(config, self.offline, self.output, tone, out)?,
            None,
        ))
    }
}
