//! A critical field fails a stream by its own budget, long before the budget of the pairs is used up, across a restart.

use crate::cli::bad_input::Program;
use crate::cli::bad_input::lease::finals;
use crate::cli::bad_input::log::{Answering, Cluster};

const REPORT: &str = "/api/v1/releases/r/report";

/// Of the canary's records one in twenty has another note, and from second `from` on one in twenty another amount.
fn send(cluster: &Cluster, seconds: std::ops::Range<i64>, from: i64) {
    for second in seconds {
        for at in 0..20_i64 {
            let number = second * 20 + at;
            let record = |amount: i64, note: &str| {
                format!("{{\"order_id\":\"o-{number}\",\"amount\":{amount},\"note\":\"{note}\"}}")
            };
            cluster.send("orders", record(number, "n").as_bytes(), second);
            let amount = if at == 7 && second >= from { number + 1 } else { number };
            let note = if at == 3 { "m" } else { "n" };
            cluster.send("orders.canary", record(amount, note).as_bytes(), second);
        }
    }
    cluster.flush();
}

fn stream(report: &str) -> serde_json::Value {
    let (_, body) = report.split_once("\r\n\r\n").unwrap();
    let report: serde_json::Value = serde_json::from_str(body).unwrap();
    report["streams"][0].clone()
}

/// In how many pairs a path differs, over all kinds.
fn count(stream: &serde_json::Value, path: &str) -> u64 {
    let fields = stream["fields"].as_array().unwrap().iter();
    let own = fields.filter(|field| field["path"] == path);
    own.map(|field| field["count"].as_u64().unwrap()).sum()
}

#[test]
fn a_critical_field_fails_by_its_own_budget() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let more = "    format: json\n    compare: {key: false}\n    budget: {mismatched: 0.3}\n    \
                critical_fields: [{path: amount, budget: 1e-3}, {path: note, budget: 0.2}]\n";
    program.write("r.yaml", cluster.config(&registry.url, more));
    send(&cluster, 0..40, 40);
    let mut first = program.start("run -c r.yaml");
    let address = first.address();
    first.until(&address, "/metrics", |metrics| finals(metrics) >= 10);
    let report = first.until(&address, REPORT, |report| report.contains("\"check\": \"field note\""));
    let clean = stream(&report);
    assert_ne!(clean["verdict"], "fail", "{clean}");
    assert_eq!(count(&clean, "amount"), 0, "{clean}");
    first.kill();
    send(&cluster, 40..120, 40);
    let mut second = program.start("run -c r.yaml");
    let address = second.address();
    let report = second.until(&address, REPORT, |report| report.contains("\"verdict\": \"fail\""));
    assert!(report.contains("\"check\": \"field amount\""), "{report}");
    program.run("release close -c r.yaml --reason done");
    second.says("closed: everything is read and stored");
    let report = second.until(&address, REPORT, |_| true);
    let metrics = second.until(&address, "/metrics", |_| true);
    let (code, log) = second.terminate();
    assert_eq!(code, Some(0), "{log}");
    let found = stream(&report);
    // Exact over all pairs, of which only some are kept.
    let pairs = found["outcomes"]["mismatched"].as_u64().unwrap();
    assert_eq!(count(&found, "amount") + count(&found, "note"), pairs, "{found}");
    assert!(count(&found, "amount") > 50, "{found}");
    for check in ["field amount", "field note"] {
        let of = |name: &str| format!("crosscheck_{name}{{stream=\"orders\",check=\"{check}\"}}");
        assert!(metrics.contains(&of("check_evidence_log10")), "{metrics}");
        assert!(metrics.contains(&of("budget")), "{metrics}");
    }
    let counted = |path: &str| {
        let name = format!("crosscheck_field_mismatches_total{{stream=\"orders\",field=\"{path}\"}} ");
        metrics
            .lines()
            .find_map(|line| line.strip_prefix(&name)?.parse::<u64>().ok())
    };
    assert!(counted("amount").unwrap() > 30, "{metrics}");
    let explained = program.run("verdict -c r.yaml --release r --explain");
    assert!(explained.out.contains("field amount"), "{}", explained.out);
    assert_eq!(explained.code, Some(1), "{}", explained.out);
    // What is computed again comes to the same digests.
    let replayed = program.run("replay -c r.yaml --release r");
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);
    // A check by name may be muted, and one that the stream does not have may not.
    let muted = program.run("mute -c r.yaml --stream orders --check field%20amount --until 1h --reason known");
    assert_eq!(muted.code, Some(0), "{}{}", muted.out, muted.log);
    let unknown = program.run("mute -c r.yaml --stream orders --check field%20total --until 1h --reason known");
    assert_eq!(unknown.code, Some(2), "{}{}", unknown.out, unknown.log);
    assert!(unknown.log.contains("field note"), "{}", unknown.log);
}

/// A bounded run takes the config's budgets for its census, and a path that no schema has is refused.
#[test]
fn reconcile_holds_each_critical_field_against_its_budget() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let config = |budget: &str| {
        let more = format!(
            "    format: json\n    compare: {{key: false}}\n    budget: {{mismatched: 0.3}}\n    \
             critical_fields: [{{path: amount, budget: {budget}}}]\n"
        );
        cluster.config(&registry.url, &more)
    };
    send(&cluster, 0..20, 10);
    program.write("r.yaml", config("1e-3"));
    let failed = program.run("reconcile -c r.yaml --event-time none");
    assert_eq!(failed.code, Some(1), "{}{}", failed.out, failed.log);
    assert!(
        failed
            .out
            .contains("field amount: 10 of 400 pairs (2.5 %), over the budget of 0.1 %"),
        "{}{}",
        failed.out,
        failed.log
    );
    program.write("r.yaml", config("0.05"));
    let passed = program.run("reconcile -c r.yaml --event-time none");
    assert_eq!(passed.code, Some(0), "{}{}", passed.out, passed.log);
    let refused = program.run("reconcile -c r.yaml --event-time none --ignore amount");
    assert_eq!(refused.code, Some(2), "{}{}", refused.out, refused.log);
    assert!(refused.log.contains("critical_fields"), "{}", refused.log);
}
