//! A worker that follows topics of Protobuf, from a config file.

use crate::cli::bad_input::Program;
use crate::cli::bad_input::log::{Answering, Cluster};

const CONTRACT: &str = r#"syntax = "proto3"; package shop; message Order { string order_id = 1; int64 v = 2; }"#;

#[test]
fn a_worker_follows_topics_of_protobuf_and_resumes() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    program.write("order.proto", CONTRACT);
    let more =
        "    format: protobuf\n    framing: none\n    contract: {file: order.proto}\n    compare: {key: false}\n";
    program.write("r.yaml", cluster.config(&registry.url, more));
    let send = |seconds: std::ops::Range<i64>, bad: i64| {
        for second in seconds {
            let id = format!("o-{second}");
            let id = [&[0x0a, u8::try_from(id.len()).unwrap()], id.as_bytes()].concat();
            let v = |v: bool| [0x10, 1 + u8::from(v)];
            cluster.send("orders", &[&id[..], &v(false)].concat(), second);
            // In another order on the wire.
            cluster.send("orders.canary", &[&v(second == bad)[..], &id].concat(), second);
        }
        cluster.flush();
    };
    send(0..40, 5);
    let checked = program.run("check -c r.yaml");
    assert!(
        checked.out.contains("40 of 40 sampled identities stand on both sides"),
        "{}{}",
        checked.out,
        checked.log
    );
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    worker.until(&address, "/api/v1/releases/r/report", |report| {
        let report = report.replace([' ', '\n'], "");
        report.contains("\"path\":\"v\",\"kind\":\"value\",\"count\":1}")
            && report.contains("\"missing\":0,\"extra\":0")
    });
    // The next one knows the contract from the database.
    worker.kill();
    send(40..80, 50);
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    worker.until(&address, "/api/v1/releases/r/report", |report| {
        report
            .replace([' ', '\n'], "")
            .contains("\"path\":\"v\",\"kind\":\"value\",\"count\":2}")
    });
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
    let replayed = program.run("replay -c r.yaml --release r");
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);
}
