//! What the world sees of the worker: once a second the verdict, the metrics and the report, from memory.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::commit::Shared;
use super::seat::{self, Seat, Stored};
use super::status::View;
use crate::app::advice;
use crate::app::board::Board;
use crate::app::metrics::{Component, Progress, RegistryResult};
use crate::app::report::{self, PartitionRange, Report, SchemaChange, SchemaUse, SideInput, StreamInput};
use crate::app::{stages, stored};
use crate::config::Config;
use crate::edge::registry::Registry;
use crate::edge::store::Generation;
use crate::model::{PerSide, Side, Topics, Verdict};

/// Shows.
pub(super) struct Show {
    pub config: Arc<Config>,
    pub shared: Arc<Shared>,
    pub board: Arc<Board>,
    pub generation: Generation,
    pub registries: Vec<Arc<Registry>>,
}

impl Show {
    /// Every second, for ever.
    pub async fn run(self: Arc<Self>) {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            may_panic!("show");
            self.now();
        }
    }

    /// Once.
    pub fn now(&self) {
        let Shared {
            metrics, seats, clock, ..
        } = &*self.shared;
        let seats = seats.lock().unwrap_or_else(PoisonError::into_inner);
        // What is shown is what is stored, where something is: a verdict that was never committed is nobody's.
        let stored = self
            .shared
            .verdict
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let decisions = self.shared.decisions();
        let judged = seat::judge(&seats, &decisions, clock.wall_ms());
        let judged = match stored {
            // What people said is stored apart, and holds at once.
            Some(stored) if stored.gist() != judged.gist() => decisions.over(stored),
            Some(_) => judged,
            None => Stored {
                release: unjudged(&judged),
                ..judged
            },
        };
        metrics.verdict(judged.release.verdict);
        let mut alive = true;
        let (mut kafka, mut full, mut registry, mut store) = (false, false, false, false);
        let (mut streams, mut unused) = (Vec::with_capacity(seats.len()), Vec::new());
        for (name, seat) in seats.iter() {
            let view = seat.status.get();
            alive &= view.at_ms == 0 || clock.elapsed_ms() - view.at_ms < 30_000;
            kafka |= view.trouble.baseline.is_some() || view.trouble.canary.is_some();
            full |= view.full;
            registry |= !view.registry_down.is_empty();
            store |= seat.store_down;
            let verdict = judged
                .streams
                .get(name)
                .map_or(Verdict::Inconclusive, |judgement| judgement.verdict);
            self.measure(name, seat, &view, verdict);
            if view.sides.baseline.read > 0 && view.sides.canary.read > 0 {
                let warning = |text: &String| format!("{name}: {text} since this worker started");
                unused.extend(view.unused.iter().map(warning));
            }
            let explained_by = judged.causes.get(name).cloned().unwrap_or_default();
            streams.push(report::StreamReport {
                explained_by,
                ..report_of(name, seat, &view, verdict)
            });
        }
        drop(seats);
        if alive {
            self.board.beat();
        }
        metrics.degraded(Component::Kafka, kafka);
        metrics.degraded(Component::Memory, full);
        let changed = self.registries.iter().any(|registry| registry.changed() > 0);
        metrics.degraded(Component::Registry, registry || changed);
        self.ready("registry", registry, "a schema registry does not answer");
        self.ready("store", store, "the database does not answer");
        let mut requests = BTreeMap::new();
        for (result, count) in self.registries.iter().flat_map(|registry| registry.requests().iter()) {
            let result = match result {
                "ok" => RegistryResult::Ok,
                "not_found" => RegistryResult::NotFound,
                "changed" => RegistryResult::Changed,
                _ => RegistryResult::Error,
            };
            *requests.entry(result).or_insert(0) += count;
        }
        for (result, total) in requests {
            metrics.registry_requests(result, total);
        }
        metrics.upkeep();
        let mut report = self.report(&judged, streams);
        report.warnings.extend(decisions.told(clock.wall_ms()));
        report.warnings.extend(unused);
        let stages = stages::stages(&self.config, &judged, &decisions);
        report.stages = report::stages(&stages);
        self.board.judged(
            &self.config.release.name,
            &judged.release,
            &stages,
            report.json().ok().map(Arc::from),
        );
    }

    fn ready(&self, what: &str, lacks: bool, sentence: &str) {
        if lacks {
            self.board.lacks(what, sentence);
        } else {
            self.board.has(what);
        }
    }

    fn report(&self, judged: &Stored, streams: Vec<report::StreamReport>) -> Report {
        let generation = u64::try_from(self.generation.id.generation).unwrap_or(0);
        let mut report = report::release(&self.config.release.name, generation, &judged.release, streams, false);
        report.guarantee = Some(stored::guarantee(&self.config));
        report.warnings = self.shared.store.warnings().to_vec();
        let expired = advice::expired_rules(&self.config, self.shared.clock.today());
        let warning = |advice: advice::Advice| format!("{}: {}", advice.stream, advice.text);
        report.warnings.extend(expired.into_iter().map(warning));
        report
    }

    fn measure(&self, name: &str, seat: &Seat, view: &View, verdict: Verdict) {
        let Some(metrics) = self.shared.metrics.stream(name) else {
            return;
        };
        metrics.verdict(verdict);
        metrics.evidence(&seat.tally);
        metrics.interval(&seat.tally);
        metrics.held(view.held_bytes);
        if let Some(stream) = self.config.streams.iter().find(|stream| stream.name == name) {
            metrics.rules_expired(advice::expired(&stream.ignores, self.shared.clock.today()).count());
        }
        for &side in view.sides.present() {
            let of = view.sides.get(side);
            metrics.read_total(side, of.read);
            let lag = lag(view, side);
            let progress = Progress {
                lag,
                watermark_ms: of.watermark_ms,
                pending: of.pending,
                retention_headroom_ms: *view.headroom_ms.get(side),
            };
            metrics.progress(side, &progress);
        }
        let mut changes = BTreeMap::new();
        for change in &view.changes {
            *changes.entry(change.change.as_str()).or_insert(0_u64) += 1;
        }
        for (change, number) in changes {
            metrics.schema_changes(change, number);
        }
    }
}

