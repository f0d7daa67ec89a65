//! Dead letters in a worker: counted, shared where the baseline diverts the same, and the same after a restart and a replay.

use serde_json::Value as Json;

use crate::cli::bad_input::Program;
use crate::cli::bad_input::log::{Answering, Cluster, ID, framed, order};
use crate::replay::Closed;

fn config(cluster: &Cluster, registry: &str) -> String {
    let config = cluster.config(registry, "");
    let config = config.replace(
        "{topic: orders.canary}",
        "{topic: orders.canary, dead_letter: [{topic: dlq.canary}]}",
    );
    config.replace("{topic: orders}", "{topic: orders, dead_letter: [{topic: dlq}]}")
}

/// A record a second; every tenth the canary diverts, and every twentieth both divert something.
fn send(cluster: &Cluster, seconds: std::ops::Range<i64>) {
    for second in seconds {
        let record = framed(ID, &order(&format!("o{second}"), second, "n", "t"));
        cluster.send("orders", &record, second);
        match second % 20 {
            2 => cluster.send("dlq.canary", &record, second),
            12 => {
                cluster.send("dlq", b"broken", second);
                cluster.send("dlq.canary", b"broken", second);
                cluster.send("orders.canary", &record, second);
            }
            _ => cluster.send("orders.canary", &record, second),
        }
    }
    cluster.flush();
}

#[test]
fn what_is_diverted_is_counted_once_and_a_replay_comes_to_the_same() {
    let closed = Closed::of(config, send);
    let stored = closed.program.run("report -c r.yaml --release r -o json");
    let stored: Json = serde_json::from_str(&stored.out).unwrap();
    let number = |value: &Json| value.as_u64().unwrap();
    for report in [&closed.report, &stored] {
        let stream = &report["streams"][0];
        let (sides, outcomes) = (&stream["sides"], &stream["outcomes"]);
        assert_eq!(number(&sides["baseline"]["diverted"]), 2, "{report}");
        assert_eq!(number(&sides["canary"]["diverted"]), 5, "{report}");
        assert_eq!(number(&outcomes["missing"]), 3, "{report}");
        for (side, alone) in [("baseline", "missing"), ("canary", "extra")] {
            let of = &sides[side];
            let placed: u64 = ["matched", "mismatched", alone]
                .map(|name| number(&outcomes[name]))
                .iter()
                .sum();
            let own = ["duplicate", "conflict", "pending"].map(|name| number(&outcomes[name][side]));
            let apart = ["late", "untimely", "undecodable", "diverted", "excluded"].map(|name| number(&of[name]));
            let placed = placed + own.iter().chain(&apart).sum::<u64>();
            assert_eq!(number(&of["read"]), placed, "{side}: {report}");
        }
        let findings = stream["findings"].as_array().unwrap().iter();
        let diverted = findings.filter(|finding| finding["outcome"] == "diverted");
        let at: Vec<&Json> = diverted.map(|finding| &finding["canary"]["topic"]).collect();
        assert!(at.iter().any(|topic| **topic == "dlq.canary"), "{report}");
        let check = stream["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["check"] == "diverted");
        // The two that the baseline diverts as well are shared.
        assert!(number(&check.unwrap()["x"]) <= 3, "{report}");
    }
    let ranges = closed.report["streams"][0]["sides"]["canary"]["partitions"]
        .as_array()
        .unwrap();
    let topics: Vec<&Json> = ranges.iter().map(|range| &range["topic"]).collect();
    assert_eq!(topics, ["orders.canary", "dlq.canary"]);
    let replayed = closed.program.run("replay -c r.yaml --release r");
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);
}

#[test]
fn a_canary_that_begins_to_divert_everything_fails() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let config = config(&cluster, &registry.url);
    // One record is enough, and little is waited for.
    let more = "    limits: {idle: 2s}\n    budget: {diverted: 0}\nstore:";
    program.write("r.yaml", config.replace("store:", more));
    let record = |second: i64| framed(ID, &order(&format!("o{second}"), second, "n", "t"));
    for second in 0..20 {
        cluster.send("orders", &record(second), second);
        cluster.send("orders.canary", &record(second), second);
    }
    cluster.flush();
    let checked = program.run("check -c r.yaml");
    assert!(
        checked
            .out
            .contains("canary dead letters dlq.canary: 1 partitions, 0 offsets"),
        "{}{}",
        checked.out,
        checked.log
    );
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    // From the 20th second on nothing comes through, and the canary's own topic is idle before long. What is tried again has
    // the time of its first try, and holds nobody.
    let next = std::cell::Cell::new(20);
    worker.until(&address, "/metrics", |metrics| {
        let second = next.get();
        if second < 90 {
            cluster.send("orders", &record(second), second);
            cluster.send("dlq.canary", &record(second), second);
            cluster.send("dlq.canary", b"again", 1);
            cluster.flush();
            next.set(second + 1);
        }
        let counted = "crosscheck_outcomes_total{stream=\"orders\",outcome=\"diverted\",side=\"canary\"} ";
        let counted = metrics
            .split_once(counted)
            .and_then(|(_, rest)| rest.lines().next()?.parse::<f64>().ok());
        counted.is_some_and(|counted| counted > 20.0)
    });
    let report = worker.until(&address, "/api/v1/releases/r/report", |report| {
        report
            .replace([' ', '\n'], "")
            .contains("\"check\":\"diverted\",\"text\"")
    });
    assert!(!report.contains("canary silent"), "{report}");
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn a_dead_letter_topic_that_is_not_there_is_said() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    program.write(
        "r.yaml",
        config(&cluster, &registry.url).replace("dlq.canary", "nowhere"),
    );
    let checked = program.run("check -c r.yaml");
    assert_eq!(checked.code, Some(1), "{}", checked.log);
    assert!(
        checked.out.contains("open a dead letter topic of the canary"),
        "{}",
        checked.out
    );
    let ran = program.run("run -c r.yaml");
    assert_eq!(ran.code, Some(2), "{}", ran.log);
    assert!(ran.log.contains("nowhere"), "{}", ran.log);
}
