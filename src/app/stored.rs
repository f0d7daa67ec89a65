//! A generation as it is stored: seats for the judge, the verdict, the report. A starting worker answers from it, and so
//! do the commands that ask the database.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::decisions::{self, Decisions, failing};
use super::report::{self, Place, Report, SideInput, StreamInput};
use super::worker::{self, Seat, State, Status, Stored};
use crate::config::{self, Config};
use crate::edge::store::{FindingRow, GenerationId, GenerationState, Read, ReleaseRow, Span, Store};
use crate::engine::RateFrom;
use crate::engine::judge::{self, Counted, Criticality, Failing, Policy, Shared, SilentThen, Tally};
use crate::engine::stats::Profile;
use crate::model::{PerSide, Side, Verdict, WindowCounts, hex};

/// Findings of a stream that a report shows.
const FINDINGS_MAX: i64 = 10_000;

/// What is stored of a generation.
pub struct Loaded {
    /// Its streams, before the judge.
    pub seats: BTreeMap<String, Seat>,
    /// The last stored verdict.
    pub verdict: Option<Stored>,
    /// Open, closing or closed.
    pub state: GenerationState,
    /// What people decided.
    pub decisions: Decisions,
    /// The findings.
    pub findings: Vec<FindingRow>,
}

/// Loads a generation.
///
/// # Errors
/// The database does not do it, or holds what this binary does not understand.
pub async fn load(store: &Store, config: &Config, id: &GenerationId) -> Result<Loaded> {
    let read = Read {
        generation: id.clone(),
        stream: None,
        windows: Span::ALL,
        findings_max: FINDINGS_MAX,
        inputs: Span::NONE,
    };
    let found = store.read(read).await.context("read the generation")?;
    let verdict = found
        .verdicts
        .last()
        .map(|row| serde_json::from_str::<Stored>(&row.body))
        .transpose();
    let verdict = verdict.context("read the stored verdict")?;
    let mut failed: BTreeSet<Failing> = BTreeSet::new();
    for row in &found.verdicts {
        let stored: Stored = serde_json::from_str(&row.body).context("read a stored verdict")?;
        failed.extend(failing(&stored));
    }
    let mut seats = BTreeMap::new();
    for (stream, policy) in config.streams.iter().zip(policies(config)) {
        let state = State::of(&found, &stream.name)?;
        let mut tally = Tally::new(policy);
        let mut counts = WindowCounts::default();
        let windows = || found.windows.iter().filter(|window| window.stream == stream.name);
        windows().for_each(|window| counts.add(&window.counts));
        let own: Vec<FindingRow> = found
            .findings
            .iter()
            .filter(|row| row.stream == stream.name)
            .cloned()
            .collect();
        let counted = windows().map(|window| Counted {
            start_ms: window.start_ms,
            end_ms: window.end_ms,
            counts: &window.counts,
            edge: window.edge,
            profile: window.profile.as_ref(),
        });
        let bad = found.bad.iter().filter(|row| row.stream == stream.name);
        let shared = bad.map(|row| Shared {
            start_ms: row.start_ms,
            counts: &row.counts,
        });
        tally.take(counted, shared, &worker::found(&own).with_broken(&state.broken));
        let mut seat = Seat {
            tally,
            counts,
            sampling: sampling(&state, stream),
            criticality: criticality(stream.criticality),
            upstream: stream.upstream.clone(),
            latched: failed
                .iter()
                .filter(|(of, _)| *of == stream.name)
                .map(|(_, check)| check.clone())
                .collect(),
            fields: BTreeMap::new(),
            noise: state.noise(),
            findings: std::collections::VecDeque::new(),
            status: Status::default(),
            store_down: false,
            topics: worker::topics(stream, &state.topics),
        };
        seat.keep(&own);
        seats.insert(stream.name.clone(), seat);
    }
    Ok(Loaded {
        seats,
        verdict,
        state: found.state,
        decisions: Decisions::of(&found.commands, &found.verdicts),
        findings: found.findings,
    })
}

