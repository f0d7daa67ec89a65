//! `release list|start|close|override`, `mute` and `migrate`: the life cycle, recorded in the database.

use std::io::Write;

use anyhow::{Context, Result};
use comfy_table::{Table, presets};

use super::clock::Clock;
use super::command::{Ending, MuteRequest, Order, Output, ReleaseRequest};
use super::decisions::Mute;
use super::report::rfc3339;
use super::trouble::trouble;
use super::{stored, worker, world};
use crate::app::world::runtime;
use crate::config::{Config, Until};
use crate::edge::store::{self, Action, Begin, Command, GenerationId, Recorded, ReleaseRow, Store};
use crate::engine::judge;
use crate::model::Verdict;

/// Carries the request out.
///
/// # Errors
/// The database does not do it, or the order makes no sense.
pub fn run(config: &Config, request: ReleaseRequest, out: &mut dyn Write) -> Result<Ending> {
    let runtime = runtime(1)?;
    runtime.block_on(async {
        let store = store::open(&world::store(&config.store))
            .await
            .context("open the database")?;
        match request {
            ReleaseRequest::List { output } => list(&store, output, out).await?,
            ReleaseRequest::Start(order) => start(&store, config, order, out).await?,
            ReleaseRequest::Close(order) => {
                let done = record(&store, config, order, Action::Close).await?;
                say(&done.id, done.state.as_str(), out)?;
            }
            ReleaseRequest::Override(order, verdict) => {
                let action = verdict.map_or(Action::Lift, Action::Override);
                let done = record(&store, config, order, action).await?;
                // What it says now may be a failure that the override does not cover.
                let now = stored::verdict_on(&store, config, &done.id).await?;
                let what = verdict.map_or("override lifted".to_owned(), |to| {
                    format!("overridden to {}", to.as_str())
                });
                say(
                    &done.id,
                    &format!("{what}; the verdict is {}", now.release.verdict.as_str()),
                    out,
                )?;
            }
            ReleaseRequest::Mute(order, asked) => mute(&store, config, order, asked, out).await?,
        }
        store.close().await;
        Ok(Ending::Done)
    })
}

fn say(id: &GenerationId, what: &str, out: &mut dyn Write) -> Result<()> {
    Ok(writeln!(out, "{} generation {}: {what}", id.release, id.generation)?)
}

async fn record(store: &Store, config: &Config, order: Order, action: Action) -> Result<Recorded> {
    let release = order.release.unwrap_or_else(|| config.release.name.clone());
    let command = Command {
        release: release.clone(),
        generation: order.generation.map(i64::from),
        action,
        reason: order.reason,
        actor: order.by.unwrap_or_else(worker::actor),
    };
    let recorded = store.record(command).await;
    recorded.with_context(|| format!("record the command on release {release}"))
}

/// Leaves a check out of the verdict, or takes it in again.
async fn mute(store: &Store, config: &Config, order: Order, asked: MuteRequest, out: &mut dyn Write) -> Result<()> {
    let MuteRequest { stream, check, until } = asked;
    let streams: Vec<&str> = config.streams.iter().map(|stream| stream.name.as_str()).collect();
    if !streams.contains(&stream.as_str()) {
        let hint = format!("there are: {}", streams.join(", "));
        return Err(trouble(format!("the config has no stream `{stream}`"), hint));
    }
    let named = config.streams.iter().filter(|known| known.name == stream);
    let named = named.flat_map(|known| &known.named).map(|named| named.name.as_str());
    let checks: Vec<&str> = judge::mutable().into_iter().chain(named).collect();
    if !checks.contains(&check.as_str()) {
        let hint = format!("there are: {}", checks.join(", "));
        return Err(trouble(format!("there is no check `{check}`"), hint));
    }
    let now_ms = Clock::start().wall_ms();
    let until_ms = match until {
        Some(Until::At(ms)) => ms,
        // To the second: nobody asked for less.
        Some(Until::After(ms)) => now_ms.saturating_add(ms).saturating_add(999) / 1_000 * 1_000,
        None => i64::MIN,
    };
    if until.is_some() && until_ms <= now_ms {
        let what = format!("{} has passed already", rfc3339(until_ms));
        return Err(trouble(what, "a mute ends in the future; --lift ends one that stands"));
    }
    let said = if until.is_some() {
        format!("{stream}: {check} is muted until {}", rfc3339(until_ms))
    } else {
        format!("{stream}: {check} is not muted")
    };
    let mute = Mute {
        stream,
        check,
        until_ms,
    };
    let mute = serde_json::to_string(&mute).context("write the mute")?;
    let done = record(store, config, order, Action::Mute(mute)).await?;
    say(&done.id, &said, out)
}

/// Ends the newest generation, if there is one, and begins the next under the settings of the config.
async fn start(store: &Store, config: &Config, order: Order, out: &mut dyn Write) -> Result<()> {
    let release = &config.release.name;
    let known = store.releases(Some(release)).await.context("read the releases")?;
    if !known.is_empty() {
        record(store, config, order.clone(), Action::Start).await?;
    }
    let begin = Begin {
        release: release.clone(),
        settings: config.frozen_json(),
        settings_digest: config.digest(),
        contracts: Vec::new(),
        reason: order.reason,
        actor: order.by.unwrap_or_else(worker::actor),
    };
    let begun = store.begin(begin).await.context("begin the generation")?;
    say(&begun.id, begun.state.as_str(), out)
}

async fn list(store: &Store, output: Output, out: &mut dyn Write) -> Result<()> {
    let mut rows = Vec::new();
    for row in store.releases(None).await.context("read the releases")? {
        let verdict = stored::said(store, &row).await?;
        rows.push((row, verdict));
    }
    if output == Output::Json {
        let rows: Vec<serde_json::Value> = rows.iter().map(|(row, verdict)| json(row, *verdict)).collect();
        serde_json::to_writer_pretty(&mut *out, &rows).context("write the list")?;
        writeln!(out)?;
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(if output == Output::Markdown {
        presets::ASCII_MARKDOWN
    } else {
        presets::NOTHING
    });
    table.set_header(["release", "generation", "state", "started", "closed", "verdict"]);
    for (row, verdict) in &rows {
        table.add_row([
            row.id.release.clone(),
            row.id.generation.to_string(),
            row.state.as_str().to_owned(),
            rfc3339(row.started_ms),
            row.closed_ms.map(rfc3339).unwrap_or_default(),
            verdict.as_str().to_owned(),
        ]);
    }
    writeln!(out, "{table}")?;
    Ok(())
}

fn json(row: &ReleaseRow, verdict: Verdict) -> serde_json::Value {
    serde_json::json!({
        "release": row.id.release,
        "generation": row.id.generation,
        "state": row.state.as_str(),
        "started": rfc3339(row.started_ms),
        "closed": row.closed_ms.map(rfc3339),
        "verdict": verdict.as_str(),
    })
}

/// Brings the database to this binary's version.
///
/// # Errors
/// The database does not do it.
pub fn migrate(config: &Config, out: &mut dyn Write) -> Result<Ending> {
    let runtime = runtime(1)?;
    let done = runtime
        .block_on(store::migrate(&world::store(&config.store)))
        .context("migrate the database")?;
    if done.from == done.to {
        writeln!(out, "the database is at version {} already", done.to)?;
    } else {
        writeln!(out, "migrated the database from version {} to {}", done.from, done.to)?;
    }
    Ok(Ending::Done)
}
