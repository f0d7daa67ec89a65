//! The JSON report, to the letter of the contract: its names, its nesting, its order. All keys are always there.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::adoption::Adoption;
use crate::model::{DifferenceKind, FieldDifference, Outcome, PerSide, Side, UndecodableReason, Verdict};

/// The version of this shape.
pub const SCHEMA_VERSION: u32 = 1;

/// What a release came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Its name.
    pub release: String,
    /// Its generation.
    pub generation: u64,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Why it is not `pass`.
    pub reasons: Vec<Reason>,
    /// True where it was cut short: the report so far.
    pub interrupted: bool,
    /// What the verdict promises and assumes; not there in a bounded run, whose verdict is the census.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarantee: Option<String>,
    /// What makes it less certain than it looks, such as a database that may forget; not there where there is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What must pass before each stage of the rollout; not there without stages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageReport>,
    /// Its streams.
    pub streams: Vec<StreamReport>,
}

/// A stage of the rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StageReport {
    /// Its name.
    pub stage: String,
    /// The verdict on the streams that must pass before it.
    pub verdict: Verdict,
    /// Why it is not `pass`.
    pub reasons: Vec<Reason>,
}

/// The JSON Schema (draft 2020-12) of a [`Report`]: `docs/report.schema.json`.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}

/// Why a verdict is not `pass`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Which stream; empty where it is the release's own.
    pub stream: String,
    /// The check that failed, or the reason of inconclusive.
    pub check: String,
    /// One sentence.
    pub text: String,
}

/// A fraction of the identities that was compared, from a window on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SamplingRate {
    /// Begin of the first window, RFC 3339; null since ever.
    pub from: Option<String>,
    /// The fraction.
    pub rate: f64,
}

/// What a stream came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StreamReport {
    /// Its name.
    pub stream: String,
    /// The verdict on it.
    pub verdict: Verdict,
    /// The first streams above it that diverge, and so explain it; not there where it is the first itself, or does not diverge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explained_by: Vec<String>,
    /// Judged records over those asked for, the least over the sides.
    pub coverage: f64,
    /// The fraction of the identities that was compared.
    pub sampling: f64,
    /// The fractions that were in force, in turn; not there where it was always the same one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sampling_rates: Vec<SamplingRate>,
    /// The share of the timely records that was in the sample, measured; not there where all are, null before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<PerSide<Option<f64>>>,
    /// Canary's event time minus baseline's, of the pairs.
    pub skew_ms: SkewMs,
    /// What each side had.
    pub sides: PerSide<SideReport>,
    /// What became of the records.
    pub outcomes: Outcomes,
    /// Baseline against control; not there without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlReport>,
    /// In how many mismatched pairs a path differs in a way.
    pub fields: Vec<FieldCount>,
    /// The schemas that the records were written with.
    pub schemas: Vec<SchemaUse>,
    /// Who wrote the records of each side; not there where nothing says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption: Option<PerSide<Adoption>>,
    /// How the canary's schemas differ from the contract.
    pub schema_changes: Vec<SchemaChange>,
    /// How long the records took from the event to the log; not there where `latency` is not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<PerSide<DelayMs>>,
    /// What a consumer would compute of the final windows; not there where no aggregate is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aggregates: Vec<AggregateReport>,
    /// How distributions differ.
    pub drift: Vec<Drift>,
    /// What the verdict weighs, check by check; empty in a bounded run, whose verdict is the census.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckReport>,
    /// What the kept findings have in common; not there where they have nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<Pattern>,
    /// What was kept of what differs.
    pub findings: Vec<Finding>,
}

/// What some of the kept findings of an outcome have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pattern {
    /// Of which outcome.
    pub outcome: Outcome,
    /// The paths that differ in all of them.
    pub paths: Vec<String>,
    /// In how many.
    pub count: u64,
    /// Of how many kept findings of that outcome.
    pub of: u64,
    /// It in one sentence, with values only where they may be shown.
    pub text: String,
}