/// Judges what is stored. What stood in the way at the last commit still does: only a worker knows better.
#[must_use]
pub fn judge(loaded: &Loaded, wall_ms: i64) -> Stored {
    let fresh = worker::judge(&loaded.seats, &loaded.decisions, wall_ms);
    match &loaded.verdict {
        Some(stored) if stored.release.verdict == fresh.release.verdict && stored.gist() == fresh.gist() => fresh,
        Some(stored) => loaded.decisions.over(stored.clone()),
        None => fresh,
    }
}

/// The verdict on a generation, judged anew from what is stored.
///
/// # Errors
/// As [`load`].
pub async fn verdict_on(store: &Store, config: &Config, id: &GenerationId) -> Result<Stored> {
    let loaded = load(store, config, id).await?;
    Ok(judge(&loaded, super::clock::Clock::start().wall_ms()))
}

/// What the last stored verdict says of a release, as people decided: without any config.
///
/// # Errors
/// The database does not do it, or holds what this binary does not understand.
pub async fn said(store: &Store, row: &ReleaseRow) -> Result<Verdict> {
    let decisions = decisions::decided(store, &row.id).await.context("read the commands")?;
    let stored = match &row.verdict {
        Some(stored) => serde_json::from_str(&stored.body).context("read a stored verdict")?,
        None => Stored::nothing(),
    };
    Ok(decisions.over(stored).release.verdict)
}

/// How the streams of a config are judged, in its order: each with its share of the release's chance of a wrong `fail`.
#[must_use]
pub fn policies(config: &Config) -> Vec<Policy> {
    let criticalities: Vec<Criticality> = config
        .streams
        .iter()
        .map(|stream| criticality(stream.criticality))
        .collect();
    let shares = judge::shares(config.policy.alpha, &criticalities);
    let streams = config.streams.iter().zip(shares);
    streams.map(|(stream, alpha)| policy(config, stream, alpha)).collect()
}

fn policy(config: &Config, stream: &config::Stream, alpha: f64) -> Policy {
    Policy {
        budgets: stream.budgets.judged(stream.has_dead_letters()),
        alpha,
        window_ms: stream.engine.window_ms,
        late_max: stream.limits.late_max,
        grace_ms: stream.engine.grace_ms,
        drift: stream.drift.clone(),
        controlled: stream.engine.control,
        named: stream.named.clone(),
        ..policy_of(&config.policy)
    }
}

/// What a release's policy says of each of its streams; the rest is as without a config.
#[must_use]
pub fn policy_of(policy: &config::Policy) -> Policy {
    Policy {
        alpha: policy.alpha,
        beta: policy.beta,
        profile: profile(policy.profile),
        min_pairs: policy.min_pairs,
        min_duration_ms: policy.min_duration_ms,
        max_duration_ms: Some(policy.max_duration_ms),
        silent_after_ms: policy.silent_after_ms,
        silent_then: match policy.silent_then {
            config::SilentThen::Inconclusive => SilentThen::Inconclusive,
            config::SilentThen::Fail => SilentThen::Fail,
        },
        ..Policy::default()
    }
}

fn profile(profile: config::Profile) -> Profile {
    match profile {
        config::Profile::Bursty => Profile::BURSTY,
        config::Profile::Independent => Profile::INDEPENDENT,
    }
}

/// What the verdicts under a config promise.
#[must_use]
pub fn guarantee(config: &Config) -> String {
    let policy = &config.policy;
    let unpaired = config.streams.iter().any(|stream| stream.drift.unpaired);
    judge::guarantee(policy.alpha, policy.beta, &profile(policy.profile), unpaired)
}

/// How much a stream weighs, in the judge's words.
#[must_use]
pub fn criticality(criticality: config::Criticality) -> Criticality {
    match criticality {
        config::Criticality::Critical => Criticality::Critical,
        config::Criticality::Standard => Criticality::Standard,
        config::Criticality::Informational => Criticality::Informational,
    }
}

