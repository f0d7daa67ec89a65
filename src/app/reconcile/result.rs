//! From counts to the report: pairs are read again for their fields, the census is taken.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::drive::{Counted, Interrupt};
use super::open::Place;
use super::partners;
use super::topics;
use crate::app::findings::{Again, Rereader, Seen};
use crate::app::keyed::Key;
use crate::app::lane::Lane;
use crate::app::log::Log;
use crate::app::report::{
    self, FieldCounts, Finding, PartitionRange, Report, SchemaChange, SchemaUse, SideInput, StreamInput,
};
use crate::app::stream::Stream;
use crate::app::{advice, book};
use crate::codec::{Reducer, SchemaRef};
use crate::config::ReconcileRequest;
use crate::engine::Candidate;
use crate::engine::census::{Census, Limits};
use crate::engine::diff::DiffRules;
use crate::engine::judge::{Judgement, Reason};
use crate::model::{Inconclusive, Outcome, PerSide, Side, Sides, Topics, Verdict, WindowCounts, hex};

/// Pairs that are read again before SIGINT is looked for.
const CHUNK: usize = 4096;

/// Differing paths that are counted one by one; the others are one path.
const PATHS_MAX: usize = 10_000;
const OTHER: &str = "$other";

/// Makes the report.
///
/// # Errors
/// A log that cannot be read again.
pub fn report(
    request: &ReconcileRequest,
    stream: Stream,
    again: Sides<Place>,
    mut counted: Counted,
    interrupt: &Interrupt,
) -> Result<Report> {
    let mut judgement = judge(request, &stream, &counted);
    let control_read = stream.engine.side(Side::Control).read;
    let topics = |side: Side| match &stream.lanes.get(side).log {
        Log::Kafka(topic) => topic.topics(),
        Log::File(_) => request.sides.get(side).topics(),
    };
    let topics = PerSide {
        baseline: topics(Side::Baseline),
        canary: topics(Side::Canary),
    };
    let sides = PerSide {
        baseline: side_input(&stream, Side::Baseline),
        canary: side_input(&stream, Side::Canary),
    };
    let unselected = Side::PAIR.into_iter().filter_map(|side| {
        let left_out = counted.counts.sides.get(side).excluded_select;
        let text = advice::selected_nothing(side, sides.get(side).read, left_out)?;
        Some(format!("{}: {text}", request.stream))
    });
    let unselected: Vec<String> = unselected.collect();
    let adoption = report::adoption(stream.lanes.pair().map(Lane::reducer));
    let (schemas, schema_changes) = (schema_uses(&stream), schema_changes(&stream));
    let coverage = census(&stream, &counted).coverage();
    let unused = if counted.interrupted || sides.baseline.read + sides.canary.read == 0 {
        Vec::new()
    } else {
        never_applied(request, &stream)
    };
    let Looked {
        fields,
        findings,
        noise,
    } = if counted.interrupted {
        Looked::default()
    } else {
        look_again(request, stream, (again, &topics), &mut counted, interrupt)?
    };
    let input = StreamInput {
        stream: &request.stream,
        verdict: if counted.interrupted {
            Verdict::Inconclusive
        } else {
            judgement.verdict
        },
        coverage,
        sampling: request.engine.sampling(),
        counts: &counted.counts,
        sides,
        fields: &fields,
        schemas,
        schema_changes,
        findings,
        topics,
    };
    let mut stream = report::stream(input);
    let noisy = counted
        .counts
        .control
        .as_ref()
        .is_some_and(|control| control.is_noisy());
    report::add_noise(&mut stream, control_read, &noise, noisy);
    report::add_aggregates(&mut stream, &counted.counts, &request.named);
    stream.adoption = adoption;
    propose(&mut judgement, &stream);
    let streams = vec![stream];
    let mut report = report::release(&request.release, 1, &judgement, streams, counted.interrupted);
    report.warnings = unselected;
    report.warnings.extend(unused);
    Ok(report)
}

/// A warning for each rule that no record had anything to do with.
fn never_applied(request: &ReconcileRequest, stream: &Stream) -> Vec<String> {
    let applied = |side: Side| stream.lanes.get(side).reducer().applied();
    let applied = PerSide {
        baseline: applied(Side::Baseline),
        canary: applied(Side::Canary),
    };
    let texts = advice::never_applied(&request.sides.canary.codec.rules, &applied);
    texts
        .into_iter()
        .map(|text| format!("{}: {text}", request.stream))
        .collect()
}

