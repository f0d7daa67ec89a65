//! The metrics of one stream.

use std::collections::BTreeMap;
use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram};

use super::StreamSettings;
use super::names;
use super::registry::{LateGauge, Registry};
use crate::engine::FinalWindow;
use crate::engine::judge::Tally;
use crate::model::{Outcome, Side, SideCounts, UndecodableReason, Verdict, WindowCounts};

/// The outcome of a record that pairs with none because its stream is unpaired.
const PROFILED: &str = "profiled";
/// Label of the fields that the config does not name.
const OTHER: &str = "other";
const QUANTILES: [(f64, &str); 3] = [(0.01, "0.01"), (0.5, "0.5"), (0.99, "0.99")];

/// How far one side is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Records between our position and the end of the log.
    pub lag: Option<u64>,
    /// Event time up to which the side is complete.
    pub watermark_ms: Option<i64>,
    /// Records that are read and not settled.
    pub pending: u64,
    /// Milliseconds until retention reaches the first record that is still needed.
    pub retention_headroom_ms: Option<i64>,
}

/// The metrics of one stream, with cached handles.
pub struct StreamMetrics {
    registry: Arc<Registry>,
    sides: BTreeMap<Side, SideMetrics>,
    matched: Counter,
    mismatched: Counter,
    missing: Counter,
    extra: Counter,
    windows: Counter,
    fields: BTreeMap<String, Counter>,
    other_fields: Counter,
    verdicts: [(Verdict, Gauge); 3],
    mismatch_ratio: LateGauge,
    mismatch_bounds: (LateGauge, LateGauge),
    /// Paths of which every window counts the pairs that differ there.
    critical: Vec<String>,
    evidence: BTreeMap<String, Gauge>,
    coverage: LateGauge,
    skew: [(f64, LateGauge); 3],
    held: Gauge,
    rules_expired: Gauge,
    changes: BTreeMap<&'static str, Gauge>,
    /// How much, and the evidence for it.
    drift: BTreeMap<(String, &'static str), [LateGauge; 2]>,
}

struct SideMetrics {
    read: Counter,
    duplicate: Counter,
    profiled: Counter,
    diverted: Counter,
    conflict: Counter,
    late: Counter,
    untimely: Counter,
    undecodable: BTreeMap<UndecodableReason, Counter>,
    lag: LateGauge,
    watermark: LateGauge,
    pending: Gauge,
    headroom: LateGauge,
    emit_delay: Histogram,
}

impl StreamMetrics {
    pub(super) fn new(registry: &Arc<Registry>, release: &str, settings: &StreamSettings) -> Self {
        let StreamSettings {
            name,
            sides,
            fields,
            budgets,
            critical,
            drift,
        } = settings;
        let stream = name.as_str();
        let outcome =
            |outcome: Outcome, side: &str| registry.counter(names::OUTCOMES, &[stream, outcome.as_str(), side]);
        let verdict = |verdict: Verdict| {
            let gauge = registry.gauge(names::STREAM_VERDICT, &[release, stream, verdict.as_str()]);
            (verdict, gauge)
        };
        let change = |change: &'static str| (change, registry.gauge(names::SCHEMA_CHANGES, &[stream, change]));
        let quantile = |(quantile, label): (f64, &str)| (quantile, registry.late_gauge(names::SKEW, &[stream, label]));
        let metrics = StreamMetrics {
            sides: sides
                .iter()
                .map(|side| (*side, SideMetrics::new(registry, stream, *side)))
                .collect(),
            matched: outcome(Outcome::Matched, "both"),
            mismatched: outcome(Outcome::Mismatched, "both"),
            missing: outcome(Outcome::Missing, Side::Baseline.as_str()),
            extra: outcome(Outcome::Extra, Side::Canary.as_str()),
            windows: registry.counter(names::WINDOWS_FINAL, &[stream]),
            fields: fields
                .iter()
                .map(|field| {
                    (
                        field.clone(),
                        registry.counter(names::FIELD_MISMATCHES, &[stream, field]),
                    )
                })
                .collect(),
            other_fields: registry.counter(names::FIELD_MISMATCHES, &[stream, OTHER]),
            verdicts: Verdict::ALL.map(verdict),
            mismatch_ratio: registry.late_gauge(names::MISMATCH_RATIO, &[stream]),
            mismatch_bounds: (
                registry.late_gauge(names::MISMATCH_RATIO_LOWER, &[stream]),
                registry.late_gauge(names::MISMATCH_RATIO_UPPER, &[stream]),
            ),
            critical: critical.clone(),
            evidence: budgets
                .iter()
                .filter(|(_, budget)| *budget > 0.0)
                .map(|(check, _)| (check.clone(), registry.gauge(names::EVIDENCE, &[stream, check])))
                .collect(),
            coverage: registry.late_gauge(names::COVERAGE, &[stream]),
            skew: QUANTILES.map(quantile),
            held: registry.gauge(names::HELD_BYTES, &[stream]),
            rules_expired: registry.gauge(names::RULES_EXPIRED, &[stream]),
            changes: CHANGES.map(change).into(),
            drift: drift
                .iter()
                .map(|(path, measure)| {
                    let gauge = |metric| registry.late_gauge(metric, &[stream, path, measure]);
                    (
                        (path.clone(), *measure),
                        [names::DRIFT, names::DRIFT_EVIDENCE].map(gauge),
                    )
                })
                .collect(),
            registry: Arc::clone(registry),
        };
        for (check, budget) in budgets {
            registry.gauge(names::BUDGET, &[stream, check]).set(*budget);
        }
        metrics.verdict(Verdict::Inconclusive);
        metrics
    }

