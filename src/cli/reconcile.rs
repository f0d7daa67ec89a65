//! `reconcile`: a bounded run, one shot.

use std::io::Write;

use anyhow::Result;

use super::boundary::{self, ReportOutput, Tone};
use super::load::load;
use super::sources::{self, Event, Range, Written};
use super::{Exit, InconclusiveAs, exit};
use crate::config::{Purpose, ReconcileFlags, request_from};

/// Compare two logs or two files, once; exit code like diff's
///
/// SOURCE is kafka://BROKER[,BROKER]/TOPIC, a path to .avro, .jsonl or .ndjson, each also .gz or .zst, or - with --format.
/// PATH has dots, [*] for array items, {*} for map values; a backslash escapes.
/// An option that may differ by side takes `baseline=`, `canary=` or `control=` before its value.
/// Without -c every budget is 0: any difference fails.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// The side that is trusted
    #[arg(long, value_name = "SOURCE", help_heading = "What is compared")]
    baseline: Option<String>,
    /// The side under judgement
    #[arg(long, value_name = "SOURCE", help_heading = "What is compared")]
    canary: Option<String>,
    /// A second baseline: what it shows too is noise, and not judged
    #[arg(long, value_name = "SOURCE", help_heading = "What is compared")]
    control: Option<String>,
    /// Where a side puts what it cannot process: counted as diverted; again for more of them [by side]
    #[arg(long, value_name = "SIDE=SOURCE", help_heading = "What is compared")]
    dead_letter: Vec<String>,
    #[command(flatten)]
    range: Range,
    /// The fraction of identities that are compared (1)
    #[arg(long, value_name = "RATE", help_heading = "What is compared")]
    sample: Option<String>,
    /// paired (unless set), or latest: the newest record of each identity, a tombstone is absence
    #[arg(long, value_name = "MODE", help_heading = "What is compared")]
    mode: Option<String>,

    #[command(flatten)]
    event: Event,
    /// Length of a window (30s)
    #[arg(long, value_name = "TIME", help_heading = "What is one event")]
    window: Option<String>,
    /// Disorder inside a partition; unbounded unless set, 1m with a range in time
    #[arg(long, value_name = "TIME", help_heading = "What is one event")]
    lateness: Option<String>,
    /// Skew between the sides; unbounded unless set, 30s with a range in time
    #[arg(long, value_name = "TIME", help_heading = "What is one event")]
    grace: Option<String>,
    /// Untimely when this much after the Kafka timestamp; no bound unless set, here or in the config
    #[arg(long, value_name = "TIME", help_heading = "What is one event")]
    skew_max: Option<String>,
    /// Untimely when this much before the Kafka timestamp; no bound unless set, here or in the config
    #[arg(long, value_name = "TIME", help_heading = "What is one event")]
    age_max: Option<String>,

    /// A path that is not compared
    #[arg(long, value_name = "PATH", help_heading = "What is equal")]
    ignore: Vec<String>,
    /// A path that is compared, and no other than those
    #[arg(long, value_name = "PATH", help_heading = "What is equal")]
    only: Vec<String>,
    /// PATH=0.01, PATH=1% or PATH=5ms
    #[arg(long, value_name = "PATH=AMOUNT", help_heading = "What is equal")]
    tolerance: Vec<String>,
    /// An array in any order
    #[arg(long, value_name = "PATH", help_heading = "What is equal")]
    unordered: Vec<String>,
    /// A value that counts as another one, on both sides
    #[arg(long, value_name = "PATH=FROM:TO", help_heading = "What is equal")]
    map: Vec<String>,
    /// A name of the canary, and the contract's name for it
    #[arg(long, value_name = "CANARY=CONTRACT", help_heading = "What is equal")]
    rename: Vec<String>,
    /// An absent field equals a present one that has the contract's default
    #[arg(long, help_heading = "What is equal")]
    absent_equals_default: bool,
    /// A rate for mismatched, missing, extra and duplicate, or CHECK=RATE (0)
    #[arg(long, value_name = "RATE", help_heading = "What is equal")]
    budget: Vec<String>,
    /// Rate of late records above which the verdict is inconclusive (1e-3)
    #[arg(long, value_name = "RATE", help_heading = "What is equal")]
    late_max: Option<String>,

    #[command(flatten)]
    written: Written,

    /// How to print it
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        help_heading = "What is told"
    )]
    output: ReportOutput,
    /// Findings that are kept (100)
    #[arg(long, value_name = "N", help_heading = "What is told")]
    findings_max: Option<usize>,
    /// A path whose values findings may show
    #[arg(long, value_name = "PATH", help_heading = "What is told")]
    show: Vec<String>,
    /// Print the plan and read no record
    #[arg(long, help_heading = "What is told")]
    dry_run: bool,
    /// What inconclusive means to a caller that knows only two exit codes
    #[arg(long, value_name = "AS", value_enum, help_heading = "What is told")]
    inconclusive: Option<InconclusiveAs>,
    /// Memory that unsettled records may hold (256MiB)
    #[arg(long, value_name = "SIZE", help_heading = "What is told")]
    held_max_bytes: Option<String>,
}

impl Args {
    pub(super) fn run(self, tone: Tone, out: &mut dyn Write) -> Result<Exit> {
        let (output, inconclusive) = (self.output, self.inconclusive);
        let flags = self.into_flags();
        let config = flags
            .config
            .as_deref()
            .map(|path| load(path, Purpose::Bounded))
            .transpose()?;
        let request = request_from(&flags, config.as_ref())?;
        Ok(exit(boundary::reconcile(request, output, tone, out)?, inconclusive))
    }

    fn into_flags(self) -> ReconcileFlags {
        ReconcileFlags {
            baseline: self.baseline,
            canary: self.canary,
            control: self.control,
            dead_letter: self.dead_letter,
            ignore: self.ignore,
            only: self.only,
            unordered: self.unordered,
            map: self.map,
            tolerance: self.tolerance,
            rename: self.rename,
            absent_equals_default: self.absent_equals_default,
            window: self.window,
            lateness: self.lateness,
            grace: self.grace,
            skew_max: self.skew_max,
            age_max: self.age_max,
            late_max: self.late_max,
            held_max_bytes: self.held_max_bytes,
            mode: self.mode,
            sample: self.sample,
            budget: self.budget,
            findings_max: self.findings_max,
            show: self.show,
            dry_run: self.dry_run,
            ..sources::flags(self.range, self.event, self.written)
        }
    }
}
