//! A worker whose topics cannot be read, before it has begun anything.

use super::Program;
use super::log::{Answering, Cluster};

fn generations(program: &Program) -> serde_json::Value {
    let listed = program.run("release list -q -c r.yaml -o json");
    assert_eq!(listed.code, Some(0), "{}", listed.log);
    serde_json::from_str(&listed.out).unwrap()
}

#[test]
fn leave_no_empty_generation() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let config = cluster.config(&registry.url, "");
    let wrong = config.replace("canary: {topic: orders.canary}", "canary: {topic: orders.canry}");
    program.write("r.yaml", &wrong);
    let ran = program.run("run -q -c r.yaml");
    assert_eq!(ran.code, Some(2), "{}", ran.log);
    assert!(ran.log.contains("orders.canry"), "{}", ran.log);
    assert_eq!(generations(&program), serde_json::json!([]));

    // With the name mended the first generation is the first.
    program.write("r.yaml", &config);
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    worker.until(&address, "/readyz", |answer| answer.starts_with("HTTP/1.1 200"));
    worker.terminate();
    let all = generations(&program);
    assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
    assert_eq!(all[0]["generation"], 1);
}
