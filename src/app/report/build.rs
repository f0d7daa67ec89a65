//! The report from plain figures, so that every command makes the same shape.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{
    AggregateReport, CheckReport, ControlReport, DelayMs, Drift, ExcludedReasons, FieldCount, Finding, NoiseReport,
    Outcomes, PartitionRange, Place, Reason, Report, SCHEMA_VERSION, SchemaChange, SchemaUse, SideReport, SkewMs,
    StageReport, StreamReport,
};
use super::pattern::patterns;
use super::topics;
use crate::engine::Candidate;
use crate::engine::judge::{self, Judgement, NamedCheck, Standing};
use crate::engine::stats::Betting;
use crate::model::{
    ControlCounts, Delays, DifferenceKind, Differing, FieldDifference, GroupCounts, NamedCounts, PerSide, Position,
    Side, SideCounts, Topics, UndecodableReason, Verdict, WindowCounts,
};

/// In how many mismatched pairs each path differs in each way.
pub type FieldCounts = BTreeMap<(String, DifferenceKind), u64>;

/// What is known of a side beside what its windows count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SideInput {
    /// Records read.
    pub read: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
    /// Offsets without a record.
    pub gaps: u64,
    /// Records that are not settled.
    pub pending: u64,
    /// What was read of each partition.
    pub partitions: Vec<PartitionRange>,
}

/// Everything that a stream's report is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamInput<'a> {
    /// Its name.
    pub stream: &'a str,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Judged records over those asked for, the least over the sides.
    pub coverage: f64,
    /// The fraction of the identities that was compared: 1 without sampling.
    pub sampling: f64,
    /// All its windows, added up.
    pub counts: &'a WindowCounts,
    /// What else is known of its sides.
    pub sides: PerSide<SideInput>,
    /// Differing paths of the mismatched pairs.
    pub fields: &'a FieldCounts,
    /// Schemas met.
    pub schemas: Vec<SchemaUse>,
    /// How the canary's schemas differ from the contract.
    pub schema_changes: Vec<SchemaChange>,
    /// What was kept.
    pub findings: Vec<Finding>,
    /// What the numbers of partitions stand for.
    pub topics: PerSide<Topics>,
}

/// The report of one stream.
#[must_use]
pub fn stream(input: StreamInput<'_>) -> StreamReport {
    let counts = input.counts;
    let pending = PerSide {
        baseline: input.sides.baseline.pending,
        canary: input.sides.canary.pending,
    };
    let quantile = |q| counts.skew.quantile(q);
    let mut findings = input.findings;
    // What fails a check by itself stands first, however many are told.
    findings.sort_by_key(|finding| finding.critical.is_empty());
    let mut report = StreamReport {
        stream: input.stream.to_owned(),
        verdict: input.verdict,
        explained_by: Vec::new(),
        coverage: input.coverage,
        sampling: input.sampling,
        sampling_rates: Vec::new(),
        sampled: (input.sampling < 1.0).then(|| PerSide {
            baseline: counts.sampled(Side::Baseline, pending.baseline),
            canary: counts.sampled(Side::Canary, pending.canary),
        }),
        skew_ms: SkewMs {
            p1: quantile(0.01),
            p50: quantile(0.5),
            p99: quantile(0.99),
        },
        outcomes: Outcomes {
            matched: counts.matched,
            mismatched: counts.mismatched,
            missing: counts.missing,
            extra: counts.extra,
            profiled: counts.sides.baseline.profiled + counts.sides.canary.profiled,
            duplicate: each(counts, |side| side.duplicate),
            conflict: each(counts, |side| side.conflict),
            pending,
        },
        sides: PerSide {
            baseline: side(input.sides.baseline, &counts.sides.baseline),
            canary: side(input.sides.canary, &counts.sides.canary),
        },
        control: counts.control.as_deref().map(control),
        fields: fields(input.fields),
        schemas: input.schemas,
        adoption: None,
        schema_changes: input.schema_changes,
        delay_ms: counts.named.as_deref().and_then(delays),
        aggregates: Vec::new(),
        drift: Vec::new(),
        checks: Vec::new(),
        patterns: Vec::new(),
        findings,
    };
    report.patterns = patterns(&report, &input.topics);
    topics::name(&mut report, &input.topics);
    report
}

