//! A worker whose logs do not keep what they had, on a real Kafka: nothing is called missing, the reason stands in the verdict
//! with the offsets, and it survives a restart.

use std::time::Duration;

use rdkafka::admin::{AdminOptions, NewPartitions};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;
use uuid::Uuid;

use crate::cli::bad_input::{Program, Running, get};
use crate::kafka::producer;
use crate::kafka::real::{Admin, brokers};

const START: i64 = 1_700_000_000_000;
const REPORT: &str = "/api/v1/releases/r/report";

/// Two topics and a folder.
struct Bed {
    admin: Admin,
    brokers: String,
    baseline: String,
    canary: String,
    program: Program,
}

impl Bed {
    fn new() -> Self {
        let (brokers, admin) = (brokers(), Admin::new(&brokers()));
        let name = format!("logs-{}", Uuid::now_v7());
        let (baseline, canary) = (admin.topic(&name, 1, &[]), admin.topic(&name, 1, &[]));
        let program = Program::new();
        program.write(
            "r.yaml",
            format!(
                "release: {{name: r, start: earliest}}\n\
                 clusters: {{main: {{brokers: [\"{brokers}\"]}}}}\n\
                 streams:\n  - name: orders\n    format: raw\n    framing: none\n    \
                 baseline: {{topic: {baseline}}}\n    canary: {{topic: {canary}}}\n    \
                 identity: {{parts: [key]}}\n    event_time: timestamp\n    \
                 window: 1s\n    lateness: 1s\n    grace: 1s\n\
                 store: {{url: \"sqlite://cc.db\"}}\n\
                 serve: {{address: \"127.0.0.1:0\"}}\n"
            ),
        );
        Self {
            admin,
            brokers,
            baseline,
            canary,
            program,
        }
    }

    /// A record a second on each of these partitions in turn.
    fn write(&self, topic: &str, seconds: std::ops::Range<i64>, partitions: i32) {
        let source = producer(&self.brokers, &[]);
        send(&source, topic, seconds, partitions);
        source.flush(Duration::from_secs(20)).unwrap();
    }

    fn both(&self, seconds: std::ops::Range<i64>) {
        self.write(&self.baseline, seconds.clone(), 1);
        self.write(&self.canary, seconds, 1);
    }

    fn start(&self) -> (Running, String) {
        let mut worker = self.program.start("run -c r.yaml");
        let address = worker.address();
        (worker, address)
    }
}

fn send(source: &BaseProducer, topic: &str, seconds: std::ops::Range<i64>, partitions: i32) {
    for second in seconds {
        let key = format!("k{second}");
        let record = BaseRecord::to(topic)
            .key(&key)
            .payload("v")
            .timestamp(START + 1_000 * second);
        let place = i32::try_from(second).unwrap() % partitions;
        source
            .send(record.partition(place))
            .map_err(|(error, _)| error)
            .unwrap();
    }
}

/// The first stream of the report, and the reasons of the verdict.
fn report(address: &str) -> (Value, String) {
    let answer = get(address, REPORT);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let report: Value = serde_json::from_str(body).unwrap_or_default();
    (report["streams"][0].clone(), report["reasons"].to_string())
}

fn says(worker: &mut Running, address: &str, words: &[&str]) {
    worker.until(address, REPORT, |answer| words.iter().all(|word| answer.contains(word)));
}

/// Waits for this many pairs; none of the rest is missing, extra or mismatched.
fn matches(worker: &mut Running, address: &str, at_least: u64) -> u64 {
    let matched = || report(address).0["outcomes"]["matched"].as_u64().unwrap_or(0);
    worker.until(address, REPORT, |_| matched() >= at_least);
    let (stream, reasons) = report(address);
    for outcome in ["missing", "extra", "mismatched"] {
        assert_eq!(stream["outcomes"][outcome], 0, "{stream} {reasons}");
    }
    stream["outcomes"]["matched"].as_u64().unwrap()
}

#[test]
#[ignore = "needs the stack: tests/stack/up"]
fn what_retention_takes_during_a_run_and_before_a_restart_is_never_missing() {
    let bed = Bed::new();
    bed.both(0..100);
    let (mut worker, address) = bed.start();
    matches(&mut worker, &address, 90);
    assert_eq!(worker.terminate().0, Some(0));
    // The baseline's records up to 179 are gone before anybody reads them.
    bed.both(100..300);
    bed.admin.delete_before(&bed.baseline, 180);
    let (mut worker, address) = bed.start();
    says(&mut worker, &address, &["expired", "to 179 of baseline topic"]);
    let before = matches(&mut worker, &address, 200);
    assert!(before < 220, "{before}");
    // A restart knows it still.
    assert_eq!(worker.terminate().0, Some(0));
    bed.both(300..400);
    let (mut worker, address) = bed.start();
    matches(&mut worker, &address, before + 90);
    says(&mut worker, &address, &["expired", "to 179 of baseline topic"]);
    assert_eq!(worker.terminate().0, Some(0));
}

