//! `show`: one stored finding as a diff. Its records are read again by position, with the schemas and rules of its generation.

mod print;

use std::io::Write;

use anyhow::{Context, Result};

use super::book::{Book, Fact};
use super::command::{Ending, Output};
use super::findings::{Rereader, Seen};
use super::replay::{self, Inputs};
use super::stored;
use super::trouble::trouble;
use super::worker::{self, State};
use super::world::{Real, runtime};
use crate::config::{self, Config};
use crate::edge::store::{FindingRow, GenerationId, Read, Span, Store};
use crate::engine::Candidate;
use crate::model::{Differing, FieldDifference, Outcome, PerSide, Position, Side, Sides, Topics, Verdict};
use print::Shown;

/// Letters that a beginning of an id must have at least.
const ID_MIN: usize = 4;
/// Rows of inputs that are read at once.
const PAGE: i64 = 500;
/// Findings of a generation that are looked through.
const FINDINGS_MAX: i64 = 1_000_000;

/// Which finding is shown.
#[derive(Clone, Debug)]
pub struct Request {
    /// The config: where the logs are, the settings, and what may be shown.
    pub config: Config,
    /// The release.
    pub release: String,
    /// Its generation; `None` is the newest.
    pub generation: Option<u32>,
    /// The finding's id, or a beginning that only one has.
    pub finding: String,
    /// How it is printed.
    pub output: Output,
}

/// Shows it.
///
/// # Errors
/// Our own world failing: the database, a topic, a config that is not the generation's; a finding that there is not.
pub fn run(request: &Request, out: &mut dyn Write) -> Result<Ending> {
    let runtime = runtime(1)?;
    let Request { config, release, .. } = request;
    let (id, row, facts, own) = runtime.block_on(async {
        let (store, id, _) = replay::open(config, release, request.generation).await?;
        let row = find(&store, &id, &request.finding).await?;
        let (facts, own) = facts(&store, &id, &row).await?;
        store.close().await;
        Ok::<_, anyhow::Error>((id, row, facts, own))
    })?;
    let named = |stream: &&config::Stream| stream.name == row.stream;
    let stream = config.streams.iter().find(named);
    // The settings are the generation's, and so are the streams.
    let stream = stream.with_context(|| format!("find stream {} in the config", row.stream))?;
    let _inside = runtime.enter();
    let world = Real::new(config)?;
    let book = Book::default();
    facts.into_iter().for_each(|fact| book.note(fact));
    let mut rereader = worker::rereader(stream, &world, &own, &book);
    let topics = worker::topics(stream, &own);
    let shown = look(&id, &row, (stream, topics), &mut rereader).context("read the records of the finding again")?;
    print::print(&shown, request.output, out)?;
    Ok(if shown.gone.is_empty() {
        Ending::Done
    } else {
        Ending::Verdict(Verdict::Inconclusive)
    })
}

/// The finding of that id.
async fn find(store: &Store, id: &GenerationId, wanted: &str) -> Result<FindingRow> {
    let wanted = wanted.to_ascii_lowercase();
    let hint = format!(
        "`crosscheck report --release {} --generation {} -o ndjson` lists the findings that were kept, each with its `id`",
        id.release, id.generation
    );
    if wanted.len() < ID_MIN || !wanted.bytes().all(|letter| letter.is_ascii_hexdigit()) {
        let what = format!("a finding is named by its id, or by at least {ID_MIN} hex digits that it begins with");
        return Err(trouble(what, hint));
    }
    let read = Read {
        findings_max: FINDINGS_MAX,
        ..nothing(id, None)
    };
    let findings = store.read(read).await.context("read the findings")?.findings;
    let mut found = findings
        .into_iter()
        .filter(|row| stored::finding_id(row).starts_with(&wanted));
    match (found.next(), found.count()) {
        (Some(row), 0) => Ok(row),
        (None, _) => {
            let what = format!("generation {} of {} has no finding {wanted}", id.generation, id.release);
            Err(trouble(what, hint))
        }
        (Some(_), more) => {
            let what = format!("{} findings have an id that begins with {wanted}", more + 1);
            Err(trouble(what, hint))
        }
    }
}

/// What is read of a generation where nothing but its contracts is.
fn nothing(id: &GenerationId, stream: Option<&str>) -> Read {
    Read {
        generation: id.clone(),
        stream: stream.map(str::to_owned),
        windows: Span::NONE,
        findings_max: 0,
        inputs: Span::NONE,
    }
}

/// The contracts of the finding's stream, and the writer schemas that were known when its window became final; and the topics
/// that its patterns came to.
async fn facts(store: &Store, id: &GenerationId, row: &FindingRow) -> Result<(Vec<Fact>, Sides<Vec<String>>)> {
    let read = nothing(id, Some(&row.stream));
    let stored = store.read(read.clone()).await.context("read the contracts")?;
    let facts: Result<Vec<Fact>> = stored.contracts.iter().map(worker::contract_fact).collect();
    let mut facts = facts?;
    let own = State::of(&stored, &row.stream)?.topics;
    let mut after_ms = None;
    loop {
        let page = Read {
            inputs: Span { after_ms, limit: PAGE },
            ..read.clone()
        };
        let rows = store.read(page).await.context("read the stored inputs")?.inputs;
        for inputs in &rows {
            let known = Inputs::read(inputs)?;
            for schema in &known.schemas {
                facts.push(schema.fact()?);
            }
            facts.extend(known.unknown.iter().map(|unknown| unknown.fact()));
        }
        // Schemas are told once, with the first windows that needed them.
        match rows.last() {
            Some(last) if row.start_ms.is_none_or(|start| last.frontier_ms <= start) => {
                after_ms = Some(last.frontier_ms)
            }
            _ => return Ok((facts, own)),
        }
    }
}

/// Reads the records again, and compares them.
fn look<'a>(
    id: &'a GenerationId,
    row: &'a FindingRow,
    (stream, topics): (&'a config::Stream, PerSide<Topics>),
    rereader: &mut Rereader,
) -> Result<Shown<'a>> {
    let position = |side: Side, at: Option<(u32, u64)>| {
        at.map(|(partition, offset)| Position {
            side,
            partition,
            offset,
        })
    };
    let pair = Candidate {
        outcome: row.outcome,
        baseline: position(Side::Baseline, row.baseline),
        canary: position(Side::Canary, row.canary),
        identity: None,
        time_ms: None,
        reason: row.body.reason,
        differing: Differing::default(),
    };
    let mut shown = Shown {
        id,
        row,
        stream,
        topics,
        fields: Vec::new(),
        gone: Vec::new(),
        unread: false,
    };
    for at in [pair.baseline, pair.canary].into_iter().flatten() {
        if rereader.raw(at.side, &[at], |_, _| Some(()))?.is_empty() {
            shown.gone.push(at.side);
        }
    }
    if shown.gone.is_empty() && row.outcome == Outcome::Mismatched {
        let mut seen: Option<Vec<FieldDifference>> = None;
        rereader.look(&[pair], |_, what| {
            if let Seen::Differences(fields) = what {
                seen = Some(fields);
            }
        })?;
        shown.unread = seen.is_none();
        shown.fields = seen.unwrap_or_default();
    }
    Ok(shown)
}
