//! A panic in any task of a worker ends the process at once, tells its place and none of its words; the next worker goes on.

use super::bad_input::log::{Answering, Cluster, ID, framed, order};
use super::bad_input::{Program, get, lease};

/// The tasks of a worker. The blocks of files are walked by threads of `reconcile`.
const TASKS: [&str; 9] = [
    "start",
    "stream",
    "committer",
    "lease",
    "show",
    "hear",
    "registries",
    "schemas",
    "store",
];

fn send(cluster: &Cluster) {
    for second in 0..30 {
        for topic in ["orders", "orders.canary"] {
            let record = framed(ID, &order(&format!("o{second}"), second, "n", "t"));
            cluster.send(topic, &record, second);
        }
    }
    cluster.flush();
}

fn is_told(task: &str, signal: Option<i32>, log: &str) {
    assert_eq!(signal, Some(6), "{task}: {log}");
    assert!(log.contains("error: a defect of crosscheck at src/"), "{task}: {log}");
    assert!(!log.contains("a value of a record"), "{task}: {log}");
}

#[test]
fn in_any_task_ends_the_worker_and_the_next_goes_on() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    send(&cluster);
    let config = cluster.config(&registry.url, "");
    for task in TASKS {
        let program = Program::new().with("CROSSCHECK_PANIC_IN", task);
        program.write("r.yaml", &config);
        let (signal, log) = program.start("run -c r.yaml").ended();
        is_told(task, signal, &log);
    }
    let program = Program::new().with("CROSSCHECK_PANIC_IN", "http");
    program.write("r.yaml", &config);
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    get(&address, "/metrics");
    let (signal, log) = worker.ended();
    is_told("http", signal, &log);

    let program = program.with("CROSSCHECK_PANIC_IN", "");
    let mut heir = program.start("run -c r.yaml");
    let address = heir.address();
    heir.until(&address, "/metrics", |metrics| lease::finals(metrics) >= 25);
    let (code, log) = heir.terminate();
    assert_eq!(code, Some(0), "{log}");
}