#[test]
#[ignore = "needs the stack: tests/stack/up"]
fn a_topic_that_was_made_again_ends_the_generation() {
    for running in [false, true] {
        let bed = Bed::new();
        bed.both(0..100);
        let (mut first, address) = bed.start();
        let matched = matches(&mut first, &address, 95);
        let (mut worker, address) = if running {
            bed.admin.make_again(&bed.canary);
            (first, address)
        } else {
            assert_eq!(first.terminate().0, Some(0));
            bed.admin.make_again(&bed.canary);
            bed.write(&bed.baseline, 100..400, 1);
            // Past the old offset, and with other records there.
            bed.write(&bed.canary, 5_000..5_400, 1);
            bed.start()
        };
        says(
            &mut worker,
            &address,
            &["recreated", "was deleted and made again", "partition 0 to offset"],
        );
        if running {
            bed.write(&bed.baseline, 100..400, 1);
            bed.write(&bed.canary, 5_000..5_400, 1);
        }
        assert_eq!(worker.terminate().0, Some(0));
        let (mut worker, address) = bed.start();
        says(&mut worker, &address, &["recreated", "was deleted and made again"]);
        // The first report counts what was settled and not final yet.
        let stays = matches(&mut worker, &address, 90);
        assert!(
            (matched - 2..=matched).contains(&stays),
            "running {running}: {stays} of {matched}"
        );
        // A generation of its own goes on from there.
        assert_eq!(
            bed.program.run("release close -c r.yaml --reason recreated").code,
            Some(0)
        );
        worker.says("closed: everything is read and stored");
        assert_eq!(worker.terminate().0, Some(0));
    }
}

#[test]
#[ignore = "needs the stack: tests/stack/up"]
fn partitions_that_are_added_are_read_and_nothing_is_missing() {
    let bed = Bed::new();
    bed.both(0..100);
    let (mut worker, address) = bed.start();
    matches(&mut worker, &address, 90);
    let (two, options) = ([NewPartitions::new(&bed.canary, 2)], AdminOptions::new());
    bed.admin
        .wait(bed.admin.client.create_partitions(&two, &options))
        .unwrap()[0]
        .as_ref()
        .unwrap();
    says(
        &mut worker,
        &address,
        &["repartitioned", "canary topic", "partition 0 offset 100"],
    );
    bed.write(&bed.baseline, 100..300, 1);
    bed.write(&bed.canary, 100..300, 2);
    matches(&mut worker, &address, 280);
    assert_eq!(worker.terminate().0, Some(0));
    bed.write(&bed.baseline, 300..400, 1);
    bed.write(&bed.canary, 300..400, 2);
    let (mut worker, address) = bed.start();
    says(&mut worker, &address, &["repartitioned", "partition 0 offset 100"]);
    matches(&mut worker, &address, 380);
    assert_eq!(worker.terminate().0, Some(0));
}

#[test]
#[ignore = "needs the stack: tests/stack/up"]
fn behind_an_open_transaction_nothing_is_missing() {
    let bed = Bed::new();
    bed.both(0..50);
    let source = producer(&bed.brokers, &[("transactional.id", &bed.canary)]);
    let limit = Duration::from_secs(20);
    source.init_transactions(limit).unwrap();
    source.begin_transaction().unwrap();
    send(&source, &bed.canary, 50..100, 1);
    source.flush(limit).unwrap();
    bed.write(&bed.baseline, 50..100, 1);
    let bounded = format!(
        "reconcile --baseline kafka://{b}/{baseline} --canary kafka://{b}/{canary} --format raw --framing none --identity key \
         --event-time timestamp -o json",
        b = bed.brokers,
        baseline = bed.baseline,
        canary = bed.canary
    );
    let ran = bed.program.run(&bounded);
    assert!(
        ran.out.contains("open transaction") && ran.out.contains("from offset 50 on"),
        "{} {}",
        ran.out,
        ran.log
    );
    assert!(
        ran.out.contains("\"verdict\": \"inconclusive\"") || ran.out.contains("\"verdict\":\"inconclusive\""),
        "{}",
        ran.out
    );
    source.commit_transaction(limit).unwrap();
    // A commit is answered before its marker stands in the log.
    let mut runs = (0..30).map(|_| bed.program.run(&bounded));
    let ran = runs.find(|ran| !ran.out.contains("open transaction")).unwrap();
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.log);
}
