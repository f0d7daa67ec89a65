//! Every metric that exists: its name, its type, what it says. The one list; tests and docs read it.

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets.
    Histogram,
    /// Quantiles that we compute ourselves: a summary without sum and count.
    Summary,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Name, with prefix and unit.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// One line for `# HELP`.
    pub help: &'static str,
    /// Labels, in the order of the contract.
    pub labels: &'static [&'static str],
}

macro_rules! metrics {
    ($($constant:ident $kind:ident $name:literal [$($label:literal),*] $help:literal)*) => {
        $(
            #[doc = $help]
            pub const $constant: Metric = Metric {
                name: concat!("crosscheck_", $name),
                kind: Kind::$kind,
                help: $help,
                labels: &[$($label),*],
            };
        )*
        /// All of them.
        pub const ALL: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    RECORDS_READ Counter "records_read_total" ["stream", "side"] "Records read, whatever became of them."
    OUTCOMES Counter "outcomes_total" ["stream", "outcome", "side"] "Pairs (side both) and surplus records of final windows, by outcome."
    UNDECODABLE Counter "undecodable_total" ["stream", "side", "reason"] "Records of final windows that could not be decoded."
    LATE Counter "late_total" ["stream", "side"] "Records of final windows below their partition's running maximum minus lateness."
    UNTIMELY Counter "untimely_total" ["stream", "side"] "Records of final windows without a usable event time."
    FIELD_MISMATCHES Counter "field_mismatches_total" ["stream", "field"] "Findings in which a field differs, of critical fields all pairs; fields that the config does not name are other."
    WINDOWS_FINAL Counter "windows_final_total" ["stream"] "Windows that became final."
    MISMATCH_RATIO Gauge "mismatch_ratio" ["stream"] "Mismatched pairs over compared records, in all final windows of the generation."
    MISMATCH_RATIO_LOWER Gauge "mismatch_ratio_lower" ["stream"] "Lower end of the 95 % interval of the mismatch ratio, valid at all times, for independent records."
    MISMATCH_RATIO_UPPER Gauge "mismatch_ratio_upper" ["stream"] "Upper end of that interval."
    EVIDENCE Gauge "check_evidence_log10" ["stream", "check"] "log10 of the evidence against the check's budget."
    BUDGET Gauge "budget" ["stream", "check"] "Rate of bad records that the check bears."
    DRIFT Gauge "drift" ["stream", "field", "measure"] "How much the distribution of a profiled field differs, over about the last fifty windows."
    DRIFT_EVIDENCE Gauge "drift_evidence_log10" ["stream", "field", "measure"] "log10 of the evidence that this is more than what is borne."
    RULES_EXPIRED Gauge "rules_expired" ["stream"] "Ignore rules whose last day has passed; they still hold."
    RELEASE_VERDICT Gauge "release_verdict" ["release", "verdict"] "1 for the verdict that the release has."
    STREAM_VERDICT Gauge "stream_verdict" ["release", "stream", "verdict"] "1 for the verdict that the stream has."
    SCHEMA_CHANGES Gauge "schema_changes" ["stream", "change"] "Differences between the canary's schemas and the contract, by kind."
    LAG_RECORDS Gauge "lag_records" ["stream", "side"] "Records between our position and the end of the log."
    WATERMARK Gauge "watermark_timestamp_seconds" ["stream", "side"] "Event time up to which the side is complete."
    SKEW Summary "skew_seconds" ["stream", "quantile"] "Event time of the canary's record minus the baseline's, in the pairs of the last windows."
    PENDING Gauge "pending_records" ["stream", "side"] "Records read that are not settled yet."
    HELD_BYTES Gauge "held_bytes" ["stream"] "Memory that unsettled and remembered records hold, and records that were read and are kept back."
    COVERAGE Gauge "coverage_ratio" ["stream"] "Judged records over records asked for, the least over the sides."
    RETENTION_HEADROOM Gauge "retention_headroom_seconds" ["stream", "side"] "Time until retention reaches the first record that we still need."
    DEGRADED Gauge "degraded" ["component"] "1 while a component does not work as it should."
    REGISTRY_REQUESTS Counter "registry_requests_total" ["result"] "Requests to schema registries."
    STORE_ERRORS Counter "store_errors_total" [] "Database calls that failed."
    CONFIG_RELOAD Gauge "config_last_reload_successful" [] "1 if the config was read without a fault the last time."
    RELEASE_INFO Gauge "release_info" ["release", "generation", "config"] "Which generation is judged, under which settings."
    BUILD_INFO Gauge "build_info" ["version"] "Which crosscheck this is."
    EMIT_DELAY Histogram "emit_delay_seconds" ["stream", "side"] "Kafka timestamp minus event time: how long the pipeline took."
}

/// Upper bounds of the buckets of [`EMIT_DELAY`], in seconds.
pub const EMIT_DELAY_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
];
