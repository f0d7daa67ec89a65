//! The life of a release: generations begin, close, end; whoever asked for it is recorded.

use uuid::Uuid;

use super::backend::{Mode, Reply, Transaction, arguments};
use super::perform::Job;
use super::{ContractRow, FindingsKey, GenerationId, GenerationState, StoreError};
use crate::model::Verdict;

/// A worker that begins.
#[derive(Clone, Debug)]
pub struct Begin {
    /// Name of the release.
    pub release: String,
    /// The comparison settings, JSON: frozen in the generation.
    pub settings: String,
    /// Their digest: another one begins another generation.
    pub settings_digest: String,
    /// Contracts that are known already; a resumed generation has its own.
    pub contracts: Vec<ContractRow>,
    /// Why, where somebody asked for it.
    pub reason: String,
    /// Who: the worker's name.
    pub actor: String,
}

/// The generation to work on.
#[derive(Clone, PartialEq, Eq)]
pub struct Generation {
    /// Which.
    pub id: GenerationId,
    /// False where it began just now.
    pub resumed: bool,
    /// Open or closing.
    pub state: GenerationState,
    /// When it began, by the database's clock.
    pub started_ms: i64,
    /// Key of the findings' hashes that was made in this database.
    pub findings_key: FindingsKey,
}

/// Something that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// End the generation at once: the next worker begins another.
    Start,
    /// Read to the ends that stand now, then end it.
    Close,
    /// Everything is read and stored: it ends. The worker's.
    Finish,
    /// The verdict is another, because a human says so.
    Override(Verdict),
    /// It is the evidence's again.
    Lift,
    /// A check is left out of the verdict; the caller's own text says which, and until when.
    Mute(String),
}

impl Action {
    fn words(&self) -> (&'static str, &str) {
        match self {
            Action::Start => ("start", ""),
            Action::Close => ("close", ""),
            Action::Finish => ("finish", ""),
            Action::Override(verdict) => ("override", verdict.as_str()),
            Action::Lift => ("lift", ""),
            Action::Mute(what) => ("mute", what),
        }
    }
}

/// A command on a release.
#[derive(Clone, Debug)]
pub struct Command {
    /// Name of the release.
    pub release: String,
    /// Which generation; the newest where none is named.
    pub generation: Option<i64>,
    /// What.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// To which generation.
    pub id: GenerationId,
    /// What its state is now.
    pub state: GenerationState,
}

pub(super) struct BeginJob {
    begin: Begin,
    /// Becomes the key of the findings if the database has none.
    key: [u8; 32],
    command: String,
}

impl BeginJob {
    pub fn new(begin: Begin) -> Result<Self, StoreError> {
        let mut key = [0; 32];
        rustls::crypto::ring::default_provider()
            .secure_random
            .fill(&mut key)
            .map_err(|_| StoreError::Task)?;
        Ok(Self {
            begin,
            key,
            command: Uuid::now_v7().to_string(),
        })
    }
}

impl Job for BeginJob {
    const MODE: Mode = Mode::Write;
    type Done = Generation;

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, Generation> {
        Box::pin(async move {
            let findings_key = findings_key(transaction, &self.key).await?;
            let begin = &self.begin;
            let newest = newest(transaction, &begin.release).await?;
            if let Some(newest) = &newest
                && newest.state != GenerationState::Closed
                && newest.settings_digest == begin.settings_digest
            {
                return Ok(Generation {
                    id: newest.id(&begin.release),
                    resumed: true,
                    state: newest.state,
                    started_ms: newest.started_ms,
                    findings_key,
                });
            }
            let now = transaction.now_ms().await?;
            if let Some(newest) = newest.as_ref().filter(|newest| newest.state != GenerationState::Closed) {
                let id = newest.id(&begin.release);
                end(transaction, &id, now).await?;
                let supersede = Entry {
                    id: &format!("{}-supersede", self.command),
                    action: "supersede",
                    reason: "other comparison settings",
                    actor: &begin.actor,
                    detail: "",
                };
                supersede.write(transaction, &id, now).await?;
            }
            let id = GenerationId {
                release: begin.release.clone(),
                generation: newest.map_or(0, |newest| newest.generation) + 1,
            };
            // Two that begin at the same time: the key lets one through, the other runs again and resumes.
            let sql = "INSERT INTO generations (release, generation, state, settings, settings_digest, started_ms) \
                       VALUES ($1, $2, 'open', $3, $4, $5)";
            let values = arguments![&id.release, id.generation, &begin.settings, &begin.settings_digest, now];
            transaction.execute(sql, values).await?;
            for contract in &begin.contracts {
                super::commit::freeze(transaction, &id, &contract.stream, contract).await?;
            }
            let entry = Entry {
                id: &self.command,
                action: "begin",
                reason: &begin.reason,
                actor: &begin.actor,
                detail: &begin.settings_digest,
            };
            entry.write(transaction, &id, now).await?;
            Ok(Generation {
                id,
                resumed: false,
                state: GenerationState::Open,
                started_ms: now,
                findings_key,
            })
        })
    }
}

async fn findings_key(transaction: &mut dyn Transaction, key: &[u8; 32]) -> Result<FindingsKey, StoreError> {
    let hex = blake3::Hash::from_bytes(*key).to_hex();
    let insert = "INSERT INTO secrets (name, value) VALUES ('findings', $1) ON CONFLICT (name) DO NOTHING";
    transaction.execute(insert, arguments![hex.as_str()]).await?;
    let sql = "SELECT value FROM secrets WHERE name = 'findings'";
    let rows = transaction.fetch(sql, Vec::new()).await?;
    let text = rows.first().ok_or(StoreError::Corrupt("a key"))?.text(0)?;
    let key = blake3::Hash::from_hex(text).map_err(|_| StoreError::Corrupt("a key"))?;
    Ok(FindingsKey(*key.as_bytes()))
}

