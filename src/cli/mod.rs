//! Top floor: one small file a command.
//!
//! Data goes to stdout; progress, logs and errors go to stderr. Exit codes are in [`Exit`].

pub mod boundary;
mod calibrate;
mod check;
mod completions;
mod config;
mod demo;
mod exit;
mod fail;
mod load;
mod migrate;
mod mute;
mod order;
mod panic;
mod plan;
mod reconcile;
mod release;
mod replay;
mod report;
mod run;
mod show;
mod sources;
mod timeline;
mod verdict;

use std::ffi::OsString;
use std::io::Write;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};

use boundary::{Ending, Tone};
pub use exit::{Exit, InconclusiveAs};

/// Tells you, while a canary runs, whether the canary writes the same data as the baseline.
#[derive(Debug, Parser)]
#[command(name = "crosscheck", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 pass, or nothing found; 1 fail; 2 trouble (usage, config, our own world); \
                        3 inconclusive; 130 interrupted.\n\
                        Precedence: flags, CROSSCHECK_* variables, the config file, defaults."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose", display_order = 100)]
    quiet: bool,
    /// More on stderr; twice for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, display_order = 101)]
    verbose: u8,
    /// Colours; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto, display_order = 102)]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Reconcile(Box<reconcile::Args>),
    Calibrate(Box<calibrate::Args>),
    Check(check::Args),
    Verdict(verdict::Args),
    Report(report::Args),
    Plan(plan::Args),
    Release(release::Args),
    Mute(mute::Args),
    Timeline(timeline::Args),
    Replay(replay::Args),
    Show(show::Args),
    Migrate(migrate::Args),
    Config(config::Args),
    Demo(demo::Args),
    Completions(completions::Args),
}

/// Parses the command line, runs the command, gives its exit code.
#[must_use]
pub fn main() -> std::process::ExitCode {
    panic::end_the_process();
    #[cfg(feature = "mutants")]
    obey_a_test();
    // One TLS stack, chosen before the first client; a second choice changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The other one is librdkafka's. By itself it takes its memory apart in an exit handler, under threads of a client, or
    // of ours that made one, that are still ending; begun so, it leaves that to the system.
    openssl_sys::init();
    let parsed = parse(std::env::args_os());
    // Only now, so that they know what `--color` says.
    let mut out = anstream::stdout();
    let mut log = anstream::stderr();
    run_parsed(parsed, &mut out, &mut log).into()
}

#[cfg(feature = "mutants")]
#[expect(clippy::disallowed_methods, reason = "a test's order to a whole process")]
fn obey_a_test() {
    if let Ok(task) = std::env::var("CROSSCHECK_PANIC_IN") {
        crate::mutants::panic_in(task);
    }
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let cli = Cli::try_parse_from(arguments)?;
    match cli.color {
        ColorChoice::Auto => {}
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
    Ok(cli)
}

/// The same with everything that it takes from the process given.
pub fn start(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write, log: &mut dyn Write) -> Exit {
    run_parsed(parse(arguments), out, log)
}

fn run_parsed(parsed: Result<Cli, clap::Error>, out: &mut dyn Write, log: &mut dyn Write) -> Exit {
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return fail::usage(&error, out, log),
    };
    let tone = Tone {
        quiet: cli.quiet,
        verbose: cli.verbose,
    };
    let ended = match cli.command {
        Command::Run(args) => args.run(tone),
        Command::Reconcile(args) => args.run(tone, out),
        Command::Calibrate(args) => args.run(tone, out),
        Command::Check(args) => args.run(tone, out),
        Command::Verdict(args) => args.run(tone, out),
        Command::Report(args) => args.run(tone, out),
        Command::Plan(args) => args.run(tone, out),
        Command::Release(args) => args.run(tone, out),
        Command::Mute(args) => args.run(tone, out),
        Command::Timeline(args) => args.run(tone, out),
        Command::Replay(args) => args.run(tone, out),
        Command::Show(args) => args.run(tone, out),
        Command::Migrate(args) => args.run(tone, out),
        Command::Config(args) => args.run(out),
        Command::Demo(args) => args.run(tone, out),
        Command::Completions(args) => args.run(&mut Cli::command(), out),
    };
    match ended.and_then(|exit| Ok(out.flush().map(|()| exit)?)) {
        Ok(exit) => exit,
        Err(error) => fail::report(&error, log),
    }
}

/// The exit code of an ending.
fn exit(ending: Ending, inconclusive: Option<InconclusiveAs>) -> Exit {
    match ending {
        Ending::Done => Exit::Pass,
        Ending::Found => Exit::Fail,
        Ending::Verdict(verdict) => Exit::of(verdict, inconclusive),
        Ending::Interrupted => Exit::Interrupted,
    }
}

/// The whole command line, for the docs and their tests.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}
