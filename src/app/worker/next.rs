//! After this generation: whether the next one is this worker's too.

use std::time::Duration;

use anyhow::Result;

use super::Ended;
use crate::app::trouble::trouble;
use crate::edge::store::{GenerationId, GenerationState, Store};

/// How often, and how long apart, it is asked for a generation that a command is about to begin.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(300);

/// What a stream that was fenced means: a generation that `release start` began is gone on with; anything else is the
/// error that it was.
///
/// # Errors
/// The error, or that the next generation has other settings.
pub(super) async fn after(error: anyhow::Error, store: &Store, id: &GenerationId, digest: &str) -> Result<Ended> {
    for _ in 0..LOOKS {
        let Ok(rows) = store.releases(Some(&id.release)).await else {
            return Err(error);
        };
        let open = |generation: i64| {
            let own = rows.iter().find(|row| row.id.generation == generation);
            own.is_none_or(|row| row.state != GenerationState::Closed)
        };
        if open(id.generation) {
            return Err(error);
        }
        if let Some(newest) = rows
            .iter()
            .filter(|row| row.id.generation > id.generation)
            .max_by_key(|row| row.id.generation)
        {
            if newest.settings_digest == digest {
                tracing::info!(
                    release = id.release,
                    generation = newest.id.generation,
                    "the next generation was begun"
                );
                return Ok(Ended::Superseded);
            }
            return Err(trouble(
                format!(
                    "generation {} of release {} was begun under other comparison settings, which ends generation {} of this worker",
                    newest.id.generation, id.release, id.generation
                ),
                "stop this worker, or give it the same config",
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(error)
}

/// True once a newer generation under the same settings is there.
///
/// # Errors
/// The database does not answer.
pub(super) async fn is_ours(store: &Store, id: &GenerationId, digest: &str) -> Result<bool> {
    let rows = store.releases(Some(&id.release)).await?;
    let newest = rows.iter().max_by_key(|row| row.id.generation);
    Ok(newest.is_some_and(|newest| newest.id.generation > id.generation && newest.settings_digest == digest))
}
