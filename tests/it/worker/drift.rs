//! Distributions: an unpaired stream whose canary drifts, and a field of a paired one that is ignored and profiled.

use crate::cli::bad_input::Program;
use crate::cli::bad_input::lease::finals;
use crate::cli::bad_input::log::{Answering, Cluster};

const REPORT: &str = "/api/v1/releases/r/report";

/// A number that says nothing of its neighbours.
fn mixed(number: i64) -> u64 {
    let word = number
        .cast_unsigned()
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (word ^ word >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33
}

/// Four fifths of the users are the baseline's; from second `from` on the canary's amounts are another thing.
fn send_split(cluster: &Cluster, seconds: std::ops::Range<i64>, from: i64) {
    for second in seconds {
        for at in 0..25_i64 {
            let number = second * 25 + at;
            let topic = if at % 5 == 0 { "orders.canary" } else { "orders" };
            let amount = mixed(number) % 1_000 + if at % 5 == 0 && second >= from { 2_000 } else { 0 };
            let user = mixed(number + 7_000_000);
            let record = format!("{{\"order_id\":\"o-{number}\",\"user\":\"u-{user}\",\"amount\":{amount}}}");
            cluster.send(topic, record.as_bytes(), second);
        }
    }
    cluster.flush();
}

fn split(critical: bool, more: &str) -> String {
    format!(
        "    format: json\n    mode: unpaired\n    unit: [{{field: user}}]\n    compare: {{key: false}}\n    \
         profile_fields: [{{path: amount, critical: {critical}}}]\n{more}"
    )
}

fn stream(report: &str) -> serde_json::Value {
    let (_, body) = report.split_once("\r\n\r\n").unwrap();
    let report: serde_json::Value = serde_json::from_str(body).unwrap();
    report["streams"][0].clone()
}

#[test]
fn an_unpaired_stream_that_drifts_holds_or_fails_by_its_criticality() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    program.write("r.yaml", cluster.config(&registry.url, &split(false, "")));
    let refused = program.run("reconcile -c r.yaml");
    assert_eq!(refused.code, Some(2));
    assert!(refused.log.contains("mode: unpaired"), "{}", refused.log);
    send_split(&cluster, 0..30, 60);
    let checked = program.run("check -c r.yaml");
    let apart = "0 of 150 sampled units stand on both sides: nothing is paired, distributions are compared";
    assert!(checked.out.contains(apart), "{}{}", checked.out, checked.log);
    let mut first = program.start("run -c r.yaml");
    let address = first.address();
    first.until(&address, "/metrics", |metrics| finals(metrics) >= 10);
    first.kill();
    send_split(&cluster, 30..150, 60);
    let mut second = program.start("run -c r.yaml");
    let address = second.address();
    let report = second.until(&address, REPORT, |report| report.contains("never fails"));
    let found = stream(&report);
    assert_eq!(found["verdict"], "inconclusive", "{found}");
    let metrics = second.until(&address, "/metrics", |_| true);
    let of = |name: &str| format!("crosscheck_{name}{{stream=\"orders\",field=\"amount\",measure=\"cdf_gap\"}}");
    assert!(
        metrics.contains(&of("drift")) && metrics.contains(&of("drift_evidence_log10")),
        "{metrics}"
    );
    program.run("release close -c r.yaml --reason done");
    second.says("closed: everything is read and stored");
    let report = second.until(&address, REPORT, |_| true);
    let (code, log) = second.terminate();
    assert_eq!(code, Some(0), "{log}");
    conserved(&stream(&report));
    let explained = program.run("verdict -c r.yaml --release r --explain");
    assert!(
        explained.out.contains("cdf_gap") && explained.out.contains("hold at"),
        "{}",
        explained.out
    );
    // What is computed again comes to the same digests, profiles and all.
    let replayed = program.run("replay -c r.yaml --release r");
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);

    let critical = Program::new();
    critical.write(
        "r.yaml",
        cluster.config(&registry.url, &split(true, "    share: 0.2\n")),
    );
    let mut worker = critical.start("run -c r.yaml");
    let address = worker.address();
    let report = worker.until(&address, REPORT, |report| report.contains("\"verdict\": \"fail\""));
    assert!(report.contains("\"check\": \"drift\""), "{report}");
    worker.terminate();

    // A stream that is only reported holds nothing up and fails nothing, whatever its fields are.
    let reported = Program::new();
    let more = split(true, "    criticality: informational\n");
    reported.write("r.yaml", cluster.config(&registry.url, &more));
    let mut worker = reported.start("run -c r.yaml");
    let address = worker.address();
    let report = worker.until(&address, REPORT, |report| {
        report.contains("\"check\": \"hold\"") || report.contains("drifting\": true")
    });
    assert_ne!(stream(&report)["verdict"], "fail", "{report}");
    worker.terminate();
}

