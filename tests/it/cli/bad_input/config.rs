//! A config with faults: all of them at once, each at its line and column.

use super::Program;

const BAD: &str = r#"release: {name: r, strat: now}
clusters:
  main: {brokers: "kafka:9092"}
registries:
  main: {url: 17}
streams:
  - name: orders
    baseline: {topic: orders}
    canary: {topik: orders.canary}
    identity: {parts: [{field: order_id}]}
    event_time: {field: created_at}
    window: [30s]
    budget: {mismatched: lots}
"#;

#[test]
fn every_fault_at_once() {
    let program = Program::new();
    program.write("bad.yaml", BAD);
    program.write("broken.yaml", "release: {name: r\nstreams: [");
    let all: Vec<String> = [
        "check --offline -c bad.yaml",
        "run -c bad.yaml",
        "reconcile -c bad.yaml",
        "migrate -c bad.yaml",
        "release list -c bad.yaml",
        "verdict --release r -c bad.yaml",
    ]
    .map(|line| program.told(line, &[]))
    .into();
    let (first, rest) = all.split_first().unwrap();
    let message = |told: &str| told.split_once('\n').unwrap().1.to_owned();
    for other in rest {
        assert_eq!(message(other), message(first));
    }
    let others = ["run -c no.yaml", "run -c broken.yaml"].map(|line| program.told(line, &[]));
    insta::assert_snapshot!(format!("{first}\n{}", others.join("\n")));
}
