//! Records that cannot be compared and hold a watermark: those of a whole side, and those of one of its partitions.

use rdkafka::producer::BaseRecord;

use crate::cli::bad_input::Program;
use crate::cli::bad_input::log::{Answering, Cluster, ID, framed, order};

const REPORT: &str = "/api/v1/releases/r/report";

fn record(second: i64) -> Vec<u8> {
    framed(ID, &order(&format!("o{second}"), second, "n", "t"))
}

fn report(answer: &str) -> serde_json::Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Bytes that nobody can read, for as long as one likes: no window becomes final, and it is a failure all the same.
#[test]
fn a_canary_that_writes_nothing_else_fails() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let config = cluster.config(&registry.url, "    limits: {idle: 1s}\n");
    program.write("r.yaml", format!("{config}policy: {{silent: {{after: 3s}}}}\n"));
    for second in 0..20 {
        cluster.send("orders", &record(second), second);
        cluster.send("orders.canary", b"no record", second);
    }
    cluster.flush();
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    let next = std::cell::Cell::new(20);
    let answer = worker.until(&address, REPORT, |answer| {
        let second = next.replace(next.get() + 1);
        cluster.send("orders", &record(second), second);
        cluster.send("orders.canary", b"no record", second);
        cluster.flush();
        report(answer)["verdict"] == "fail"
    });
    let failed = report(&answer);
    let reason = &failed["reasons"][0];
    assert_eq!(reason["check"], "undecodable", "{failed}");
    assert_eq!(failed["streams"][0]["outcomes"]["missing"], 0, "{failed}");
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
    // It is latched, as ever, and what it failed by stands in the timeline.
    let stored = program.run("verdict -c r.yaml --release r");
    assert_eq!(stored.code, Some(1), "{}{}", stored.out, stored.log);
    let told = program.run("timeline -c r.yaml --release r").out;
    let (_, since) = told
        .split_once("no canary record since ")
        .unwrap_or_else(|| panic!("{told}"));
    assert!(
        since.contains(" cannot be decoded, 0 have no usable event time"),
        "{told}"
    );
}

/// One of two partitions has nothing else: the other one's records are compared, and what is bad is judged.
#[test]
fn a_partition_of_the_canary_that_has_nothing_else_holds_nobody() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let config = cluster.config(&registry.url, "    limits: {idle: 1s}\n");
    program.write("r.yaml", config.replace("topic: orders.canary", "topic: orders.wide"));
    let send = |second: i64| {
        cluster.send("orders", &record(second), second);
        let healthy = record(second);
        cluster.write(BaseRecord::to("orders.wide").key("k"), 0, &healthy, second);
        cluster.write(BaseRecord::to("orders.wide").key("b"), 1, b"no record", second);
        cluster.flush();
    };
    (0..20).for_each(send);
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    let next = std::cell::Cell::new(20);
    let answer = worker.until(&address, REPORT, |answer| {
        send(next.replace(next.get() + 1));
        report(answer)["verdict"] == "fail"
    });
    let failed = report(&answer);
    assert_eq!(failed["reasons"][0]["check"], "undecodable", "{failed}");
    let outcomes = &failed["streams"][0]["outcomes"];
    assert!(outcomes["matched"].as_u64() > Some(10), "{failed}");
    assert_eq!(
        (&outcomes["missing"], &outcomes["extra"]),
        (&0.into(), &0.into()),
        "{failed}"
    );
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
}