/// The report of a run that SIGINT ended before anything was read.
#[must_use]
pub fn nothing(request: &ReconcileRequest) -> Report {
    let judgement = Judgement {
        verdict: Verdict::Inconclusive,
        reasons: vec![Reason {
            stream: request.stream.clone(),
            check: Inconclusive::Evidence.as_str().to_owned(),
            inconclusive: Some(Inconclusive::Evidence),
            text: "interrupted before anything was read".to_owned(),
        }],
    };
    let input = StreamInput {
        stream: &request.stream,
        verdict: Verdict::Inconclusive,
        coverage: 0.0,
        sampling: request.engine.sampling(),
        counts: &WindowCounts::default(),
        sides: PerSide::default(),
        fields: &FieldCounts::new(),
        schemas: Vec::new(),
        schema_changes: Vec::new(),
        findings: Vec::new(),
        topics: PerSide::default(),
    };
    report::release(&request.release, 1, &judgement, vec![report::stream(input)], true)
}

fn census(stream: &Stream, counted: &Counted) -> Census {
    let read = |side| stream.engine.side(side).read;
    let pending = |side| stream.engine.side(side).pending;
    let read = PerSide {
        baseline: read(Side::Baseline),
        canary: read(Side::Canary),
    };
    let mut census = Census::new(
        counted.counts.clone(),
        read,
        &counted.bad,
        &stream.engine.unshared_baseline(),
    );
    census.pending = PerSide {
        baseline: pending(Side::Baseline),
        canary: pending(Side::Canary),
    };
    census
}

fn judge(request: &ReconcileRequest, stream: &Stream, counted: &Counted) -> Judgement {
    let budgets = request.budgets.judged(request.has_dead_letters());
    let limits = Limits {
        budgets,
        late_max: request.limits.late_max,
        named: request.named.clone(),
    };
    let judgement = census(stream, counted).judge(&request.stream, &limits);
    if stream.incidents.is_empty() {
        return judgement;
    }
    // What a hole or new partitions touch is no evidence already; behind an open transaction and in another log nothing
    // can be told from what the canary lost.
    let harmless = |kind: &Inconclusive| matches!(kind, Inconclusive::Expired | Inconclusive::Repartitioned);
    if judgement.verdict == Verdict::Fail && stream.incidents.iter().all(|(kind, ..)| harmless(kind)) {
        return judgement;
    }
    let reasons = stream.incidents.iter().map(|(kind, _, text)| Reason {
        stream: request.stream.clone(),
        check: kind.as_str().to_owned(),
        inconclusive: Some(*kind),
        text: text.clone(),
    });
    Judgement {
        verdict: Verdict::Inconclusive,
        reasons: reasons.collect(),
    }
}

fn side_input(stream: &Stream, side: Side) -> SideInput {
    let view = stream.engine.side(side);
    let range = |view: crate::engine::PartitionView| PartitionRange {
        topic: None,
        partition: view.partition,
        from: view.from,
        to: view.position,
    };
    SideInput {
        read: view.read,
        bytes: view.bytes,
        gaps: view.gaps,
        pending: view.pending,
        partitions: stream.engine.partitions(side).into_iter().map(range).collect(),
    }
}

fn schema_uses(stream: &Stream) -> Vec<SchemaUse> {
    let mut uses = Vec::new();
    for &side in stream.sides() {
        for used in stream.lanes.get(side).reducer().schema_uses() {
            let id = match used.schema {
                SchemaRef::Id(id) => Some(id),
                SchemaRef::Guid(_) | SchemaRef::Fingerprint(_) | SchemaRef::Fixed => None,
            };
            let digest = hex(&used.digest);
            uses.push(SchemaUse {
                side,
                id,
                digest,
                records: used.records,
            });
        }
    }
    uses
}

fn schema_changes(stream: &Stream) -> Vec<SchemaChange> {
    let changes = stream.lanes.canary.reducer().schema_changes();
    let change = |change: crate::codec::SchemaChange| SchemaChange {
        path: change.path.to_string(),
        change: change.change.as_str().to_owned(),
        breaking: change.breaking,
    };
    changes.into_iter().map(change).collect()
}

