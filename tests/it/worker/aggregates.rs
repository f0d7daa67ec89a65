//! Aggregates: a canary whose sums are others in some groups fails, though every pair is within its tolerance.

use super::closed;
use crate::cli::bad_input::Program;
use crate::cli::bad_input::lease::finals;
use crate::cli::bad_input::log::{Answering, Cluster};

const REPORT: &str = "/api/v1/releases/r/report";
const COMPARED: &str = "    format: json\n    compare: {key: false, tolerance: [{path: amount, abs: 1}]}\n";

/// Three currencies; from second `from` on the canary's amounts in one of them are one less.
fn send(cluster: &Cluster, seconds: std::ops::Range<i64>, from: i64) {
    for second in seconds {
        for at in 0..12_i64 {
            let number = second * 12 + at;
            let currency = ["CHF", "EUR", "USD"][usize::try_from(at % 3).unwrap()];
            let record = |amount: i64| {
                format!("{{\"order_id\":\"o-{number}\",\"amount\":{amount}.05,\"currency\":\"{currency}\"}}")
            };
            cluster.send("orders", record(100 + at).as_bytes(), second);
            let less = i64::from(second >= from && at % 3 == 1);
            cluster.send("orders.canary", record(100 + at - less).as_bytes(), second);
        }
    }
    cluster.flush();
}

#[test]
fn a_canary_with_other_sums_fails() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let more = "    aggregates:\n      - {name: revenue, group: [currency], sum: amount, tolerance: {rel: 0.001}, budget: 1e-2}\n      \
                - {name: orders, count: true}\n";
    program.write("r.yaml", cluster.config(&registry.url, &format!("{COMPARED}{more}")));
    send(&cluster, 0..40, 40);
    let mut first = program.start("run -c r.yaml");
    let address = first.address();
    first.until(&address, "/metrics", |metrics| finals(metrics) >= 10);
    let report = first.until(&address, REPORT, |report| {
        report.contains("\"check\": \"aggregate revenue\"")
    });
    assert!(!report.contains("\"verdict\": \"fail\""), "{report}");
    first.kill();
    send(&cluster, 40..120, 40);
    let mut second = program.start("run -c r.yaml");
    let address = second.address();
    let report = second.until(&address, REPORT, |report| report.contains("\"verdict\": \"fail\""));
    assert!(report.contains("groups whose aggregate revenue differs"), "{report}");
    assert!(!report.contains("\"mismatched\": 1"), "{report}");
    let (_, explained) = closed(&program, second, &address, "aggregate revenue");
    assert!(explained.contains("aggregate orders: 0 of "), "{explained}");
}

#[test]
fn reconcile_counts_the_groups_that_differ() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    send(&cluster, 0..20, 15);
    let more = "    aggregates: [{name: revenue, group: [currency], sum: amount}]\n";
    program.write("r.yaml", cluster.config(&registry.url, &format!("{COMPARED}{more}")));
    let failed = program.run("reconcile -c r.yaml");
    assert_eq!(failed.code, Some(1), "{}{}", failed.out, failed.log);
    let text = "aggregate revenue: 5 of 60 groups (8.33 %), over the budget of 0.1 %";
    assert!(failed.out.contains(text), "{}{}", failed.out, failed.log);
    let json = program.run("reconcile -c r.yaml -o json");
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let row = &report["streams"][0]["aggregates"][0];
    assert_eq!(
        (row["groups"].as_u64(), row["differing"].as_u64()),
        (Some(60), Some(5)),
        "{row}"
    );
    // All of it is one window: one group a currency.
    let whole = program.run("reconcile -c r.yaml --event-time none -o json");
    let report: serde_json::Value = serde_json::from_str(&whole.out).unwrap();
    let row = &report["streams"][0]["aggregates"][0];
    assert_eq!(
        (row["groups"].as_u64(), row["differing"].as_u64()),
        (Some(3), Some(1)),
        "{row}"
    );
}
