//! `migrate`: the database brought to this binary's version.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, Tone};
use super::load::ConfigFile;
use super::{Exit, exit};
use crate::config::Purpose;

/// Bring the database to the version of this binary
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    file: ConfigFile,
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let config = self.file.load(Purpose::Bounded)?;
        Ok(exit(boundary::migrate(config, tone, out)?, None))
    }
}
