//! The one transaction that results are written by.
//!
//! It begins with the lease: `UPDATE … WHERE epoch = mine AND commits = what I wrote last`, whose row lock holds to the end.
//! The number of commits stands for the frontier, which does not move at every commit. No row means that another worker has
//! the stream, or that it was this worker's own transaction, whose answer was lost: only the holder of the epoch can have
//! added one to the commits, so the row itself tells which.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use super::backend::{Argument, Mode, Reply, Transaction, arguments};
use super::lease::{Key, LEASE_MS, Lease};
use super::perform::Job;
use super::rows::NO_TIME;
use super::{ContractRow, FindingRow, GenerationId, StoreError, VerdictRow, inputs};
use crate::engine::{Checkpoint, FinalWindow, SettledBad};
use crate::model::WindowProfile;

/// The lease's row, and what was stored with it last.
const LEASE: &str = "SELECT leases.epoch, leases.commits, checkpoints.body FROM leases \
                     LEFT JOIN checkpoints USING (release, generation, stream) \
                     WHERE release = $1 AND generation = $2 AND stream = $3";
/// For the defect that overwrites final windows.
const UPSERT: &str = "INSERT INTO windows (release, generation, stream, start_ms, end_ms, edge, counts, digest, profile) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (release, generation, stream, start_ms) \
                      DO UPDATE SET counts = excluded.counts, digest = excluded.digest";

/// What is stored in one transaction.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// Windows that became final, oldest first.
    pub windows: &'a [FinalWindow],
    /// Sharing of undecodable and untimely records that is settled now.
    pub bad: &'a [SettledBad],
    /// Findings of these windows.
    pub findings: &'a [FindingRow],
    /// Contracts that became known; before the first window that was computed under them.
    pub contracts: &'a [ContractRow],
    /// What these windows can be computed again from, JSON.
    pub inputs: Option<&'a str>,
    /// Where the engine goes on.
    pub checkpoint: &'a Checkpoint,
    /// Whatever else the caller needs to go on; replaces what it stored last.
    pub state: Option<&'a str>,
    /// The release's verdict, where it changed.
    pub verdict: Option<&'a VerdictRow>,
}

/// Owned, because it outlives whoever asked for it.
pub(super) struct CommitJob {
    key: Arc<Key>,
    /// Held until it is known what became of it: commits of a lease happen in the order in which they were asked for.
    _turn: OwnedMutexGuard<()>,
    windows: Vec<Window>,
    bad: Vec<(i64, String)>,
    findings: Vec<Finding>,
    contracts: Vec<ContractRow>,
    inputs: Option<String>,
    checkpoint: String,
    frontier_ms: Option<i64>,
    state: Option<String>,
    verdict: Option<VerdictRow>,
}

struct Window {
    start_ms: i64,
    end_ms: Option<i64>,
    edge: bool,
    counts: String,
    digest: String,
    profile: Option<String>,
}

struct Finding {
    start_ms: i64,
    outcome: &'static str,
    baseline: (i64, i64),
    canary: (i64, i64),
    identity: String,
    body: String,
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt("a JSON document"))
}

fn profile(profile: &WindowProfile) -> Result<String, StoreError> {
    inputs::pack(&json(profile)?)
}

fn position(position: Option<(u32, u64)>) -> Result<(i64, i64), StoreError> {
    position.map_or(Ok((-1, -1)), |(partition, offset)| {
        Ok((
            i64::from(partition),
            i64::try_from(offset).map_err(|_| StoreError::Range("an offset"))?,
        ))
    })
}

impl CommitJob {
    pub async fn new(lease: &Lease, commit: &Commit<'_>) -> Result<Self, StoreError> {
        let windows = commit.windows.iter().map(|window| {
            Ok(Window {
                start_ms: window.start_ms.unwrap_or(NO_TIME),
                end_ms: window.end_ms,
                edge: window.edge,
                counts: json(&window.counts)?,
                digest: window.digest.to_string(),
                profile: window.profile.as_deref().map(profile).transpose()?,
            })
        });
        let bad = commit
            .bad
            .iter()
            .map(|bad| Ok((bad.start_ms.unwrap_or(NO_TIME), json(&bad.counts)?)));
        let findings = commit.findings.iter().map(|finding| {
            Ok(Finding {
                start_ms: finding.start_ms.unwrap_or(NO_TIME),
                outcome: finding.outcome.as_str(),
                baseline: position(finding.baseline)?,
                canary: position(finding.canary)?,
                identity: finding.identity.clone().unwrap_or_default(),
                body: json(&finding.body)?,
            })
        });
        Ok(Self {
            key: Arc::clone(&lease.key),
            _turn: Arc::clone(&lease.key.busy).lock_owned().await,
            windows: windows.collect::<Result<_, StoreError>>()?,
            bad: bad.collect::<Result<_, StoreError>>()?,
            findings: findings.collect::<Result<_, StoreError>>()?,
            contracts: commit.contracts.to_vec(),
            inputs: commit.inputs.map(inputs::pack).transpose()?,
            checkpoint: json(commit.checkpoint)?,
            frontier_ms: commit.checkpoint.frontier_ms,
            state: commit.state.map(str::to_owned),
            verdict: commit.verdict.cloned(),
        })
    }

