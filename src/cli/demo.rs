//! `demo`: the whole product on this machine.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, DemoRequest, Output, Tone};
use super::{Exit, exit};

/// The whole product on this machine with nothing installed: catch a faulty canary in under a minute
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A real Kafka in place of the embedded broker
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',')]
    brokers: Option<Vec<String>>,
    /// A canary without faults: ends in pass
    #[arg(long)]
    healthy: bool,
    /// Leave it serving at the end
    #[arg(long)]
    keep: bool,
    /// Orders that the pipelines process
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(2_000..=200_000))]
    records: u64,
    /// How to print the end
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Output,
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let Args {
            brokers,
            healthy,
            keep,
            records,
            output,
        } = self;
        let request = DemoRequest {
            brokers,
            healthy,
            keep,
            records,
            output,
        };
        Ok(exit(boundary::demo(request, tone, out)?, None))
    }
}
