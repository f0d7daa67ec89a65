//! A generation that begins under a running worker: its own settings, and it goes on; others, and it ends and says so.

use super::Program;
use super::log::{Answering, Cluster};

#[test]
fn is_gone_on_with_or_ends_the_worker() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    program.write("r.yaml", cluster.config(&registry.url, ""));
    program.write(
        "other.yaml",
        cluster.config(&registry.url, "    budget: {mismatched: 0.5}\n"),
    );
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    worker.until(&address, "/readyz", |answer| answer.starts_with("HTTP/1.1 200"));

    program.run("release start -c r.yaml --reason build");
    worker.says("the next generation was begun");
    let address = worker.address();
    worker.until(&address, "/readyz", |answer| answer.starts_with("HTTP/1.1 200"));
    worker.until(&address, "/metrics", |metrics| {
        metrics.contains("crosscheck_release_info{release=\"r\",generation=\"2\"")
    });

    program.run("release close -c r.yaml --reason done");
    worker.says("closed: everything is read and stored");
    program.run("release start -c r.yaml --reason again");
    let address = worker.address();
    worker.until(&address, "/metrics", |metrics| {
        metrics.contains("crosscheck_release_info{release=\"r\",generation=\"3\"")
    });

    program.run("release start -c other.yaml --reason stricter");
    worker.says("was begun under other comparison settings");
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("generation 4 of release r"), "{log}");
}
