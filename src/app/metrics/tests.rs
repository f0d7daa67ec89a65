//! What a scrape sees.

use std::io::Write;
use std::process::{Command, Stdio};

use super::*;
use crate::engine::FinalWindow;
use crate::engine::judge::{DriftPolicy, Found, Policy, ProfiledField, Tally};
use crate::model::{Arm, FieldProfile, SideCounts, Skew, UndecodableReason, WindowCounts, WindowProfile};

fn metrics() -> Metrics {
    Metrics::new(&Settings {
        release: "checkout-v42".to_owned(),
        generation: 3,
        config: "0a1b".to_owned(),
        streams: vec![StreamSettings {
            name: "orders".to_owned(),
            sides: vec![Side::Baseline, Side::Canary],
            fields: vec!["amount".to_owned()],
            budgets: vec![("mismatched".to_owned(), 0.25), ("conflict".to_owned(), 0.0)],
            critical: Vec::new(),
            drift: vec![("amount".to_owned(), "cdf_gap")],
        }],
    })
    .unwrap()
}

/// Three of four numbers are the same.
fn profile() -> WindowProfile {
    let arm = |numbers: [u32; 4]| {
        let mut field = FieldProfile::default();
        numbers.into_iter().for_each(|number| field.numbers.add(number));
        Arm {
            records: 4,
            fields: vec![field],
        }
    };
    WindowProfile {
        baseline: arm([1, 2, 3, 4]),
        canary: arm([1, 2, 3, 9]),
        split: None,
    }
}

fn policy() -> Policy {
    let amount = ProfiledField {
        path: "amount".to_owned(),
        critical: false,
        floor: 0.02,
        null_floor: 0.005,
        distinct_floor: 0.05,
    };
    Policy {
        drift: DriftPolicy {
            fields: vec![amount],
            ..DriftPolicy::default()
        },
        ..Policy::default()
    }
}

fn window() -> FinalWindow {
    let mut counts = WindowCounts {
        matched: 97,
        mismatched: 3,
        missing: 2,
        extra: 1,
        skew: Skew([(-20, 50), (1_500, 50)].into()),
        ..WindowCounts::default()
    };
    counts.sides.canary = SideCounts {
        duplicate: 4,
        conflict: 5,
        late: 6,
        untimely: 7,
        undecodable: [(UndecodableReason::DuplicateKey, 8)].into(),
        ..SideCounts::default()
    };
    FinalWindow {
        start_ms: Some(0),
        end_ms: Some(30_000),
        counts,
        edge: false,
        digest: crate::model::Digest([0; 16]),
        candidates: Vec::new(),
        noise: Vec::new(),
        profile: Some(Box::new(profile())),
    }
}

/// Everything once.
fn used() -> Metrics {
    let metrics = metrics();
    let stream = metrics.stream("orders").unwrap();
    stream.read_total(Side::Baseline, 250);
    stream.read_total(Side::Control, 250);
    stream.window(&window());
    let mut tally = Tally::new(policy());
    tally.take([(&window()).into()], [], &Found::default());
    stream.evidence(&tally);
    stream.interval(&tally);
    stream.field_mismatches("amount", 2);
    stream.field_mismatches("secret.path", 1);
    stream.progress(
        Side::Canary,
        &Progress {
            lag: Some(12),
            watermark_ms: Some(1_500),
            pending: 34,
            retention_headroom_ms: Some(60_000),
        },
    );
    stream.held(4_096);
    stream.rules_expired(2);
    stream.schema_changes("added", 1);
    stream.schema_changes("invented", 1);
    stream.emit_delays(Side::Canary, [3, 700, 1_000_000]);
    stream.verdict(Verdict::Fail);
    metrics.verdict(Verdict::Fail);
    metrics.degraded(Component::Registry, true);
    metrics.registry_requests(RegistryResult::Ok, 5);
    metrics.registry_requests(RegistryResult::Ok, 7);
    metrics.store_error();
    metrics.config_reload(false);
    metrics.upkeep();
    metrics
}

