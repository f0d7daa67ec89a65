//! A second worker on the same generation waits for the lease and says so; when the first dies it goes on.

use super::log::{Answering, Cluster, ID, framed, order};
use super::{Program, Running};

const FINAL: &str = "crosscheck_windows_final_total{stream=\"orders\"} ";

/// Final windows of the stream.
pub(crate) fn finals(metrics: &str) -> u64 {
    let number = metrics
        .split_once(FINAL)
        .map_or("0", |(_, rest)| rest.lines().next().unwrap());
    number.trim().parse().unwrap()
}

/// One pair a second, without a difference.
pub(super) fn send(cluster: &Cluster, seconds: std::ops::Range<i64>) {
    for second in seconds {
        for topic in ["orders", "orders.canary"] {
            let record = framed(ID, &order(&format!("o{second}"), second, "n", "t"));
            cluster.send(topic, &record, second);
        }
    }
    cluster.flush();
}

fn reaches(worker: &mut Running, address: &str, windows: u64) {
    worker.until(address, "/metrics", |metrics| finals(metrics) >= windows);
}

#[test]
fn is_waited_for() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    send(&cluster, 0..20);
    let program = Program::new();
    program.write("r.yaml", cluster.config(&registry.url, ""));
    let mut first = program.start("run -c r.yaml");
    let first_address = first.address();
    reaches(&mut first, &first_address, 10);

    let mut second = program.start("run -c r.yaml");
    let second_address = second.address();
    let said = second.says("another worker has the lease; waiting for it");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["level"], &said["stream"]), (&"WARN".into(), &"orders".into()));
    assert!(said["owner"].as_str().unwrap().contains('/'), "{said}");
    let ready = second.until(&second_address, "/readyz", |answer| answer.contains("lease"));
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");

    first.kill();
    send(&cluster, 20..40);
    reaches(&mut second, &second_address, 15);
    let ready = second.until(&second_address, "/readyz", |answer| !answer.contains("lease"));
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    let (code, log) = second.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(log.matches("another worker has the lease").count(), 1, "{log}");
}
