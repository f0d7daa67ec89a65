//! What a side could not process: counted as diverted, judged where only one side shows it.

use std::path::Path;

use super::Told;
use super::json_topics::{Row, World};

const BASELINE: &str = "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n";
const CANARY: &str = "{\"id\":1}\n{\"id\":2}\n";

/// Two files, and dead letter files of one side each.
fn compare(canary: &str, letters: &[(&str, &str)], flags: &str) -> Told {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> String {
        let path: &Path = &dir.path().join(name);
        std::fs::write(path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (baseline, canary) = (write("b.jsonl", BASELINE), write("c.jsonl", canary));
    let letters = letters.iter().enumerate();
    let letters: Vec<String> = letters
        .map(|(at, (side, text))| format!("{side}={}", write(&format!("{side}.{at}.jsonl"), text)))
        .collect();
    let mut all = vec!["--baseline", &baseline, "--canary", &canary, "--identity", "field:id"];
    for letter in &letters {
        all.extend(["--dead-letter", letter]);
    }
    all.extend(flags.split_whitespace());
    super::reconcile(&all)
}

fn reasons(told: &Told) -> Vec<&str> {
    let reasons = told.report["reasons"].as_array().unwrap().iter();
    reasons.map(|reason| reason["text"].as_str().unwrap()).collect()
}

#[test]
fn a_canary_that_diverts_is_seen() {
    let told = compare(CANARY, &[("canary", "{\"id\":3}\n")], "");
    assert_eq!(told.gist(), "1 matched 2 missing 1", "{}", told.log);
    assert_eq!(told.side("canary")["diverted"], 1);
    assert_eq!(told.side("baseline")["diverted"], 0);
    assert_eq!(
        reasons(&told),
        [
            "missing: 1 of 3 compared (33.33 %), over the budget of 0",
            "diverted on the canary: 1 of 3 records read (33.33 %), over the budget of 0"
        ]
    );
    let partitions = told.side("canary")["partitions"].as_array().unwrap();
    let named = |at: usize| partitions[at]["topic"].as_str().unwrap();
    assert!(
        named(0).ends_with("c.jsonl") && named(1).ends_with("canary.0.jsonl"),
        "{partitions:?}"
    );
    assert!(partitions.iter().all(|range| range["partition"] == 0));
    assert!(told.side("baseline")["partitions"][0].get("topic").is_none());
    let findings = told.stream()["findings"].as_array().unwrap();
    let diverted = findings
        .iter()
        .find(|finding| finding["outcome"] == "diverted")
        .unwrap();
    let place = &diverted["canary"];
    assert!(place["topic"].as_str().unwrap().ends_with("canary.0.jsonl"));
    assert_eq!((&place["partition"], &place["offset"]), (&0.into(), &0.into()));
    assert!(diverted["identity"].is_null() && diverted["baseline"].is_null());
}

#[test]
fn what_both_divert_is_shared_and_each_only_once() {
    let both = "{\"id\":9}\nnot json\n";
    let told = compare(BASELINE, &[("baseline", both), ("canary", both)], "");
    assert_eq!(told.gist(), "0 matched 3", "{}", told.log);
    assert_eq!(
        (
            told.side("canary")["diverted"].as_u64(),
            told.side("canary")["undecodable"].as_u64()
        ),
        (Some(2), Some(0))
    );
    let twice = compare(BASELINE, &[("baseline", "x\n"), ("canary", "x\nx\n")], "");
    assert_eq!(
        reasons(&twice),
        ["diverted on the canary: 1 of 5 records read (20 %), over the budget of 0"]
    );
    // Like `diff`, the baseline's surplus is judged, too.
    let other = compare(BASELINE, &[("baseline", "x\n"), ("canary", "y\n")], "");
    assert_eq!(reasons(&other).len(), 2, "{}", other.report);
}

#[test]
fn a_budget_bears_some() {
    let letters = [("canary", "x\n"), ("canary", "y\n")];
    let told = compare(BASELINE, &letters, "--budget diverted=0.4");
    assert_eq!(told.gist(), "0 matched 3");
    assert_eq!(told.side("canary")["diverted"], 2);
    assert_eq!(compare(BASELINE, &letters, "--budget diverted=0.3").exit, 1);
    // Without a dead letter log it is no check.
    assert_eq!(compare(BASELINE, &[], "--budget diverted=0").exit, 0);
}

#[test]
fn what_cannot_be_is_said() {
    for (flags, says) in [
        ("--dead-letter x.jsonl", "must say whose it is"),
        ("--dead-letter canary=-", "it cannot be standard input"),
        ("--dead-letter canary=kafka://h/t", "are a topic and a file"),
        ("--dead-letter control=x.jsonl", "there is no control"),
    ] {
        let told = compare(BASELINE, &[], flags);
        assert_eq!(told.exit, 2, "{flags}");
        assert!(told.plain_log().contains(says), "{flags}: {}", told.log);
    }
    let twice = ["--dead-letter", "canary=x.jsonl", "--dead-letter", "canary=x.jsonl"].join(" ");
    assert!(compare(BASELINE, &[], &twice).plain_log().contains("is named twice"));
    let ranged = "--dead-letter canary=x.jsonl --event-time field:at --from -1h";
    assert!(
        compare(BASELINE, &[], ranged)
            .plain_log()
            .contains("no time of their own")
    );
}

#[test]
fn of_topics() {
    let world = World::new();
    let rows: Vec<Row> = vec![("1", Some(b"{\"id\":1}")), ("2", Some(b"{\"id\":2}"))];
    world.produce("b", &rows);
    world.produce("c", &rows[..1]);
    world.produce("c.dlq", &[("2", Some(b"{\"id\":2}")), ("7", None)]);
    world.produce("c.retry", &[("7", None)]);
    let letter = |topic: &str| format!("--dead-letter canary=kafka://{}/{topic}", world.brokers());
    let flags = format!("--format json --identity key {} {}", letter("c.dlq"), letter("c.retry"));
    let told = world.reconcile(&flags);
    assert_eq!(told.gist(), "1 matched 1 missing 1", "{}", told.log);
    assert_eq!(told.side("canary")["diverted"], 3);
    let partitions = told.side("canary")["partitions"].as_array().unwrap().iter();
    let read = partitions.map(|range| (range["topic"].as_str().unwrap(), range["to"].as_u64().unwrap()));
    let read: Vec<_> = read.collect();
    for wanted in [("c", 1), ("c.dlq", 2), ("c.retry", 1)] {
        let found = read.iter().find(|(topic, _)| *topic == wanted.0);
        assert!(found.is_some_and(|(_, to)| *to >= wanted.1), "{read:?}");
    }
}
