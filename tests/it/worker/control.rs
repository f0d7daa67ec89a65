//! A control in a worker: noise is left out, a restart and a replay come to the same, and what is noisy is named.

use serde_json::Value as Json;

use crate::cli::bad_input::Program;
use crate::cli::bad_input::log::{Answering, Cluster, ID, framed, order};
use crate::replay::Closed;

const CONTROL: &str = "    control: {topic: orders.control}\n";

/// Ten records a second; three of them are noisy, in the canary and in the control.
fn send(cluster: &Cluster, seconds: std::ops::Range<i64>) {
    for second in seconds {
        for at in 0..10 {
            let id = format!("o{second}-{at}");
            let noisy = at == 3 && matches!(second, 5 | 12 | 25);
            let record = |note: &str| framed(ID, &order(&id, second, if noisy { note } else { "n" }, "t"));
            cluster.send("orders.control", &record("x"), second);
            cluster.send("orders", &record("b"), second);
            cluster.send("orders.canary", &record("c"), second);
        }
    }
    cluster.flush();
}

#[test]
fn a_restart_and_a_replay_come_to_the_same() {
    let closed = Closed::new(CONTROL, send);
    let program = &closed.program;
    let stored = program.run("report -c r.yaml --release r -o json");
    let stored: Json = serde_json::from_str(&stored.out).unwrap();
    let number = |value: &Json| value.as_u64().unwrap();
    for report in [&closed.report, &stored] {
        let stream = &report["streams"][0];
        let control = &stream["control"];
        let (noise, outcomes) = (&control["noise"], &stream["outcomes"]);
        // Windows that the control was left out of are judged like those of a stream without one.
        assert_eq!(number(&outcomes["mismatched"]) + number(&noise["both"]), 3, "{report}");
        assert!(number(&control["windows"]) > 0, "{report}");
        for side in ["baseline", "canary"] {
            assert_eq!(
                stream["sides"][side]["excluded_reasons"]["noise"], noise["both"],
                "{report}"
            );
        }
        assert_eq!(
            (&outcomes["missing"], &outcomes["extra"]),
            (&0.into(), &0.into()),
            "{report}"
        );
        assert_eq!(
            (&control["missing"], &control["extra"]),
            (&0.into(), &0.into()),
            "{report}"
        );
    }
    let replayed = program.run("replay -c r.yaml --release r");
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);
}

#[test]
fn a_control_that_is_not_quiet_is_told_and_its_paths_are_named() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let send = |topic: &str, note: &str| {
        for second in 0..60 {
            let (id, note) = (format!("o{second}"), format!("{note}{second}"));
            cluster.send(topic, &framed(ID, &order(&id, second, &note, "t")), second);
        }
        cluster.flush();
    };
    send("orders.control", "x");
    send("orders", "b");
    let program = Program::new();
    program.write("r.yaml", cluster.config(&registry.url, CONTROL));
    let checked = program.run("check -c r.yaml");
    assert!(
        checked.out.contains("control topic orders.control"),
        "{}{}",
        checked.out,
        checked.log
    );
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    worker.until(&address, "/metrics", |metrics| {
        metrics.contains("crosscheck_records_read_total{stream=\"orders\",side=\"control\"} 60")
    });
    // Nobody waits for a control: it is there before the canary is.
    send("orders.canary", "c");
    let report = worker.until(&address, "/api/v1/releases/r/report", |report| {
        report
            .replace([' ', '\n'], "")
            .contains("\"proposed_ignore\":[\"note\"]")
    });
    assert!(report.contains("the control differs from the baseline in"), "{report}");
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
    // Without a worker it is what the database holds.
    let stored = program.run("report -c r.yaml --release r -o json");
    let stored: Json = serde_json::from_str(&stored.out).unwrap();
    let control = &stored["streams"][0]["control"];
    assert_eq!(control["proposed_ignore"], serde_json::json!(["note"]), "{stored}");
    assert!(control["read"].as_u64() > Some(0), "{stored}");
}