    fn with_key<const N: usize>(&self, rest: [Argument; N]) -> Vec<Argument> {
        self.key.with(rest)
    }

    /// Takes the row of the lease. `None` where this very commit is done already.
    async fn fence(&self, transaction: &mut dyn Transaction) -> Result<Option<i64>, StoreError> {
        let key = &*self.key;
        let now = transaction.now_ms().await?;
        let (mine, epoch) = if mutant!(NoEpochCheck) {
            self.whoever_has_it(transaction).await?
        } else {
            (key.commits(), key.epoch)
        };
        for known in [mine, mine + 1] {
            let sql = "UPDATE leases SET commits = commits + 1, frontier_ms = $6, expires_ms = $7 \
                       WHERE release = $1 AND generation = $2 AND stream = $3 AND epoch = $4 AND commits = $5";
            let [epoch, commits] = [epoch, known].map(Argument::from);
            let values = self.with_key([epoch, commits, self.frontier_ms.into(), (now + LEASE_MS).into()]);
            if transaction.execute(sql, values).await? > 0 {
                return Ok(Some(known + 1));
            }
            let rows = transaction.fetch(LEASE, self.with_key([])).await?;
            let row = rows.first().ok_or_else(|| StoreError::Rewound(key.stream.clone()))?;
            let (epoch, commits) = (row.integer(0)?, row.integer(1)?);
            if epoch < key.epoch || (epoch == key.epoch && commits < mine) {
                return Err(StoreError::Rewound(key.stream.clone()));
            }
            if epoch != key.epoch || commits != mine + 1 {
                return Err(key.fenced());
            }
            if row.text_or_null(2)? == Some(&self.checkpoint) {
                return Ok(None);
            }
        }
        Err(key.fenced())
    }

    /// For the defect that does not look whose lease it is.
    async fn whoever_has_it(&self, transaction: &mut dyn Transaction) -> Result<(i64, i64), StoreError> {
        let rows = transaction.fetch(LEASE, self.with_key([])).await?;
        let row = rows
            .first()
            .ok_or_else(|| StoreError::Rewound(self.key.stream.clone()))?;
        Ok((row.integer(1)?, row.integer(0)?))
    }

    async fn write(&self, transaction: &mut dyn Transaction) -> Result<(), StoreError> {
        let Key {
            generation: id, stream, ..
        } = &*self.key;
        for contract in &self.contracts {
            freeze(transaction, id, stream, contract).await?;
        }
        for window in &self.windows {
            self.window(transaction, window).await?;
        }
        for (start_ms, counts) in &self.bad {
            let sql = "INSERT INTO bad_counts (release, generation, stream, start_ms, counts) VALUES ($1, $2, $3, $4, $5) \
                       ON CONFLICT (release, generation, stream, start_ms) DO NOTHING";
            let values = self.with_key([(*start_ms).into(), counts.into()]);
            if transaction.execute(sql, values).await? == 0 {
                let sql = "SELECT counts FROM bad_counts \
                           WHERE release = $1 AND generation = $2 AND stream = $3 AND start_ms = $4";
                let stored = transaction.fetch(sql, self.with_key([(*start_ms).into()])).await?;
                self.compare("bad counts", *start_ms, stored.first().map(|row| row.text(0)), counts)?;
            }
        }
        for finding in &self.findings {
            // What was read again may differ by now (a record may be gone): the first finding stands.
            let sql = "INSERT INTO findings (release, generation, stream, start_ms, outcome, baseline_partition, baseline_offset, \
                       canary_partition, canary_offset, identity, body) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
            let values = self.with_key([
                finding.start_ms.into(),
                finding.outcome.into(),
                finding.baseline.0.into(),
                finding.baseline.1.into(),
                finding.canary.0.into(),
                finding.canary.1.into(),
                (&finding.identity).into(),
                (&finding.body).into(),
            ]);
            transaction.execute(sql, values).await?;
        }
        if let (Some(inputs), Some(frontier_ms)) = (&self.inputs, self.frontier_ms) {
            let values = self.with_key([frontier_ms.into(), inputs.into()]);
            transaction.execute(inputs::INSERT, values).await?;
        }
        let sql = "INSERT INTO checkpoints (release, generation, stream, body, state) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (release, generation, stream) DO UPDATE SET body = excluded.body, state = excluded.state";
        let values = self.with_key([(&self.checkpoint).into(), (&self.state).into()]);
        transaction.execute(sql, values).await?;
        if let Some(VerdictRow { verdict, body }) = &self.verdict {
            let now = transaction.now_ms().await?;
            let sql = "INSERT INTO verdicts (release, generation, sequence, at_ms, verdict, body) \
                       SELECT $1, $2, coalesce(max(sequence), 0) + 1, $3, $4, $5 FROM verdicts \
                       WHERE release = $1 AND generation = $2";
            let values = arguments![&id.release, id.generation, now, verdict.as_str(), body];
            transaction.execute(sql, values).await?;
        }
        Ok(())
    }

