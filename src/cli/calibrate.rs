//! `calibrate`: baseline against control, and what their noise proposes.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;

use super::boundary::{self, Tone};
use super::load::load;
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
    #[arg(long, value_name = "SOURCE")]
    baseline: Option<String>,
    /// The same version a second time: another instance, or the same one run again
    #[arg(long, value_name = "SOURCE")]
    control: Option<String>,
    /// Take a stream of this config; flags override single keys, lists add
    #[arg(short = 'c', long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Which stream of the config; needless where there is one
    #[arg(long, value_name = "NAME", requires = "config")]
    stream: Option<String>,
    /// First record: beginning, end, an offset, -N, an RFC 3339 time, -1h [by side]
    #[arg(long, value_name = "WHERE", allow_hyphen_values = true)]
    from: Vec<String>,
    /// First record that no longer counts, like --from [by side]
    #[arg(long, value_name = "WHERE", allow_hyphen_values = true)]
    to: Vec<String>,
    /// Only records with header:NAME=VALUE, partition:0-3 or schema:ID [by side]
    #[arg(long, value_name = "WHAT")]
    select: Vec<String>,
    /// key, key:PATH, header:NAME or field:PATH; again for a composite; none is the whole content [by side]
    #[arg(long, value_name = "PART", num_args = 1..)]
    identity: Vec<String>,
    /// What an identity names: event or entity
    #[arg(long, value_name = "WHAT")]
    names: Option<String>,
    /// timestamp, field:PATH, header:NAME or none (unless set) [by side]
    #[arg(long, value_name = "WHERE")]
    event_time: Vec<String>,
    /// A path that is not compared
    #[arg(long, value_name = "PATH")]
    ignore: Vec<String>,
    /// PATH=0.01, PATH=1% or PATH=5ms
    #[arg(long, value_name = "PATH=AMOUNT")]
    tolerance: Vec<String>,
    /// An array in any order
    #[arg(long, value_name = "PATH")]
    unordered: Vec<String>,
    /// avro (unless set), json, protobuf or raw [by side]
    #[arg(long, value_name = "FORMAT")]
    format: Vec<String>,
    /// confluent (unless set), single-object or none [by side]
    #[arg(long, value_name = "FRAMING")]
    framing: Vec<String>,
    /// avro, json, protobuf or raw (unless set) [by side]
    #[arg(long, value_name = "FORMAT")]
    key_format: Vec<String>,
    /// confluent, single-object or none [by side]
    #[arg(long, value_name = "FRAMING")]
    key_framing: Vec<String>,
    /// The schema registry [by side]
    #[arg(long, value_name = "URL", env = "CROSSCHECK_REGISTRY", hide_env_values = true)]
    registry: Vec<String>,
    /// The schema that both are compared under: a file, or SUBJECT:VERSION
    #[arg(long, value_name = "SCHEMA")]
    contract: Option<String>,
    /// A Kafka setting that is no secret [by side]
    #[arg(short = 'X', value_name = "KEY=VALUE")]
    property: Vec<String>,
    /// Memory that unsettled records may hold (256MiB)
    #[arg(long, value_name = "SIZE")]
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
            config: self.config,
            stream: self.stream,
            identity: self.identity,
            names: self.names,
            ignore: self.ignore,
            unordered: self.unordered,
            tolerance: self.tolerance,
            select: self.select,
            format: self.format,
            framing: self.framing,
            key_format: self.key_format,
            key_framing: self.key_framing,
            registry: self.registry,
            event_time: self.event_time,
            from: self.from,
            to: self.to,
            properties: self.property,
            held_max_bytes: self.held_max_bytes,
            contract: self.contract,
            ..ReconcileFlags::default()
        }
    }
}