    /// So many records of a batch were read.
    pub fn read_total(&self, side: Side, records: u64) {
        if let Some(metrics) = self.sides.get(&side) {
            metrics.read.absolute(records);
        }
    }

    /// A window became final.
    pub fn window(&self, window: &FinalWindow) {
        let WindowCounts {
            matched,
            mismatched,
            missing,
            extra,
            sides,
            skew: _,
            control: _,
            named: _,
        } = &window.counts;
        for (place, path) in self.critical.iter().enumerate() {
            let counter = self.fields.get(path).unwrap_or(&self.other_fields);
            counter.increment(window.counts.differing(place));
        }
        self.windows.increment(1);
        self.matched.increment(*matched);
        self.mismatched.increment(*mismatched);
        self.missing.increment(*missing);
        self.extra.increment(*extra);
        for side in Side::PAIR {
            if let Some(metrics) = self.sides.get(&side) {
                metrics.window(sides.get(side));
            }
        }
    }

    /// The evidence after the last final windows.
    pub fn evidence(&self, tally: &Tally) {
        for (check, log10) in tally.evidence_log10() {
            if let Some(gauge) = self.evidence.get(check) {
                gauge.set(log10);
            }
        }
        for row in tally.drift() {
            if let Some([value, evidence]) = self.drift.get(&(row.path, row.measure.as_str())) {
                self.registry.set(value, row.value);
                self.registry.set(evidence, row.evidence_log10);
            }
        }
        let evidence = tally.evidence();
        let compared = evidence.compared();
        if compared > 0 {
            let ratio = evidence.counts.mismatched as f64 / compared as f64;
            self.registry.set(&self.mismatch_ratio, ratio);
        }
        if let Some(coverage) = evidence.coverage() {
            self.registry.set(&self.coverage, coverage);
        }
        for (quantile, gauge) in &self.skew {
            if let Some(skew_ms) = evidence.recent.skew.quantile(*quantile) {
                self.registry.set(gauge, seconds(skew_ms));
            }
        }
    }

    /// The interval of the mismatch ratio, which takes its time.
    pub fn interval(&self, tally: &Tally) {
        if let Some(interval) = tally.mismatch_interval() {
            self.registry.set(&self.mismatch_bounds.0, interval.lower);
            self.registry.set(&self.mismatch_bounds.1, interval.upper);
        }
    }

