//! What the command line asks of the app, and how a command ends: one plain request each.

use crate::config::{Config, Sketched, Until};
use crate::model::Verdict;

/// How a command ended that did not fail by our own trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did what it was asked to.
    Done,
    /// It found something (`check`).
    Found,
    /// It has a verdict.
    Verdict(Verdict),
    /// SIGINT came first.
    Interrupted,
}

/// The shape of what is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Table,
    /// The report of the contract.
    Json,
    /// For comments and tickets.
    Markdown,
}

/// The shape of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportOutput {
    /// For people.
    #[default]
    Table,
    /// The report of the contract.
    Json,
    /// The findings, one a line.
    Ndjson,
    /// For comments and tickets.
    Markdown,
    /// One page that opens from a disk.
    Html,
    /// JUnit XML, for the test tab of a CI.
    Junit,
}

/// What every command may be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tone {
    /// Nothing but data and errors.
    pub quiet: bool,
    /// How much more to tell.
    pub verbose: u8,
}

/// Which part of the worker runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// All of it.
    #[default]
    All,
}

/// What `demo` is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoRequest {
    /// A real Kafka; `None` is the embedded broker.
    pub brokers: Option<Vec<String>>,
    /// Without faults.
    pub healthy: bool,
    /// Leave it serving.
    pub keep: bool,
    /// Records of the baseline.
    pub records: u64,
    /// Table or JSON.
    pub output: Output,
}

/// Which verdict is asked for.
#[derive(Clone, Debug)]
pub struct VerdictRequest {
    /// The release.
    pub release: String,
    /// Its generation; `None` is the newest.
    pub generation: Option<u32>,
    /// Where the answer comes from.
    pub from: VerdictFrom,
    /// Before which stage of the rollout; `None` is the whole release.
    pub stage: Option<String>,
    /// Every check with its numbers.
    pub explain: bool,
    /// Table or JSON.
    pub output: Output,
}

/// Which report is asked for.
#[derive(Clone, Debug)]
pub struct ReportRequest {
    /// The release.
    pub release: String,
    /// Its generation; `None` is the newest.
    pub generation: Option<u32>,
    /// Where the answer comes from.
    pub from: VerdictFrom,
    /// Its shape.
    pub output: ReportOutput,
}

/// Where a verdict comes from.
#[derive(Clone, Debug)]
pub enum VerdictFrom {
    /// The database of a config.
    Config(Box<Config>),
    /// A worker's HTTP address.
    Url(String),
}

/// Whose timeline is asked for.
#[derive(Clone, Debug)]
pub struct TimelineRequest {
    /// Where the database is.
    pub config: Box<Config>,
    /// The release.
    pub release: String,
    /// Its generation; `None` is the newest.
    pub generation: Option<u32>,
    /// Table, JSON or Markdown.
    pub output: Output,
}

/// What `plan` is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanRequest {
    /// Records a second of event time, before the split.
    pub rate: f64,
    /// How the stream would be judged.
    pub judged: Sketched,
    /// Runs that are drawn.
    pub runs: u64,
    /// What they are drawn from.
    pub seed: u64,
    /// Table or JSON.
    pub output: Output,
}

/// What somebody asks for about a release, and who and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Which release; `None` is the config's.
    pub release: Option<String>,
    /// Which generation; `None` is the newest.
    pub generation: Option<u32>,
    /// Why.
    pub reason: String,
    /// Who; `None` is this host and process.
    pub by: Option<String>,
}

/// The life cycle of releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReleaseRequest {
    /// All releases and generations.
    List {
        /// Table or JSON.
        output: Output,
    },
    /// Begins a generation of the config's release.
    Start(Order),
    /// Captures the ends; what lies before them is still judged.
    Close(Order),
    /// Sets the verdict; `None` lets the evidence speak again.
    Override(Order, Option<Verdict>),
    /// Leaves a check out of the verdict.
    Mute(Order, MuteRequest),
}

/// Which check is muted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MuteRequest {
    /// Of which stream.
    pub stream: String,
    /// Which.
    pub check: String,
    /// Until when; `None` ends a mute.
    pub until: Option<Until>,
}
