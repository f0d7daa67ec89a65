//! A critical field that bears no difference: one record among thousands that differ elsewhere fails it, once its records were read
//! again; where they cannot be, nothing is claimed.

use serde_json::Value;

use crate::cli::bad_input::lease::finals;
use crate::cli::bad_input::log::{Answering, Cluster};
use crate::cli::bad_input::{Program, Running};

const REPORT: &str = "/api/v1/releases/r/report";
/// Records a second, and how many of ten have another note on the canary's side.
const EACH: i64 = 300;
const NOTES: i64 = 4;
const STRICT: &str = "    format: json\n    compare: {key: false}\n    budget: {mismatched: 0.45}\n    \
                      critical_fields: [{path: amount, budget: 0}, {path: note, budget: 0.45}]\n";

/// In every second four of ten pairs differ in their notes; the record with this number, too, in its amount.
fn send(cluster: &Cluster, seconds: std::ops::Range<i64>, wrong: i64) {
    for second in seconds {
        for at in 0..EACH {
            let number = second * EACH + at;
            let record = |amount: i64, note: &str| {
                format!("{{\"order_id\":\"o-{number}\",\"amount\":{amount},\"note\":\"{note}\"}}")
            };
            cluster.send("orders", record(number, "n").as_bytes(), second);
            let note = if at % 10 < NOTES { "m" } else { "n" };
            let amount = if number == wrong { -1 } else { number };
            cluster.send("orders.canary", record(amount, note).as_bytes(), second);
        }
    }
    cluster.flush();
}

fn config(cluster: &Cluster, registry: &Answering) -> String {
    let text = cluster.config(&registry.url, STRICT);
    text.replace("window: 1s", "window: 5s")
}

fn stream(report: &str) -> Value {
    let body = report.split_once("\r\n\r\n").map_or(report, |(_, body)| body);
    let report: Value = serde_json::from_str(body).unwrap();
    report["streams"][0].clone()
}

fn read(metrics: &str, side: &str) -> u64 {
    let name = format!("crosscheck_records_read_total{{stream=\"orders\",side=\"{side}\"}} ");
    let number = metrics.lines().find_map(|line| line.strip_prefix(&name));
    number.map_or(0, |number| number.parse().unwrap())
}

/// The check of the field, as a report has it.
fn check(stream: &Value) -> Value {
    let checks = stream["checks"].as_array().unwrap();
    let of = |check: &&Value| check["check"] == "field amount";
    checks.iter().find(of).unwrap().clone()
}

