//! Adoption: who wrote the records of each side, by schema and by a header that the config names.

use serde_json::{Value, json};

use crate::cli::bad_input::Program;
use crate::cli::bad_input::lease::finals;
use crate::cli::bad_input::log::{Answering, Cluster, ID, framed, order};

const REPORT: &str = "/api/v1/releases/r/report";
const NAMED: &str = "    producer: {header: trace}\n";

/// Four records a second: of the canary's one by the old version, of the first second one by what is no text.
fn send(cluster: &Cluster, seconds: std::ops::Range<i64>) {
    for second in seconds {
        for at in 0..4_i64 {
            let number = second * 4 + at;
            let record = framed(ID, &order(&format!("o-{number}"), number, "n", "t"));
            cluster.send_with("orders", &record, second, "k", "checkout-1.4");
            let producer = match number {
                1 => "checkout\u{1b}[31m",
                _ if at == 0 => "checkout-1.4",
                _ => "checkout-1.5",
            };
            cluster.send_with("orders.canary", &record, second, "k", producer);
        }
    }
    cluster.flush();
}

#[test]
fn reconcile_says_who_wrote_the_records() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    send(&cluster, 0..16);
    program.write("r.yaml", cluster.config(&registry.url, NAMED));
    let json = program.run("reconcile -c r.yaml -o json");
    assert_eq!(json.code, Some(0), "{}{}", json.out, json.log);
    let report: Value = serde_json::from_str(&json.out).unwrap();
    crate::docs::report::is_valid(&report);
    let stream = &report["streams"][0];
    let digest = &stream["schemas"][0]["digest"];
    let schemas = json!([{"id": ID, "digest": digest, "records": 64, "share": 1.0}]);
    let nobody = json!({"records": 0, "share": 0.0});
    assert_eq!(
        stream["adoption"],
        json!({
            "baseline": {"records": 64, "schemas": schemas, "producers": {
                "header": "trace",
                "named": [{"producer": "checkout-1.4", "records": 64, "share": 1.0}],
                "other": nobody, "none": nobody,
            }},
            "canary": {"records": 64, "schemas": schemas, "producers": {
                "header": "trace",
                "named": [
                    {"producer": "checkout-1.5", "records": 47, "share": 0.734_375},
                    {"producer": "checkout-1.4", "records": 16, "share": 0.25},
                ],
                "other": {"records": 1, "share": 0.015_625}, "none": nobody,
            }},
        })
    );
    let line = "written by (trace): baseline checkout-1.4 64 (100 %); canary checkout-1.5 47 (73.43 %), checkout-1.4 16 (25.00 %), \
                other 1 (1.56 %)";
    let table = program.run("reconcile -c r.yaml");
    assert!(table.out.contains(line), "{}", table.out);
}

/// The shares are of what a side is made of: neither of what is not selected nor of dead letters, whatever a rule's condition says.
#[test]
fn what_is_not_of_the_side_is_not_counted() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    send(&cluster, 0..4);
    for at in 0..3 {
        cluster.send_with("dlq.canary", b"no order", at, "k", "checkout-1.5");
    }
    cluster.send_with("orders.canary", b"no order", 4, "k", "checkout-1.5");
    cluster.flush();
    let canary =
        "canary: {topic: orders.canary, select: {header: {trace: checkout-1.5}}, dead_letter: [{topic: dlq.canary}]}";
    let conditional =
        "    compare:\n      ignore: [{path: note, owner: o, reason: r, when: {header: trace, is: checkout-1.4}}]\n";
    for more in ["", conditional] {
        let text = cluster.config(&registry.url, &format!("{NAMED}{more}"));
        program.write("r.yaml", text.replace("canary: {topic: orders.canary}", canary));
        let ran = program.run("reconcile -c r.yaml -o json");
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let stream = &report["streams"][0];
        let own = &stream["sides"]["canary"];
        assert_eq!(
            (
                &own["excluded_reasons"]["select"],
                &own["diverted"],
                &own["undecodable"]
            ),
            (&json!(5), &json!(3), &json!(1)),
            "{own}"
        );
        let adoption = &stream["adoption"];
        assert_eq!(
            (&adoption["baseline"]["records"], &adoption["canary"]["records"]),
            (&json!(16), &json!(12)),
            "{adoption}"
        );
        let canary = &adoption["canary"];
        // The one that cannot be decoded has a producer, and no schema.
        assert_eq!(canary["schemas"][0]["records"], 11, "{canary}");
        let named = json!([{"producer": "checkout-1.5", "records": 12, "share": 1.0}]);
        assert_eq!(canary["producers"]["named"], named, "{canary}");
    }
}

