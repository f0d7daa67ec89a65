//! One topic that all sides read, told apart by a header: what comes of it read once is what comes of it read by each.

use serde_json::Value as Json;

use crate::cli::bad_input::lease::finals;
use crate::cli::bad_input::log::{Answering, Cluster, ID, framed, order};
use crate::cli::bad_input::{Program, Running};

/// Both sides of `orders` and a control; where they name three clusters, each reads the topic by itself.
fn config(cluster: &Cluster, registry: &str, clusters: [&str; 3], limits: &str) -> String {
    let [baseline, canary, control] = clusters;
    let brokers = &cluster.brokers;
    let side = |cluster: &str, variant: &str| {
        format!("{{topic: orders, cluster: {cluster}, select: {{header: {{trace: {variant}}}}}}}")
    };
    let more = format!("    control: {}\n    limits: {{{limits}}}\n", side(control, "control"));
    let config = cluster.config(registry, &more);
    let config = config.replace("{topic: orders.canary}", &side(canary, "canary"));
    let config = config.replace("{topic: orders}", &side(baseline, "baseline"));
    let others = format!("clusters:\n  two: {{brokers: [\"{brokers}\"]}}\n  three: {{brokers: [\"{brokers}\"]}}\n");
    config.replace("clusters:\n", &others)
}

/// A record of each side a second, some wrong or not there in the canary, and a few that are nobody's.
fn send(cluster: &Cluster, seconds: std::ops::Range<i64>) {
    for second in seconds {
        let id = format!("o{second}");
        let fine = framed(ID, &order(&id, second, "n", "t"));
        let put = |value: &[u8], variant: &str| cluster.send_with("orders", value, second, "k", variant);
        put(&fine, "baseline");
        put(&fine, "control");
        match second % 10 {
            1 => put(&framed(ID, &order(&id, -1, "n", "t")), "canary"),
            2 => put(&fine, "another"),
            3 => put(&fine[..9], "canary"),
            _ => put(&fine, "canary"),
        }
    }
    cluster.flush();
}

/// What a worker that is killed in the middle comes to in the end, and what its two lives logged.
fn worked(clusters: [&str; 3]) -> (Json, String) {
    let (registry, cluster, program) = (Answering::registry(), Cluster::new(), Program::new());
    program.write("r.yaml", config(&cluster, &registry.url, clusters, "idle: 1h"));
    send(&cluster, 0..30);
    let mut first = program.start("run -c r.yaml");
    let address = first.address();
    first.until(&address, "/metrics", |metrics| finals(metrics) >= 20);
    let mut log = first.kill();
    send(&cluster, 30..60);
    let mut second = program.start("run -c r.yaml");
    let address = second.address();
    second.until(&address, "/metrics", |metrics| finals(metrics) >= 20);
    let (stream, last) = closed(&program, second, &address);
    log += &last;
    let replayed = program.run("replay -c r.yaml --release r");
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);
    (stream, log)
}

/// What a worker says of its stream once its release is closed, and what it logged.
fn closed(program: &Program, mut worker: Running, address: &str) -> (Json, String) {
    program.run("release close -c r.yaml --reason done");
    worker.says("closed: everything is read and stored");
    let report = worker.until(address, "/api/v1/releases/r/report", |_| true);
    let (code, log) = worker.terminate();
    assert_eq!(code, Some(0), "{log}");
    let report: Json = serde_json::from_str(report.split_once("\r\n\r\n").unwrap().1).unwrap();
    (report["streams"][0].clone(), log)
}

#[test]
fn read_once_and_killed_it_comes_to_what_three_readers_come_to() {
    let [(one, log), (each, log_of_each)] = [["main"; 3], ["main", "two", "three"]].map(worked);
    let says = |log: &str| log.matches("the topic is read once for several sides").count();
    assert_eq!((says(&log), says(&log_of_each)), (4, 0), "{log}");
    let opened = |log: &str| log.matches("topic opened").count();
    assert_eq!(opened(&log) + 4, opened(&log_of_each), "{log}");
    let alike = |stream: &Json| {
        let keys = ["outcomes", "sides", "fields", "windows"];
        keys.map(|key| stream[key].clone())
    };
    assert_eq!(alike(&one), alike(&each));
    assert_eq!(one["sides"]["baseline"]["read"], 60 + 60 + 54 + 6, "{one}");
    // Those of the first three seconds stand at the edge.
    for (outcome, records) in [("matched", 40), ("mismatched", 5), ("missing", 12), ("extra", 0)] {
        assert_eq!(one["outcomes"][outcome], records, "{outcome}: {one}");
    }
}

/// The canary stands behind all of the baseline, which holds more than it may: it goes on with a reader of its own, and nothing waits
/// for itself.
#[test]
fn sides_that_are_far_from_each_other_part() {
    let (registry, cluster, program) = (Answering::registry(), Cluster::new(), Program::new());
    let config = cluster.config(
        &registry.url,
        "    limits: {idle: 1h, ahead_max: 2s, held_max_bytes: 64KiB}\n",
    );
    let side = |variant: &str| format!("{{topic: orders, select: {{header: {{trace: {variant}}}}}}}");
    let config = config.replace("{topic: orders.canary}", &side("canary"));
    program.write("r.yaml", config.replace("{topic: orders}", &side("baseline")));
    for (variant, times) in [("baseline", 20), ("canary", 1)] {
        for second in 0..100 {
            for number in 0..20 {
                let fine = framed(
                    ID,
                    &order(&format!("o{second}.{number}"), second, &"n".repeat(200), "t"),
                );
                if number < times {
                    cluster.send_with("orders", &fine, second, "k", variant);
                }
            }
        }
    }
    cluster.flush();
    let mut worker = program.start("run -c r.yaml");
    let address = worker.address();
    worker.until(&address, "/metrics", |metrics| finals(metrics) >= 90);
    let (stream, log) = closed(&program, worker, &address);
    assert_eq!(log.matches("a side is too far from the others").count(), 1, "{log}");
    for side in ["baseline", "canary"] {
        assert_eq!(stream["sides"][side]["read"], 2_100, "{stream}");
        assert_eq!(stream["sides"][side]["late"], 0, "{stream}");
    }
    // The first two seconds stand at the edge.
    let matched = stream["outcomes"]["matched"].as_u64().unwrap();
    assert!((96..=100).contains(&matched), "{stream}");
    assert_eq!(stream["outcomes"]["missing"].as_u64(), Some(matched * 19), "{stream}");
}
