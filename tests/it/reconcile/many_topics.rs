//! Sides that are all topics that a pattern names.

use super::json_topics::{Row, World};

const A: Row<'_> = ("1", Some(b"{\"id\":1}"));
const B: Row<'_> = ("2", Some(b"{\"id\":2}"));
const C: Row<'_> = ("3", Some(b"{\"id\":3}"));

fn world() -> World {
    let world = World::new();
    world.produce("orders.eu", &[A, B]);
    world.produce("orders.us", &[C]);
    world.produce("canary.orders.eu", &[A]);
    world.produce("canary.orders.us", &[C, B]);
    world.produce("canary.orders.dlq", &[B]);
    world
}

fn run(world: &World, baseline: &str, canary: &str, flags: &str) -> super::Told {
    let source = |topic: &str| format!("kafka://{}/{topic}", world.brokers());
    let (baseline, canary) = (source(baseline), source(canary));
    let mut all = vec![
        "--baseline",
        &baseline,
        "--canary",
        &canary,
        "--format",
        "json",
        "--identity",
        "key",
    ];
    all.extend(flags.split_whitespace());
    super::reconcile(&all)
}

#[test]
fn records_pair_wherever_they_are() {
    let world = world();
    let letter = format!("--dead-letter canary=kafka://{}/canary.orders.dlq", world.brokers());
    let told = run(&world, "^orders\\..*", "^canary\\.orders\\..*", &letter);
    assert_eq!(told.gist(), "1 matched 3", "{}", told.log);
    assert_eq!(told.side("canary")["diverted"], 1);
    let of = |side: &str| -> Vec<(String, u64)> {
        let ranges = told.side(side)["partitions"].as_array().unwrap().iter();
        let ranges = ranges.filter(|range| range["to"] != 0);
        let range = |range: &serde_json::Value| {
            let topic = range["topic"].as_str().unwrap();
            (topic.to_owned(), range["partition"].as_u64().unwrap())
        };
        ranges.map(range).collect()
    };
    let named = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 0)).collect::<Vec<_>>();
    assert_eq!(of("baseline"), named(&["orders.eu", "orders.us"]));
    let canary = ["canary.orders.eu", "canary.orders.us", "canary.orders.dlq"];
    assert_eq!(of("canary"), named(&canary));
    // A topic that is no dead letter topic is one of its own, and a second sighting is a duplicate.
    let told = run(&world, "^orders", "^canary", "");
    assert_eq!(told.gist(), "1 matched 3 duplicate 0/1", "{}", told.log);
    let place = &told.stream()["findings"][0]["canary"];
    assert!(
        place["topic"].as_str().unwrap().starts_with("canary.orders."),
        "{place}"
    );
}

#[test]
fn what_cannot_be_is_said() {
    let world = world();
    for (baseline, canary, flags, says) in [
        ("^nothing", "^canary", "", "no topic of the cluster matches ^nothing"),
        ("^orders", "^(", "", "is no regular expression"),
        (
            "^orders",
            "^.*orders",
            "",
            "topic orders.eu is the baseline's and the canary's",
        ),
        (
            "^orders",
            "^canary",
            "--dead-letter canary=kafka://h/^dlq",
            "must be one topic, not a pattern",
        ),
    ] {
        let told = run(&world, baseline, canary, flags);
        assert_eq!(told.exit, 2, "{canary}: {}", told.report);
        assert!(told.plain_log().contains(says), "{canary}: {}", told.log);
    }
}
