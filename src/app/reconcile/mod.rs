//! A bounded run: two logs or two files, read to their captured ends, and a census like `diff`'s.

pub mod drive;
mod kept;
pub mod open;
mod partners;
mod plan;
pub mod progress;
pub mod result;
pub mod spill;
mod topics;

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use super::advice;
use super::clock::Clock;
use super::keyed::Key;
use super::paths::{self, Named};
use super::report;
use crate::app::command::{Ending, ReportOutput, Tone};
use crate::app::world::runtime;
use crate::config::ReconcileRequest;
use crate::model::PerSide;

/// Runs it.
///
/// # Errors
/// Our own world failing: a log, a registry, memory.
pub fn run(mut request: ReconcileRequest, output: ReportOutput, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    let clock = Clock::start();
    request.fix_times(clock.wall_ms())?;
    request.engine = request.engine.salted(Key::of_run(request.trust_key.as_ref()).salt());
    let runtime = runtime(2)?;
    let interrupt = drive::Interrupt::listen(runtime.handle())?;
    let request = Arc::new(request);
    let Some(opened) = opened(&request, clock.clone(), &runtime, &interrupt)? else {
        if !request.dry_run {
            print(&result::nothing(&request), output, &[], tone, out)?;
        }
        // Who opens may wait for a cluster yet.
        runtime.shutdown_background();
        return Ok(Ending::Interrupted);
    };
    let codecs = PerSide {
        baseline: &request.sides.baseline.codec,
        canary: &request.sides.canary.codec,
    };
    let book = &opened.stream.book;
    paths::check(codecs, &request.show, Named::ByFlags, book)?;
    paths::check_kinds(&codecs.baseline.rules, &request.times, Named::ByFlags, book)?;
    paths::check_aggregates(&request.engine.named.aggregates, &codecs.baseline.measured, book)?;
    if request.dry_run {
        plan::print(&request, &opened, out)?;
        return Ok(Ending::Done);
    }
    let bar = progress::Bar::new(&opened.stream, opened.offsets, tone);
    let open::Opened {
        mut stream,
        again,
        notes,
        ..
    } = opened;
    let counted = drive::to_the_end(&mut stream, &interrupt, &bar, &clock)?;
    bar.finish();
    let mut report = result::report(&request, stream, again, counted, &interrupt)?;
    let expired = advice::expired(&request.ignores, clock.today());
    report
        .warnings
        .extend(expired.map(|text| format!("{}: {text}", request.stream)));
    print(&report, output, &notes, tone, out)?;
    runtime.shutdown_background();
    Ok(if report.interrupted {
        Ending::Interrupted
    } else {
        Ending::Verdict(report.verdict)
    })
}

/// Both logs, opened by a thread of its own: a cluster may take its time. `None` where SIGINT came first.
pub(in crate::app) fn opened(
    request: &Arc<ReconcileRequest>,
    clock: Clock,
    runtime: &Runtime,
    interrupt: &drive::Interrupt,
) -> Result<Option<open::Opened>> {
    let (request, handle) = (request.clone(), runtime.handle().clone());
    let opening = runtime.spawn_blocking(move || open::open(&request, &clock, &handle));
    runtime.block_on(async {
        tokio::select! {
            opened = opening => opened.context("join the thread that opens the logs")?.map(Some),
            () = interrupt.wait() => Ok(None),
        }
    })
}

fn print(
    report: &report::Report,
    output: ReportOutput,
    notes: &[String],
    tone: Tone,
    out: &mut dyn Write,
) -> Result<()> {
    let text = report::written(report, output, notes)?;
    if !report::tells_notes(output) && !tone.quiet {
        notes.iter().for_each(|note| anstream::eprintln!("{note}"));
    }
    out.write_all(text.as_bytes()).context("print the report")?;
    Ok(())
}