/// Names the noisy paths where noise is the reason.
fn propose(judgement: &mut Judgement, stream: &report::StreamReport) {
    let noisy = stream.control.iter().flat_map(|control| &control.proposed_ignore);
    let noisy: Vec<&str> = noisy.map(String::as_str).collect();
    let is_noise = |reason: &&mut Reason| reason.inconclusive == Some(Inconclusive::Noise);
    for reason in judgement.reasons.iter_mut().filter(is_noise) {
        if !noisy.is_empty() {
            reason.text += &format!("; ignore {}", noisy.join(", "));
        }
    }
}

/// What reading records again gives.
#[derive(Default)]
struct Looked {
    /// Differing paths of all mismatched pairs.
    fields: FieldCounts,
    /// What is kept.
    findings: Vec<Finding>,
    /// Differing paths of some of the control's pairs.
    noise: FieldCounts,
}

/// Reads every mismatched pair again: its fields are counted exactly, and the kept findings show them.
fn look_again(
    request: &ReconcileRequest,
    stream: Stream,
    (again, topics): (Sides<Place>, &PerSide<Topics>),
    counted: &mut Counted,
    interrupt: &Interrupt,
) -> Result<Looked> {
    let window = stream.engine.settings().window_ms;
    let key = Key::random();
    let mut fields = FieldCounts::new();
    let mut pairs = std::mem::take(&mut counted.pairs);
    // Those that differ where no difference is borne are told first, however much else differs.
    let strict = &request.engine.named.strict;
    let borne = |pair: &Candidate| !strict.iter().any(|place| pair.differing.at(*place));
    pairs.sort_unstable_by(|one, other| (borne(one), one).cmp(&(borne(other), other)));
    let others = differing(&census(&stream, counted), &counted.others);
    let kept = keep(&pairs, &others, request.engine.findings_max);
    let mut findings = Vec::with_capacity(kept.pairs + kept.others.len());
    let codecs = PerSide {
        baseline: request.sides.baseline.codec.clone(),
        canary: request.sides.canary.codec.clone(),
    };
    let mut rereader = rereader(request, stream, again);
    let start = |time: Option<i64>| Some(time? - time?.rem_euclid(window?));
    let mut push = |candidate: &Candidate, window_ms: Option<i64>, fields, note| {
        let mut finding = report::finding(candidate, window_ms, fields, note);
        finding.identity = candidate.identity.map(|identity| key.of(identity));
        findings.push(finding);
    };
    let mut seen = 0;
    let mut visit = |pair: &Candidate, what| {
        let (found, note) = match what {
            Seen::Differences(found) => (found, None),
            Seen::Gone(text) => (Vec::new(), Some(text.to_owned())),
        };
        for difference in &found {
            let mut key = (difference.path.clone(), difference.kind);
            // The members of documents may have endless names.
            if fields.len() >= PATHS_MAX && !fields.contains_key(&key) {
                key.0 = OTHER.to_owned();
            }
            *fields.entry(key).or_default() += 1;
        }
        if seen < kept.pairs {
            push(pair, start(pair.time_ms), found, note);
        }
        seen += 1;
    };
    for chunk in pairs.chunks(CHUNK) {
        counted.interrupted = interrupt.came();
        if counted.interrupted {
            break;
        }
        rereader
            .look(chunk, &mut visit)
            .context("read the mismatched pairs again")?;
    }
    let noise = noise(&mut rereader, &counted.noise).context("read the control's pairs again")?;
    let kept_others = || kept.others.iter().map(|(_, candidate)| candidate);
    let all = counted.others.iter().map(|(_, candidate)| candidate);
    let mut notes = partners::notes(&mut rereader, kept_others(), all, topics).context("read keys again")?;
    let settings = PerSide {
        baseline: &codecs.baseline,
        canary: &codecs.canary,
    };
    notes.extend(partners::looks(&mut rereader, settings, kept_others()).context("read bad records again")?);
    for (window_ms, candidate) in kept.others {
        let position = candidate.baseline.or(candidate.canary);
        let note = position.and_then(|position| notes.remove(&position));
        push(candidate, *window_ms, Vec::new(), note);
    }
    Ok(Looked {
        fields,
        findings,
        noise,
    })
}

/// Pairs of baseline and control that are read again, to name what is noisy.
const NOISE_LOOKED_AT_MAX: usize = 1_000;

