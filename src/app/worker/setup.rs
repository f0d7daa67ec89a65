//! One stream of the worker, built: readers, registries, contracts, engine, at the place to go on from.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::runtime::Handle;

use super::commit::contract_fact;
use super::state::State;
use crate::app::book::{self, Book, Fact};
use crate::app::clock::Clock;
use crate::app::compacted;
use crate::app::contract;
use crate::app::findings::{Again, Rereader};
use crate::app::lane::Lane;
use crate::app::log::Log;
use crate::app::range;
use crate::app::schemas::{Origin, Patience, Schemas};
use crate::app::stream::{Reading, Stream};
use crate::app::trouble::trouble;
use crate::codec::{Field, Reducer};
use crate::config::{self, Config};
use crate::edge::kafka;
use crate::edge::registry::Registry;
use crate::edge::store::{ContractRow, Resume};
use crate::engine::diff::DiffRules;
use crate::engine::{Checkpoint, Engine};
use crate::model::{PerSide, Side};

/// What a stream is built of, beside the config.
pub struct Parts {
    /// Registries by the config's names.
    pub registries: BTreeMap<String, Arc<Registry>>,
    /// Contracts that are frozen with the generation.
    pub contracts: Vec<ContractRow>,
    /// Where to go on.
    pub resume: Option<Resume>,
    /// The clock.
    pub clock: Clock,
}

/// A stream that is ready to read.
pub struct Ready {
    /// It.
    pub stream: Stream,
    /// Reads its records again.
    pub rereader: Rereader,
    /// What is stored beside the checkpoint.
    pub state: State,
}

/// Builds one stream. Blocks on the brokers: not for an async thread.
///
/// # Errors
/// A topic that cannot be read, a contract that cannot be found.
pub fn build(config: &Config, stream: &config::Stream, parts: Parts, handle: &Handle) -> Result<Ready> {
    let Parts {
        registries,
        contracts,
        resume,
        clock,
    } = parts;
    let (checkpoint, state) = match resume {
        Some(Resume { checkpoint, state }) => {
            let state = state
                .as_deref()
                .map(serde_json::from_str)
                .transpose()
                .context("read the stored state")?;
            (Some(checkpoint), state.unwrap_or_default())
        }
        None => (None, State::default()),
    };
    let clusters = PerSide {
        baseline: config.clusters[&stream.sides.baseline.cluster].clone(),
        canary: config.clusters[&stream.sides.canary.cluster].clone(),
    };
    let book = Book::default();
    let registry = |side: Side| {
        stream
            .sides
            .get(side)
            .registry
            .as_ref()
            .and_then(|name| registries.get(name).cloned())
    };
    let origin = |side: Side| Origin {
        registry: registry(side),
        topic: Some(stream.sides.get(side).topic.clone()),
        fixed: None,
    };
    let origins = PerSide {
        baseline: origin(Side::Baseline),
        canary: origin(Side::Canary),
    };
    let mut schemas = Schemas::new(handle.clone(), origins, Patience::WORKER, book.clone());
    let mut engine = match checkpoint.clone() {
        Some(checkpoint) => Engine::resume(stream.engine.clone(), checkpoint),
        None => Engine::new(stream.engine.clone()),
    };
    let open = |side: Side| kafka::Reader::open(clusters.get(side), &stream.sides.get(side).topic);
    let mut readers = PerSide {
        baseline: open(Side::Baseline).context("open the baseline's topic")?,
        canary: open(Side::Canary).context("open the canary's topic")?,
    };
    let retention_ms = PerSide {
        baseline: retention_ms(stream, Side::Baseline, &readers.baseline)?,
        canary: retention_ms(stream, Side::Canary, &readers.canary)?,
    };
    for row in &contracts {
        book.note(contract_fact(row)?);
    }
    state.unknown.iter().for_each(|unknown| book.note(unknown.fact()));
    if contracts.is_empty() {
        choose_contracts(
            stream,
            &clusters.baseline,
            &readers.baseline,
            registry(Side::Baseline),
            &mut schemas,
            &book,
            clock,
            handle,
        )?;
    }
    let mut starts = PerSide::<Vec<(u32, u64)>>::default();
    for side in Side::PAIR {
        let start = start_offsets(
            readers.get(side),
            side,
            config.release.start,
            stream,
            checkpoint.as_ref(),
        )?;
        for &(partition, from) in &start {
            engine.declare(side, partition, from);
        }
        readers.get_mut(side).assign(&start)?;
        *starts.get_mut(side) = start;
    }
    let lane = |side: Side, reader: kafka::Reader| {
        let reducer = Reducer::new(side, stream.sides.get(side).codec.clone());
        let mut lane = Lane::new(
            side,
            Log::Kafka(Box::new(reader)),
            book::Reader::new(reducer, side, book.clone()),
        );
        for (partition, _) in starts.get(side) {
            lane.partitions.entry(*partition).or_default().selected_at_ms = clock.elapsed_ms();
        }
        lane
    };
    let PerSide { baseline, canary } = readers;
    let lanes = PerSide {
        baseline: lane(Side::Baseline, baseline),
        canary: lane(Side::Canary, canary),
    };
    let reading = Reading {
        ahead_max_ms: Some(stream.limits.ahead_max_ms),
        idle_ms: Some(stream.limits.idle_ms),
    };
    let again = |side: Side| Again::Kafka {
        settings: Box::new(clusters.get(side).clone()),
        topic: stream.sides.get(side).topic.clone(),
        fetcher: None,
    };
    let reader = |side: Side| {
        book::Reader::new(
            Reducer::new(side, stream.sides.get(side).codec.clone()),
            side,
            book.clone(),
        )
    };
    let rereader = Rereader::new(
        PerSide {
            baseline: again(Side::Baseline),
            canary: again(Side::Canary),
        },
        PerSide {
            baseline: reader(Side::Baseline),
            canary: reader(Side::Canary),
        },
        diff_rules(stream),
    );
    let mut stream = Stream::new(stream.name.clone(), engine, lanes, schemas, book, reading, clock);
    stream.incidents.clone_from(&state.incidents);
    stream.retention_ms = retention_ms;
    Ok(Ready {
        stream,
        rereader,
        state,
    })
}

