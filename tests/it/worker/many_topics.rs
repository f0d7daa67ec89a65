//! Sides of a worker that are all topics which a pattern names: more of them appear while it runs and while it does not.

use serde_json::Value as Json;

use crate::cli::bad_input::Program;
use crate::cli::bad_input::lease::finals;
use crate::cli::bad_input::log::{Answering, Cluster, ID, framed, order};
use crate::replay::Closed;

/// The topics of a side in the order in which they appear, which is not that of their names.
const NAMES: [&str; 4] = ["m", "t", "a", "b"];

fn config(cluster: &Cluster, registry: &str) -> String {
    let config = cluster.config(registry, "");
    let config = config.replace(
        "{topic: orders.canary}",
        "{topic: '^many\\.canary\\..*', dead_letter: [{topic: many.canary.dlq}]}",
    );
    config.replace("{topic: orders}", "{topic: '^many\\.base\\..*'}")
}

fn create(cluster: &Cluster, name: &str) {
    cluster.create(&format!("many.base.{name}"));
    cluster.create(&format!("many.canary.{name}"));
}

/// A record a second in one topic of the baseline and in another one of the canary; some are wrong there, or not there, or
/// diverted.
fn send(cluster: &Cluster, topics: usize, seconds: std::ops::Range<i64>) {
    for second in seconds {
        let at = usize::try_from(second).unwrap();
        let record = |amount: i64| framed(ID, &order(&format!("o{second}"), amount, "n", "t"));
        cluster.send(&format!("many.base.{}", NAMES[at % topics]), &record(second), second);
        let canary = format!("many.canary.{}", NAMES[(at + 1) % topics]);
        match second % 10 {
            1 => cluster.send(&canary, &record(-1), second),
            2 => cluster.send("many.canary.dlq", &record(second), second),
            _ => cluster.send(&canary, &record(second), second),
        }
    }
    cluster.flush();
}

/// Which topics of a side a report names, in the order of their numbers.
fn topics(report: &Json, side: &str) -> Vec<String> {
    let ranges = report["streams"][0]["sides"][side]["partitions"].as_array().unwrap();
    let topic = |range: &Json| {
        assert_eq!(range["partition"], 0, "{report}");
        range["topic"].as_str().unwrap().to_owned()
    };
    ranges.iter().map(topic).collect()
}

