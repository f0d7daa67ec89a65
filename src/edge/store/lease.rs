//! Leases: one worker a stream, by the database's clock, fenced by an epoch that grows at each acquisition.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use uuid::Uuid;

use super::backend::{Argument, Mode, Reply, Transaction, arguments};
use super::perform::Job;
use super::{GenerationId, GenerationState, StoreError, life};
use crate::engine::Checkpoint;

/// How long a lease holds; it is renewed every second.
pub const LEASE_MS: i64 = 5_000;

/// The right to write results of one stream.
#[derive(Clone, Debug)]
pub struct Lease {
    pub(super) key: Arc<Key>,
}

/// What a lease is known by.
#[derive(Debug)]
pub(super) struct Key {
    pub generation: GenerationId,
    pub stream: String,
    pub epoch: i64,
    /// Commits that this worker knows of: what it wrote last.
    pub commits: AtomicI64,
    /// What it wrote last, and when that was last read back.
    pub kept: std::sync::Mutex<Kept>,
    /// Held by a commit under way, so that the next one sees what became of it even if nobody waited for it.
    pub busy: Arc<tokio::sync::Mutex<()>>,
}

/// What a worker knows to be stored.
#[derive(Debug)]
pub(super) struct Kept {
    /// Start and digest of the newest window.
    pub window: Option<(i64, String)>,
    /// When it was last read back, by the database's clock.
    pub read_back_ms: i64,
}

impl Lease {
    /// Which generation.
    #[must_use]
    pub fn generation(&self) -> &GenerationId {
        &self.key.generation
    }

    /// Which stream.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.key.stream
    }

    /// Times that the stream was acquired, this one included.
    #[must_use]
    pub fn epoch(&self) -> i64 {
        self.key.epoch
    }
}

impl Key {
    pub fn fenced(&self) -> StoreError {
        StoreError::Fenced {
            release: self.generation.release.clone(),
            generation: self.generation.generation,
            stream: self.stream.clone(),
        }
    }
}

/// Where a worker goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Resume {
    /// The engine's.
    pub checkpoint: Checkpoint,
    /// What the caller stored beside it.
    pub state: Option<String>,
}

/// An answer to `acquire`.
#[derive(Debug)]
pub enum Acquired {
    /// It is ours.
    Lease {
        /// The lease.
        lease: Lease,
        /// Where to go on; `None` before the first commit.
        resume: Option<Box<Resume>>,
        /// Open or closing.
        state: GenerationState,
    },
    /// Somebody else has it.
    HeldBy {
        /// Who.
        owner: String,
        /// When to ask again at the earliest.
        expires_in_ms: i64,
    },
}

pub(super) struct AcquireJob {
    generation: GenerationId,
    stream: String,
    owner: String,
    /// Tells this acquisition from every other, should the answer to it be lost.
    token: String,
}

impl AcquireJob {
    pub fn new(generation: &GenerationId, stream: &str, owner: &str) -> Self {
        Self {
            generation: generation.clone(),
            stream: stream.to_owned(),
            owner: owner.to_owned(),
            token: Uuid::now_v7().to_string(),
        }
    }
}

