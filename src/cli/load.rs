//! `-c FILE`: the config, read.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::config::{Config, ProcessEnv, Purpose};

/// Which config.
#[derive(Debug, clap::Args)]
pub(super) struct ConfigFile {
    /// The config file
    #[arg(
        short = 'c',
        long = "config",
        value_name = "FILE",
        env = "CROSSCHECK_CONFIG",
        hide_env_values = true
    )]
    pub(super) config: PathBuf,
}

impl ConfigFile {
    pub(super) fn load(&self, purpose: Purpose) -> Result<Config> {
        load(&self.config, purpose)
    }
}

pub(super) fn load(path: &Path, purpose: Purpose) -> Result<Config> {
    Ok(Config::load_for(path, &ProcessEnv, purpose)?)
}
