//! Where the command line ends and the app begins: one call a command.
//!
//! A command parses its flags into a plain request, gives the app a writer for data (stdout) and takes an [`Ending`].

use std::io::Write;

use anyhow::Result;

pub use crate::app::command::{
    DemoRequest, Ending, MuteRequest, Order, Output, PlanRequest, ReleaseRequest, ReportOutput, ReportRequest, Role,
    TimelineRequest, Tone, VerdictFrom, VerdictRequest,
};
pub use crate::app::replay::Request as ReplayRequest;
pub use crate::app::shown::Request as ShowRequest;
use crate::app::{self, logs};
use crate::config::{Config, ReconcileRequest};

/// The worker.
///
/// # Errors
/// Our own world failing.
pub fn run(config: Config, _role: Role, tone: Tone) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Info);
    app::worker::run(config)
}

/// A bounded run.
///
/// # Errors
/// Our own world failing.
pub fn reconcile(request: ReconcileRequest, output: ReportOutput, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Warn);
    app::reconcile::run(request, output, tone, out)
}

/// Baseline against control.
///
/// # Errors
/// Our own world failing.
pub fn calibrate(request: ReconcileRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Warn);
    app::calibrate::run(request, tone, out)
}

/// Config against the world.
///
/// # Errors
/// Our own world failing.
pub fn check(config: Config, offline: bool, output: Output, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Error);
    app::check::run(&config, offline, output, out)
}

/// The verdict now.
///
/// # Errors
/// Our own world failing.
pub fn verdict(request: VerdictRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Warn);
    app::verdict::run(request, out)
}

/// The scorecard.
///
/// # Errors
/// Our own world failing.
pub fn report(request: &ReportRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Warn);
    app::verdict::scorecard(request, out)
}

/// What happened when.
///
/// # Errors
/// Our own world failing.
pub fn timeline(request: &TimelineRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Warn);
    app::timeline::run(request, out)
}

/// What a budget costs.
///
/// # Errors
/// The output cannot be written.
pub fn plan(request: &PlanRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Warn);
    app::plan::run(request, out)
}

/// The life cycle of releases.
///
/// # Errors
/// Our own world failing.
pub fn release(config: Config, request: ReleaseRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Warn);
    app::release::run(&config, request, out)
}

/// Final windows computed again.
///
/// # Errors
/// Our own world failing.
pub fn replay(request: &ReplayRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Error);
    app::replay::run(request, tone, out)
}

/// One finding as a diff.
///
/// # Errors
/// Our own world failing.
pub fn show(request: &ShowRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Error);
    app::shown::run(request, out)
}

/// The database brought to this binary's version.
///
/// # Errors
/// Our own world failing.
pub fn migrate(config: Config, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    logs::to_stderr(tone, logs::Level::Warn);
    app::release::migrate(&config, out)
}

/// The whole product on this machine.
///
/// # Errors
/// Our own world failing.
pub fn demo(request: DemoRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    crate::app::demo::run(&request, tone, out)
}
