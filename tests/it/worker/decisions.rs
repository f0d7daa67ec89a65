//! What people decide while the worker runs, and after it ended: overrides and mutes.

use crate::cli::bad_input::log::{Answering, Cluster};
use crate::cli::bad_input::{Program, Running};

const MORE: &str = "    format: json\n    compare: {key: false}\n    budget: {mismatched: 0, extra: 0}\n";

/// Pairs of each second from here to there; at these seconds they differ, or the baseline's is not there.
fn send(cluster: &Cluster, seconds: std::ops::Range<i64>, differ: &[i64], extra: &[i64]) {
    for second in seconds {
        let record = |v: i64| format!("{{\"order_id\":\"o-{second}\",\"v\":{v}}}");
        if !extra.contains(&second) {
            cluster.send("orders", record(0).as_bytes(), second);
        }
        let v = i64::from(differ.contains(&second));
        cluster.send("orders.canary", record(v).as_bytes(), second);
    }
    cluster.flush();
}

fn until(worker: &mut Running, address: &str, words: &[&str]) {
    let all = |answer: &str| words.iter().all(|words| answer.contains(words));
    worker.until(address, "/gates/argo/r", all);
}

/// A worker that has failed its release by one pair that differs.
struct Failed {
    // Answers for as long as it lives.
    _registry: Answering,
    cluster: Cluster,
    program: Program,
    worker: Running,
    address: String,
}

impl Failed {
    fn new() -> Self {
        let (registry, cluster) = (Answering::registry(), Cluster::new());
        let program = Program::new();
        program.write("r.yaml", cluster.config(&registry.url, MORE));
        send(&cluster, 0..40, &[5], &[]);
        let mut worker = program.start("run -c r.yaml");
        let address = worker.address();
        until(&mut worker, &address, &["\"fail\"", "mismatched"]);
        Self {
            _registry: registry,
            cluster,
            program,
            worker,
            address,
        }
    }
}

#[test]
fn an_override_reaches_a_running_worker_and_covers_only_what_was_known() {
    let Failed {
        _registry,
        cluster,
        program,
        mut worker,
        address,
    } = Failed::new();

    let told = program.run("release override -c r.yaml --verdict pass --reason known --by ops");
    assert_eq!(told.code, Some(0), "{}", told.log);
    assert_eq!(told.out, "r generation 1: overridden to pass; the verdict is pass\n");
    until(
        &mut worker,
        &address,
        &[
            "\"pass\"",
            "overridden to pass by ops",
            "known",
            "the evidence says fail",
        ],
    );
    worker.until(&address, "/metrics", |metrics| {
        metrics.contains("crosscheck_release_verdict{release=\"r\",verdict=\"pass\"} 1")
    });

    // The next worker, and the command, know it too.
    worker.terminate();
    assert_eq!(program.run("verdict --release r -c r.yaml").code, Some(0));
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    until(&mut worker, &address, &["\"pass\""]);

    // Another check fails: nobody has seen that.
    send(&cluster, 40..80, &[45], &[50]);
    until(&mut worker, &address, &["\"fail\"", "extra"]);
    let told = program.run("verdict --release r -c r.yaml");
    assert_eq!(told.code, Some(1), "{}", told.out);
    assert!(
        told.out.contains("the override to pass of") && !told.out.contains("mismatched"),
        "{}",
        told.out
    );

    let told = program.run("release override -c r.yaml --lift --reason again");
    assert_eq!(
        told.out, "r generation 1: override lifted; the verdict is fail\n",
        "{}",
        told.log
    );
    until(&mut worker, &address, &["\"fail\"", "mismatched"]);
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("a decision was recorded"), "{log}");
}

#[test]
fn a_mute_reaches_a_running_worker_and_ends() {
    let Failed {
        _registry,
        cluster: _cluster,
        program,
        mut worker,
        address,
    } = Failed::new();
    let mute = "mute -c r.yaml --stream orders --check mismatched --reason known";
    let told = program.run(&format!("{mute} --until 2h"));
    assert_eq!(told.code, Some(0), "{}", told.log);
    until(&mut worker, &address, &["\"inconclusive\""]);
    worker.until(&address, "/api/v1/releases/r/report", |report| {
        report.contains("orders: the check mismatched is muted until ")
    });
    let told = program.run("verdict --release r -c r.yaml -o json");
    crate::docs::report::is_valid(&serde_json::from_str(&told.out).unwrap());
    assert_eq!(program.run(&format!("{mute} --lift")).code, Some(0));
    until(&mut worker, &address, &["\"fail\"", "mismatched"]);
    worker.terminate();
}
