//! The command line: help, usage errors, exit codes.

mod at_exit;
pub(crate) mod bad_input;
mod config;
mod help;
mod interrupt;
#[cfg(feature = "mutants")]
mod panics;
mod plan;
mod release;
mod request;
mod spill;
mod usage;

use crosscheck::cli::{self, Exit};

/// Runs a command line in this process: exit code, stdout, stderr.
fn run(arguments: &str) -> (Exit, String, String) {
    run_all(&arguments.split_whitespace().collect::<Vec<_>>())
}

fn run_all(arguments: &[&str]) -> (Exit, String, String) {
    let mut out = anstream::StripStream::new(Vec::new());
    let mut log = anstream::StripStream::new(Vec::new());
    let arguments = std::iter::once("crosscheck").chain(arguments.iter().copied());
    let exit = cli::start(arguments.map(Into::into), &mut out, &mut log);
    let text = |stream: anstream::StripStream<Vec<u8>>| String::from_utf8(stream.into_inner()).unwrap();
    (exit, text(out), text(log))
}
