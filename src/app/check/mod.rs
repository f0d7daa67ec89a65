//! `check`: the config against the world. Reads only.

mod print;
mod sample;
mod world;

use std::io::Write;

use anyhow::{Context, Result};

use super::command::{Ending, Output};
use crate::config::Config;
pub use print::{Found, Mark};

/// Checks and prints what was found.
///
/// # Errors
/// The output cannot be written. What is wrong with the world is a finding, not an error.
pub fn run(config: &Config, offline: bool, output: Output, out: &mut dyn Write) -> Result<Ending> {
    let mut found = vec![Found::ok(
        "config",
        format!("{} streams, release {}", config.streams.len(), config.release.name),
    )];
    found.extend(expired(config));
    if !offline {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("start the runtime")?;
        let clock = super::clock::Clock::start();
        found.extend(world::store(config, runtime.handle()));
        found.extend(world::registries(config, runtime.handle()));
        for stream in &config.streams {
            found.extend(sample::stream(config, stream, clock, runtime.handle()));
        }
    }
    print::print(&found, output, out)?;
    let bad = found.iter().any(|found| found.mark == Mark::Bad);
    Ok(if bad { Ending::Found } else { Ending::Done })
}

/// Rules whose last day has passed.
fn expired(config: &Config) -> Vec<Found> {
    let today = super::clock::Clock::start().today();
    let mut found = Vec::new();
    for stream in &config.streams {
        for ignore in &stream.ignores {
            if let Some(until) = ignore.until.filter(|until| *until < today) {
                let owner = ignore.owner.as_deref().unwrap_or("nobody");
                found.push(Found::bad(
                    &stream.name,
                    format!("the ignore of {} expired on {until}; {owner} owns it", ignore.path),
                    "remove it, or give it a later date",
                ));
            }
        }
    }
    found
}
