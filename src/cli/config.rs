//! `config init|show|schema`: a file to start from, what is in force, what may be written.

use std::io::Write;

use anyhow::Result;

use super::Exit;
use super::load::ConfigFile;
use crate::config::{Config, ProcessEnv, schema};

/// A config to start from.
const STARTING_POINT: &str = include_str!("../../config/crosscheck.yaml");

/// A config to start from, the config in force, its JSON Schema
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print a commented config to start from
    Init,
    /// Print the config in force: variables and defaults in place, secrets only named
    Show {
        #[command(flatten)]
        file: ConfigFile,
    },
    /// Print the JSON Schema of the config
    Schema,
}

impl Args {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Exit> {
        match self.action {
            Action::Init => out.write_all(STARTING_POINT.as_bytes())?,
            Action::Show { file } => out.write_all(Config::effective(&file.config, &ProcessEnv)?.as_bytes())?,
            Action::Schema => writeln!(out, "{:#}", schema())?,
        }
        Ok(Exit::Pass)
    }
}