/// Where some of the pairs of baseline and control differ.
fn noise(rereader: &mut Rereader, pairs: &[Candidate]) -> Result<FieldCounts> {
    let mut fields = FieldCounts::new();
    let pairs = pairs.get(..NOISE_LOOKED_AT_MAX).unwrap_or(pairs);
    rereader.look_at_control(pairs, |_, seen| {
        let Seen::Differences(found) = seen else { return };
        for difference in found {
            *fields.entry((difference.path, difference.kind)).or_default() += 1;
        }
    })?;
    Ok(fields)
}

/// What reads records again, under the request's rules.
#[must_use]
pub fn rereader(request: &ReconcileRequest, stream: Stream, again: Sides<Place>) -> Rereader {
    let Stream { lanes, book, .. } = stream;
    let Sides {
        baseline,
        canary,
        control,
    } = lanes;
    let place = |log: Log, place: Place| match (place, log) {
        (Place::Kafka { own, dead_letters }, _) => Again::Kafka(topics::again(&own, &dead_letters)),
        (Place::File(input, kind), Log::File(file)) => Again::File {
            input,
            kind,
            index: Some(Box::new(file.reader.into_index())),
        },
        (Place::File(input, kind), Log::Kafka(_)) => Again::File {
            input,
            kind,
            index: None,
        },
    };
    let control = control.zip(again.control);
    let places = Sides {
        baseline: place(baseline.log, again.baseline),
        canary: place(canary.log, again.canary),
        control: control.map(|(lane, again)| place(lane.log, again)),
    };
    let reader = |side: Side| {
        book::Reader::new(
            Reducer::new(side, request.sides.get(side).codec.clone()),
            side,
            book.clone(),
        )
    };
    let rules = &request.sides.baseline.codec.rules;
    let conditional = rules.when.clone();
    let rules = DiffRules {
        ignore: rules.ignore.clone(),
        tolerance: rules
            .tolerant
            .iter()
            .cloned()
            .zip(request.engine.tolerances.iter().cloned())
            .collect(),
        unordered: rules.unordered.clone(),
        show: request.show.clone(),
    };
    let readers = places.each(reader);
    Rereader::new(places, readers, rules, conditional)
}

/// What a finding may be made of: bad records that all stand on both sides are counted, and are no difference (rule 14).
fn differing(census: &Census, others: &[(Option<i64>, Candidate)]) -> Vec<(Option<i64>, Candidate)> {
    let differs = |candidate: &Candidate| match candidate.outcome {
        Outcome::Undecodable => census.undecodable.baseline + census.undecodable.canary > 0,
        Outcome::Untimely => census.untimely.baseline + census.untimely.canary > 0,
        Outcome::Diverted => census.diverted.baseline + census.diverted.canary > 0,
        _ => true,
    };
    others
        .iter()
        .filter(|(_, candidate)| differs(candidate))
        .cloned()
        .collect()
}

struct Kept<'a> {
    pairs: usize,
    others: Vec<&'a (Option<i64>, Candidate)>,
}

/// At most `max` findings, shared out evenly over the outcomes that there are.
fn keep<'a>(pairs: &[Candidate], others: &'a [(Option<i64>, Candidate)], max: usize) -> Kept<'a> {
    let mut by_outcome: BTreeMap<Outcome, Vec<&(Option<i64>, Candidate)>> = BTreeMap::new();
    for other in others {
        by_outcome.entry(other.1.outcome).or_default().push(other);
    }
    let mut sizes: Vec<(Option<Outcome>, usize)> = by_outcome
        .iter()
        .map(|(outcome, all)| (Some(*outcome), all.len()))
        .collect();
    sizes.push((None, pairs.len()));
    sizes.retain(|(_, size)| *size > 0);
    // The smallest first, so that what they leave goes to the larger ones.
    sizes.sort_by_key(|(_, size)| *size);
    let (mut left, mut outcomes) = (max, sizes.len());
    let mut kept = Kept {
        pairs: 0,
        others: Vec::new(),
    };
    let mut granted: BTreeMap<Outcome, usize> = BTreeMap::new();
    for (outcome, size) in sizes {
        let share = size.min(left / outcomes);
        left -= share;
        outcomes -= 1;
        match outcome {
            None => kept.pairs = share,
            Some(outcome) => drop(granted.insert(outcome, share)),
        }
    }
    for (outcome, mut all) in by_outcome {
        all.sort_by_key(|(_, candidate)| (candidate.baseline, candidate.canary));
        kept.others
            .extend(all.into_iter().take(granted.get(&outcome).copied().unwrap_or(0)));
    }
    kept
}
