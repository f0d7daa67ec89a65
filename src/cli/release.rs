//! `release list|start|close|override`: the life cycle, and a verdict that somebody sets.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, Output, ReleaseRequest, Tone};
use super::load::ConfigFile;
use super::order::{Known, Said};
use super::{Exit, exit};
use crate::config::Purpose;
use crate::model::Verdict;

/// The life cycle of releases
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// All releases and their generations
    List {
        #[command(flatten)]
        file: ConfigFile,
        /// How to print it
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
        output: Output,
    },
    /// Begin a new generation of the config's release
    Start {
        #[command(flatten)]
        file: ConfigFile,
        #[command(flatten)]
        said: Said,
    },
    /// Capture the ends of the logs: what lies before them is still read and judged, then the release is over
    Close {
        #[command(flatten)]
        file: ConfigFile,
        /// Which release, rather than the config's
        #[arg(long, value_name = "NAME")]
        release: Option<String>,
        #[command(flatten)]
        said: Said,
    },
    /// Set the verdict on a release: it lifts what fails now, and a check that fails later fails the release again
    Override {
        #[command(flatten)]
        file: ConfigFile,
        #[command(flatten)]
        known: Known,
        /// The verdict that holds from now on
        #[arg(long, value_name = "VERDICT", value_enum, required_unless_present = "lift")]
        verdict: Option<To>,
        /// End an override: the evidence speaks again
        #[arg(long, conflicts_with = "verdict")]
        lift: bool,
        #[command(flatten)]
        said: Said,
    },
}

/// A verdict, as a flag.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum To {
    Pass,
    Fail,
    Inconclusive,
}

impl From<To> for Verdict {
    fn from(to: To) -> Self {
        match to {
            To::Pass => Verdict::Pass,
            To::Fail => Verdict::Fail,
            To::Inconclusive => Verdict::Inconclusive,
        }
    }
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let (file, request) = match self.action {
            Action::List { file, output } => (file, ReleaseRequest::List { output }),
            Action::Start { file, said } => (file, ReleaseRequest::Start(said.order(Known::default()))),
            Action::Close { file, release, said } => {
                let known = Known {
                    release,
                    generation: None,
                };
                (file, ReleaseRequest::Close(said.order(known)))
            }
            Action::Override {
                file,
                known,
                verdict,
                lift: _,
                said,
            } => {
                let verdict = verdict.map(Verdict::from);
                (file, ReleaseRequest::Override(said.order(known), verdict))
            }
        };
        // What begins a generation must be what a worker can run.
        let purpose = match &request {
            ReleaseRequest::Start(_) => Purpose::Worker,
            _ => Purpose::Bounded,
        };
        let config = file.load(purpose)?;
        Ok(exit(boundary::release(config, request, tone, out)?, None))
    }
}
