//! A sample of both sides of a stream: can it be read and decoded, is the identity unique, do the sides meet, how late are
//! records, which skew, how much memory, when can a verdict come?

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Handle;

use super::dead_letter::dead_letters;
use super::decidable;
use super::print::Found;
use super::propose::{self, Places};
use super::unpaired;
use crate::app::advice;
use crate::app::book::{self, Book, Fact};
use crate::app::clock::Clock;
use crate::app::compacted;
use crate::app::contract::{self, Look};
use crate::app::paths::{self, Named};
use crate::app::schemas::{Origin, Patience, Registrar, Schemas};
use crate::app::sides;
use crate::app::topic::Fetch;
use crate::app::world::{self, Real};
use crate::codec::{self, Applied, Field, Progress, Reducer, looks};
use crate::config::{self, Config, RequestError};
use crate::edge::kafka::KafkaError;
use crate::engine::Names;
use crate::engine::stats::CALIBRATION_MIN;
use crate::model::{Fingerprint, Identity, PerSide, RecordBatch, Reduction, Side, Sides, Skew};

/// Offsets that are looked at before the end of each partition.
const SAMPLE: u64 = 1_000;
/// A shorter span of event time says nothing about a rate.
const SPAN_MIN_MS: i64 = 10_000;
/// Bytes that a record in flight holds, with its share of what is remembered.
const BYTES_A_RECORD: f64 = 80.0;

/// What a side showed.
#[derive(Default)]
struct Sample {
    read: u64,
    undecodable: BTreeMap<&'static str, u64>,
    /// What the first of them looks like.
    looks: Option<&'static str>,
    untimed: u64,
    without_identity: u64,
    twice: u64,
    disorder_ms: i64,
    span_ms: (Option<i64>, Option<i64>),
    times: BTreeMap<Identity, i64>,
    /// What an identity could be made of.
    places: Places,
}

/// Looks at one stream.
pub(super) fn stream(config: &Config, stream: &config::Stream, clock: &Clock, handle: &Handle) -> Vec<Found> {
    match look(config, stream, clock, handle) {
        Ok(found) => found,
        Err(error) => {
            let hint = error
                .chain()
                .find_map(|cause| cause.downcast_ref::<KafkaError>()?.hint());
            vec![Found::error(&stream.name, &error, hint)]
        }
    }
}

