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

/// Another rate is taken up at the edge of a window of the same generation: no pair is split, the report has both, and a replay
/// comes to the same windows whatever rate its config has.
#[test]
fn a_rate_that_changes_begins_with_a_window() {
    let rates = ["    sample: {rate: 0.5}\n", "    sample: {rate: 0.2}\n"];
    let [before, now] = rates.map(|more| move |cluster: &Cluster, registry: &str| cluster.config(registry, more));
    let closed = Closed::in_turn([&before, &now], send);
    let program = &closed.program;
    let stored = program.run("report -c r.yaml --release r -o json");
    let stored: serde_json::Value = serde_json::from_str(&stored.out).unwrap();
    for report in [&closed.report, &stored] {
        assert_eq!(report["generation"], 1, "{report}");
        let stream = &report["streams"][0];
        assert_eq!(stream["sampling"], 0.2, "{report}");
        let rates = stream["sampling_rates"].as_array().unwrap();
        assert_eq!(rates.len(), 2, "{report}");
        assert_eq!(
            (&rates[0]["from"], &rates[0]["rate"]),
            (&serde_json::Value::Null, &0.5.into())
        );
        let from = rates[1]["from"].as_str().unwrap();
        assert!(from > "2023-11-14T22:13:30", "{from}");
        for name in ["mismatched", "missing", "extra"] {
            assert_eq!(stream["outcomes"][name], 0, "{name}: {report}");
        }
        let measured = stream["sampled"]["canary"].as_f64().unwrap();
        assert!((0.2..0.5).contains(&measured), "{measured}");
    }
    let table = program.run("report -c r.yaml --release r");
    let line = "sampled: 20 % of the identities since 2023-11-14T22:13:";
    assert!(
        table.out.contains(line) && table.out.contains(", 50 % before; measured"),
        "{}",
        table.out
    );
    for more in rates.iter().chain(&[""]) {
        let text = std::fs::read_to_string(program.path("r.yaml")).unwrap();
        program.write("r.yaml", text.replace(rates[1], more));
        let replayed = program.run("replay -c r.yaml --release r");
        assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);
    }
}
