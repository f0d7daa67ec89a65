//! SQLite and two processes: a database that another one holds is waited for, and commands get through to a worker's.

use super::Program;
use super::ending::Holder;
use super::lease::{finals, send};
use super::log::{Answering, Cluster};

const DOWN: &str = "crosscheck_degraded{component=\"store\"} 1";
const UP: &str = "crosscheck_degraded{component=\"store\"} 0";

/// It is shown and alerted on, nothing is lost, and reading goes on behind it.
#[test]
fn a_held_database_is_waited_for() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    program.write("r.yaml", cluster.config(&registry.url, ""));
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    send(&cluster, 0..10);
    worker.until(&address, "/metrics", |metrics| {
        finals(metrics) >= 5 && metrics.contains(UP)
    });
    let holder = Holder::of(&program);
    send(&cluster, 10..40);
    worker.until(&address, "/metrics", |metrics| metrics.contains(DOWN));
    let ready = worker.until(&address, "/readyz", |answer| {
        answer.contains("the database does not answer")
    });
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    let alive = worker.until(&address, "/livez", |_| true);
    assert!(alive.starts_with("HTTP/1.1 200"), "{alive}");
    holder.release();
    worker.until(&address, "/metrics", |metrics| {
        finals(metrics) >= 35 && metrics.contains(UP)
    });
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("store results; it is tried again"), "{log}");
}

/// Every command writes while the worker writes.
#[test]
fn commands_of_other_processes_get_through() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    program.write("r.yaml", cluster.config(&registry.url, ""));
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    send(&cluster, 0..200);
    worker.until(&address, "/metrics", |metrics| finals(metrics) >= 5);
    std::thread::scope(|scope| {
        let commands = (0..8).map(|n| {
            let program = &program;
            scope.spawn(move || {
                let line = format!("release close -c r.yaml --reason n{n}");
                let ran = program.run(&line);
                // Whoever comes after the end is told so.
                assert!(ran.code == Some(0) || ran.log.contains("is closed"), "{}", ran.log);
                program.run("release list -c r.yaml -o json")
            })
        });
        for command in commands.collect::<Vec<_>>() {
            let ran = command.join().unwrap();
            assert_eq!(ran.code, Some(0), "{}", ran.log);
        }
    });
    worker.says("closed: everything is read and stored");
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
}