fn look(config: &Config, stream: &config::Stream, clock: &Clock, handle: &Handle) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let world = Real::new(config)?;
    let book = Book::default();
    let registry = |side: Side| -> Result<_> {
        let name = stream.sides.get(side).registry.as_ref();
        name.map(|name| world::registry(&config.registries[name])).transpose()
    };
    let origin = |side: Side| -> Result<Origin> {
        Ok(Origin {
            registry: registry(side)?.map(|registry| registry as Arc<dyn Registrar>),
            topic: stream.sides.get(side).sole_topic(),
            fixed: None,
        })
    };
    let origins = stream.sides.each(origin).whole()?;
    let mut schemas = Schemas::new(handle.clone(), origins, Patience::BOUNDED, book.clone());
    if let Some(named) = &stream.contract {
        let registry = registry(Side::Baseline)?;
        let registry = registry.as_deref().map(|registry| registry as &dyn Registrar);
        let schema = handle.block_on(contract::named(named, registry))?;
        for &side in stream.sides.present() {
            contract::check(&schema, &stream.sides.get(side).codec, side)?;
        }
        book.note(Fact::SoleContract(Field::Value, schema));
    }
    let mut samples = Sides::<Sample>::default();
    let mut applied = Sides::<Applied>::default();
    let mut named = Sides::<Vec<String>>::default();
    for &side in stream.sides.present() {
        let of = stream.sides.get(side);
        let context = || format!("open the {side}");
        let own = sides::names(&world, of, &[]).with_context(context)?;
        let reader = sides::open_own(&world, of, &own).with_context(context)?;
        let ends = reader
            .ends()
            .with_context(|| format!("ask for the ends of the {side}"))?;
        found.extend(dead_letters(config, stream, side));
        for (topic, facts) in reader.facts() {
            if let Some((text, hint)) = compacted::refusal(stream, side, &topic, &facts) {
                found.push(Found::bad(&stream.name, text, hint));
            } else if facts.is_compacted() {
                let text = format!(
                    "{side} topic {topic} is compacted: records that are compared may vanish before they are read"
                );
                found.push(Found::warn(
                    &stream.name,
                    text,
                    "keep the worker closer behind the log than min.compaction.lag.ms",
                ));
            }
        }
        let offsets: u64 = ends
            .iter()
            .map(|end| end.last_stable - end.low.min(end.last_stable))
            .sum();
        found.push(Found::ok(
            &stream.name,
            format!(
                "{side} {}: {} partitions, {offsets} offsets, may be read",
                says(of, own.len()),
                ends.len()
            ),
        ));
        let spans: Vec<_> = ends
            .iter()
            .map(|end| (end.partition, end.low, end.last_stable))
            .collect();
        if side == Side::Baseline && stream.contract.is_none() {
            let look = Look {
                side,
                topic: &of.topic,
                spans: &spans,
                settings: &of.codec,
                waits: &contract::waits_bounded,
            };
            let mut second = sides::again(&world, of, &own);
            handle.block_on(contract::newest_of_baseline(
                &look,
                &mut *second,
                &mut schemas,
                &book,
                clock,
            ))?;
        }
        let mut reducer = book::Reader::new(Reducer::new(side, of.codec.clone()), side, book.clone());
        let of_side = samples.get_mut(side);
        let mut second = sides::again(&world, of, &own);
        *of_side = sample(side, &mut *second, &of.codec, &spans, &mut reducer, &mut schemas, &book)?;
        *named.get_mut(side) = own;
        *applied.get_mut(side) = reducer.as_reducer().applied();
    }
    sides::are_apart(&sides::alike(stream), &named)?;
    let codecs = PerSide {
        baseline: &stream.sides.baseline.codec,
        canary: &stream.sides.canary.codec,
    };
    if Side::PAIR.into_iter().all(|side| paths::knows_writers(&book, side))
        && let Err(error) = paths::check(codecs, &stream.show, Named::ByConfig, &book)
            .and_then(|()| paths::check_kinds(&codecs.baseline.rules, &stream.times, Named::ByConfig, &book))
            .and_then(|()| paths::check_aggregates(&stream.engine.named.aggregates, &codecs.baseline.measured, &book))
    {
        let hint = error
            .chain()
            .find_map(|cause| cause.downcast_ref::<RequestError>()?.hint.clone());
        found.push(Found::error(&stream.name, &error, hint));
    }
    if samples.baseline.read + samples.canary.read > 0 {
        let Sides { baseline, canary, .. } = applied;
        let applied = PerSide { baseline, canary };
        for text in advice::never_applied(&stream.sides.canary.codec.rules, &applied) {
            let hint = "is it still needed, and is its path the contract's? records outside the sample may have it";
            found.push(Found::warn(&stream.name, format!("{text} of the sample"), hint));
        }
    }
    judge(stream, &samples, &mut found);
    sides_meet(stream, config, &samples, &mut found);
    if !stream.drift.unpaired {
        better_identity(stream, samples, &mut found);
    }
    Ok(found)
}

/// The topic of a side, or what its pattern came to.
fn says(side: &config::StreamSide, topics: usize) -> String {
    match side.pattern() {
        None => format!("topic {}", side.topic),
        Some(_) => format!("topics {} ({topics})", side.topic),
    }
}

fn sample(
    side: Side,
    second: &mut dyn Fetch,
    settings: &codec::Settings,
    spans: &[(u32, u64, u64)],
    reader: &mut book::Reader,
    schemas: &mut Schemas,
    book: &Book,
) -> Result<Sample> {
    let mut wanted = Vec::new();
    for &(partition, low, end) in spans {
        wanted.extend((end.saturating_sub(SAMPLE).max(low)..end).map(|offset| (partition, offset)));
    }
    let mut sample = Sample::default();
    let mut newest: BTreeMap<u32, i64> = BTreeMap::new();
    let mut whole: Vec<RecordBatch> = Vec::new();
    let fetched = second.fetch(&wanted, &mut |batch, index| {
        whole.push(contract::single(batch, index).1)
    });
    fetched.with_context(|| format!("read the last records of the {side}"))?;
    for batch in &whole {
        let bad: u64 = sample.undecodable.values().sum();
        for fingerprint in reduce(side, batch, reader, schemas, book, &mut sample)? {
            sample.note(batch.partition, &fingerprint, &mut newest);
            sample
                .places
                .note(batch, reader.reducer().value(batch, 0).ok().as_ref());
        }
        let value = batch.records.first().and_then(|record| batch.value(record));
        if let (None, Some(value)) = (sample.looks, value)
            && sample.undecodable.values().sum::<u64>() > bad
        {
            sample.looks = looks(settings, value);
        }
    }
    Ok(sample)
}

