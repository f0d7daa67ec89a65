//! What was stored is looked at once a minute, through a connection that did not write it: one that was left inside a
//! transaction would show us our own writes, and nobody else ever sees them.

use std::sync::Arc;

use super::StoreError;
use super::backend::{Mode, Reply, Transaction};
use super::lease::Key;
use super::perform::Job;
use super::rows::NO_TIME;

/// How often.
const EVERY_MS: i64 = 60_000;

pub(super) struct ReadBackJob {
    key: Arc<Key>,
    now: i64,
    /// At least as many commits must be there.
    commits: i64,
    window: Option<(i64, String)>,
}

impl ReadBackJob {
    /// The job, where it is time for one.
    pub fn due(key: &Arc<Key>, now: i64) -> Option<Self> {
        let kept = key.kept();
        (now.saturating_sub(kept.read_back_ms) >= EVERY_MS).then(|| Self {
            key: Arc::clone(key),
            now,
            commits: key.commits(),
            window: kept.window.clone(),
        })
    }
}

impl Job for ReadBackJob {
    const MODE: Mode = Mode::Read;
    type Done = ();

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, ()> {
        Box::pin(async move {
            let key = &*self.key;
            let lost = || StoreError::Rewound(key.stream.clone());
            let sql = "SELECT epoch, owner, expires_ms, commits FROM leases \
                       WHERE release = $1 AND generation = $2 AND stream = $3";
            let rows = transaction.fetch(sql, key.with([])).await?;
            let row = rows.first().ok_or_else(lost)?;
            let (epoch, commits) = (row.integer(0)?, row.integer(3)?);
            if epoch < key.epoch || (epoch == key.epoch && commits < self.commits) {
                return Err(lost());
            }
            let Some((start_ms, digest)) = &self.window else {
                return Ok(());
            };
            let sql =
                "SELECT digest FROM windows WHERE release = $1 AND generation = $2 AND stream = $3 AND start_ms = $4";
            let rows = transaction.fetch(sql, key.with([(*start_ms).into()])).await?;
            if rows.first().ok_or_else(lost)?.text(0)? == digest {
                return Ok(());
            }
            Err(StoreError::Conflict {
                what: "window",
                stream: key.stream.clone(),
                start_ms: Some(*start_ms).filter(|start| *start != NO_TIME),
            })
        })
    }

    fn done(&self, (): &()) {
        self.key.kept().read_back_ms = self.now;
    }
}
