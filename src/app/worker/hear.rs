//! What people decide while the worker runs: heard once a second, so a mute or an override needs no restart.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::commit::Shared;
use crate::app::decisions;
use crate::edge::store::{GenerationId, StoreError};

/// Listens for ever. A database that does not answer is tried again: the committers say so.
pub(super) async fn run(shared: Arc<Shared>, generation: GenerationId) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut heard = None;
    loop {
        every.tick().await;
        may_panic!("hear");
        if let Err(error) = once(&shared, &generation, &mut heard).await {
            tracing::debug!(%error, "hear what was decided; it is tried again");
        }
    }
}

/// Asks once. `heard` is the number of commands that are known: they are only ever added.
async fn once(shared: &Shared, generation: &GenerationId, heard: &mut Option<usize>) -> Result<(), StoreError> {
    let commands = shared.store.commands(generation).await?;
    if *heard == Some(commands.len()) {
        return Ok(());
    }
    let decided = decisions::decided(&shared.store, generation).await?;
    let mut known = shared.decisions.lock().unwrap_or_else(PoisonError::into_inner);
    if *known != decided {
        tracing::info!(
            release = generation.release,
            generation = generation.generation,
            "a decision was recorded"
        );
        *known = decided;
    }
    *heard = Some(commands.len());
    Ok(())
}
