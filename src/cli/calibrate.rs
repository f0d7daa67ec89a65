//! `calibrate`: baseline against control, and what their noise proposes.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, Tone};
use super::load::load;
use super::sources::{self, Event, Range, Written};
use super::{Exit, exit};
use crate::config::{Purpose, ReconcileFlags, calibrate_from};

/// Propose rules for the noise between baseline and control, as YAML
///
/// Both are of the same version, so what differs is noise: `ignore`, `tolerance` and `unordered` that
/// take it out, and the `lateness` and `grace` that it needs. The evidence for each stands beside it:
/// how many records, which kinds, never values.
/// SOURCE is kafka://BROKER[,BROKER]/TOPIC, a path to .avro, .jsonl or .ndjson, each also .gz or .zst,
/// or - with --format.
/// An option that may differ by side takes `baseline=` or `control=` before its value.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// The side that is trusted
    #[arg(long, value_name = "SOURCE", help_heading = "What is compared")]
    baseline: Option<String>,
    /// The same version a second time: another instance, or the same one run again
    #[arg(long, value_name = "SOURCE", help_heading = "What is compared")]
    control: Option<String>,
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    event: Event,
    /// A path that is not compared
    #[arg(long, value_name = "PATH", help_heading = "What is equal")]
    ignore: Vec<String>,
    /// PATH=0.01, PATH=1% or PATH=5ms
    #[arg(long, value_name = "PATH=AMOUNT", help_heading = "What is equal")]
    tolerance: Vec<String>,
    /// An array in any order
    #[arg(long, value_name = "PATH", help_heading = "What is equal")]
    unordered: Vec<String>,
    #[command(flatten)]
    written: Written,
    /// Memory that unsettled records may hold (256MiB)
    #[arg(long, value_name = "SIZE", help_heading = "What is told")]
    held_max_bytes: Option<String>,
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let flags = self.into_flags();
        let config = flags
            .config
            .as_deref()
            .map(|path| load(path, Purpose::Bounded))
            .transpose()?;
        let request = calibrate_from(&flags, config.as_ref())?;
        Ok(exit(boundary::calibrate(request, tone, out)?, None))
    }

    fn into_flags(self) -> ReconcileFlags {
        ReconcileFlags {
            baseline: self.baseline,
            control: self.control,
            ignore: self.ignore,
            unordered: self.unordered,
            tolerance: self.tolerance,
            held_max_bytes: self.held_max_bytes,
            ..sources::flags(self.range, self.event, self.written)
        }
    }
}