/// A stored finding as the report shows it.
#[must_use]
pub fn finding(row: &FindingRow) -> report::Finding {
    let place = |at: Option<(u32, u64)>| at.map(|(partition, offset)| Place::of(partition, offset));
    report::Finding {
        id: Some(finding_id(row)),
        outcome: row.outcome,
        identity: row.identity.clone(),
        window: row.start_ms.map(report::rfc3339),
        baseline: place(row.baseline),
        canary: place(row.canary),
        fields: row.body.fields.clone(),
        reason: row.body.reason,
        note: row.body.note.clone(),
        critical: row.body.critical.clone(),
    }
}

/// What a finding is called: the same whoever stored it, and another for every finding of a generation. 48 bits in hex.
#[must_use]
pub fn finding_id(row: &FindingRow) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("crosscheck 2026 finding-id v1");
    for text in [row.stream.as_str(), row.outcome.as_str()] {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(&row.start_ms.unwrap_or(i64::MIN).to_le_bytes());
    for place in [row.baseline, row.canary] {
        let (partition, offset) = place.unwrap_or_default();
        hasher.update(&[u8::from(place.is_some())]);
        hasher.update(&partition.to_le_bytes());
        hasher.update(&offset.to_le_bytes());
    }
    hex(&hasher.finalize().as_bytes()[..6])
}

/// The rates of a stream's sample; before anything is stored, that of the config.
fn sampling(state: &State, stream: &config::Stream) -> Vec<RateFrom> {
    if state.sampling.is_empty() {
        return vec![RateFrom::ever(stream.engine.sampling())];
    }
    state.sampling.clone()
}

/// The report on what is stored, with the judgement that is passed on it.
#[must_use]
pub fn report(loaded: &Loaded, id: &GenerationId, judged: &Stored) -> Report {
    let mut streams = Vec::with_capacity(loaded.seats.len());
    for (name, seat) in &loaded.seats {
        let counts = &seat.counts;
        let own = loaded.findings.iter().filter(|row| row.stream == *name);
        let input = StreamInput {
            stream: name,
            verdict: judged
                .streams
                .get(name)
                .map_or(Verdict::Inconclusive, |judgement| judgement.verdict),
            coverage: seat.tally.evidence().coverage().unwrap_or(0.0),
            sampling: seat.sampling.last().map_or(1.0, |last| last.rate),
            counts,
            sides: PerSide {
                baseline: side(counts, Side::Baseline),
                canary: side(counts, Side::Canary),
            },
            fields: &seat.fields,
            schemas: Vec::new(),
            schema_changes: Vec::new(),
            findings: own.map(finding).collect(),
            topics: seat.topics.clone(),
        };
        let mut stream = report::stream(input);
        report::add_rates(&mut stream, &seat.sampling, counts);
        report::add_named(&mut stream, counts, &seat.tally.policy().named);
        // What is in final windows is what was read, as far as it was compared.
        let control = counts.control.as_deref();
        let read = control.map_or(0, |control| control.matched + control.mismatched + control.extra);
        let noisy = seat.tally.evidence().recent.control.is_noisy();
        report::add_noise(&mut stream, read, &seat.noise, noisy);
        stream.checks = report::checks(&seat.tally.standings());
        stream.drift = report::drift(&seat.tally.drift());
        stream.explained_by = judged.causes.get(name).cloned().unwrap_or_default();
        streams.push(stream);
    }
    let generation = u64::try_from(id.generation).unwrap_or(0);
    report::release(&id.release, generation, &judged.release, streams, false)
}

/// What is in final windows is what was read.
fn side(counts: &WindowCounts, side: Side) -> SideInput {
    let own = counts.sides.get(side);
    let alone = if side == Side::Canary {
        counts.extra
    } else {
        counts.missing
    };
    let read = counts.matched
        + counts.mismatched
        + alone
        + own.duplicate
        + own.conflict
        + own.late
        + own.untimely
        + own.undecodable_total()
        + own.diverted
        + own.excluded_total()
        + own.profiled;
    SideInput {
        read,
        ..SideInput::default()
    }
}
