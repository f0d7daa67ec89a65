//! A sample of the identities in a worker: the same ones after a restart and in a replay, and the report says so.

use crate::cli::bad_input::log::{Cluster, ID, framed, order};
use crate::replay::Closed;

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
    let closed = Closed::new("    sample: {rate: 0.5}\n", send);
    let program = &closed.program;
    let stored = program.run("report -c r.yaml --release r -o json");
    let stored: serde_json::Value = serde_json::from_str(&stored.out).unwrap();
    for report in [&closed.report, &stored] {
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
