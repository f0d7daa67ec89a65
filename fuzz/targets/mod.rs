//! The targets.

mod config;
mod container;
mod flags;
mod frame;
mod json;
mod protobuf;
mod record;
mod schema;
mod stored;
mod walk;

use std::time::Duration;

use super::{PEAK_MAX_BYTES, Seeds, TIME_MAX, Target};

/// A record is walked thirteen times.
const WALKS_TIME_MAX: Duration = Duration::from_millis(250);

/// All of them.
pub static ALL: [Target; 10] = [
    Target {
        time_max: WALKS_TIME_MAX,
        ..target("record", record::run, record::seeds)
    },
    Target {
        time_max: WALKS_TIME_MAX,
        ..target("walk", walk::run, walk::seeds)
    },
    target("schema", schema::run, schema::seeds),
    target("frame", frame::run, frame::seeds),
    Target {
        time_max: WALKS_TIME_MAX,
        ..target("json", json::run, json::seeds)
    },
    Target {
        time_max: WALKS_TIME_MAX,
        ..target("protobuf", protobuf::run, protobuf::seeds)
    },
    Target {
        // A block may inflate to 64 MiB, and what is read is read twice.
        peak_max_bytes: (64 << 20) + PEAK_MAX_BYTES,
        time_max: Duration::from_secs(2),
        ..target("container", container::run, container::seeds)
    },
    target("config", config::run, config::seeds),
    target("flags", flags::run, flags::seeds),
    target("stored", stored::run, stored::seeds),
];

const fn target(name: &'static str, run: fn(&[u8]), seeds: Seeds) -> Target {
    Target {
        name,
        run,
        seeds,
        peak_max_bytes: PEAK_MAX_BYTES,
        time_max: TIME_MAX,
    }
}
