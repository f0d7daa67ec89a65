//! Log lines: on stderr, for people on a terminal, as JSON for machines.

use std::io::IsTerminal;

use tracing_subscriber::filter::LevelFilter;

use super::command::Tone;

/// How much is logged without `-v` and `-q`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Errors.
    Error,
    /// Warnings too.
    Warn,
    /// What happens, too.
    Info,
}

/// Logs to stderr from now on. Asked again, it does nothing.
pub fn to_stderr(tone: Tone, usual: Level) {
    let usual = match usual {
        Level::Error => 0,
        Level::Warn => 1,
        Level::Info => 2,
    };
    let level = match (tone.quiet, usual + tone.verbose) {
        (true, _) | (_, 0) => LevelFilter::ERROR,
        (_, 1) => LevelFilter::WARN,
        (_, 2) => LevelFilter::INFO,
        (_, 3) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false);
    let terminal = std::io::stderr().is_terminal();
    // Only the first subscriber of a process counts; a second one is a test's.
    let _ = if terminal {
        lines.with_ansi(true).try_init()
    } else {
        lines.json().flatten_event(true).try_init()
    };
}
