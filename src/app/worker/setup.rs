//! One stream of the worker, built: readers, registries, contracts, engine, at the place to go on from.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Handle;

use super::commit::contract_fact;
use super::state::State;
use crate::app::book::{self, Book, Fact};
use crate::app::clock::Clock;
use crate::app::compacted;
use crate::app::contract;
use crate::app::crew::Crew;
use crate::app::findings::{Again, Rereader};
use crate::app::lane::Lane;
use crate::app::log::Log;
use crate::app::paths::{self, Named};
use crate::app::range;
use crate::app::report;
use crate::app::schemas::{Origin, Patience, Schemas};
use crate::app::sides;
use crate::app::stream::{Reading, Stream};
use crate::app::together;
use crate::app::topic::Topic;
use crate::app::trouble::trouble;
use crate::app::world::{World, blocking};
use crate::codec::{Field, Reducer};
use crate::config::{self, Config};
use crate::edge::registry::RegistryError;
use crate::edge::store::{ContractRow, Resume};
use crate::engine::diff::DiffRules;
use crate::engine::{Checkpoint, Engine, RateFrom};
use crate::model::{self, PerSide, Side, Sides, is_dead_letter, topic_of};

/// How long a cluster may take to tell what a topic is.
pub(super) const TELL: Duration = Duration::from_secs(2);

/// What a stream is built of, beside the config.
pub struct Parts {
    /// What is read.
    pub world: Arc<dyn World>,
    /// Contracts that are frozen with the generation.
    pub contracts: Vec<ContractRow>,
    /// Where to go on.
    pub resume: Option<Resume>,
    /// What the sample's hash is keyed by.
    pub salt: [u8; 32],
    /// What the categories of a profile are hashed with.
    pub categories: [u8; 32],
    /// The clock.
    pub clock: Clock,
    /// Called while the registry of the baseline is waited for, with its trouble; an error ends the building.
    pub waits: Box<Waits>,
}

/// What is told while a registry is waited for.
pub type Waits = dyn Fn(Option<&RegistryError>) -> Result<()> + Send + Sync;

/// A stream that is ready to read.
pub struct Ready {
    /// It.
    pub stream: Stream,
    /// Reads its records again.
    pub rereader: Rereader,
    /// What is stored beside the checkpoint.
    pub state: State,
}