/// How many groups of each aggregate differ.
pub fn add_aggregates(stream: &mut StreamReport, counts: &WindowCounts, checks: &[NamedCheck]) {
    let groups = |place: usize| counts.named.as_ref().and_then(|named| named.groups.get(place)).copied();
    let rows = checks.iter().filter_map(NamedCheck::aggregated).map(|(place, name)| {
        let GroupCounts {
            groups,
            differing,
            merged,
        } = groups(place).unwrap_or_default();
        AggregateReport {
            name: name.to_owned(),
            groups,
            differing,
            merged,
        }
    });
    stream.aggregates = rows.collect();
}

/// What windows count for checks by name: of critical paths every pair that differs there, where the kept findings show less.
pub fn add_named(stream: &mut StreamReport, counts: &WindowCounts, checks: &[NamedCheck]) {
    add_aggregates(stream, counts, checks);
    let paths: Vec<&str> = checks.iter().filter_map(NamedCheck::path).collect();
    if paths.is_empty() {
        return;
    }
    stream.fields.retain(|field| !paths.contains(&field.path.as_str()));
    let counted = counts.named.iter().flat_map(|named| &named.fields).zip(&paths);
    for (by_kind, path) in counted {
        let rows = Differing::KINDS
            .into_iter()
            .zip(by_kind)
            .filter(|(_, count)| **count > 0);
        stream.fields.extend(rows.map(|(kind, count)| FieldCount {
            path: (*path).to_owned(),
            kind,
            count: *count,
        }));
    }
    stream
        .fields
        .sort_by(|one, other| (&one.path, one.kind).cmp(&(&other.path, other.kind)));
}

/// What the verdict on a stream weighs.
#[must_use]
pub fn checks(standings: &[Standing]) -> Vec<CheckReport> {
    standings.iter().map(check).collect()
}

/// How the profiled distributions differ.
#[must_use]
pub fn drift(rows: &[judge::Drift]) -> Vec<Drift> {
    let row = |row: &judge::Drift| Drift {
        path: row.path.clone(),
        measure: row.measure.as_str().to_owned(),
        value: row.value,
        floor: row.floor,
        evidence_log10: row.evidence_log10,
        critical: row.critical,
        holds: row.holds,
        fails_at_log10: row.fails_at_log10,
        drifting: row.drifting,
    };
    rows.iter().map(row).collect()
}

fn check(standing: &Standing) -> CheckReport {
    let report = &standing.report;
    let log10 = |ln: f64| ln / std::f64::consts::LN_10;
    let mut warnings = Vec::new();
    if report.is_dispersed() {
        warnings.push("bad records come in bursts, and profile independent assumes that they do not".to_owned());
    }
    if report.is_autocorrelated() {
        warnings.push("windows are alike their neighbours: longer windows would be safer".to_owned());
    }
    if standing.unproved > 0 {
        warnings.push(format!(
            "{} bad records could not be confirmed by reading again",
            standing.unproved
        ));
    }
    CheckReport {
        check: standing.name.clone(),
        x: report.bad.saturating_add(standing.unproved),
        n: report.of,
        estimate: report.estimate(),
        budget: report.budget,
        lower: report.interval.lower,
        upper: report.interval.upper,
        evidence_log10: report.log10_e(),
        fails_at_log10: standing.ln_limit.map(log10),
        p_anytime: report.p_anytime(),
        windows: report.windows,
        proved: report.may_pass && standing.unproved == 0,
        clean_needed: report.clean_needed,
        assumption: match report.betting {
            _ if report.budget == 0.0 => "none",
            Betting::Window { .. } => "by window",
            Betting::Record => "by record",
        }
        .to_owned(),
        dispersion: report.dispersion,
        lag1: report.lag1,
        warnings,
    }
}

/// The report of a release. One that was interrupted is inconclusive, whatever its streams say so far.
#[must_use]
pub fn release(
    name: &str,
    generation: u64,
    judgement: &Judgement,
    streams: Vec<StreamReport>,
    interrupted: bool,
) -> Report {
    Report {
        schema_version: SCHEMA_VERSION,
        release: name.to_owned(),
        generation,
        verdict: if interrupted {
            Verdict::Inconclusive
        } else {
            judgement.verdict
        },
        reasons: reasons(judgement),
        interrupted,
        guarantee: None,
        warnings: Vec::new(),
        stages: Vec::new(),
        streams,
    }
}