/// Reduces one record, asking for what it needs.
fn reduce(
    side: Side,
    batch: &RecordBatch,
    reader: &mut book::Reader,
    schemas: &mut Schemas,
    book: &Book,
    sample: &mut Sample,
) -> Result<Vec<Fingerprint>> {
    let mut out = Vec::new();
    loop {
        match reader.reducer().reduce(batch, 0, &mut out) {
            Progress::Done => break,
            Progress::NeedsSchema { field, schema, .. } => {
                schemas.ask(side, field, schema);
                schemas.wait_here(Duration::from_millis(200))?;
            }
            Progress::NeedsContract { field, schema, .. } => book.note(Fact::Contract(field, schema)),
        }
        out.clear();
    }
    let mut decoded = Vec::new();
    for reduced in out {
        match reduced.body {
            Reduction::Deselected | Reduction::Diverted(_) => {}
            Reduction::Undecodable(reason, _) => {
                sample.read += 1;
                *sample.undecodable.entry(reason.as_str()).or_default() += 1;
            }
            Reduction::Decoded(fingerprint) => {
                sample.read += 1;
                decoded.push(fingerprint);
            }
        }
    }
    Ok(decoded)
}

impl Sample {
    fn note(&mut self, partition: u32, fingerprint: &Fingerprint, newest: &mut BTreeMap<u32, i64>) {
        self.without_identity += u64::from(fingerprint.by_content);
        let Some(time) = fingerprint.time_ms else {
            self.untimed += 1;
            return;
        };
        let max = newest.entry(partition).or_insert(time);
        self.disorder_ms = self.disorder_ms.max(*max - time);
        *max = (*max).max(time);
        self.span_ms = (
            Some(self.span_ms.0.map_or(time, |least| least.min(time))),
            self.span_ms.1.max(Some(time)),
        );
        self.twice += u64::from(self.times.insert(fingerprint.identity, time).is_some());
    }

    /// Records a second of event time.
    fn rate(&self) -> Option<f64> {
        let (Some(first), Some(last)) = self.span_ms else {
            return None;
        };
        (last - first >= SPAN_MIN_MS).then(|| self.read as f64 * 1000.0 / (last - first) as f64)
    }
}

fn judge(stream: &config::Stream, samples: &Sides<Sample>, found: &mut Vec<Found>) {
    let name = stream.name.as_str();
    for &side in stream.sides.present() {
        let sample = samples.get(side);
        if sample.read == 0 {
            found.push(Found::warn(
                name,
                format!("the {side} shows no record that is selected"),
                "is anything written there, and does `select` name it?",
            ));
            continue;
        }
        let undecodable: u64 = sample.undecodable.values().sum();
        if undecodable > 0 {
            let reasons: Vec<String> = sample
                .undecodable
                .iter()
                .map(|(reason, count)| format!("{count} {reason}"))
                .collect();
            let text = format!(
                "{undecodable} of {} sampled {side} records cannot be decoded: {}",
                sample.read,
                reasons.join(", ")
            );
            let usual = "are format, framing and registry those that the producers use?";
            let hint = sample.looks.unwrap_or(usual);
            found.push(if undecodable == sample.read {
                Found::bad(name, text, hint)
            } else {
                Found::warn(name, text, hint)
            });
        }
        if sample.untimed > 0 {
            let text = format!(
                "{} of {} sampled {side} records have no event time",
                sample.untimed, sample.read
            );
            let hint = "event_time names a field, a header or the timestamp that every record has";
            found.push(if sample.untimed * 2 > sample.read {
                Found::bad(name, text, hint)
            } else {
                Found::warn(name, text, hint)
            });
        }
        if !stream.sides.baseline.codec.identity.is_empty() && sample.without_identity * 100 > sample.read {
            let text = format!(
                "{} of {} sampled {side} records have no identity",
                sample.without_identity, sample.read
            );
            found.push(Found::warn(
                name,
                text,
                "name parts of the identity that are never null",
            ));
        }
        if sample.twice * 100 > sample.read && !stream.drift.unpaired {
            let text = format!(
                "{} of {} sampled {side} records repeat an identity",
                sample.twice, sample.read
            );
            found.push(Found::warn(
                name,
                text,
                "add a part that makes it unique, or set identity.names to entity",
            ));
        }
        if let Some(lateness) = stream
            .engine
            .lateness_ms
            .filter(|lateness| sample.disorder_ms > *lateness)
        {
            let text = format!(
                "{side} records are out of order by up to {} ms, lateness is {lateness} ms",
                sample.disorder_ms
            );
            found.push(Found::warn(
                name,
                text,
                "raise lateness: later records take no part in pairing",
            ));
        }
    }
}

