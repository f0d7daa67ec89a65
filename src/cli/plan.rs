//! `plan`: what a budget costs, before a canary runs.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;

use super::boundary::{self, Output, PlanRequest, Tone};
use super::load::load;
use super::{Exit, exit};
use crate::config::{Purpose, Sketch, sketch};

/// How long until a regression is caught, and until a clean canary passes
///
/// The engine itself judges drawn records: each bad one independent of the others, in the check of mismatches.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Records a second of event time that both sides see; with --share, before the split
    #[arg(long, value_name = "N", default_value_t = 1000.0, value_parser = positive)]
    rate: f64,
    /// The canary's share of the records, where the traffic is split
    #[arg(long, value_name = "FRACTION", default_value = "1")]
    share: String,
    /// The budget, such as 1e-4 or 0.01%, or CHECK=RATE; again for others
    #[arg(long, value_name = "RATE")]
    budget: Vec<String>,
    /// bursty or independent
    #[arg(long, value_name = "PROFILE", value_enum)]
    profile: Option<crate::config::Profile>,
    /// Length of a window
    #[arg(long, value_name = "DURATION")]
    window: Option<String>,
    /// When an open verdict is given up
    #[arg(long, value_name = "DURATION")]
    max_duration: Option<String>,
    /// Chance of failing a good release
    #[arg(long, value_name = "CHANCE")]
    alpha: Option<String>,
    /// Chance of passing a bad one
    #[arg(long, value_name = "CHANCE")]
    beta: Option<String>,
    /// Budgets, windows and policy of this config, unless a flag says otherwise
    #[arg(short = 'c', long, value_name = "FILE", requires = "stream")]
    config: Option<PathBuf>,
    /// Which stream of the config
    #[arg(long, value_name = "NAME", requires = "config")]
    stream: Option<String>,
    /// Runs that are drawn
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(20..=20_000))]
    runs: u64,
    /// What they are drawn from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Output,
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let Args {
            rate,
            share,
            budget,
            profile,
            window,
            max_duration,
            alpha,
            beta,
            config,
            stream,
            runs,
            seed,
            output,
        } = self;
        let config = config.map(|path| load(&path, Purpose::WorkerOffline)).transpose()?;
        let said = Sketch {
            share,
            budget,
            profile,
            window,
            max_duration,
            alpha,
            beta,
            stream,
        };
        let request = PlanRequest {
            rate,
            judged: sketch(config.as_ref(), &said)?,
            runs,
            seed,
            output,
        };
        Ok(exit(boundary::plan(&request, tone, out)?, None))
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 && rate <= 1e9 => Ok(rate),
        _ => Err("a number of records above 0, such as 1000 or 0.5".to_owned()),
    }
}
