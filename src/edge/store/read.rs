//! What is stored, read in one snapshot.

use super::backend::{Mode, Reply, Row, Transaction, arguments};
use super::perform::Job;
use super::rows::{self, NO_TIME};
use super::{
    BadRow, CommandRow, ContractRow, FindingRow, GenerationId, GenerationState, InputsRow, LeaseRow, ReleaseRow,
    StateRow, StoreError, StoredVerdict, WindowRow, inputs, life,
};
use crate::model::{Outcome, WindowProfile};

/// What to read of a generation.
#[derive(Clone, Debug)]
pub struct Read {
    /// Which.
    pub generation: GenerationId,
    /// Only this stream.
    pub stream: Option<String>,
    /// Which windows, with their bad counts.
    pub windows: Span,
    /// At most this many findings of windows in the span, oldest window first.
    pub findings_max: i64,
    /// Which inputs of windows, by the frontier after them.
    pub inputs: Span,
}

/// A span of windows, a page of it: the first `limit` that start after `after_ms`, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Only windows that start after it.
    pub after_ms: Option<i64>,
    /// At most this many; the oldest.
    pub limit: i64,
}

impl Span {
    /// None of them.
    pub const NONE: Span = Span {
        after_ms: None,
        limit: 0,
    };
    /// All of them.
    pub const ALL: Span = Span {
        after_ms: None,
        limit: i64::MAX,
    };
}

/// What is stored of a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// How far its life is.
    pub state: GenerationState,
    /// Windows by (stream, start).
    pub windows: Vec<WindowRow>,
    /// Bad counts by (stream, start).
    pub bad: Vec<BadRow>,
    /// Findings by (stream, start, outcome, positions).
    pub findings: Vec<FindingRow>,
    /// Inputs of windows by (stream, frontier).
    pub inputs: Vec<InputsRow>,
    /// What stands beside the checkpoints, by stream.
    pub states: Vec<StateRow>,
    /// Contracts by (stream, type).
    pub contracts: Vec<ContractRow>,
    /// Leases by stream.
    pub leases: Vec<LeaseRow>,
    /// All verdicts, the newest last.
    pub verdicts: Vec<StoredVerdict>,
    /// All commands, the newest last.
    pub commands: Vec<CommandRow>,
}

pub(super) struct ReadJob(pub Read);

impl Job for ReadJob {
    const MODE: Mode = Mode::Read;
    type Done = Stored;

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, Stored> {
        Box::pin(async move {
            let Read {
                generation: id,
                stream,
                windows: span,
                findings_max,
                inputs,
            } = &self.0;
            let state = life::state(transaction, id).await?;
            let page = |span: &Span, limit: i64| {
                // The window without a time is the first.
                let (after, strict) = (span.after_ms.unwrap_or(NO_TIME), i64::from(span.after_ms.is_some()));
                arguments![&id.release, id.generation, stream, after, strict, limit]
            };
            let whole = arguments![&id.release, id.generation, stream];
            let generation = arguments![&id.release, id.generation];

            let windows = transaction.fetch(WINDOWS, page(span, span.limit)).await?;
            let bad = transaction.fetch(BAD, page(span, span.limit)).await?;
            let findings = transaction.fetch(FINDINGS, page(span, *findings_max)).await?;
            let inputs = match inputs.limit {
                0 => Vec::new(),
                limit => transaction.fetch(inputs::SELECT, page(inputs, limit)).await?,
            };
            let contracts = transaction.fetch(CONTRACTS, whole.clone()).await?;
            let states = transaction.fetch(STATES, whole.clone()).await?;
            let leases = transaction.fetch(LEASES, whole).await?;
            let verdicts = transaction.fetch(VERDICTS, generation.clone()).await?;
            let commands = transaction.fetch(COMMANDS, generation).await?;
            let now = transaction.now_ms().await?;
            Ok(Stored {
                state,
                windows: all(&windows, window)?,
                bad: all(&bad, |row| {
                    Ok(BadRow {
                        stream: row.text(0)?.to_owned(),
                        start_ms: time(row, 1)?,
                        counts: row.json(2, "bad counts")?,
                    })
                })?,
                findings: all(&findings, finding)?,
                inputs: all(&inputs, |row| {
                    Ok(InputsRow {
                        stream: row.text(0)?.to_owned(),
                        frontier_ms: row.integer(1)?,
                        body: inputs::unpack(row.text(2)?)?,
                    })
                })?,
                states: all(&states, |row| {
                    Ok(StateRow {
                        stream: row.text(0)?.to_owned(),
                        state: row.text(1)?.to_owned(),
                    })
                })?,
                contracts: all(&contracts, |row| {
                    Ok(ContractRow {
                        stream: row.text(0)?.to_owned(),
                        type_name: row.text(1)?.to_owned(),
                        contract: row.text(2)?.to_owned(),
                        digest: row.text(3)?.to_owned(),
                    })
                })?,
                leases: all(&leases, |row| {
                    Ok(LeaseRow {
                        stream: row.text(0)?.to_owned(),
                        epoch: row.integer(1)?,
                        owner: row.text(2)?.to_owned(),
                        expires_in_ms: row.integer(3)?.saturating_sub(now),
                        commits: row.integer(4)?,
                        frontier_ms: row.integer_or_null(5)?,
                    })
                })?,
                verdicts: all(&verdicts, |row| verdict(row, 0))?,
                commands: all(&commands, command)?,
            })
        })
    }
}

