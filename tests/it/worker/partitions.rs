//! A side that is some partitions of a topic.

use rdkafka::producer::BaseRecord;

use crate::cli::bad_input::Program;
use crate::cli::bad_input::log::{Answering, Cluster, ID, framed, order};

/// `tests/stack/seen 47` waited for ever once in a while: all partitions of the side had become idle together with one that is not the
/// side's, and held it back until then.
#[test]
fn one_that_is_not_selected_holds_nobody() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let config = cluster.config(&registry.url, "    limits: {idle: 1h}\n");
    let selected = "{topic: orders.wide, select: {partition: 0}}";
    program.write("r.yaml", config.replace("{topic: orders}", selected));
    for second in 0..20 {
        let record = framed(ID, &order(&format!("o{second}"), second, "n", "t"));
        cluster.send("orders.canary", &record, second);
        cluster.send("orders.wide", &record, second);
        let other = BaseRecord::to("orders.wide").key("another's");
        cluster.write(other, 1, b"whatever", second);
    }
    cluster.flush();
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    let report = worker.until(&address, "/api/v1/releases/r/report", |report| {
        stream(report)["outcomes"]["matched"].as_u64() >= Some(10)
    });
    let stream = stream(&report);
    assert_eq!(
        stream["sides"]["baseline"]["excluded_reasons"]["select"], 20,
        "{report}"
    );
    assert_eq!(stream["outcomes"]["missing"], 0, "{report}");
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
}

/// What an answer says of the one stream.
fn stream(answer: &str) -> serde_json::Value {
    let (_, report) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let report: serde_json::Value = serde_json::from_str(report).unwrap_or_default();
    report["streams"][0].clone()
}