#[test]
fn a_scrape_says_what_was_recorded() {
    let text = used().render();
    for line in [
        r#"crosscheck_records_read_total{stream="orders",side="baseline"} 250"#,
        r#"crosscheck_records_read_total{stream="orders",side="canary"} 0"#,
        r#"crosscheck_outcomes_total{stream="orders",outcome="matched",side="both"} 97"#,
        r#"crosscheck_outcomes_total{stream="orders",outcome="mismatched",side="both"} 3"#,
        r#"crosscheck_drift{stream="orders",field="amount",measure="cdf_gap"} 0.25"#,
        r#"crosscheck_outcomes_total{stream="orders",outcome="missing",side="baseline"} 2"#,
        r#"crosscheck_outcomes_total{stream="orders",outcome="extra",side="canary"} 1"#,
        r#"crosscheck_outcomes_total{stream="orders",outcome="duplicate",side="canary"} 4"#,
        r#"crosscheck_outcomes_total{stream="orders",outcome="duplicate",side="baseline"} 0"#,
        r#"crosscheck_outcomes_total{stream="orders",outcome="conflict",side="canary"} 5"#,
        r#"crosscheck_late_total{stream="orders",side="canary"} 6"#,
        r#"crosscheck_untimely_total{stream="orders",side="canary"} 7"#,
        r#"crosscheck_undecodable_total{stream="orders",side="canary",reason="duplicate_key"} 8"#,
        r#"crosscheck_undecodable_total{stream="orders",side="canary",reason="schema"} 0"#,
        r#"crosscheck_field_mismatches_total{stream="orders",field="amount"} 2"#,
        r#"crosscheck_field_mismatches_total{stream="orders",field="other"} 1"#,
        r#"crosscheck_windows_final_total{stream="orders"} 1"#,
        r#"crosscheck_release_verdict{release="checkout-v42",verdict="fail"} 1"#,
        r#"crosscheck_release_verdict{release="checkout-v42",verdict="inconclusive"} 0"#,
        r#"crosscheck_stream_verdict{release="checkout-v42",stream="orders",verdict="fail"} 1"#,
        r#"crosscheck_stream_verdict{release="checkout-v42",stream="orders",verdict="pass"} 0"#,
        r#"crosscheck_schema_changes{stream="orders",change="added"} 1"#,
        r#"crosscheck_lag_records{stream="orders",side="canary"} 12"#,
        r#"crosscheck_watermark_timestamp_seconds{stream="orders",side="canary"} 1.5"#,
        r#"crosscheck_skew_seconds{stream="orders",quantile="0.01"} -0.02"#,
        r#"crosscheck_skew_seconds{stream="orders",quantile="0.99"} 1.5"#,
        r#"crosscheck_pending_records{stream="orders",side="canary"} 34"#,
        r#"crosscheck_held_bytes{stream="orders"} 4096"#,
        r#"crosscheck_rules_expired{stream="orders"} 2"#,
        r#"crosscheck_retention_headroom_seconds{stream="orders",side="canary"} 60"#,
        r#"crosscheck_budget{stream="orders",check="mismatched"} 0.25"#,
        r#"crosscheck_budget{stream="orders",check="conflict"} 0"#,
        r#"crosscheck_degraded{component="registry"} 1"#,
        r#"crosscheck_degraded{component="store"} 0"#,
        r#"crosscheck_registry_requests_total{result="ok"} 7"#,
        "crosscheck_store_errors_total 1",
        "crosscheck_config_last_reload_successful 0",
        r#"crosscheck_release_info{release="checkout-v42",generation="3",config="0a1b"} 1"#,
        r#"crosscheck_emit_delay_seconds_bucket{stream="orders",side="canary",le="1"} 2"#,
        r#"crosscheck_emit_delay_seconds_count{stream="orders",side="canary"} 3"#,
    ] {
        assert!(text.lines().any(|found| found == line), "no line {line}\n{text}");
    }
    let evidence = |check: &str| format!("crosscheck_check_evidence_log10{{stream=\"orders\",check=\"{check}\"}}");
    assert!(
        text.contains(&evidence("mismatched")) && !text.contains(&evidence("conflict")),
        "{text}"
    );
    assert!(
        text.contains("crosscheck_mismatch_ratio_lower{") && text.contains("crosscheck_mismatch_ratio_upper{"),
        "{text}"
    );
    assert!(!text.contains("secret") && !text.contains("invented"), "{text}");
}

#[test]
fn a_gauge_without_a_value_is_not_there() {
    let text = metrics().render();
    for name in [
        "mismatch_ratio",
        "coverage_ratio",
        "skew_seconds",
        "watermark",
        "lag_records",
        "headroom",
    ] {
        assert!(
            !text.lines().any(|line| line.contains(name) && !line.starts_with('#')),
            "{name}\n{text}"
        );
    }
    assert!(text.contains(r#"crosscheck_release_verdict{release="checkout-v42",verdict="inconclusive"} 1"#));
}

#[test]
fn every_metric_is_there_and_no_other() {
    let text = used().render();
    let mut found: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let mut listed: Vec<String> = names::ALL
        .iter()
        .map(|metric| format!("{} {}", metric.name, format!("{:?}", metric.kind).to_lowercase()))
        .collect();
    found.sort_unstable();
    listed.sort_unstable();
    assert_eq!(found, listed);
}

#[test]
fn two_scrapes_are_equal() {
    let metrics = used();
    assert_eq!(metrics.render(), metrics.render());
}

#[test]
fn promtool_finds_nothing() {
    let spawned = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        eprintln!("skipped: promtool is not installed");
        return;
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(used().render().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success() && said.is_empty(), "{said}");
}
