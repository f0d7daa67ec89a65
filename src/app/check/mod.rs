//! `check`: the config against the world. Reads only.

mod dead_letter;
mod decidable;
mod print;
mod propose;
mod sample;
mod unpaired;
mod world;

use std::io::Write;

use anyhow::Result;

use super::advice;
use super::command::{Ending, Output};
use crate::app::world::runtime;
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
    let today = super::clock::Clock::start().today();
    let expired = advice::expired_rules(config, today).into_iter();
    found.extend(expired.map(|advice| Found::bad(&advice.stream, advice.text, advice.hint)));
    let unknown = advice::unknown_upstreams(config).into_iter();
    found.extend(unknown.map(|advice| Found::warn(&advice.stream, advice.text, advice.hint)));
    if !offline {
        let runtime = runtime(2)?;
        let clock = super::clock::Clock::start();
        found.extend(world::store(config, runtime.handle()));
        found.extend(world::registries(config, runtime.handle()));
        for stream in &config.streams {
            found.extend(sample::stream(config, stream, &clock, runtime.handle()));
        }
    }
    print::print(&found, output, out)?;
    let bad = found.iter().any(|found| found.mark == Mark::Bad);
    Ok(if bad { Ending::Found } else { Ending::Done })
}