impl Job for AcquireJob {
    const MODE: Mode = Mode::Write;
    type Done = Acquired;

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, Acquired> {
        Box::pin(async move {
            let Self {
                generation: id,
                stream,
                owner,
                token,
            } = self;
            let sql = "INSERT INTO leases (release, generation, stream, epoch, owner, token, expires_ms, commits) \
                       VALUES ($1, $2, $3, 0, '', '', 0, 0) ON CONFLICT (release, generation, stream) DO NOTHING";
            transaction
                .execute(sql, arguments![&id.release, id.generation, stream])
                .await?;
            // A clock that was asked before the row's lock was granted is early, never late: nobody is robbed.
            let now = transaction.now_ms().await?;
            let sql = "UPDATE leases SET epoch = epoch + 1, owner = $4, token = $5, expires_ms = $6 \
                       WHERE release = $1 AND generation = $2 AND stream = $3 AND (expires_ms <= $7 OR token = $5)";
            let values = arguments![&id.release, id.generation, stream, owner, token, now + LEASE_MS, now];
            let taken = transaction.execute(sql, values).await? > 0;
            // Behind the row's lock: whoever ends the generation fences the lease in the same transaction.
            let state = life::state(transaction, id).await?;
            if state == GenerationState::Closed {
                return Err(StoreError::Closed {
                    release: id.release.clone(),
                    generation: id.generation,
                });
            }
            let sql = "SELECT epoch, owner, expires_ms, commits FROM leases \
                       WHERE release = $1 AND generation = $2 AND stream = $3";
            let rows = transaction
                .fetch(sql, arguments![&id.release, id.generation, stream])
                .await?;
            let row = rows.first().ok_or(StoreError::Corrupt("a lease"))?;
            if !taken {
                return Ok(Acquired::HeldBy {
                    owner: row.text(1)?.to_owned(),
                    expires_in_ms: row.integer(2)? - now,
                });
            }
            let key = Key {
                generation: id.clone(),
                stream: stream.clone(),
                epoch: row.integer(0)?,
                commits: AtomicI64::new(row.integer(3)?),
                kept: std::sync::Mutex::new(Kept {
                    window: None,
                    read_back_ms: now,
                }),
                busy: Arc::default(),
            };
            let sql = "SELECT body, state FROM checkpoints WHERE release = $1 AND generation = $2 AND stream = $3";
            let rows = transaction
                .fetch(sql, arguments![&id.release, id.generation, stream])
                .await?;
            let resume = rows
                .first()
                .map(|row| {
                    Ok::<_, StoreError>(Box::new(Resume {
                        checkpoint: row.json(0, "a checkpoint")?,
                        state: row.text_or_null(1)?.map(str::to_owned),
                    }))
                })
                .transpose()?;
            Ok(Acquired::Lease {
                lease: Lease { key: Arc::new(key) },
                resume,
                state,
            })
        })
    }
}

pub(super) struct RenewJob(pub Arc<Key>);

impl Job for RenewJob {
    const MODE: Mode = Mode::Write;
    /// And when that was, by the database's clock.
    type Done = (GenerationState, i64);

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, (GenerationState, i64)> {
        Box::pin(async move {
            let now = transaction.now_ms().await?;
            let sql = "UPDATE leases SET expires_ms = $5 WHERE release = $1 AND generation = $2 AND stream = $3 AND epoch = $4";
            let values = self.0.with([self.0.epoch.into(), (now + LEASE_MS).into()]);
            if transaction.execute(sql, values).await? == 0 && !mutant!(NoEpochCheck) {
                return Err(self.0.fenced());
            }
            Ok((life::state(transaction, &self.0.generation).await?, now))
        })
    }
}

pub(super) struct ReleaseJob(pub Arc<Key>);

impl Job for ReleaseJob {
    const MODE: Mode = Mode::Write;
    type Done = ();

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, ()> {
        Box::pin(async move {
            let sql = "UPDATE leases SET expires_ms = 0, token = '' \
                       WHERE release = $1 AND generation = $2 AND stream = $3 AND epoch = $4";
            transaction.execute(sql, self.0.with([self.0.epoch.into()])).await?;
            Ok(())
        })
    }
}

impl Key {
    /// Arguments of a statement: the stream's key, and the rest.
    pub fn with<const N: usize>(&self, rest: [Argument; N]) -> Vec<Argument> {
        let id = &self.generation;
        let mut values = arguments![&id.release, id.generation, &self.stream];
        values.extend(rest);
        values
    }

    pub fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn commits(&self) -> i64 {
        self.commits.load(Ordering::Acquire)
    }

    pub fn committed(&self, commits: i64, window: Option<(i64, String)>) {
        let mut kept = self.kept();
        self.commits.store(commits, Ordering::Release);
        kept.window = window.or(kept.window.take());
    }
}