// $1 release, $2 generation, $3 stream or null, $4 after, $5 whether strictly, $6 limit.
const WINDOWS: &str = "SELECT stream, start_ms, end_ms, edge, counts, digest, profile FROM windows \
    WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) AND (start_ms > $4 OR (start_ms = $4 AND $5 = 0)) \
    ORDER BY stream, start_ms LIMIT $6";
const BAD: &str = "SELECT stream, start_ms, counts FROM bad_counts \
    WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) AND (start_ms > $4 OR (start_ms = $4 AND $5 = 0)) \
    ORDER BY stream, start_ms LIMIT $6";
const FINDINGS: &str = "SELECT stream, start_ms, outcome, baseline_partition, baseline_offset, canary_partition, canary_offset, \
    identity, body FROM findings \
    WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) AND (start_ms > $4 OR (start_ms = $4 AND $5 = 0)) \
    ORDER BY stream, start_ms, outcome, baseline_partition, baseline_offset, canary_partition, canary_offset LIMIT $6";
const CONTRACTS: &str = "SELECT stream, type_name, contract, digest FROM contracts \
    WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) ORDER BY stream, type_name";
const STATES: &str = "SELECT stream, state FROM checkpoints \
    WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) AND state IS NOT NULL ORDER BY stream";
const LEASES: &str = "SELECT stream, epoch, owner, expires_ms, commits, frontier_ms FROM leases \
    WHERE release = $1 AND generation = $2 AND ($3 IS NULL OR stream = $3) ORDER BY stream";
const VERDICTS: &str =
    "SELECT sequence, at_ms, verdict, body FROM verdicts WHERE release = $1 AND generation = $2 ORDER BY sequence";
const COMMANDS: &str = "SELECT at_ms, action, reason, actor, detail FROM commands \
    WHERE release = $1 AND generation = $2 ORDER BY at_ms, id";
const RELEASES: &str = "SELECT g.release, g.generation, g.state, g.settings, g.settings_digest, g.started_ms, g.closing_ms, g.closed_ms, \
    v.sequence, v.at_ms, v.verdict, v.body FROM generations g LEFT JOIN verdicts v ON v.release = g.release \
    AND v.generation = g.generation AND v.sequence = (SELECT max(sequence) FROM verdicts l \
    WHERE l.release = g.release AND l.generation = g.generation) \
    WHERE $1 IS NULL OR g.release = $1 ORDER BY g.release, g.generation DESC";

fn all<T>(rows: &[Row], make: impl Fn(&Row) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
    rows.iter().map(make).collect()
}