/// How long the topic keeps records, unless for ever; a topic that compaction may take records from is refused.
fn retention_ms(stream: &config::Stream, side: Side, reader: &kafka::Reader) -> Result<Option<i64>> {
    let facts = reader.describe();
    if let Some((text, hint)) = compacted::refusal(stream, side, &facts) {
        return Err(trouble(text, hint));
    }
    let deletes = facts
        .cleanup_policy
        .as_deref()
        .is_none_or(|policy| policy.contains("delete"));
    Ok(facts.retention_ms.filter(|ms| deletes && *ms >= 0))
}

/// The rules of the second look are the rules of the first.
#[must_use]
pub fn diff_rules(stream: &config::Stream) -> DiffRules {
    let rules = &stream.sides.baseline.codec.rules;
    DiffRules {
        ignore: rules.ignore.clone(),
        tolerance: rules
            .tolerant
            .iter()
            .cloned()
            .zip(stream.engine.tolerances.iter().cloned())
            .collect(),
        unordered: Vec::new(),
        show: stream.show.clone(),
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "all of them are the one place where a stream is put together"
)]
fn choose_contracts(
    stream: &config::Stream,
    cluster: &kafka::Settings,
    reader: &kafka::Reader,
    registry: Option<Arc<Registry>>,
    schemas: &mut Schemas,
    book: &Book,
    clock: Clock,
    handle: &Handle,
) -> Result<()> {
    if let Some(named) = &stream.contract {
        let schema = handle.block_on(contract::named(named, registry.as_deref()))?;
        book.note(Fact::SoleContract(Field::Value, schema));
        return Ok(());
    }
    let spans: Vec<_> = reader
        .ends()?
        .into_iter()
        .map(|end| (end.partition, end.low, end.last_stable))
        .collect();
    let side = &stream.sides.baseline;
    let look = contract::Look {
        side: Side::Baseline,
        cluster,
        topic: &side.topic,
        spans: &spans,
        settings: &side.codec,
    };
    contract::newest_of_baseline(&look, schemas, book, clock)
}

/// Where each partition is read from: where the checkpoint says, else where the config says. A partition that is new
/// since the checkpoint is read from its beginning.
fn start_offsets(
    reader: &kafka::Reader,
    side: Side,
    start: config::Start,
    stream: &config::Stream,
    checkpoint: Option<&Checkpoint>,
) -> Result<Vec<(u32, u64)>> {
    let Some(checkpoint) = checkpoint else {
        return range::start_of_topic(reader, start, &stream.engine);
    };
    let resume = |partition: u32| {
        let found = checkpoint
            .partitions
            .iter()
            .find(|known| known.side == Some(side) && known.partition == partition);
        found.map(|known| known.resume)
    };
    let mut starts = Vec::new();
    for &partition in reader.partitions() {
        starts.push((
            partition,
            match resume(partition) {
                Some(offset) => offset,
                None => reader.watermarks(partition)?.0,
            },
        ));
    }
    Ok(starts)
}
