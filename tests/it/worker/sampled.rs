//! A sample of the identities in a worker: the same ones after a restart and in a replay, and the report says so.

use crate::cli::bad_input::Program;
use crate::cli::bad_input::lease::finals;
use crate::cli::bad_input::log::{Answering, Cluster, ID, framed, order};

fn send(cluster: &Cluster, seconds: std::ops::Range<i64>) {
    for second in seconds {
        for at in 0..10 {
            let id = format!("o{second}-{at}");
            let record = framed(ID, &order(&id, second, "n", "t"));
            cluster.send("orders", &record, second);
            cluster.send("orders.canary", &record, second);
        }
    }
    cluster.flush();
}

#[test]
fn a_restart_and_a_replay_take_the_same_identities() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    program.write("r.yaml", cluster.config(&registry.url, "    sample: {rate: 0.5}\n"));
    send(&cluster, 0..20);
    let mut first = program.start("run -c r.yaml");
    let address = first.address();
    first.until(&address, "/metrics", |metrics| finals(metrics) >= 10);
    first.kill();
    send(&cluster, 20..45);
    let mut second = program.start("run -c r.yaml");
    let address = second.address();
    second.until(&address, "/metrics", |metrics| finals(metrics) >= 20);
    program.run("release close -c r.yaml --reason done");
    second.says("closed: everything is read and stored");
    let report = second.until(&address, "/api/v1/releases/r/report", |_| true);
    let (code, log) = second.terminate();
    assert_eq!(code, Some(0), "{log}");
    let (_, body) = report.split_once("\r\n\r\n").unwrap();
    let shown: serde_json::Value = serde_json::from_str(body).unwrap();
    let stored = program.run("report -c r.yaml --release r -o json");
    let stored: serde_json::Value = serde_json::from_str(&stored.out).unwrap();
    for report in [shown, stored] {
        let stream = &report["streams"][0];
        assert_eq!(
            (stream["sampling"].as_f64(), stream["coverage"].as_f64()),
            (Some(0.5), Some(1.0)),
            "{report}"
        );
        let outcomes = &stream["outcomes"];
        // A pair of which one record was left out would be one of these.
        for name in ["mismatched", "missing", "extra"] {
            assert_eq!(outcomes[name], 0, "{name}: {report}");
        }
        let sides = &stream["sides"];
        let sample = sides["baseline"]["excluded_reasons"]["sample"].as_u64().unwrap();
        assert_eq!(sides["canary"]["excluded_reasons"]["sample"].as_u64(), Some(sample));
        assert!((100..300).contains(&sample), "{sample}");
        let measured = stream["sampled"]["canary"].as_f64().unwrap();
        let matched = outcomes["matched"].as_u64().unwrap();
        assert!(
            (measured - matched as f64 / (matched + sample) as f64).abs() < 1e-12,
            "{measured}"
        );
    }
    let replayed = program.run("replay -c r.yaml --release r");
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);
}
