//! `release list|start|close`: the life cycle.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, Output, ReleaseRequest, Tone};
use super::load::ConfigFile;
use super::{Exit, exit};
use crate::config::Purpose;

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
        /// Why, for the record
        #[arg(long, value_name = "TEXT", value_parser = said)]
        reason: String,
    },
    /// Capture the ends of the logs: what lies before them is still read and judged, then the release is over
    Close {
        #[command(flatten)]
        file: ConfigFile,
        /// Which release, rather than the config's
        #[arg(long, value_name = "NAME")]
        release: Option<String>,
        /// Why, for the record
        #[arg(long, value_name = "TEXT", value_parser = said)]
        reason: String,
    },
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let (file, request) = match self.action {
            Action::List { file, output } => (file, ReleaseRequest::List { output }),
            Action::Start { file, reason } => (file, ReleaseRequest::Start { reason }),
            Action::Close { file, release, reason } => (file, ReleaseRequest::Close { release, reason }),
        };
        // What begins a generation must be what a worker can run.
        let purpose = match &request {
            ReleaseRequest::Start { .. } => Purpose::Worker,
            ReleaseRequest::List { .. } | ReleaseRequest::Close { .. } => Purpose::Bounded,
        };
        let config = file.load(purpose)?;
        Ok(exit(boundary::release(config, request, tone, out)?, None))
    }
}

/// A reason that says something.
fn said(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("a reason must say something"),
        text => Ok(text.to_owned()),
    }
}