fn time(row: &Row, column: usize) -> Result<Option<i64>, StoreError> {
    Ok(Some(row.integer(column)?).filter(|time| *time != NO_TIME))
}

fn window(row: &Row) -> Result<WindowRow, StoreError> {
    Ok(WindowRow {
        stream: row.text(0)?.to_owned(),
        start_ms: time(row, 1)?,
        end_ms: row.integer_or_null(2)?,
        edge: row.integer(3)? != 0,
        counts: row.json(4, "counts")?,
        digest: row.text(5)?.to_owned(),
        profile: row.text_or_null(6)?.map(profile).transpose()?,
    })
}

fn profile(packed: &str) -> Result<WindowProfile, StoreError> {
    serde_json::from_str(&inputs::unpack(packed)?).map_err(|_| StoreError::Corrupt("the profile of a window"))
}

fn finding(row: &Row) -> Result<FindingRow, StoreError> {
    let outcome = row.text(2)?;
    let position = |column| {
        let (partition, offset) = (row.integer(column)?, row.integer(column + 1)?);
        // Both are -1 where there is none.
        Ok::<_, StoreError>(u32::try_from(partition).ok().zip(u64::try_from(offset).ok()))
    };
    Ok(FindingRow {
        stream: row.text(0)?.to_owned(),
        start_ms: time(row, 1)?,
        outcome: Outcome::ALL
            .into_iter()
            .find(|known| known.as_str() == outcome)
            .ok_or(StoreError::Corrupt("an outcome"))?,
        baseline: position(3)?,
        canary: position(5)?,
        identity: Some(row.text(7)?.to_owned()).filter(|identity| !identity.is_empty()),
        body: row.json(8, "a finding")?,
    })
}

fn command(row: &Row) -> Result<CommandRow, StoreError> {
    Ok(CommandRow {
        at_ms: row.integer(0)?,
        action: row.text(1)?.to_owned(),
        reason: row.text(2)?.to_owned(),
        actor: row.text(3)?.to_owned(),
        detail: row.text(4)?.to_owned(),
    })
}

fn verdict(row: &Row, first: usize) -> Result<StoredVerdict, StoreError> {
    Ok(StoredVerdict {
        sequence: row.integer(first)?,
        at_ms: row.integer(first + 1)?,
        verdict: rows::verdict(row.text(first + 2)?).ok_or(StoreError::Corrupt("a verdict"))?,
        body: row.text(first + 3)?.to_owned(),
    })
}

/// The commands on one generation.
pub(super) struct Commands(pub GenerationId);

impl Job for Commands {
    const MODE: Mode = Mode::Read;
    type Done = Vec<CommandRow>;

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, Vec<CommandRow>> {
        Box::pin(async move {
            let id = &self.0;
            let rows = transaction
                .fetch(COMMANDS, arguments![&id.release, id.generation])
                .await?;
            all(&rows, command)
        })
    }
}

/// Generations of one release, or of all.
pub(super) struct Releases(pub Option<String>);

impl Job for Releases {
    const MODE: Mode = Mode::Read;
    type Done = Vec<ReleaseRow>;

    fn run<'a>(&'a self, transaction: &'a mut dyn Transaction) -> Reply<'a, Vec<ReleaseRow>> {
        Box::pin(async move {
            let rows = transaction.fetch(RELEASES, arguments![&self.0]).await?;
            all(&rows, |row| {
                Ok(ReleaseRow {
                    id: GenerationId {
                        release: row.text(0)?.to_owned(),
                        generation: row.integer(1)?,
                    },
                    state: GenerationState::parse(row.text(2)?).ok_or(StoreError::Corrupt("a state"))?,
                    settings: row.text(3)?.to_owned(),
                    settings_digest: row.text(4)?.to_owned(),
                    started_ms: row.integer(5)?,
                    closing_ms: row.integer_or_null(6)?,
                    closed_ms: row.integer_or_null(7)?,
                    verdict: row.integer_or_null(8)?.map(|_| verdict(row, 8)).transpose()?,
                })
            })
        })
    }
}
