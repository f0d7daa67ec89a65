//! `-c FILE`: the config, read.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::boundary::VerdictFrom;
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

/// A generation that is stored, and where its logs are.
#[derive(Debug, clap::Args)]
pub(super) struct OfGeneration {
    #[command(flatten)]
    file: ConfigFile,
    /// Which release
    #[arg(long, value_name = "NAME", env = "CROSSCHECK_RELEASE", hide_env_values = true)]
    release: String,
    /// Which generation, rather than the newest
    #[arg(long, value_name = "N")]
    generation: Option<u32>,
}

impl OfGeneration {
    pub(super) fn load(self) -> Result<(Config, String, Option<u32>)> {
        Ok((self.file.load(Purpose::Worker)?, self.release, self.generation))
    }
}

pub(super) fn load(path: &Path, purpose: Purpose) -> Result<Config> {
    Ok(Config::load_for(path, &ProcessEnv, purpose)?)
}

/// Which release, and where to ask about it.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("where").args(["config", "url"]).required(true).multiple(true))]
pub(super) struct Asked {
    /// Which release
    #[arg(long, value_name = "NAME", env = "CROSSCHECK_RELEASE", hide_env_values = true)]
    release: String,
    /// Which generation, rather than the newest
    #[arg(long, value_name = "N")]
    generation: Option<u32>,
    /// Ask the database of this config
    #[arg(
        short = 'c',
        long,
        value_name = "FILE",
        env = "CROSSCHECK_CONFIG",
        hide_env_values = true
    )]
    config: Option<PathBuf>,
    /// Ask a worker, such as http://127.0.0.1:9600
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl Asked {
    /// Release, generation, and the config or address to ask.
    pub(super) fn load(self) -> Result<(String, Option<u32>, VerdictFrom)> {
        let from = match (self.url, self.config) {
            (Some(url), _) => VerdictFrom::Url(url),
            (None, Some(path)) => VerdictFrom::Config(Box::new(load(&path, Purpose::Bounded)?)),
            (None, None) => anyhow::bail!("neither --url nor -c says where to ask"),
        };
        Ok((self.release, self.generation, from))
    }
}