    /// How far a side is.
    pub fn progress(&self, side: Side, progress: &Progress) {
        let Progress {
            lag,
            watermark_ms,
            pending,
            retention_headroom_ms,
        } = *progress;
        let Some(metrics) = self.sides.get(&side) else { return };
        metrics.pending.set(pending as f64);
        let set = |gauge: &LateGauge, value: Option<f64>| {
            if let Some(value) = value {
                self.registry.set(gauge, value);
            }
        };
        set(&metrics.lag, lag.map(|lag| lag as f64));
        set(&metrics.watermark, watermark_ms.map(seconds));
        set(&metrics.headroom, retention_headroom_ms.map(seconds));
    }

    /// Memory that the records hold.
    pub fn held(&self, bytes: u64) {
        self.held.set(bytes as f64);
    }

    /// So many ignore rules have expired.
    pub fn rules_expired(&self, rules: usize) {
        self.rules_expired.set(rules as f64);
    }

    /// So many findings differ in a field. One that has a check of its own is counted with its windows.
    pub fn field_mismatches(&self, path: &str, findings: u64) {
        if self.critical.iter().any(|critical| critical == path) {
            return;
        }
        self.fields.get(path).unwrap_or(&self.other_fields).increment(findings);
    }

    /// So many schema changes of a kind are there; a kind outside the contract's list is not counted.
    pub fn schema_changes(&self, change: &str, number: u64) {
        if let Some(gauge) = self.changes.get(change) {
            gauge.set(number as f64);
        }
    }

    /// Kafka timestamp minus event time of some records.
    pub fn emit_delays(&self, side: Side, delays_ms: impl IntoIterator<Item = i64>) {
        if let Some(metrics) = self.sides.get(&side) {
            for delay_ms in delays_ms {
                metrics.emit_delay.record(seconds(delay_ms));
            }
        }
    }

    /// The stream has this verdict.
    pub fn verdict(&self, verdict: Verdict) {
        one_of(&self.verdicts, verdict);
    }
}

impl std::fmt::Debug for StreamMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamMetrics").finish_non_exhaustive()
    }
}

/// Kinds of schema changes.
const CHANGES: [&str; 8] = [
    "added",
    "removed",
    "type",
    "default",
    "enum",
    "union",
    "logical_type",
    "renamed",
];

impl SideMetrics {
    fn new(registry: &Registry, stream: &str, side: Side) -> Self {
        let side = side.as_str();
        let labels = [stream, side];
        let outcome = |outcome: Outcome| registry.counter(names::OUTCOMES, &[stream, outcome.as_str(), side]);
        let reason = |reason: UndecodableReason| {
            let counter = registry.counter(names::UNDECODABLE, &[stream, side, reason.as_str()]);
            (reason, counter)
        };
        SideMetrics {
            read: registry.counter(names::RECORDS_READ, &labels),
            duplicate: outcome(Outcome::Duplicate),
            profiled: registry.counter(names::OUTCOMES, &[stream, PROFILED, side]),
            diverted: outcome(Outcome::Diverted),
            conflict: outcome(Outcome::Conflict),
            late: registry.counter(names::LATE, &labels),
            untimely: registry.counter(names::UNTIMELY, &labels),
            undecodable: UndecodableReason::ALL.map(reason).into(),
            lag: registry.late_gauge(names::LAG_RECORDS, &labels),
            watermark: registry.late_gauge(names::WATERMARK, &labels),
            pending: registry.gauge(names::PENDING, &labels),
            headroom: registry.late_gauge(names::RETENTION_HEADROOM, &labels),
            emit_delay: registry.histogram(names::EMIT_DELAY, &labels),
        }
    }

    fn window(&self, counts: &SideCounts) {
        self.duplicate.increment(counts.duplicate);
        self.profiled.increment(counts.profiled);
        self.diverted.increment(counts.diverted);
        self.conflict.increment(counts.conflict);
        self.late.increment(counts.late);
        self.untimely.increment(counts.untimely);
        for (reason, number) in &counts.undecodable {
            if let Some(counter) = self.undecodable.get(reason) {
                counter.increment(*number);
            }
        }
    }
}

/// 1 for the verdict that holds, 0 for the others.
pub(super) fn one_of(gauges: &[(Verdict, Gauge); 3], holds: Verdict) {
    for (verdict, gauge) in gauges {
        gauge.set(f64::from(u8::from(*verdict == holds)));
    }
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}