/// Proposes an identity where the one that is configured does badly, and another would not.
fn better_identity(stream: &config::Stream, samples: Sides<Sample>, found: &mut Vec<Found>) {
    let identity = &stream.sides.baseline.codec.identity;
    let Sides { baseline, canary, .. } = samples;
    let met = canary
        .times
        .keys()
        .filter(|identity| baseline.times.contains_key(*identity))
        .count();
    let meets = 2 * met >= baseline.times.len().min(canary.times.len());
    let names_things = stream.engine.names == Names::Entity;
    let fine = |sample: &Sample| {
        let repeats = !names_things && sample.twice * 100 > sample.read;
        !repeats && sample.without_identity * 100 <= sample.read
    };
    if identity.is_empty() || baseline.read == 0 || canary.read == 0 || (meets && fine(&baseline) && fine(&canary)) {
        return;
    }
    let places = PerSide {
        baseline: baseline.places,
        canary: canary.places,
    };
    if let Some((parts, fit)) = propose::best(&places).filter(|(parts, _)| parts != identity) {
        let (text, hint) = propose::told(&parts, &fit);
        found.push(Found::warn(&stream.name, text, hint));
    }
}

fn sides_meet(stream: &config::Stream, config: &Config, samples: &Sides<Sample>, found: &mut Vec<Found>) {
    let name = stream.name.as_str();
    let (baseline, canary) = (&samples.baseline, &samples.canary);
    if baseline.read == 0 || canary.read == 0 {
        return;
    }
    let mut skew = Skew::default();
    for (identity, time) in &canary.times {
        if let Some(other) = baseline.times.get(identity) {
            skew.record(time - other);
        }
    }
    let met: u64 = skew.0.values().sum();
    let least = baseline.times.len().min(canary.times.len());
    if stream.drift.unpaired {
        let window_ms = stream.engine.window_ms.unwrap_or(0);
        let windows = i64::try_from(CALIBRATION_MIN).unwrap_or(0);
        found.extend(unpaired::stream(stream, met, least, window_ms * windows / 1_000));
        return;
    }
    let text = format!("{met} of {least} sampled identities stand on both sides");
    found.push(if met == 0 {
        Found::bad(
            name,
            text,
            "do both sides see the same traffic, and is the identity the same on both?",
        )
    } else {
        Found::ok(name, text)
    });
    if let (Some(p99), Some(grace)) = (skew.quantile(0.99), stream.engine.grace_ms) {
        let text = format!("the skew of 99 % of the pairs is at most {p99} ms, grace is {grace} ms");
        let wide = p99.saturating_abs() > grace / 2;
        found.push(if wide {
            Found::warn(name, text, "raise grace to more than twice the skew")
        } else {
            Found::ok(name, text)
        });
    }
    let (Some(rate), Some(lateness), Some(grace)) =
        (baseline.rate(), stream.engine.lateness_ms, stream.engine.grace_ms)
    else {
        return;
    };
    let window = stream.engine.window_ms.unwrap_or(0);
    let held_s = (window + lateness + 2 * grace) as f64 / 1000.0;
    let mib = 2.0 * rate * held_s * BYTES_A_RECORD / f64::from(1 << 20);
    let limit = stream.engine.held_max_bytes >> 20;
    let text = format!("at {rate:.1} records/s a side about {mib:.1} MiB are in flight, held_max_bytes is {limit} MiB");
    found.push(if mib > limit as f64 {
        Found::bad(name, text, "raise limits.held_max_bytes")
    } else {
        Found::ok(name, text)
    });
    found.push(decidable::stream(
        config,
        stream,
        rate * stream.engine.sampling(),
        held_s,
    ));
}