/// One check of the verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckReport {
    /// Its name, which is its budget's.
    pub check: String,
    /// Bad records in the evidence.
    pub x: u64,
    /// Records that could have been bad.
    pub n: u64,
    /// x / n; null without a record.
    pub estimate: Option<f64>,
    /// The rate that is borne.
    pub budget: f64,
    /// Ends of the 95 % interval of the rate, which holds at all times at once for independent records.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// log10 of the evidence against the budget.
    pub evidence_log10: f64,
    /// log10 of the evidence at which it fails the stream alone; null where it does not: a budget of 0 is broken by one record.
    pub fails_at_log10: Option<f64>,
    /// A p-value that holds however often it is looked at.
    pub p_anytime: f64,
    /// Windows that were evidence.
    pub windows: u64,
    /// Whether the rate is proved to be within the budget.
    pub proved: bool,
    /// Records without a bad one that are missing for that; null where no number is enough.
    pub clean_needed: Option<u64>,
    /// What is assumed of bad records: `by window` bears bursts, `by record` does not; `none` for a budget of 0.
    pub assumption: String,
    /// Variance over mean of the windows' bad records; null where there are none.
    pub dispersion: Option<f64>,
    /// Lag-1 autocorrelation of the windows' bad records.
    pub lag1: Option<f64>,
    /// What speaks against the assumption; not there where nothing does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Quantiles of the skew; null without a pair that has event times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkewMs {
    /// 1 % of the pairs are at or below.
    pub p1: Option<i64>,
    /// Half of the pairs are at or below.
    pub p50: Option<i64>,
    /// 99 % of the pairs are at or below.
    pub p99: Option<i64>,
}

/// What a side had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideReport {
    /// Records read.
    pub read: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
    /// Records below their partition's running maximum minus lateness.
    pub late: u64,
    /// Records without a usable event time.
    pub untimely: u64,
    /// Records that cannot be decoded.
    pub undecodable: u64,
    /// The same by reason, every reason.
    pub undecodable_reasons: BTreeMap<UndecodableReason, u64>,
    /// Records in a dead letter log.
    pub diverted: u64,
    /// Records left out on purpose.
    pub excluded: u64,
    /// The same by reason.
    pub excluded_reasons: ExcludedReasons,
    /// Records of an unpaired stream; not there where the stream is paired.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub profiled: u64,
    /// Offsets without a record.
    pub gaps: u64,
    /// What was read of each partition: `to - from = read + gaps`.
    pub partitions: Vec<PartitionRange>,
}

/// Why records were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExcludedReasons {
    /// By the selector.
    pub select: u64,
    /// By sampling.
    pub sample: u64,
    /// Outside the range.
    pub edge: u64,
    /// A control differs too.
    pub noise: u64,
    /// With `mode: latest`: a newer record of the identity is there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub superseded: u64,
    /// With `mode: latest`: the newest record of its identity, and a tombstone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tombstone: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A range of offsets, half-open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartitionRange {
    /// The topic that it is of, or the file; not there where its side has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Which partition.
    pub partition: u32,
    /// First offset.
    pub from: u64,
    /// One past the last.
    pub to: u64,
}

/// What became of the records: pairs, then surplus records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcomes {
    /// Equal pairs.
    pub matched: u64,
    /// Pairs that differ.
    pub mismatched: u64,
    /// Baseline's records without a partner.
    pub missing: u64,
    /// Canary's records without a partner.
    pub extra: u64,
    /// Records of an unpaired stream, of both sides together.
    pub profiled: u64,
    /// Records sent again.
    pub duplicate: PerSide<u64>,
    /// Records that contradict one of their side.
    pub conflict: PerSide<u64>,
    /// Records that are not settled.
    pub pending: PerSide<u64>,
}

/// What a control shows: the natural noise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ControlReport {
    /// Equal pairs of baseline and control.
    pub matched: u64,
    /// Their pairs that differ.
    pub mismatched: u64,
    /// Baseline's records that the control lacks.
    pub missing: u64,
    /// Control's records that the baseline lacks.
    pub extra: u64,
    /// Records of the control that were read.
    pub read: u64,
    /// Windows that the control took part in.
    pub windows: u64,
    /// Windows that it was left out of, because it was silent or its part of them is not whole.
    pub left_out: u64,
    /// Which records differ where.
    pub noise: NoiseReport,
    /// In how many of the control's pairs that were read again a path differs in a way.
    pub fields: Vec<FieldCount>,
    /// Noisy paths, proposed to be ignored; empty where noise is at most 1 % of the pairs.
    pub proposed_ignore: Vec<String>,
}