/// Nothing is stored yet, so nothing passes and nothing fails.
fn unjudged(judged: &Stored) -> crate::engine::judge::Judgement {
    let mut release = judged.release.clone();
    release.verdict = Verdict::Inconclusive;
    release
}

fn lag(view: &View, side: Side) -> Option<u64> {
    let ends = view.ends.get(side);
    if ends.is_empty() {
        return None;
    }
    let behind = |partition: &crate::engine::PartitionView| {
        let end = ends
            .iter()
            .find(|(id, _)| *id == partition.partition)
            .map_or(0, |(_, end)| *end);
        end.saturating_sub(partition.position)
    };
    Some(view.partitions.get(side).iter().map(behind).sum())
}

/// What is read now, or else what is stored.
fn topics_of(seat: &Seat, view: &View) -> PerSide<Topics> {
    let known = |side: Side| match view.topics.get(side) {
        shown if shown.own.is_empty() => seat.topics.get(side).clone(),
        shown => shown.clone(),
    };
    PerSide {
        baseline: known(Side::Baseline),
        canary: known(Side::Canary),
    }
}

fn report_of(name: &str, seat: &Seat, view: &View, verdict: Verdict) -> report::StreamReport {
    let mut counts = seat.counts.clone();
    counts.add(&view.unfinished);
    let side = |side: Side| {
        let of = view.sides.get(side);
        let range = |view: &crate::engine::PartitionView| PartitionRange {
            topic: None,
            partition: view.partition,
            from: view.from,
            to: view.position,
        };
        SideInput {
            read: of.read,
            bytes: of.bytes,
            gaps: of.gaps,
            pending: of.pending,
            partitions: view.partitions.get(side).iter().map(range).collect(),
        }
    };
    let schemas = view.schemas.iter().map(|(side, id, digest, records)| SchemaUse {
        side: *side,
        id: *id,
        digest: digest.clone(),
        records: *records,
    });
    let changes = view.changes.iter().map(|change| SchemaChange {
        path: change.path.to_string(),
        change: change.change.as_str().to_owned(),
        breaking: change.breaking,
    });
    let rates = if view.sampling.is_empty() {
        &seat.sampling
    } else {
        &view.sampling
    };
    let mut stream = report::stream(StreamInput {
        stream: name,
        verdict,
        coverage: seat.tally.evidence().coverage().unwrap_or(0.0),
        sampling: rates.last().map_or(1.0, |last| last.rate),
        counts: &counts,
        sides: PerSide {
            baseline: side(Side::Baseline),
            canary: side(Side::Canary),
        },
        fields: &seat.fields,
        schemas: schemas.collect(),
        schema_changes: changes.collect(),
        findings: seat.findings.iter().map(stored::finding).collect(),
        topics: topics_of(seat, view),
    });
    report::add_rates(&mut stream, rates, &counts);
    report::add_named(&mut stream, &counts, &seat.tally.policy().named);
    stream.checks = report::checks(&seat.tally.standings());
    let noisy = seat.tally.evidence().recent.control.is_noisy();
    let control_read = view.sides.control.map_or(0, |control| control.read);
    report::add_noise(&mut stream, control_read, &seat.noise, noisy);
    stream.drift = report::drift(&seat.tally.drift());
    stream.adoption.clone_from(&view.adoption);
    stream
}
