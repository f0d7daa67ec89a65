//! `mode: latest`: of a compacted topic, or of a table that was written twice, the newest record of each thing.

use super::json_topics::{Row, World};
use super::reconcile;

fn rows<'a>(rows: &[(&'a str, &'a str)]) -> Vec<Row<'a>> {
    // An empty text is a tombstone.
    let row = |(key, value): &(&'a str, &'a str)| (*key, (!value.is_empty()).then_some(value.as_bytes()));
    rows.iter().map(row).collect()
}

#[test]
fn of_topics_the_newest_counts_and_a_tombstone_is_absence() {
    let world = World::new();
    let baseline = [
        ("a", "{\"v\":1}"),
        ("a", "{\"v\":2}"),
        ("b", "{\"v\":1}"),
        ("c", "{\"v\":1}"),
        ("c", ""),
        ("d", "{\"v\":1}"),
        ("e", ""),
        ("f", "{\"v\":5}"),
    ];
    let canary = [
        ("d", ""),
        ("d", "{\"v\":1}"),
        ("b", "{\"v\":9}"),
        ("b", ""),
        ("a", "{\"v\":2}"),
        ("g", "{\"v\":1}"),
        ("f", "{\"v\":6}"),
    ];
    world.produce("b", &rows(&baseline));
    world.produce("c", &rows(&canary));
    let told = world.reconcile("--format json --identity key --mode latest");
    // b is gone from the canary, c and e from both, g is new.
    assert_eq!(
        told.gist(),
        "1 matched 2 mismatched 1 missing 1 extra 1 | v value 1",
        "{}",
        told.log
    );
    let excluded = |side: &str| told.side(side)["excluded_reasons"].clone();
    assert_eq!(
        (&excluded("baseline")["superseded"], &excluded("baseline")["tombstone"]),
        (&2.into(), &2.into())
    );
    assert_eq!(
        (&excluded("canary")["superseded"], &excluded("canary")["tombstone"]),
        (&2.into(), &1.into())
    );
    assert_eq!(told.stream()["coverage"], 1.0);
    // Paired, each record counts.
    let told = world.reconcile("--format json --identity key");
    assert!(
        told.gist().starts_with("1 matched 2 mismatched 2 missing 2"),
        "{}",
        told.gist()
    );
}

#[test]
fn of_files_the_last_line_of_each_counts() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let baseline = file(
        "b.jsonl",
        "{\"id\":1,\"v\":1}\n{\"id\":2,\"v\":1}\n{\"id\":1,\"v\":2}\n",
    );
    let canary = file(
        "c.jsonl",
        "{\"id\":1,\"v\":2}\n{\"id\":2,\"v\":7}\n{\"id\":2,\"v\":1}\n",
    );
    let run = |flags: &str| {
        let mut all = vec!["--baseline", &baseline, "--canary", &canary];
        all.extend(flags.split_whitespace());
        reconcile(&all)
    };
    let told = run("--identity field:id --mode latest");
    assert_eq!(told.gist(), "0 matched 2", "{}", told.log);
    // What does not fit in memory is settled from files, to the same report.
    let spilled = run("--identity field:id --mode latest --held-max-bytes 300");
    assert_eq!(spilled.report, told.report);
    for (flags, wrong) in [
        ("--mode latest", "there is no identity"),
        (
            "--mode latest --identity field:id --event-time field:v",
            "in one window",
        ),
        ("--mode latest --identity field:id --window 1m", "no event time"),
        ("--mode newest --identity field:id", "paired or latest"),
    ] {
        let told = run(flags);
        assert_eq!(told.exit, 2, "{flags}");
        assert!(told.log.contains(wrong), "{flags}: {}", told.log);
    }
}

#[test]
fn of_a_config_and_not_of_a_worker() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new();
    world.produce("b", &rows(&[("a", "{\"v\":1}"), ("a", "{\"v\":2}")]));
    world.produce("c", &rows(&[("a", "{\"v\":2}")]));
    let config = dir.path().join("crosscheck.yaml");
    let text = format!(
        "release: {{name: r}}\nclusters: {{main: {{brokers: [\"{}\"]}}}}\nstreams:\n  - name: orders\n    mode: latest\n    baseline: {{topic: b}}\n    \
         canary: {{topic: c}}\n    format: json\n    identity: {{parts: [key]}}\n    event_time: timestamp\n",
        world.brokers()
    );
    std::fs::write(&config, text).unwrap();
    let config = config.display().to_string();
    let told = reconcile(&["-c", &config]);
    assert_eq!(told.gist(), "0 matched 1", "{}", told.log);
    assert_eq!(told.side("baseline")["excluded_reasons"]["superseded"], 1);
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let all = ["crosscheck", "run", "-c", &config].map(Into::into);
    assert_eq!(crosscheck::cli::start(all, &mut out, &mut log) as u8, 2);
    let log = String::from_utf8(log).unwrap();
    assert!(
        log.contains("`latest` is for bounded runs") && log.contains(":5:11"),
        "{log}"
    );
}
