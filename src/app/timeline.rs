//! `timeline`: what happened to a release and when, from the commands and verdicts that are stored.

use std::io::Write;

use anyhow::{Context, Result};
use comfy_table::{Table, presets};
use serde::Serialize;

use super::command::{Ending, Output, TimelineRequest};
use super::decisions::{self, Mute};
use super::report::{harmless, rfc3339};
use super::worker::Stored;
use super::{verdict, world};
use crate::app::world::runtime;
use crate::edge::store::{self, CommandRow, Read, Span, StoredVerdict};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Event {
    /// By the database's clock.
    at: String,
    /// The word of the command, or `verdict`.
    what: String,
    /// What came of it.
    detail: String,
    /// Who: a person, a host and process, or nobody for a verdict.
    #[serde(skip_serializing_if = "String::is_empty")]
    by: String,
    /// Why, where somebody said so.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip)]
    at_ms: i64,
}

/// Prints it.
///
/// # Errors
/// The database does not answer, or does not know the release.
pub fn run(request: &TimelineRequest, out: &mut dyn Write) -> Result<Ending> {
    let runtime = runtime(1)?;
    let (generation, events) = runtime.block_on(async {
        let store = store::open(&world::store(&request.config.store))
            .await
            .context("open the database")?;
        let id = verdict::newest(&store, &request.release, request.generation).await?;
        let read = Read {
            generation: id.clone(),
            stream: None,
            windows: Span::NONE,
            findings_max: 0,
            inputs: Span::NONE,
        };
        let stored = store.read(read).await.context("read the generation")?;
        store.close().await;
        Ok::<_, anyhow::Error>((id, events(&stored.commands, &stored.verdicts)?))
    })?;
    if request.output == Output::Json {
        serde_json::to_writer_pretty(&mut *out, &events).context("write the timeline")?;
        writeln!(out)?;
        return Ok(Ending::Done);
    }
    let mut table = Table::new();
    table.load_style(if request.output == Output::Markdown {
        presets::ASCII_MARKDOWN
    } else {
        presets::NOTHING
    });
    table.set_header(["at", "what", "detail", "by", "reason"]);
    for event in &events {
        let Event {
            at,
            what,
            detail,
            by,
            reason,
            ..
        } = event;
        table.add_row([at, what, detail, by, reason].map(|text| harmless(text).replace('|', "\\|")));
    }
    writeln!(
        out,
        "{} generation {}\n{table}",
        harmless(&generation.release),
        generation.generation
    )?;
    Ok(Ending::Done)
}

/// All of it, oldest first; of one moment a command before the verdict.
fn events(commands: &[CommandRow], verdicts: &[StoredVerdict]) -> Result<Vec<Event>> {
    let mut events: Vec<Event> = commands.iter().map(command).collect();
    for row in verdicts {
        let stored: Stored = serde_json::from_str(&row.body).context("read a stored verdict")?;
        let reasons = match stored.release.reasons.first() {
            Some(_) => format!(": {}", stored.release.sentence()),
            None => String::new(),
        };
        events.push(Event {
            at: rfc3339(row.at_ms),
            what: "verdict".to_owned(),
            detail: format!("{}{reasons}", row.verdict.as_str()),
            by: String::new(),
            reason: String::new(),
            at_ms: row.at_ms,
        });
    }
    events.sort_by_key(|event| event.at_ms);
    Ok(events)
}

fn command(row: &CommandRow) -> Event {
    let detail = match row.action.as_str() {
        decisions::action::MUTE => match serde_json::from_str::<Mute>(&row.detail) {
            Ok(mute) if mute.until_ms > row.at_ms => {
                format!("{}: {} until {}", mute.stream, mute.check, rfc3339(mute.until_ms))
            }
            Ok(mute) => format!("{}: {} no longer", mute.stream, mute.check),
            Err(_) => row.detail.clone(),
        },
        "begin" => format!("settings {}", row.detail.get(..12).unwrap_or(&row.detail)),
        decisions::action::OVERRIDE => format!("to {}", row.detail),
        _ => row.detail.clone(),
    };
    Event {
        at: rfc3339(row.at_ms),
        what: row.action.clone(),
        detail,
        by: row.actor.clone(),
        reason: row.reason.clone(),
        at_ms: row.at_ms,
    }
}
