//! A registry that is not there, or is something else.

use std::net::TcpListener;

use super::Program;
use super::log::{Answering, Cluster, ID, framed, order};

#[test]
fn is_told_before_anything_is_counted() {
    let (cluster, html) = (Cluster::new(), Answering::html());
    for topic in ["orders", "orders.canary"] {
        cluster.send(topic, &framed(ID, &order("o1", 1, "n", "t")), 0);
    }
    cluster.flush();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = format!("http://{gone}");
    let program = Program::new();
    let mut all = Vec::new();
    for url in [&gone, &html.url] {
        let host = url.trim_start_matches("http://");
        let masks = [(cluster.brokers.as_str(), "BROKER"), (host, "REGISTRY")];
        for more in ["", " --contract orders-value:1"] {
            let line = format!("reconcile {} --registry {url}{more}", cluster.sources());
            all.push(program.told(&line, &masks));
        }
    }
    insta::assert_snapshot!(all.join("\n"));
}
