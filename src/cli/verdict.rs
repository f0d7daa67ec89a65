//! `verdict`: the judgement now, for pipelines.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;

use super::boundary::{self, Output, Tone, VerdictFrom, VerdictRequest};
use super::load::load;
use super::{Exit, InconclusiveAs, exit};
use crate::config::Purpose;

/// The verdict now: 0 pass, 1 fail, 3 inconclusive
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("where").args(["config", "url"]).required(true).multiple(true))]
pub(super) struct Args {
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
            release,
            generation,
            config,
            url,
            explain,
            inconclusive,
            output,
        } = self;
        let from = match (url, config) {
            (Some(url), _) => VerdictFrom::Url(url),
            (None, Some(path)) => VerdictFrom::Config(Box::new(load(&path, Purpose::Bounded)?)),
            (None, None) => anyhow::bail!("neither --url nor -c says where to ask"),
        };
        let request = VerdictRequest {
            release,
            generation,
            from,
            explain,
            output,
        };
        Ok(exit(boundary::verdict(request, tone, out)?, inconclusive))
    }
}