/// Baseline records that differ in the canary, in the control, or in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoiseReport {
    /// Records that were compared with both.
    pub compared: u64,
    /// In the canary only: these are judged.
    pub canary_only: u64,
    /// In the control only.
    pub control_only: u64,
    /// In both, extra records that both have among them: these are excluded.
    pub both: u64,
}

/// In how many mismatched pairs a path differs in a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldCount {
    /// Where.
    pub path: String,
    /// How.
    pub kind: DifferenceKind,
    /// In how many pairs.
    pub count: u64,
}

/// Quantiles of the Kafka timestamp less the event time, milliseconds, at most 1/32 below; null before the first record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DelayMs {
    /// Of half of the records, at most.
    pub p50: Option<u64>,
    /// Of 99 % of them.
    pub p99: Option<u64>,
}

/// The groups of an aggregate over all windows, each counted once a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AggregateReport {
    /// Its name.
    pub name: String,
    /// Groups that either side had.
    pub groups: u64,
    /// Those of them that were not the same on both, by more than is borne.
    pub differing: u64,
    /// Windows in which groups were too many, and some of them were one.
    pub merged: u64,
}

/// A schema that records were written with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SchemaUse {
    /// By which side.
    pub side: Side,
    /// Its id in the side's registry; null where it has none, as in a file.
    pub id: Option<u32>,
    /// Its digest in hex.
    pub digest: String,
    /// In how many records.
    pub records: u64,
}

/// A change between the contract and a canary's schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SchemaChange {
    /// Where, in the contract's names.
    pub path: String,
    /// `added`, `removed`, `type`, `default`, `enum`, `union`, `logical_type` or `renamed`.
    pub change: String,
    /// A reader with the contract's schema could not read the canary's data.
    pub breaking: bool,
}

/// How the distribution of a field differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// Where.
    pub path: String,
    /// By which measure.
    pub measure: String,
    /// How much, over about the last fifty windows.
    pub value: f64,
    /// What is borne.
    pub floor: f64,
    /// log10 of the evidence that it is more than what is borne.
    pub evidence_log10: f64,
    /// It may fail the stream.
    #[serde(default)]
    pub critical: bool,
    /// It may hold the rollout; else it is reported only.
    #[serde(default)]
    pub holds: bool,
    /// log10 of the evidence at which it fails the stream; null where it never does.
    #[serde(default)]
    pub fails_at_log10: Option<f64>,
    /// It is one of those that drift: of all that are called so, 5 % are wrong at most.
    #[serde(default)]
    pub drifting: bool,
}

/// One stored difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What `show` knows it by; not there in a bounded run, whose findings are not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Keyed hash of its identity; null where it cannot be decoded.
    pub identity: Option<String>,
    /// Begin of its window in RFC 3339; null for `event_time: none`.
    pub window: Option<String>,
    /// Where the baseline's record is.
    pub baseline: Option<Place>,
    /// Where the canary's record is.
    pub canary: Option<Place>,
    /// How they differ.
    pub fields: Vec<FieldDifference>,
    /// Why it cannot be decoded, where that is the outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<UndecodableReason>,
    /// What else there is to say: that a record is gone, or where its undecodable partner is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Critical fields with a budget of 0 at which the records, read again, differ still: each fails its check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical: Vec<String>,
}

/// A position in a side's log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The topic that it is in, or the file; not there where its side has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Which partition.
    pub partition: u32,
    /// Which offset; in a file the record's number.
    pub offset: u64,
}

impl Place {
    /// One in a side that has one topic.
    #[must_use]
    pub fn of(partition: u32, offset: u64) -> Self {
        Self {
            topic: None,
            partition,
            offset,
        }
    }
}