fn reasons(judgement: &Judgement) -> Vec<Reason> {
    let reason = |reason: &crate::engine::judge::Reason| Reason {
        stream: reason.stream.clone(),
        check: reason.check.clone(),
        text: reason.text.clone(),
    };
    judgement.reasons.iter().map(reason).collect()
}

/// What must pass before each stage of the rollout.
#[must_use]
pub fn stages(stages: &[(String, Judgement)]) -> Vec<StageReport> {
    let stage = |(name, judgement): &(String, Judgement)| StageReport {
        stage: name.clone(),
        verdict: judgement.verdict,
        reasons: reasons(judgement),
    };
    stages.iter().map(stage).collect()
}

/// A finding from what the engine kept, the begin of its window, and what reading its records again showed.
#[must_use]
pub fn finding(
    candidate: &Candidate,
    window_ms: Option<i64>,
    fields: Vec<FieldDifference>,
    note: Option<String>,
) -> Finding {
    let place =
        |position: Option<Position>| position.map(|Position { partition, offset, .. }| Place::of(partition, offset));
    Finding {
        id: None,
        outcome: candidate.outcome,
        identity: candidate.identity.map(|identity| identity.to_string()),
        window: window_ms.map(rfc3339),
        baseline: place(candidate.baseline),
        canary: place(candidate.canary),
        fields,
        reason: candidate.reason,
        note,
        critical: Vec::new(),
    }
}

/// A time as the report writes it.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| format!("{ms} ms"), |time| time.to_string())
}

/// Adds what was read of the control, and the differing paths of its pairs that were read again: where it is too noisy those
/// had better be ignored.
pub fn add_noise(stream: &mut StreamReport, read: u64, noise: &FieldCounts, noisy: bool) {
    let Some(control) = &mut stream.control else { return };
    let ignore: BTreeSet<&str> = noise.keys().map(|(path, _)| path.as_str()).collect();
    control.read = read;
    control.fields = fields(noise);
    control.proposed_ignore = ignore.into_iter().filter(|_| noisy).map(str::to_owned).collect();
}

/// What the control shows.
fn control(counts: &ControlCounts) -> ControlReport {
    ControlReport {
        matched: counts.matched,
        mismatched: counts.mismatched,
        missing: counts.missing,
        extra: counts.extra,
        windows: counts.windows,
        left_out: counts.left_out,
        noise: NoiseReport {
            compared: counts.compared,
            canary_only: counts.canary_only,
            control_only: counts.control_only,
            both: counts.both,
        },
        ..ControlReport::default()
    }
}

/// How long the records of each side took, where that is counted.
fn delays(named: &NamedCounts) -> Option<PerSide<DelayMs>> {
    let of = |delays: &Delays| DelayMs {
        p50: delays.quantile(0.5),
        p99: delays.quantile(0.99),
    };
    let PerSide { baseline, canary } = &named.delays;
    (named.delays != PerSide::default()).then(|| PerSide {
        baseline: of(baseline),
        canary: of(canary),
    })
}

fn each(counts: &WindowCounts, of: impl Fn(&SideCounts) -> u64) -> PerSide<u64> {
    PerSide {
        baseline: of(counts.sides.get(Side::Baseline)),
        canary: of(counts.sides.get(Side::Canary)),
    }
}

fn side(input: SideInput, counts: &SideCounts) -> SideReport {
    let reasons = UndecodableReason::ALL
        .into_iter()
        .map(|reason| (reason, counts.undecodable.get(&reason).copied().unwrap_or(0)));
    SideReport {
        read: input.read,
        bytes: input.bytes,
        late: counts.late,
        untimely: counts.untimely,
        undecodable: counts.undecodable_total(),
        undecodable_reasons: reasons.collect(),
        diverted: counts.diverted,
        excluded: counts.excluded_total(),
        excluded_reasons: ExcludedReasons {
            select: counts.excluded_select,
            sample: counts.excluded_sample,
            edge: counts.excluded_edge,
            noise: counts.excluded_noise,
            superseded: counts.excluded_superseded,
            tombstone: counts.excluded_tombstone,
        },
        profiled: counts.profiled,
        gaps: input.gaps,
        partitions: input.partitions,
    }
}

fn fields(counts: &FieldCounts) -> Vec<FieldCount> {
    let count = |((path, kind), count): (&(String, DifferenceKind), &u64)| FieldCount {
        path: path.clone(),
        kind: *kind,
        count: *count,
    };
    counts.iter().map(count).collect()
}