struct Newest {
    generation: i64,
    state: GenerationState,
    settings_digest: String,
    started_ms: i64,
}

impl Newest {
    fn id(&self, release: &str) -> GenerationId {
        GenerationId {
            release: release.to_owned(),
            generation: self.generation,
        }
    }
}

async fn newest(transaction: &mut dyn Transaction, release: &str) -> Result<Option<Newest>, StoreError> {
    let sql = "SELECT generation, state, settings_digest, started_ms FROM generations \
               WHERE release = $1 ORDER BY generation DESC LIMIT 1";
    let rows = transaction.fetch(sql, arguments![release]).await?;
    rows.first()
        .map(|row| {
            Ok(Newest {
                generation: row.integer(0)?,
                state: GenerationState::parse(row.text(1)?).ok_or(StoreError::Corrupt("a state"))?,
                settings_digest: row.text(2)?.to_owned(),
                started_ms: row.integer(3)?,
            })
        })
        .transpose()
}

/// The state of a generation.
pub(super) async fn state(transaction: &mut dyn Transaction, id: &GenerationId) -> Result<GenerationState, StoreError> {
    let sql = "SELECT state FROM generations WHERE release = $1 AND generation = $2";
    let rows = transaction.fetch(sql, arguments![&id.release, id.generation]).await?;
    let row = rows.first().ok_or_else(|| StoreError::UnknownRelease {
        release: id.release.clone(),
        generation: Some(id.generation),
    })?;
    GenerationState::parse(row.text(0)?).ok_or(StoreError::Corrupt("a state"))
}

/// Ends a generation and fences whoever still works on it.
async fn end(transaction: &mut dyn Transaction, id: &GenerationId, now: i64) -> Result<(), StoreError> {
    let sql = "UPDATE generations SET state = 'closed', closed_ms = $3 WHERE release = $1 AND generation = $2 AND state <> 'closed'";
    transaction
        .execute(sql, arguments![&id.release, id.generation, now])
        .await?;
    let sql = "UPDATE leases SET epoch = epoch + 1, owner = '', token = '', expires_ms = 0 WHERE release = $1 AND generation = $2";
    transaction.execute(sql, arguments![&id.release, id.generation]).await?;
    Ok(())
}

/// A line of the audit trail.
struct Entry<'a> {
    id: &'a str,
    action: &'a str,
    reason: &'a str,
    actor: &'a str,
    detail: &'a str,
}

impl Entry<'_> {
    /// False where it stood there already: the transaction that wrote it is run again.
    async fn write(&self, transaction: &mut dyn Transaction, on: &GenerationId, now: i64) -> Result<bool, StoreError> {
        let Self {
            id,
            action,
            reason,
            actor,
            detail,
        } = *self;
        let sql = "INSERT INTO commands (id, release, generation, at_ms, action, reason, actor, detail) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";
        let values = arguments![id, &on.release, on.generation, now, action, reason, actor, detail];
        Ok(transaction.execute(sql, values).await? > 0)
    }
}

pub(super) struct RecordJob {
    command: Command,
    id: String,
}

impl RecordJob {
    pub fn new(command: Command) -> Self {
        Self {
            command,
            id: Uuid::now_v7().to_string(),
        }
    }
}

impl Job for RecordJob {
    const MODE: Mode = Mode::Write;
    type Done = Recorded;

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, Recorded> {
        Box::pin(async move {
            let Command {
                release,
                generation,
                action,
                reason,
                actor,
            } = &self.command;
            let unknown = || StoreError::UnknownRelease {
                release: release.clone(),
                generation: *generation,
            };
            let newest = newest(transaction, release).await?.ok_or_else(unknown)?;
            let id = GenerationId {
                release: release.clone(),
                generation: generation.unwrap_or(newest.generation),
            };
            let before = state(transaction, &id).await?;
            let now = transaction.now_ms().await?;
            let (name, detail) = action.words();
            let entry = Entry {
                id: &self.id,
                action: name,
                reason,
                actor,
                detail,
            };
            let state = if entry.write(transaction, &id, now).await? {
                apply(transaction, &id, action, before, now).await?
            } else {
                before
            };
            Ok(Recorded { id, state })
        })
    }
}

async fn apply(
    transaction: &mut dyn Transaction,
    id: &GenerationId,
    action: &Action,
    before: GenerationState,
    now: i64,
) -> Result<GenerationState, StoreError> {
    match (action, before) {
        (Action::Close, GenerationState::Closed) => Err(StoreError::Closed {
            release: id.release.clone(),
            generation: id.generation,
        }),
        (Action::Close, _) => {
            let sql = "UPDATE generations SET state = 'closing', closing_ms = $3 \
                       WHERE release = $1 AND generation = $2 AND state = 'open'";
            transaction
                .execute(sql, arguments![&id.release, id.generation, now])
                .await?;
            state(transaction, id).await
        }
        (Action::Start | Action::Finish, _) => {
            end(transaction, id, now).await?;
            Ok(GenerationState::Closed)
        }
        (Action::Override(_) | Action::Lift | Action::Mute(_), state) => Ok(state),
    }
}
