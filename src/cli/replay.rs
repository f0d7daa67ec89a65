//! `replay`: final windows computed again, digests compared.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, Output, ReplayRequest, Tone};
use super::load::OfGeneration;
use super::{Exit, InconclusiveAs, exit};

/// Final windows computed again from the logs: 0 all equal, 1 different, 3 where records are gone
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    of: OfGeneration,
    /// Only this stream
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,
    /// Only the window that holds this time, such as 2026-11-24T12:00:00Z; otherwise all that are final
    #[arg(long, value_name = "TIME", value_parser = time)]
    window: Option<i64>,
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
            of,
            stream,
            window,
            inconclusive,
            output,
        } = self;
        let (config, release, generation) = of.load()?;
        let request = ReplayRequest {
            config,
            release,
            generation,
            stream,
            at_ms: window,
            output,
        };
        Ok(exit(boundary::replay(&request, tone, out)?, inconclusive))
    }
}

fn time(text: &str) -> Result<i64, &'static str> {
    let time = text.parse::<jiff::Timestamp>();
    let time = time.map_err(|_| "a time is written as in RFC 3339: 2026-11-24T12:00:00Z")?;
    Ok(time.as_millisecond())
}
