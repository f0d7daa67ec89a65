//! Before a generation begins: can every topic be read? One that cannot leaves no empty generation behind.

use std::sync::Arc;

use anyhow::{Context, Result};

use crate::app::compacted;
use crate::app::trouble::trouble;
use crate::config::Config;
use crate::edge::kafka;
use crate::edge::store::{GenerationState, Store};
use crate::model::Side;

/// Looks at the topics, unless there is a generation to resume: then the store answers before anything is read.
///
/// # Errors
/// A topic that cannot be read, or a database that does not answer.
pub(super) async fn look(config: &Arc<Config>, store: &Store) -> Result<()> {
    let rows = store
        .releases(Some(&config.release.name))
        .await
        .context("look for a generation to resume")?;
    let newest = rows.iter().max_by_key(|row| row.id.generation);
    let digest = config.digest();
    if newest.is_some_and(|row| row.state != GenerationState::Closed && row.settings_digest == digest) {
        return Ok(());
    }
    let mut looks = Vec::new();
    for index in 0..config.streams.len() {
        for &side in config.streams[index].sides.present() {
            let config = config.clone();
            looks.push(tokio::task::spawn_blocking(move || readable(&config, index, side)));
        }
    }
    // All at once, and told in the order of the config.
    for look in looks {
        look.await.context("join a look at a topic")??;
    }
    Ok(())
}

fn readable(config: &Config, index: usize, side: Side) -> Result<()> {
    let stream = &config.streams[index];
    let of = stream.sides.get(side);
    let reader = kafka::Reader::open(&config.clusters[&of.cluster], &of.topic)
        .with_context(|| format!("open the {side}'s topic of stream {}", stream.name))?;
    for letter in &of.dead_letters {
        kafka::Reader::open(&config.clusters[&letter.cluster], &letter.topic)
            .with_context(|| format!("open a dead letter topic of the {side} of stream {}", stream.name))?;
    }
    match compacted::refusal(stream, side, &reader.describe()) {
        Some((text, hint)) => Err(trouble(text, hint)),
        None => Ok(()),
    }
}
