//! `run`: the worker.

use anyhow::Result;

use super::boundary::{self, Role, Tone};
use super::load::ConfigFile;
use super::{Exit, exit};
use crate::config::Purpose;

/// Follow the topics for as long as the canary lives
///
/// Ends with 0 on SIGTERM, whatever its verdict.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    file: ConfigFile,
    /// Which part of the worker runs
    #[arg(long, value_enum, default_value = "all")]
    role: RoleName,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum RoleName {
    /// All of it, in one process
    All,
}

impl Args {
    pub(super) fn run(self, tone: Tone) -> Result<Exit> {
        let config = self.file.load(Purpose::Worker)?;
        let RoleName::All = self.role;
        Ok(exit(boundary::run(config, Role::All, tone)?, None))
    }
}
