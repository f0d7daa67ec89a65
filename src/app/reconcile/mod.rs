//! A bounded run: two logs or two files, read to their captured ends, and a census like `diff`'s.

pub mod drive;
mod open;
mod partners;
mod plan;
pub mod progress;
mod result;

use std::io::Write;

use anyhow::{Context, Result};

use super::clock::Clock;
use super::paths::{self, Named};
use super::report;
use crate::app::command::{Ending, Output, Tone};
use crate::config::ReconcileRequest;
use crate::model::PerSide;

/// Runs it.
///
/// # Errors
/// Our own world failing: a log, a registry, memory.
pub fn run(mut request: ReconcileRequest, output: Output, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    let clock = Clock::start();
    request.fix_times(clock.wall_ms())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("start the runtime")?;
    let opened = open::open(&request, &clock, runtime.handle())?;
    let codecs = PerSide {
        baseline: &request.sides.baseline.codec,
        canary: &request.sides.canary.codec,
    };
    let book = &opened.stream.book;
    paths::check(codecs, &request.show, Named::ByFlags, book)?;
    paths::check_tolerances(&codecs.baseline.rules.tolerant, &request.times, book)?;
    if request.dry_run {
        plan::print(&request, &opened, out)?;
        return Ok(Ending::Done);
    }
    let interrupt = drive::Interrupt::listen(runtime.handle());
    let bar = progress::Bar::new(&opened.stream, opened.offsets, tone);
    let open::Opened {
        mut stream,
        again,
        notes,
        ..
    } = opened;
    let counted = drive::to_the_end(&mut stream, &interrupt, &bar, &clock)?;
    bar.finish();
    let report = result::report(&request, stream, again, counted)?;
    print(&report, output, notes, tone, out)?;
    runtime.shutdown_background();
    Ok(if report.interrupted {
        Ending::Interrupted
    } else {
        Ending::Verdict(report.verdict)
    })
}

fn print(report: &report::Report, output: Output, notes: Vec<String>, tone: Tone, out: &mut dyn Write) -> Result<()> {
    let text = match output {
        Output::Table => report::table(report, &report::Look { colour: true, notes }),
        Output::Markdown => report::markdown(report, &notes),
        Output::Json => {
            if !tone.quiet {
                notes.iter().for_each(|note| anstream::eprintln!("{note}"));
            }
            report.json().context("write the report")?
        }
    };
    out.write_all(text.as_bytes()).context("print the report")?;
    Ok(())
}