#[test]
fn topics_that_appear_keep_their_places_over_a_restart_and_a_replay_comes_to_the_same() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    cluster.create("many.canary.dlq");
    NAMES[..2].iter().for_each(|name| create(&cluster, name));
    program.write("r.yaml", config(&cluster, &registry.url));
    send(&cluster, 2, 0..20);
    let checked = program.run("check -c r.yaml");
    let says = "canary topics ^many\\.canary\\..* (2): 2 partitions";
    assert!(checked.out.contains(says), "{}{}", checked.out, checked.log);

    let mut first = program.start("run -c r.yaml");
    let address = first.address();
    first.until(&address, "/metrics", |metrics| finals(metrics) >= 10);
    create(&cluster, NAMES[2]);
    let page = "/api/v1/releases/r/report";
    first.until(&address, page, |report| {
        report.contains("many.base.a") && report.contains("many.canary.a")
    });
    send(&cluster, 3, 20..35);
    first.until(&address, "/metrics", |metrics| finals(metrics) >= 25);
    let log = first.kill();
    assert!(log.contains("a topic more is followed"), "{log}");

    create(&cluster, NAMES[3]);
    send(&cluster, 4, 35..50);
    let mut second = program.start("run -c r.yaml");
    let address = second.address();
    second.until(&address, "/metrics", |metrics| finals(metrics) >= 10);
    program.run("release close -c r.yaml --reason done");
    second.says("closed: everything is read and stored");
    let report = second.until(&address, page, |_| true);
    let (code, log) = second.terminate();
    assert_eq!(code, Some(0), "{log}");

    let report: Json = serde_json::from_str(report.split_once("\r\n\r\n").unwrap().1).unwrap();
    let named = |side: &str| -> Vec<String> { NAMES.iter().map(|name| format!("many.{side}.{name}")).collect() };
    assert_eq!(topics(&report, "baseline"), named("base"));
    let mut canary = named("canary");
    canary.push("many.canary.dlq".to_owned());
    assert_eq!(topics(&report, "canary"), canary);
    let stream = &report["streams"][0];
    assert_eq!(stream["sides"]["baseline"]["read"], 50, "{report}");
    assert_eq!(stream["sides"]["canary"]["diverted"], 5, "{report}");
    // Those of the first four seconds stand at the edge.
    for (outcome, records) in [("matched", 38), ("mismatched", 4), ("missing", 4), ("extra", 0)] {
        assert_eq!(stream["outcomes"][outcome], records, "{outcome}: {report}");
    }
    for side in ["baseline", "canary"] {
        assert_eq!(stream["sides"][side]["late"], 0, "{side}: {report}");
    }
    assert!(!report.to_string().contains("repartitioned"), "{report}");

    // The registry is gone by now, and what is stored knows the topics.
    let stored = program.run("report -c r.yaml --release r -o ndjson");
    let findings = stored
        .out
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap());
    let wrong: Vec<Json> = findings.filter(|finding| finding["outcome"] == "mismatched").collect();
    let placed = |finding: &Json| finding["canary"]["topic"].as_str().unwrap().to_owned();
    let at = |name: &str| {
        wrong
            .iter()
            .find(|finding| placed(finding) == format!("many.canary.{name}"))
    };
    for name in [NAMES[2], NAMES[0]] {
        let finding = at(name).unwrap_or_else(|| panic!("none in {name}: {}", stored.out));
        assert_eq!(finding["fields"][0]["path"], "amount", "{finding}");
        let line = format!("show -c r.yaml --release r {}", finding["id"].as_str().unwrap());
        let shown = program.run(&line);
        assert_eq!(shown.code, Some(0), "{}{}", shown.out, shown.log);
        assert!(
            shown.out.contains(&format!("+++ canary many.canary.{name} 0:")),
            "{}",
            shown.out
        );
    }
    let replayed = program.run("replay -c r.yaml --release r");
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);
}

#[test]
fn what_a_pattern_cannot_come_to_is_said_before_a_generation_begins() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    cluster.create("many.canary.dlq");
    let config = config(&cluster, &registry.url);
    program.write("r.yaml", config.clone());
    for line in ["check -c r.yaml", "run -c r.yaml"] {
        let ran = program.run(line);
        assert_ne!(ran.code, Some(0), "{line}: {}", ran.log);
        let told = ran.out + &ran.log;
        assert!(told.contains("no topic of the cluster matches ^many"), "{line}: {told}");
    }
    create(&cluster, "m");
    program.write("both.yaml", config.replace("'^many\\.base", "'^many"));
    for line in ["check -c both.yaml", "run -c both.yaml"] {
        let ran = program.run(line);
        assert_ne!(ran.code, Some(0), "{line}: {}", ran.log);
        let told = ran.out + &ran.log;
        assert!(
            told.contains("topic many.canary.m is the baseline's and the canary's"),
            "{line}: {told}"
        );
    }
}

#[test]
fn a_control_may_be_the_topics_of_a_pattern() {
    let send = |cluster: &Cluster, seconds: std::ops::Range<i64>| {
        // The second is there when the second worker starts.
        let controls: &[&str] = match seconds.start {
            0 => &["many.control.t"],
            _ => &["many.control.t", "many.control.a"],
        };
        cluster.create(controls[controls.len() - 1]);
        for second in seconds {
            for (at, topic) in controls.iter().cycle().take(10).enumerate() {
                let record = framed(ID, &order(&format!("o{second}-{at}"), second, "n", "t"));
                for topic in [topic, "orders", "orders.canary"] {
                    cluster.send(topic, &record, second);
                }
            }
        }
        cluster.flush();
    };
    let closed = Closed::new("    control: {topic: '^many\\.control\\..*'}\n", send);
    let control = &closed.report["streams"][0]["control"];
    let number = |name: &str| control[name].as_u64().unwrap();
    assert!(number("windows") > 0 && number("matched") > 0, "{control}");
    assert_eq!(["mismatched", "missing", "extra"].map(number), [0, 0, 0], "{control}");
    assert_eq!(closed.report["streams"][0]["outcomes"]["missing"], 0);
    let replayed = closed.program.run("replay -c r.yaml --release r");
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.log);
}