/// What a header holds stands in no output unless the header was named.
#[test]
fn a_header_that_is_not_named_is_not_told() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    send(&cluster, 0..3);
    for (more, told) in [
        ("", false),
        ("    producer: {header: version}\n", false),
        ("    producer: {header: Trace}\n", false),
        (NAMED, true),
    ] {
        program.write("r.yaml", cluster.config(&registry.url, more));
        for shape in ["table", "json", "markdown", "html"] {
            let ran = program.run(&format!("reconcile -c r.yaml -vv -o {shape}"));
            assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.log);
            assert_eq!(ran.out.contains("checkout-1"), told, "{more}{shape}: {}", ran.out);
            assert!(!ran.log.contains("checkout"), "{more}{shape}: {}", ran.log);
        }
        let ran = program.run("reconcile -c r.yaml -o json");
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let canary = &report["streams"][0]["adoption"]["canary"];
        // What the values are written by is no secret of theirs.
        assert_eq!(canary["schemas"][0]["records"], 12, "{canary}");
        match (more.is_empty(), told) {
            (true, _) => assert!(canary.get("producers").is_none(), "{canary}"),
            (false, false) => assert_eq!(canary["producers"]["none"]["records"], 12, "{canary}"),
            (false, true) => assert_eq!(canary["producers"]["none"]["records"], 0, "{canary}"),
        }
    }
}

fn stream(report: &str) -> Value {
    let (_, body) = report.split_once("\r\n\r\n").unwrap();
    let report: Value = serde_json::from_str(body).unwrap();
    report["streams"][0].clone()
}

/// As of the schemas, a worker counts what it read since it was started: nothing twice, and nothing that another one read.
#[test]
fn a_worker_counts_since_its_start() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    program.write("r.yaml", cluster.config(&registry.url, ""));
    send(&cluster, 0..40);
    let mut first = program.start("run -c r.yaml");
    let address = first.address();
    first.until(&address, "/metrics", |metrics| finals(metrics) >= 30);
    let report = first.until(&address, REPORT, |report| report.contains("\"records\": 160"));
    assert!(
        stream(&report)["adoption"]["canary"].get("producers").is_none(),
        "{report}"
    );
    first.kill();
    // To name a header begins no generation.
    program.write("r.yaml", cluster.config(&registry.url, NAMED));
    send(&cluster, 40..60);
    let mut second = program.start("run -c r.yaml");
    let address = second.address();
    let report = second.until(&address, REPORT, |report| {
        report.contains("\"producers\"") && stream(report)["sides"]["canary"]["read"] == 240
    });
    assert!(report.contains("\"generation\": 1,"), "{report}");
    let found = stream(&report);
    let canary = &found["adoption"]["canary"];
    let records = canary["records"].as_u64().unwrap();
    assert!((80..160).contains(&records), "{found}");
    let schemas = found["schemas"].as_array().unwrap();
    let schema = schemas.iter().find(|schema| schema["side"] == "canary").unwrap();
    assert_eq!(schema["records"], records, "{found}");
    assert_eq!(canary["schemas"][0]["records"], records, "{found}");
    let named = canary["producers"]["named"].as_array().unwrap();
    let names: Vec<&str> = named.iter().map(|row| row["producer"].as_str().unwrap()).collect();
    assert_eq!(names, ["checkout-1.5", "checkout-1.4"], "{found}");
    let sum: u64 = named.iter().map(|row| row["records"].as_u64().unwrap()).sum();
    assert_eq!(sum, records, "{found}");
    assert_eq!(named[1]["share"], 0.25, "{found}");
    let asked = second.until(&address, "/metrics", |_| true);
    assert!(!asked.contains("checkout"), "a header's value is no label: {asked}");
    let (code, log) = second.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("checkout-1"), "{log}");
}