/// Builds one stream.
///
/// # Errors
/// A topic that cannot be read, a contract that cannot be found.
pub async fn build(config: &Config, stream: &config::Stream, parts: Parts) -> Result<Ready> {
    let Parts {
        world,
        contracts,
        resume,
        salt,
        categories,
        clock,
        waits,
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
    let book = Book::default();
    let registry = |side: Side| world.registry(stream.sides.get(side).registry.as_ref()?);
    let origin = |side: Side| Origin {
        registry: registry(side),
        topic: stream.sides.get(side).sole_topic(),
        fixed: None,
    };
    let origins = stream.sides.each(origin);
    let mut schemas = Schemas::new(Handle::current(), origins, Patience::WORKER, book.clone());
    let settings = stream.engine.salted(salt).keyed(categories);
    let mut engine = match checkpoint.clone() {
        Some(checkpoint) => Engine::resume(settings, checkpoint),
        None => Engine::new(settings),
    };
    tell_rates(stream, checkpoint.as_ref(), &engine);
    let own = blocking(|| named(stream, &*world, &state.topics))?;
    let (mut topics, retention_ms) = blocking(|| open(stream, &together::world(&world, stream), &own))?;
    for row in &contracts {
        book.note(contract_fact(row)?);
    }
    state.unknown.iter().for_each(|unknown| book.note(unknown.fact()));
    if contracts.is_empty() {
        let spans = match stream.contract {
            Some(_) => Vec::new(),
            None => blocking(|| spans(&*topics.baseline))?,
        };
        let place = (&*world, own.baseline.as_slice());
        choose_contracts(stream, &spans, place, &mut schemas, &book, &clock, &*waits).await?;
    }
    paths::check_kinds(
        &stream.sides.baseline.codec.rules,
        &stream.times,
        Named::ByConfig,
        &book,
    )?;
    let (aggregates, measured) = (&stream.engine.named.aggregates, &stream.sides.baseline.codec.measured);
    paths::check_aggregates(aggregates, measured, &book)?;
    let starts = blocking(|| begin(config, stream, &mut topics, checkpoint.as_ref()))?;
    for &side in stream.sides.present() {
        for &(partition, from) in starts.get(side) {
            engine.declare(side, partition, from);
        }
    }
    let pace = world.pace();
    let codec = |side: Side| stream.sides.get(side).codec.clone();
    let crew = Crew::of(pace.hands, stream.sides.each(codec), &book);
    let lane = |side: Side, topic: Box<dyn Topic>| {
        let reducer = Reducer::new(side, codec(side));
        let mut log = Log::of_topic(topic);
        log.share(&crew, side, pace.batches);
        let mut lane = Lane::new(side, log, book::Reader::new(reducer, side, book.clone()));
        for (partition, _) in starts.get(side) {
            lane.partitions.entry(*partition).or_default().timed_at_ms = clock.elapsed_ms();
        }
        lane
    };
    let Sides {
        baseline,
        canary,
        control,
    } = topics;
    let lanes = Sides {
        baseline: lane(Side::Baseline, baseline),
        canary: lane(Side::Canary, canary),
        control: control.map(|topic| lane(Side::Control, topic)),
    };
    let reading = Reading {
        ahead_max_ms: Some(stream.limits.ahead_max_ms),
        idle_ms: Some(stream.limits.idle_ms),
        pace: world.settled_at_once(),
    };
    let rereader = rereader(stream, &*world, &own, &book);
    let (alike, mut state) = (sides::alike(stream), state);
    for &side in stream.sides.present() {
        if stream.sides.get(side).pattern().is_some() {
            state.topics.get_mut(side).clone_from(own.get(side));
        }
    }
    let mut stream = Stream::new(stream.name.clone(), engine, lanes, schemas, book, reading, clock);
    stream.alike = alike;
    stream.recall(&state.incidents);
    stream.retention_ms = retention_ms;
    stream.topic_ids.clone_from(&state.topic_ids);
    stream.other_ids.clone_from(&state.other_ids);
    // One that is not known yet is written as if there were none.
    stream.topic_ids.control = stream
        .lanes
        .control
        .as_ref()
        .map(|_| state.topic_ids.control.clone().flatten());
    if !stream.is_over() {
        blocking(|| look(&mut stream, checkpoint.as_ref()))?;
    }
    let state = State {
        incidents: stream.incidents.clone(),
        topic_ids: stream.topic_ids.clone(),
        other_ids: stream.other_ids.clone(),
        sampling: stream.engine.rates().to_vec(),
        ..state
    };
    Ok(Ready {
        stream,
        rereader,
        state,
    })
}

/// Says from when on another rate of the sample is in force.
fn tell_rates(stream: &config::Stream, checkpoint: Option<&Checkpoint>, engine: &Engine) {
    let known = checkpoint.map_or(engine.rates(), |stored| stored.sampling.as_slice());
    if let Some(RateFrom {
        from_ms: Some(from),
        rate,
    }) = engine.rates().last().filter(|_| known != engine.rates())
    {
        let from = report::rfc3339(*from);
        tracing::info!(
            stream = stream.name,
            rate,
            from,
            "the rate of the sample changes with this window"
        );
    }
}

/// What reads records of a stream again, with what a book knows of schemas; `own` are the topics of sides that are patterns.
#[must_use]
pub fn rereader(stream: &config::Stream, world: &dyn World, own: &Sides<Vec<String>>, book: &Book) -> Rereader {
    let again = |side: Side| Again::Kafka(sides::again(world, stream.sides.get(side), own.get(side)));
    let reader = |side: Side| {
        let reducer = Reducer::new(side, stream.sides.get(side).codec.clone());
        book::Reader::new(reducer, side, book.clone())
    };
    Rereader::new(
        stream.sides.each(again),
        stream.sides.each(reader),
        diff_rules(stream),
        stream.sides.baseline.codec.rules.when.clone(),
    )
}

/// What the numbers of a stream's partitions stand for, with the topics that are stored of its patterns.
#[must_use]
pub fn topics(stream: &config::Stream, own: &Sides<Vec<String>>) -> PerSide<model::Topics> {
    let of = |side: Side| stream.sides.get(side).topics(own.get(side));
    PerSide {
        baseline: of(Side::Baseline),
        canary: of(Side::Canary),
    }
}

/// The topics of all sides.
type Topics = Sides<Box<dyn Topic>>;

/// The names of each side's own topics: what a pattern came to before, and what it names now.
fn named(stream: &config::Stream, world: &dyn World, known: &Sides<Vec<String>>) -> Result<Sides<Vec<String>>> {
    let names = |side: Side| {
        sides::names(world, stream.sides.get(side), known.get(side))
            .with_context(|| format!("look for the {side}'s topics"))
    };
    let own = stream.sides.each(names).whole()?;
    sides::are_apart(&sides::alike(stream), &own)?;
    Ok(own)
}

/// Opens them, and asks how long they keep records.
fn open(
    stream: &config::Stream,
    world: &Arc<dyn World>,
    own: &Sides<Vec<String>>,
) -> Result<(Topics, Sides<Option<i64>>)> {
    let open = |side: Side| {
        sides::follow(world, stream, side, own.get(side)).with_context(|| format!("open the {side}'s topic"))
    };
    let topics = stream.sides.each(open).whole()?;
    let kept = |side: Side| retention_ms(stream, side, &**topics.get(side));
    let retention_ms = topics.each(kept).whole()?;
    Ok((topics, retention_ms))
}

/// What there is to read of each partition whose records are compared: (partition, first offset, end).
fn spans(topic: &dyn Topic) -> Result<Vec<(u32, u64, u64)>> {
    let ends = topic.ends()?.into_iter().filter(|end| !is_dead_letter(end.partition));
    Ok(ends.map(|end| (end.partition, end.low, end.last_stable)).collect())
}

/// Reads all topics from where the stream begins or goes on: (partition, offset).
fn begin(
    config: &Config,
    stream: &config::Stream,
    topics: &mut Topics,
    checkpoint: Option<&Checkpoint>,
) -> Result<Sides<Vec<(u32, u64)>>> {
    let mut starts = Sides::<Vec<(u32, u64)>>::default();
    for &side in stream.sides.present() {
        let topic = topics.get_mut(side);
        let start = start_offsets(&**topic, side, config.release.start, stream, checkpoint)?;
        topic.assign(&start)?;
        *starts.get_mut(side) = start;
    }
    Ok(starts)
}

/// Before the first read: is it the topic that was read before, as long as it was, and with its partitions?
fn look(stream: &mut Stream, checkpoint: Option<&Checkpoint>) -> Result<()> {
    for &side in stream.sides() {
        stream.look_at_id(side, TELL);
        let (Some(checkpoint), Log::Kafka(topic)) = (checkpoint, &stream.lanes.get(side).log) else {
            continue;
        };
        let ends = topic.ends().context("ask for the ends")?;
        let known = || checkpoint.partitions.iter().filter(|known| known.side == Some(side));
        let mut fresh = Vec::new();
        for end in &ends {
            match known().find(|known| known.partition == end.partition) {
                Some(known) if end.high < known.position => {
                    stream.truncated(side, end.partition, known.position, end.high);
                }
                Some(_) => {}
                // Keys of dead letters say nothing, and a topic that is new itself moves none.
                None if is_dead_letter(end.partition) => {}
                None if !known().any(|known| topic_of(known.partition) == topic_of(end.partition)) => {}
                None => fresh.push(end.partition),
            }
        }
        if !fresh.is_empty() {
            // As far as it was read: when they were added is not known.
            let read: Vec<(u32, u64)> = known().map(|known| (known.partition, known.position)).collect();
            stream.repartitioned(side, &fresh, &read);
        }
    }
    Ok(())
}

/// How long the topics of a side keep records, that which keeps them least, unless for ever; a topic that compaction may take
/// records from is refused.
fn retention_ms(stream: &config::Stream, side: Side, topic: &dyn Topic) -> Result<Option<i64>> {
    let mut least = None;
    for (name, facts) in topic.facts() {
        if let Some((text, hint)) = compacted::refusal(stream, side, &name, &facts) {
            return Err(trouble(text, hint));
        }
        least = least.into_iter().chain(facts.kept_ms()).min();
    }
    Ok(least)
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
        unordered: rules.unordered.clone(),
        show: stream.show.clone(),
    }
}

