//! A finding as a diff, for people and for programs. What comes from a log is made harmless, and a value is told only where
//! the stream's `show` names its path.

use std::fmt::Write as _;
use std::io::Write;

use anyhow::{Context, Result};
use clap::builder::styling::{AnsiColor, Style};
use serde_json::json;

use crate::app::command::Output;
use crate::app::report::{self, harmless};
use crate::app::stored;
use crate::config;
use crate::edge::store::{FindingRow, GenerationId};
use crate::model::{FieldDifference, Outcome, PerSide, Side, Topics};

const HIDDEN: &str = "(hidden)";

/// A finding whose records were read again.
pub(super) struct Shown<'a> {
    /// Of which generation.
    pub(super) id: &'a GenerationId,
    /// As it is stored.
    pub(super) row: &'a FindingRow,
    /// The stream of the config.
    pub(super) stream: &'a config::Stream,
    /// What the numbers of partitions stand for.
    pub(super) topics: PerSide<Topics>,
    /// How the records differ now.
    pub(super) fields: Vec<FieldDifference>,
    /// Sides whose record is not there any more.
    pub(super) gone: Vec<Side>,
    /// A record is there and cannot be decoded by what is stored of its generation.
    pub(super) unread: bool,
}

/// Prints it.
///
/// # Errors
/// Nobody takes it.
pub(super) fn print(shown: &Shown, output: Output, out: &mut dyn Write) -> Result<()> {
    let text = match output {
        Output::Table => shown.text(&Colours::of_terminal()),
        Output::Markdown => format!("```diff\n{}```\n", shown.text(&Colours::default())),
        Output::Json => {
            let mut text = serde_json::to_string_pretty(&shown.json()).context("write the finding")?;
            text.push('\n');
            text
        }
    };
    out.write_all(text.as_bytes()).context("print the finding")?;
    Ok(())
}

/// How the lines of a diff look: nothing by default. What prints them takes colours away where nobody wants them.
#[derive(Default)]
struct Colours {
    head: Style,
    baseline: Style,
    canary: Style,
    field: Style,
    trouble: Style,
}

impl Colours {
    fn of_terminal() -> Self {
        Self {
            head: Style::new().bold(),
            baseline: AnsiColor::Red.on_default(),
            canary: AnsiColor::Green.on_default(),
            field: AnsiColor::Cyan.on_default(),
            trouble: AnsiColor::Yellow.on_default(),
        }
    }
}

fn line(out: &mut String, style: Style, text: &str) {
    let _ = writeln!(out, "{style}{}{style:#}", harmless(text));
}

impl Shown<'_> {
    fn place(&self, side: Side) -> Option<(u32, u64)> {
        match side {
            Side::Canary => self.row.canary,
            Side::Baseline | Side::Control => self.row.baseline,
        }
    }

    /// As the report has it.
    fn finding(&self, row: &FindingRow) -> report::Finding {
        let mut finding = stored::finding(row);
        report::name_finding(&mut finding, &self.topics);
        finding
    }

    /// `orders 0:17`, and what there is to say where there is no record.
    fn record(&self, side: Side) -> String {
        match self.place(side) {
            None => "no record".to_owned(),
            Some((partition, offset)) => {
                let gone = if self.gone.contains(&side) { ", gone" } else { "" };
                let topics = self.topics.get(side);
                let (topic, partition) = topics.place(partition);
                // There is one at least.
                let topic = topic.or(topics.own.first().map(String::as_str)).unwrap_or_default();
                format!("{topic} {partition}:{offset}{gone}")
            }
        }
    }

    fn text(&self, colours: &Colours) -> String {
        let Self { id, row, fields, .. } = self;
        let mut out = String::new();
        let head = format!(
            "finding {} of {} generation {}",
            stored::finding_id(row),
            id.release,
            id.generation
        );
        line(&mut out, colours.head, &head);
        let finding = self.finding(row);
        let window = finding
            .window
            .map_or_else(String::new, |window| format!(", window {window}"));
        let identity = finding
            .identity
            .map_or_else(String::new, |identity| format!(", identity {identity}"));
        let reason = row
            .body
            .reason
            .map_or_else(String::new, |reason| format!(" ({})", reason.as_str()));
        let what = format!("{}: {}{reason}{window}{identity}", row.stream, row.outcome.as_str());
        line(&mut out, Style::new(), &what);
        line(
            &mut out,
            colours.baseline,
            &format!("--- baseline {}", self.record(Side::Baseline)),
        );
        line(
            &mut out,
            colours.canary,
            &format!("+++ canary {}", self.record(Side::Canary)),
        );
        for field in fields {
            line(
                &mut out,
                colours.field,
                &format!("@@ {} {} @@", field.path, field.kind.as_str()),
            );
            let told = |value: &Option<String>| value.clone().unwrap_or_else(|| HIDDEN.to_owned());
            line(&mut out, colours.baseline, &format!("-{}", told(&field.baseline)));
            line(&mut out, colours.canary, &format!("+{}", told(&field.canary)));
        }
        for note in self.notes() {
            line(&mut out, colours.trouble, &note);
        }
        out
    }

    /// Fields whose values are not told.
    fn hidden(&self) -> usize {
        let hidden = |field: &&FieldDifference| field.baseline.is_none() && field.canary.is_none();
        self.fields.iter().filter(hidden).count()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.gone.is_empty() {
            let sides: Vec<&str> = self.gone.iter().map(|side| side.as_str()).collect();
            notes.push(format!(
                "inconclusive (expired): the record of the {} is not in its log any more",
                sides.join(" and of the ")
            ));
        } else if self.unread {
            notes.push("a record cannot be decoded by what is stored of its generation".to_owned());
        } else if self.row.outcome != Outcome::Mismatched {
            notes.push("there is no second record to compare it with; the record is in its log".to_owned());
        } else if self.fields.is_empty() {
            notes.push("read again, the records do not differ".to_owned());
        }
        let hidden = self.hidden();
        if hidden > 0 {
            notes.push(format!(
                "values of {hidden} of {} paths are hidden: `show` of the stream names those that may be told",
                self.fields.len()
            ));
        }
        for path in &self.row.body.critical {
            notes.push(format!(
                "`{path}` is critical and bears no difference: the worker saw it differ again when it read the records again"
            ));
        }
        notes.extend(self.row.body.note.clone());
        notes
    }

    fn json(&self) -> serde_json::Value {
        let finding = self.finding(self.row);
        json!({
            "id": finding.id,
            "release": self.id.release,
            "generation": self.id.generation,
            "stream": self.row.stream,
            "outcome": self.row.outcome,
            "reason": finding.reason,
            "identity": finding.identity,
            "window": finding.window,
            "baseline": finding.baseline,
            "canary": finding.canary,
            "topics": PerSide {
                baseline: &self.stream.sides.baseline.topic,
                canary: &self.stream.sides.canary.topic,
            },
            "fields": self.fields,
            "critical": self.row.body.critical,
            "hidden": self.hidden(),
            "gone": self.gone,
            "notes": self.notes(),
        })
    }
}
