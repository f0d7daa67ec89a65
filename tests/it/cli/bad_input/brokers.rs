//! Brokers that are not there, and topics that they do not have.

use std::net::TcpListener;
use std::time::Duration;

use super::Program;
use super::log::{Answering, Cluster, ID, framed, order};

/// An unreachable broker is told within this.
const LIMIT: Duration = Duration::from_secs(15);

fn masks<'a>(registry: &'a str, brokers: &'a str) -> [(&'a str, &'a str); 2] {
    [
        (registry.trim_start_matches("http://"), "REGISTRY"),
        (brokers, "BROKER"),
    ]
}

#[test]
fn that_nobody_reaches() {
    let registry = Answering::registry();
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    // Connections are taken and nothing is ever said.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = (silent.local_addr().unwrap().to_string(), silent);
    let program = Program::new();
    let mut all = Vec::new();
    for brokers in [&gone, &silent.0] {
        let line = format!(
            "reconcile --baseline kafka://{brokers}/orders --canary kafka://{brokers}/x --registry {}",
            registry.url
        );
        all.push(program.told_within(&line, &masks(&registry.url, brokers), LIMIT));
    }
    let config = Cluster::new().config(&registry.url, "");
    let (first, rest) = config.split_once("brokers: [\"").unwrap();
    let (_, rest) = rest.split_once('"').unwrap();
    program.write("r.yaml", format!("{first}brokers: [\"{gone}\"{rest}"));
    all.push(program.told_within("run -q -c r.yaml", &masks(&registry.url, &gone), LIMIT));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn that_have_no_such_topic() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    for topic in ["orders", "orders.canary"] {
        for second in 0..3 {
            cluster.send(topic, &framed(ID, &order("o1", 1, "n", "t")), second);
        }
    }
    cluster.flush();
    let masks = masks(&registry.url, &cluster.brokers);
    let program = Program::new();
    let sources = cluster.sources();
    let mut all = vec![
        program.told(&format!("reconcile {}x --registry {}", sources, registry.url), &masks),
        program.told(
            &format!("reconcile {sources} --registry {} --identity field:order", registry.url),
            &masks,
        ),
        program.told(
            &format!("reconcile {sources} --registry {} --from -1 --to 1", registry.url),
            &masks,
        ),
        program.told(
            &format!(
                "reconcile {sources} --registry {} --contract orders-value:3",
                registry.url
            ),
            &masks,
        ),
    ];
    program.write(
        "r.yaml",
        cluster
            .config(&registry.url, "")
            .replace("orders.canary", "order.canary"),
    );
    all.push(program.told("run -q -c r.yaml", &masks));
    all.push(program.told("reconcile -c r.yaml", &masks));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn empty_topics_are_never_a_pass() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let line = format!("reconcile {} --registry {} -o json", cluster.sources(), registry.url);
    let program = Program::new();
    for filled in [None, Some("orders")] {
        if let Some(topic) = filled {
            cluster.send(topic, &framed(ID, &order("o1", 1, "n", "t")), 0);
            cluster.flush();
        }
        let ran = program.run(&line);
        assert_eq!(ran.code, Some(3), "{}{}", ran.log, ran.out);
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["reasons"][0]["check"], "evidence", "{report}");
    }
}