/// Rule 2: what the config names, else what the baseline's last records show.
async fn choose_contracts(
    stream: &config::Stream,
    spans: &[(u32, u64, u64)],
    (world, own): (&dyn World, &[String]),
    schemas: &mut Schemas,
    book: &Book,
    clock: &Clock,
    waits: &Waits,
) -> Result<()> {
    let side = &stream.sides.baseline;
    if let Some(named) = &stream.contract {
        let registry = side.registry.as_ref().and_then(|name| world.registry(name));
        let schema = loop {
            let found = contract::named(named, registry.as_deref()).await;
            match found.as_ref().map_err(|error| error.downcast_ref::<RegistryError>()) {
                Err(Some(error)) if error.passes() => {
                    waits(Some(error))?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                _ => break found?,
            }
        };
        for &side in stream.sides.present() {
            contract::check(&schema, &stream.sides.get(side).codec, side)?;
        }
        book.note(Fact::SoleContract(Field::Value, schema));
        return Ok(());
    }
    let look = contract::Look {
        side: Side::Baseline,
        topic: &side.topic,
        spans,
        settings: &side.codec,
        waits: &|schemas: &Schemas, _| waits(schemas.trouble(Side::Baseline)),
    };
    let mut second = sides::again(world, side, own);
    contract::newest_of_baseline(&look, &mut *second, schemas, book, clock).await
}

/// Where each partition is read from: where the checkpoint says, else where the config says. A partition that is new
/// since the checkpoint is read from its beginning.
fn start_offsets(
    topic: &dyn Topic,
    side: Side,
    start: config::Start,
    stream: &config::Stream,
    checkpoint: Option<&Checkpoint>,
) -> Result<Vec<(u32, u64)>> {
    let Some(checkpoint) = checkpoint else {
        return range::start_of_topic(topic, start, &stream.engine);
    };
    let resume = |partition: u32| {
        let found = checkpoint
            .partitions
            .iter()
            .find(|known| known.side == Some(side) && known.partition == partition);
        found.map(|known| known.resume)
    };
    let mut starts = Vec::new();
    for &partition in topic.partitions() {
        starts.push((
            partition,
            match resume(partition) {
                Some(offset) => offset,
                None => topic.watermarks(partition)?.0,
            },
        ));
    }
    Ok(starts)
}