/// Ends a worker whose release is closed.
fn close(program: &Program, mut worker: Running) {
    program.run("release close -c r.yaml --reason done");
    worker.says("closed: everything is read and stored");
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn one_record_among_thousands_that_differ_elsewhere() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    program.write("r.yaml", config(&cluster, &registry));
    let wrong = 22 * EACH + 4;
    send(&cluster, 0..15, wrong);
    let mut first = program.start("run -c r.yaml");
    let address = first.address();
    first.until(&address, "/metrics", |metrics| finals(metrics) >= 1);
    let clean = first.until(&address, REPORT, |report| {
        report.contains("\"check\": \"field amount\"")
    });
    assert_ne!(stream(&clean)["verdict"], "fail", "{clean}");
    first.kill();
    send(&cluster, 15..45, wrong);
    let mut second = program.start("run -c r.yaml");
    let address = second.address();
    let failed = second.until(&address, REPORT, |report| report.contains("\"verdict\": \"fail\""));
    let proved = "1 pairs that differ at amount of ";
    for says in [proved, "over the budget of 0, confirmed by reading again"] {
        assert!(failed.contains(says), "{failed}");
    }
    let metrics = second.until(&address, "/metrics", |metrics| finals(metrics) >= 6);
    assert!(
        metrics.contains("crosscheck_budget{stream=\"orders\",check=\"field amount\"} 0"),
        "{metrics}"
    );
    let before = check(&stream(&failed));
    second.kill();

    // Computed again from what is stored it says the same, word for word.
    let mut third = program.start("run -c r.yaml");
    let address = third.address();
    let again = third.until(&address, REPORT, |report| report.contains("\"verdict\": \"fail\""));
    assert!(again.contains(proved) && !again.contains("failed earlier"), "{again}");
    assert_eq!(check(&stream(&again))["x"], before["x"]);
    close(&program, third);

    // Its window has a hundred findings, a sample of 600, and it.
    let listed = program.run("report -c r.yaml --release r -o json");
    let listed = stream(&listed.out);
    let findings = listed["findings"].as_array().unwrap();
    let (found, others) = findings.split_first().unwrap();
    assert_eq!(found["critical"], serde_json::json!(["amount"]), "{found}");
    assert_eq!(found["canary"]["offset"], wrong, "{found}");
    assert!(others.iter().all(|other| other["critical"].is_null()));
    let window = others.iter().filter(|other| other["window"] == found["window"]);
    assert_eq!(window.count(), 100);
    let id = found["id"].as_str().unwrap();
    let shown = program.run(&format!("show -c r.yaml --release r {id}"));
    assert!(
        shown.out.contains("`amount` is critical and bears no difference"),
        "{}",
        shown.out
    );

    let explained = program.run("verdict -c r.yaml --release r --explain");
    assert_eq!(explained.code, Some(1), "{}", explained.out);
    for says in [proved, "seen again at amount"] {
        assert!(explained.out.contains(says), "{}", explained.out);
    }
    let replayed = program.run("replay -c r.yaml --release r");
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);
    // A census holds it against the same budget.
    let census = program.run("reconcile -c r.yaml --event-time none");
    assert_eq!(census.code, Some(1), "{}{}", census.out, census.log);
    let json = program.run("reconcile -c r.yaml --event-time none --findings-max 3 -o json");
    let told = &stream(&json.out)["findings"][0];
    assert_eq!(
        (&told["canary"]["offset"], &told["fields"][0]["path"]),
        (&wrong.into(), &"amount".into()),
        "{told}"
    );
    let text = "field amount: 1 of 13,500 pairs (0.00741 %), over the budget of 0";
    assert!(census.out.contains(text), "{}", census.out);
}

/// What a broker of this test keeps of a partition, bytes.
const LOG_MAX: i64 = 5 << 20;

/// The log loses both records before the window is final, as retention does: they were read once.
#[test]
fn what_cannot_be_read_again_neither_fails_nor_passes() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let policy = "policy: {profile: independent, min_pairs: 10, min_duration: 5s}\n";
    program.write("r.yaml", config(&cluster, &registry) + policy);
    send(&cluster, 0..11, 10 * EACH);
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    let mut sent = u64::try_from(11 * EACH).unwrap();
    let mut taken = |sent: u64| {
        worker.until(&address, "/metrics", |metrics| {
            ["baseline", "canary"].iter().all(|side| read(metrics, side) >= sent)
        })
    };
    taken(sent);
    let long = "x".repeat(500_000);
    for number in 0..LOG_MAX / 500_000 + 2 {
        let record = format!("{{\"order_id\":\"long-{number}\",\"amount\":1,\"note\":\"{long}\"}}");
        for topic in ["orders", "orders.canary"] {
            cluster.send(topic, record.as_bytes(), 11);
        }
        cluster.flush();
        sent += 1;
        taken(sent);
    }
    let metrics = taken(sent);
    assert!(finals(&metrics) <= 1, "the window is not final yet: {metrics}");
    send(&cluster, 12..45, -1);
    worker.until(&address, "/metrics", |metrics| finals(metrics) >= 6);
    let says = "could not be confirmed by reading again";
    let told = worker.until(&address, REPORT, |report| report.contains(says));
    let found = stream(&told);
    assert_eq!(found["verdict"], "inconclusive", "{told}");
    let amount = check(&found);
    assert_eq!(
        (&amount["x"], &amount["proved"]),
        (&1.into(), &false.into()),
        "{amount}"
    );
    let noted = found["findings"].as_array().unwrap();
    let gone = noted.iter().filter(|finding| finding["canary"]["offset"] == 10 * EACH);
    let gone: Vec<&Value> = gone.collect();
    assert_eq!(gone.len(), 1, "{told}");
    assert_eq!(gone[0]["note"], "both records are gone", "{}", gone[0]);
    close(&program, worker);
    let verdict = program.run("verdict -c r.yaml --release r");
    assert_eq!(verdict.code, Some(3), "{}", verdict.out);
}
