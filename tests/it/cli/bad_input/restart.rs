//! A worker that is killed right after it stored `fail` says `fail` from its first scrape on when it is started again.

use super::Program;
use super::lease::send;
use super::log::{Answering, Cluster, ID, framed, order};

const FAIL: &str = "crosscheck_release_verdict{release=\"r\",verdict=\"fail\"} 1";

#[test]
fn a_stored_fail_is_shown_at_once() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    send(&cluster, 0..5);
    for second in 5..60 {
        let record = framed(ID, &order(&format!("o{second}"), second, "n", "t"));
        let broken = framed(ID, &order(&format!("o{second}"), second, "other", "t"));
        cluster.send("orders", &record, second);
        cluster.send("orders.canary", &broken, second);
    }
    cluster.flush();
    for _ in 0..3 {
        let program = Program::new();
        program.write("r.yaml", cluster.config(&registry.url, ""));
        let mut worker = program.start("run -c r.yaml");
        // Written right after the commit.
        while !worker.says("\"verdict\"").contains("\"fail\"") {}
        worker.kill();
        // Nothing can be read any more: what is shown is what is stored.
        let config = cluster.config(&registry.url, "");
        program.write("r.yaml", config.replace(&cluster.brokers, "127.0.0.1:1"));
        let mut heir = program.start("run -c r.yaml");
        let address = heir.address();
        let shown = heir.until(&address, "/metrics", |metrics| {
            metrics.contains("crosscheck_release_verdict")
        });
        assert!(shown.contains(FAIL), "{shown}");
        heir.kill();
    }
}