    async fn window(&self, transaction: &mut dyn Transaction, window: &Window) -> Result<(), StoreError> {
        let Window {
            start_ms,
            end_ms,
            edge,
            counts,
            digest,
            profile,
        } = window;
        let sql = "INSERT INTO windows (release, generation, stream, start_ms, end_ms, edge, counts, digest, profile) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (release, generation, stream, start_ms) DO NOTHING";
        let sql = if mutant!(NaiveUpsert) { UPSERT } else { sql };
        let values = self.with_key([
            (*start_ms).into(),
            (*end_ms).into(),
            i64::from(*edge).into(),
            counts.into(),
            digest.into(),
            profile.into(),
        ]);
        if transaction.execute(sql, values).await? == 0 {
            let sql =
                "SELECT digest FROM windows WHERE release = $1 AND generation = $2 AND stream = $3 AND start_ms = $4";
            let stored = transaction.fetch(sql, self.with_key([(*start_ms).into()])).await?;
            self.compare("window", *start_ms, stored.first().map(|row| row.text(0)), digest)?;
        }
        Ok(())
    }

    fn compare(
        &self,
        what: &'static str,
        start_ms: i64,
        stored: Option<Result<&str, StoreError>>,
        mine: &str,
    ) -> Result<(), StoreError> {
        if stored.transpose()? == Some(mine) {
            return Ok(());
        }
        Err(StoreError::Conflict {
            what,
            stream: self.key.stream.clone(),
            start_ms: Some(start_ms).filter(|start| *start != NO_TIME),
        })
    }
}

impl Job for CommitJob {
    const MODE: Mode = Mode::Write;
    type Done = i64;

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, i64> {
        Box::pin(async move {
            let Some(commits) = self.fence(transaction).await? else {
                return Ok(self.key.commits() + 1);
            };
            self.write(transaction).await?;
            Ok(commits)
        })
    }

    fn done(&self, commits: &i64) {
        let newest = self.windows.last();
        let window = newest.map(|window| (window.start_ms, window.digest.clone()));
        self.key.committed(*commits, window);
    }
}

/// Stores a contract, or finds the same one stored.
pub(super) async fn freeze(
    transaction: &mut dyn Transaction,
    id: &GenerationId,
    stream: &str,
    contract: &ContractRow,
) -> Result<(), StoreError> {
    let ContractRow {
        type_name,
        contract,
        digest,
        ..
    } = contract;
    let sql = "INSERT INTO contracts (release, generation, stream, type_name, contract, digest) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (release, generation, stream, type_name) DO NOTHING";
    let values = arguments![&id.release, id.generation, stream, type_name, contract, digest];
    if transaction.execute(sql, values).await? > 0 {
        return Ok(());
    }
    let sql = "SELECT digest FROM contracts WHERE release = $1 AND generation = $2 AND stream = $3 AND type_name = $4";
    let stored = transaction
        .fetch(sql, arguments![&id.release, id.generation, stream, type_name])
        .await?;
    if stored.first().map(|row| row.text(0)).transpose()? == Some(digest.as_str()) {
        return Ok(());
    }
    Err(StoreError::Conflict {
        what: "contract",
        stream: stream.to_owned(),
        start_ms: None,
    })
}
