//! Runs one operation: a task of its own, one transaction, again where that helps.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::StoreError;
use super::backend::{Database, Mode, Reply, Transaction};

/// Times a transaction is run again before its error is told.
const RETRIES: usize = 10;

/// An operation: a transaction that may be run more than once and still counts once.
pub(super) trait Job: Send + Sync + 'static {
    /// Whether it writes.
    const MODE: Mode;
    /// What it brings.
    type Done: Send + 'static;

    /// The body of the transaction.
    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, Self::Done>;

    /// Called once the transaction is durable.
    fn done(&self, _done: &Self::Done) {}
}

/// Runs an operation to its end, even if nobody waits for it any more.
pub(super) async fn perform<J: Job>(database: &Arc<dyn Database>, job: J) -> Result<J::Done, StoreError> {
    let database = Arc::clone(database);
    // In a box: a task is moved several times before it runs, and this one is large.
    let task = tokio::spawn(Box::pin(async move {
        may_panic!("store");
        let mut pauses = pauses();
        loop {
            let error = match once(&*database, &job).await {
                Err(error) if error.is_retried() => error,
                done => return done,
            };
            let Some(pause) = pauses.next() else {
                return Err(error);
            };
            database.pause(pause).await;
        }
    }));
    task.await.map_err(|_| StoreError::Task)?
}

/// How long to wait before each time that something is run again. Two that met must not meet again: each waits a time of
/// its own.
pub(super) fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(5))
        .with_max_delay(Duration::from_secs(1))
        .with_max_times(RETRIES)
        .with_jitter()
        .build()
}

/// Runs it once.
pub(super) async fn once<J: Job>(database: &dyn Database, job: &J) -> Result<J::Done, StoreError> {
    let mut transaction = database.begin(J::MODE).await?;
    match job.run(&mut *transaction).await {
        Ok(done) => {
            transaction.commit().await?;
            job.done(&done);
            Ok(done)
        }
        Err(error) => {
            // Its own error would only hide the first; a connection that cannot roll back is thrown away.
            transaction.rollback().await.ok();
            Err(error)
        }
    }
}