/// A fifth of the records is the canary's, and half were declared to be.
#[test]
fn a_share_that_is_not_the_declared_one_is_a_mismatch_of_the_sample_ratio() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let more = split(false, "    share: 0.5\n");
    program.write("r.yaml", cluster.config(&registry.url, &more));
    send_split(&cluster, 0..150, 1_000);
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    // About a fifth: of windows with five records a mean of logarithms says no more.
    let told = |text: &str| {
        let (_, said) = text.split_once("sample-ratio mismatch: the canary has 2")?;
        said.contains(" % of the records, 50 % were declared").then_some(())
    };
    let report = worker.until(&address, REPORT, |report| told(report).is_some());
    assert_ne!(stream(&report)["verdict"], "pass", "{report}");
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
    let explained = program.run("verdict -c r.yaml --release r --explain");
    assert!(told(&explained.out).is_some(), "{}{}", explained.out, explained.log);
}

/// Every record of both sides is in one place, and nothing is claimed of pairs.
fn conserved(stream: &serde_json::Value) {
    let outcomes = &stream["outcomes"];
    for name in ["matched", "mismatched", "missing", "extra"] {
        assert_eq!(outcomes[name], 0, "{stream}");
    }
    let mut profiled = 0;
    for side in ["baseline", "canary"] {
        let own = &stream["sides"][side];
        let of = |name: &str| own[name].as_u64().unwrap_or(0);
        let placed = of("profiled") + of("late") + of("untimely") + of("undecodable") + of("excluded");
        assert_eq!(
            of("read"),
            placed + outcomes["pending"][side].as_u64().unwrap(),
            "{stream}"
        );
        assert!(of("profiled") > 100, "{stream}");
        profiled += of("profiled");
    }
    assert_eq!(outcomes["profiled"].as_u64(), Some(profiled), "{stream}");
}

#[test]
fn a_field_that_is_not_compared_may_be_profiled() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    for second in 0..40_i64 {
        for at in 0..5_i64 {
            let number = second * 5 + at;
            let record = |note: &str| format!("{{\"order_id\":\"o-{number}\",\"meta\":{{\"note\":{note}}}}}");
            cluster.send("orders", record("\"n\"").as_bytes(), second);
            let canary = record(if at == 0 { "null" } else { "\"n\"" });
            cluster.send("orders.canary", canary.as_bytes(), second);
        }
    }
    cluster.flush();
    let program = Program::new();
    let more = "    format: json\n    compare: {ignore: [{path: meta, owner: o, reason: r}], key: false}\n    \
                profile_fields: [{path: meta.note}]\n";
    program.write("r.yaml", cluster.config(&registry.url, more));
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    let report = worker.until(&address, REPORT, |report| report.contains("null_rate) differs by 0.2"));
    let found = stream(&report);
    assert_eq!(found["outcomes"]["mismatched"], 0, "{found}");
    assert_eq!(found["outcomes"]["profiled"], 0, "{found}");
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
}
