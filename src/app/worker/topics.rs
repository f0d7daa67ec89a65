//! Before a generation begins: can every topic be read? One that cannot leaves no empty generation behind.

use std::sync::Arc;

use anyhow::{Context, Result};

use crate::app::compacted;
use crate::app::sides;
use crate::app::trouble::trouble;
use crate::app::world::{Real, World};
use crate::config::{self, Config};
use crate::edge::store::{GenerationState, Store};
use crate::model::{Side, Sides};

/// Looks at the topics, unless there is a generation to resume: then the store answers before anything is read.
///
/// # Errors
/// A topic that cannot be read, or a database that does not answer.
pub(super) async fn look(config: &Arc<Config>, world: &Arc<Real>, store: &Store) -> Result<()> {
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
            let (config, world) = (config.clone(), world.clone());
            let look = tokio::task::spawn_blocking(move || readable(&config.streams[index], side, &world));
            looks.push((index, side, look));
        }
    }
    // All at once, and told in the order of the config.
    let mut own: Vec<Sides<Vec<String>>> = vec![Sides::default(); config.streams.len()];
    for (index, side, look) in looks {
        *own[index].get_mut(side) = look.await.context("join a look at a topic")??;
    }
    for (stream, own) in config.streams.iter().zip(&own) {
        sides::are_apart(&sides::alike(stream), own)
            .with_context(|| format!("open the topics of stream {}", stream.name))?;
    }
    Ok(())
}

/// The names of a side's own topics, all of which may be read.
fn readable(stream: &config::Stream, side: Side, world: &Real) -> Result<Vec<String>> {
    let of = stream.sides.get(side);
    let context = || format!("open the {side}'s topic of stream {}", stream.name);
    let own = sides::names(world, of, &[]).with_context(context)?;
    for name in &own {
        let topic = world.topic(&of.cluster, name).with_context(context)?;
        if let Some((text, hint)) = compacted::refusal(stream, side, name, &topic.describe()) {
            return Err(trouble(text, hint));
        }
    }
    for letter in &of.dead_letters {
        world
            .topic(&letter.cluster, &letter.topic)
            .with_context(|| format!("open a dead letter topic of the {side} of stream {}", stream.name))?;
    }
    Ok(own)
}
