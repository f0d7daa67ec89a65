//! `release list|start|close` and `migrate`: the life cycle, recorded in the database.

use std::io::Write;

use anyhow::{Context, Result};
use comfy_table::{Table, presets};

use super::command::{Ending, Output, ReleaseRequest};
use super::{worker, world};
use crate::config::Config;
use crate::edge::store::{self, Action, Begin, Command, ReleaseRow, Store};

/// Carries the request out.
///
/// # Errors
/// The database does not do it.
pub fn run(config: &Config, request: ReleaseRequest, out: &mut dyn Write) -> Result<Ending> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(async {
        let store = store::open(&world::store(&config.store))
            .await
            .context("open the database")?;
        match request {
            ReleaseRequest::List { output } => list(&store, output, out).await?,
            ReleaseRequest::Start { reason } => {
                start(&store, config, reason, out).await?;
            }
            ReleaseRequest::Close { release, reason } => {
                let name = release.unwrap_or_else(|| config.release.name.clone());
                record(&store, &name, Action::Close, reason, out).await?;
            }
        }
        store.close().await;
        Ok(Ending::Done)
    })
}

async fn record(store: &Store, release: &str, action: Action, reason: String, out: &mut dyn Write) -> Result<()> {
    let command = Command {
        release: release.to_owned(),
        generation: None,
        action,
        reason,
        actor: actor(),
    };
    let done = store
        .record(command)
        .await
        .with_context(|| format!("record the command on release {release}"))?;
    writeln!(
        out,
        "{} generation {}: {}",
        done.id.release,
        done.id.generation,
        done.state.as_str()
    )?;
    Ok(())
}

/// Ends the newest generation, if there is one, and begins the next under the settings of the config.
async fn start(store: &Store, config: &Config, reason: String, out: &mut dyn Write) -> Result<()> {
    let release = &config.release.name;
    let known = store.releases(Some(release)).await.context("read the releases")?;
    if !known.is_empty() {
        let command = Command {
            release: release.clone(),
            generation: None,
            action: Action::Start,
            reason: reason.clone(),
            actor: actor(),
        };
        let recorded = store.record(command).await;
        recorded.with_context(|| format!("record the command on release {release}"))?;
    }
    let begin = Begin {
        release: release.clone(),
        settings: config.frozen_json(),
        settings_digest: config.digest(),
        contracts: Vec::new(),
        reason,
        actor: actor(),
    };
    let begun = store.begin(begin).await.context("begin the generation")?;
    writeln!(
        out,
        "{release} generation {}: {}",
        begun.id.generation,
        begun.state.as_str()
    )?;
    Ok(())
}

/// Who asks: the host and process, as for a worker.
fn actor() -> String {
    worker::actor()
}

async fn list(store: &Store, output: Output, out: &mut dyn Write) -> Result<()> {
    let rows = store.releases(None).await.context("read the releases")?;
    if output == Output::Json {
        let rows: Vec<serde_json::Value> = rows.iter().map(json).collect();
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
    for row in &rows {
        table.add_row([
            row.id.release.clone(),
            row.id.generation.to_string(),
            row.state.as_str().to_owned(),
            super::report::rfc3339(row.started_ms),
            row.closed_ms.map(super::report::rfc3339).unwrap_or_default(),
            row.verdict
                .as_ref()
                .map_or("inconclusive", |verdict| verdict.verdict.as_str())
                .to_owned(),
        ]);
    }
    writeln!(out, "{table}")?;
    Ok(())
}

fn json(row: &ReleaseRow) -> serde_json::Value {
    serde_json::json!({
        "release": row.id.release,
        "generation": row.id.generation,
        "state": row.state.as_str(),
        "started": super::report::rfc3339(row.started_ms),
        "closed": row.closed_ms.map(super::report::rfc3339),
        "verdict": row.verdict.as_ref().map_or("inconclusive", |verdict| verdict.verdict.as_str()),
    })
}

/// Brings the database to this binary's version.
///
/// # Errors
/// The database does not do it.
pub fn migrate(config: &Config, out: &mut dyn Write) -> Result<Ending> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("start the runtime")?;
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
