//! A canary that writes late fails its latency, though every record is the baseline's.

use super::closed;
use crate::cli::bad_input::Program;
use crate::cli::bad_input::lease::finals;
use crate::cli::bad_input::log::{Answering, Cluster, START_MS};

const REPORT: &str = "/api/v1/releases/r/report";

/// Every fifth record of both sides takes 4 s. From second `from` on the canary takes 4 s for each second one.
fn send(cluster: &Cluster, seconds: std::ops::Range<i64>, from: i64) {
    for second in seconds {
        for at in 0..10_i64 {
            let (number, time) = (second * 10 + at, START_MS + second * 1_000 + at);
            let record = format!("{{\"order_id\":\"o-{number}\",\"at\":{time}}}");
            let slow = |is: bool| second + if is { 4 } else { 1 };
            cluster.send("orders", record.as_bytes(), slow(at % 5 == 0));
            let late = second >= from && at % 2 == 0;
            cluster.send("orders.canary", record.as_bytes(), slow(at % 5 == 0 || late));
        }
    }
    cluster.flush();
}

fn config(cluster: &Cluster, registry: &Answering, more: &str) -> String {
    let text = cluster.config(
        &registry.url,
        &format!("    format: json\n    compare: {{key: false}}\n{more}"),
    );
    text.replace("event_time: timestamp", "event_time: {field: at}")
}

#[test]
fn a_canary_that_writes_late_fails_its_latency() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let more = "    latency: {slower_than: 2s, budget: 1e-2}\n";
    program.write("r.yaml", config(&cluster, &registry, more));
    send(&cluster, 0..40, 40);
    let mut first = program.start("run -c r.yaml");
    let address = first.address();
    first.until(&address, "/metrics", |metrics| finals(metrics) >= 10);
    let report = first.until(&address, REPORT, |report| report.contains("\"check\": \"latency\""));
    // What the baseline does, too, is not the canary's.
    assert!(!report.contains("\"verdict\": \"fail\""), "{report}");
    first.kill();
    send(&cluster, 40..120, 40);
    let mut second = program.start("run -c r.yaml");
    let address = second.address();
    let report = second.until(&address, REPORT, |report| report.contains("\"verdict\": \"fail\""));
    assert!(report.contains("pairs with a slow canary of"), "{report}");
    let (metrics, explained) = closed(&program, second, &address, "latency");
    assert!(
        metrics.contains("crosscheck_emit_delay_seconds_bucket{stream=\"orders\",side=\"canary\""),
        "{metrics}"
    );
    let delays = "from the event to the log: baseline 9";
    assert!(
        explained.contains("latency") && explained.contains(delays),
        "{explained}"
    );
}

#[test]
fn reconcile_takes_the_latency_of_the_config() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    send(&cluster, 0..30, 20);
    program.write(
        "r.yaml",
        config(&cluster, &registry, "    latency: {slower_than: 2s}\n"),
    );
    let failed = program.run("reconcile -c r.yaml");
    assert_eq!(failed.code, Some(1), "{}{}", failed.out, failed.log);
    // Of each ten of the canary from second 20 on five are slow more, and one of these is the baseline's too.
    let text = "latency: 40 of 300 pairs (13.33 %), over the budget of 0.1 %";
    assert!(failed.out.contains(text), "{}{}", failed.out, failed.log);
    program.write(
        "r.yaml",
        config(&cluster, &registry, "    latency: {slower_than: 2s, budget: 0.2}\n"),
    );
    let passed = program.run("reconcile -c r.yaml");
    assert_eq!(passed.code, Some(0), "{}{}", passed.out, passed.log);
    let refused = program.run("reconcile -c r.yaml --event-time timestamp");
    assert_eq!(refused.code, Some(2), "{}{}", refused.out, refused.log);
    assert!(refused.log.contains("the config's latency"), "{}", refused.log);
}
