//! Flags that every command has that reads two logs: what is read of them, what is one event, how it is written. One place,
//! so that a format or a framing that one of them learns all of them know.

use std::path::PathBuf;

use crate::config::ReconcileFlags;

/// What of the logs is read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is compared")]
pub(super) struct Range {
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
}

/// What makes two sightings one event.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is one event")]
pub(super) struct Event {
    /// key, key:PATH, header:NAME or field:PATH; again for a composite; none is the whole content [by side]
    #[arg(long, value_name = "PART", num_args = 1..)]
    identity: Vec<String>,
    /// What an identity names: event or entity
    #[arg(long, value_name = "WHAT")]
    names: Option<String>,
    /// timestamp, field:PATH, header:NAME or none (unless set) [by side]
    #[arg(long, value_name = "WHERE")]
    event_time: Vec<String>,
}

/// How keys and values are written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "How it is written")]
pub(super) struct Written {
    /// avro (unless set), json, protobuf or raw [by side]
    #[arg(long, value_name = "FORMAT")]
    format: Vec<String>,
    /// confluent (unless set), header, single-object or none [by side]
    #[arg(long, value_name = "FRAMING")]
    framing: Vec<String>,
    /// debezium: compare `after` of its envelopes, null there is a tombstone [by side]
    #[arg(long, value_name = "WHAT")]
    unwrap: Vec<String>,
    /// avro, json, protobuf or raw (unless set) [by side]
    #[arg(long, value_name = "FORMAT")]
    key_format: Vec<String>,
    /// confluent, header, single-object or none [by side]
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
}

/// The flags of all three, and of no other.
pub(super) fn flags(range: Range, event: Event, written: Written) -> ReconcileFlags {
    ReconcileFlags {
        config: range.config,
        stream: range.stream,
        from: range.from,
        to: range.to,
        select: range.select,
        identity: event.identity,
        names: event.names,
        event_time: event.event_time,
        format: written.format,
        framing: written.framing,
        unwrap: written.unwrap,
        key_format: written.key_format,
        key_framing: written.key_framing,
        registry: written.registry,
        contract: written.contract,
        properties: written.property,
        ..ReconcileFlags::default()
    }
}
