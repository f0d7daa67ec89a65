//! The live table: redrawn in place on a terminal, a line now and then elsewhere. On stderr, so that stdout is data.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::Ordering;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::pipeline::Progress;
use crate::app::report::Report;
use crate::model::PerSide;

/// Between two lines where there is no terminal.
const LINE_EVERY_MS: i64 = 5_000;

/// How the progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Silent,
    Lines,
    Redrawn,
}

/// The live table.
pub struct Live {
    mode: Mode,
    /// Lines that stand on the terminal.
    drawn: usize,
    last_ms: Option<i64>,
}

/// What is shown.
pub struct Scene<'a> {
    /// How far the pipelines are.
    pub progress: &'a Progress,
    /// Orders that there will be.
    pub orders: u64,
    /// What the worker reports.
    pub report: Option<&'a Report>,
    /// How far it is behind.
    pub lag: PerSide<Option<u64>>,
}

impl Live {
    /// What stderr is decides how it looks.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let mode = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Mode::Silent,
            (false, true) => Mode::Redrawn,
            (false, false) => Mode::Lines,
        };
        Self {
            mode,
            drawn: 0,
            last_ms: None,
        }
    }

    /// Says something once, above the table.
    pub fn say(&mut self, text: &str) {
        if self.mode != Mode::Silent {
            let mut stderr = anstream::stderr().lock();
            // Progress that nobody can read is no trouble.
            drop(writeln!(stderr, "{text}"));
            self.drawn = 0;
        }
    }

    /// Shows where things are.
    pub fn show(&mut self, scene: &Scene<'_>, now_ms: i64) {
        let text = match self.mode {
            Mode::Silent => return,
            Mode::Lines => {
                if self
                    .last_ms
                    .is_some_and(|last| now_ms.saturating_sub(last) < LINE_EVERY_MS)
                {
                    return;
                }
                line(scene)
            }
            Mode::Redrawn => table(scene),
        };
        self.last_ms = Some(now_ms);
        let mut stderr = anstream::stderr().lock();
        let up = match self.drawn {
            0 => String::new(),
            lines => format!("\u{1b}[{lines}A\u{1b}[J"),
        };
        drop(write!(stderr, "{up}{text}").and_then(|()| stderr.flush()));
        if self.mode == Mode::Redrawn {
            self.drawn = text.lines().count();
        }
    }
}

fn header(scene: &Scene<'_>) -> String {
    let Progress { orders, done, .. } = scene.progress;
    let of = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    format!(
        "{} of {} orders made; baseline is done with {}, canary with {}",
        of(orders),
        scene.orders,
        of(&done.baseline),
        of(&done.canary)
    )
}

fn cells(scene: &Scene<'_>) -> Vec<[String; 8]> {
    let streams = scene.report.map(|report| report.streams.as_slice()).unwrap_or_default();
    let two = |of: PerSide<Option<u64>>| {
        let text = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        format!("{} / {}", text(of.baseline), text(of.canary))
    };
    let row = |stream: &crate::app::report::StreamReport| {
        let outcomes = &stream.outcomes;
        [
            stream.stream.clone(),
            outcomes.matched.to_string(),
            outcomes.mismatched.to_string(),
            outcomes.missing.to_string(),
            outcomes.extra.to_string(),
            outcomes.duplicate.canary.to_string(),
            two(scene.lag),
            stream.verdict.as_str().to_owned(),
        ]
    };
    streams.iter().map(row).collect()
}

fn table(scene: &Scene<'_>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "stream",
        "matched",
        "mismatched",
        "missing",
        "extra",
        "duplicates",
        "lag",
        "verdict",
    ]);
    for row in cells(scene) {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1).take(6) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{}\n{table}\n", header(scene))
}

fn line(scene: &Scene<'_>) -> String {
    let mut text = header(scene);
    for [stream, matched, mismatched, missing, extra, duplicates, lag, verdict] in cells(scene) {
        text.push_str(&format!(
            "; {stream}: {matched} matched, {mismatched} mismatched, {missing} missing, {extra} extra, \
             {duplicates} duplicates, lag {lag}, {verdict}"
        ));
    }
    text.push('\n');
    text
}
