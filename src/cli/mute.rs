//! `mute`: one check left out of the verdict until a date.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, MuteRequest, ReleaseRequest, Tone};
use super::load::ConfigFile;
use super::order::{Known, Said};
use super::{Exit, exit};
use crate::config::{Purpose, until};

/// Leave one check of a stream out of the verdict until a date; its evidence is still counted
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    known: Known,
    /// Which stream
    #[arg(long, value_name = "NAME")]
    stream: String,
    /// Which check: mismatched, missing, extra, duplicate, conflict, undecodable, untimely, diverted or silent
    #[arg(long, value_name = "CHECK")]
    check: String,
    /// Until when: a day (to its end, UTC), an RFC 3339 time, or a duration such as 2h
    #[arg(long, value_name = "WHEN", required_unless_present = "lift")]
    until: Option<String>,
    /// End a mute
    #[arg(long, conflicts_with = "until")]
    lift: bool,
    #[command(flatten)]
    said: Said,
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let until = self.until.map(|text| until("--until", &text)).transpose()?;
        let config = self.file.load(Purpose::Bounded)?;
        let muted = MuteRequest {
            stream: self.stream,
            check: self.check,
            until,
        };
        let request = ReleaseRequest::Mute(self.said.order(self.known), muted);
        Ok(exit(boundary::release(config, request, tone, out)?, None))
    }
}
