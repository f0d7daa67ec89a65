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

#[test]
fn is_asked_without_the_proxy_of_the_environment() {
    let (cluster, gone) = (
        Cluster::new(),
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap(),
    );
    for topic in ["orders", "orders.canary"] {
        cluster.send(topic, &framed(ID, &order("o1", 1, "n", "t")), 0);
    }
    cluster.flush();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let mut program = Program::new();
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        program = program.with(name, &address);
    }
    for scheme in ["http", "https"] {
        let told = program.told(
            &format!("reconcile {} --registry {scheme}://{gone}", cluster.sources()),
            &[],
        );
        assert!(told.contains("Connection refused"), "{told}");
    }
    assert_eq!(proxy.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn is_asked_in_the_open_on_this_machine_only() {
    let (cluster, program) = (Cluster::new(), Program::new());
    let told = program.told(
        &format!("reconcile {} --registry http://registry:8081", cluster.sources()),
        &[],
    );
    assert!(
        told.contains("registry at registry:8081 is asked over plain http"),
        "{told}"
    );
    assert!(told.contains("allow_insecure: true"), "{told}");
    program.write("r.yaml", cluster.config("http://registry:8081", ""));
    let told = program.told("run -c r.yaml", &[]);
    assert!(
        told.contains("r.yaml:5:15: registries.main.url: registry at registry:8081 is asked over plain"),
        "{told}"
    );
    program.write("r.yaml", cluster.config("https://[::ffff:169.254.169.254]", ""));
    let told = program.told("run -c r.yaml", &[]);
    assert!(
        told.contains("a link-local address, where a cloud's metadata service answers: refused"),
        "{told}"
    );
    // With the flag it is a question of reaching it.
    let config = cluster.config("http://registry.invalid:8081", "");
    let allowed = config.replace(":8081\"}", ":8081\", allow_insecure: true}");
    program.write("r.yaml", allowed);
    let ran = program.run("check -c r.yaml");
    assert!(
        ran.out.contains("reach the registry at registry.invalid:8081"),
        "{}{}",
        ran.out,
        ran.log
    );
}

#[test]
fn is_waited_for_by_a_worker_that_starts() {
    let (cluster, registry, program) = (Cluster::new(), Answering::down(), Program::new());
    for number in 0..20 {
        for topic in ["orders", "orders.canary"] {
            cluster.send(topic, &framed(ID, &order(&format!("o{number}"), 1, "n", "t")), number);
        }
    }
    cluster.flush();
    program.write("r.yaml", cluster.config(&registry.url, ""));
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    worker.until(&address, "/readyz", |answer| {
        answer.starts_with("HTTP/1.1 503")
            && answer.contains(
                "stream orders waits for the baseline's registry to choose its contract: ask the registry at ",
            )
            && answer.contains("status 503")
    });
    worker.until(&address, "/metrics", |metrics| {
        metrics.contains("crosscheck_degraded{component=\"registry\"} 1")
    });
    registry.recovers();
    worker.until(&address, "/readyz", |answer| answer.starts_with("HTTP/1.1 200"));
    worker.until(&address, "/metrics", |metrics| {
        metrics.contains("crosscheck_windows_final_total{stream=\"orders\"} 1")
            && metrics.contains("crosscheck_degraded{component=\"registry\"} 0")
    });
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");

    // And SIGTERM while it waits ends it at once.
    let down = Answering::down();
    program.write(
        "r2.yaml",
        cluster
            .config(&down.url, "")
            .replace("release: {name: r,", "release: {name: r2,"),
    );
    let mut worker = program.start("run -c r2.yaml");
    let address = worker.address();
    worker.until(&address, "/readyz", |answer| {
        answer.contains("waits for the baseline's registry")
    });
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("not stored in time"), "{log}");
}
