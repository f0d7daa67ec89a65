//! Rules that hold for some records only.

use super::{Told, reconcile};

const FIELDS: &str = r#"id string; v int; w string; n ["null", "long"]"#;

/// Two records a side, as Avro and as lines of JSON under flags; both must tell the same.
fn check(baseline: &str, canary: &str, flags: &[&str], expect: &str) {
    let dir = tempfile::tempdir().unwrap();
    let lines = |name: &str, rows: &str| {
        let rows: Vec<serde_json::Value> = serde_json::from_str(rows).unwrap();
        let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
        let path = dir.path().join(format!("{name}.jsonl"));
        std::fs::write(&path, lines.join("\n")).unwrap();
        path
    };
    let avro = |name: &str, rows: &str| super::avro::file(dir.path(), name, FIELDS, rows);
    for (baseline, canary) in [
        (avro("b", baseline), avro("c", canary)),
        (lines("b", baseline), lines("c", canary)),
        (avro("b", baseline), lines("c", canary)),
    ] {
        let told = run(&baseline.display().to_string(), &canary.display().to_string(), flags);
        assert_eq!(told.gist(), expect, "{} {flags:?}: {}", baseline.display(), told.log);
    }
}

fn run(baseline: &str, canary: &str, flags: &[&str]) -> Told {
    let sides = ["--baseline", baseline, "--canary", canary, "--identity", "field:id"];
    let all: Vec<&str> = sides.iter().chain(flags).copied().collect();
    reconcile(&all)
}

/// The record `a` with a word, and the record `b` with another.
fn rows(v: i64, w: &str, n: &str) -> String {
    format!(r#"[{{"id": "a", "v": {v}, "w": "{w}", "n": {n}}}, {{"id": "b", "v": {v}, "w": "other", "n": {n}}}]"#)
}

#[test]
fn an_ignore_holds_for_the_records_that_meet_it() {
    let (one, other) = (rows(1, "test", "1"), rows(2, "test", "1"));
    let ignore = ["--ignore", "v when field:w=test"];
    check(&one, &other, &ignore, "1 matched 1 mismatched 1 | v value 1");
    let number = ["--ignore", "v when field:n=1"];
    check(&one, &other, &number, "0 matched 2");
    check(
        &one,
        &other,
        &["--ignore", "v when field:n=2"],
        "1 mismatched 2 | v value 2",
    );
    let null = (rows(1, "test", "null"), rows(2, "test", "null"));
    check(&null.0, &null.1, &number, "1 mismatched 2 | v value 2");
    let both = ["--ignore", "v when field:w=test", "--ignore", "v when field:w=other"];
    check(&one, &other, &both, "0 matched 2");
}

#[test]
fn a_tolerance_and_a_map_too() {
    let (one, other) = (rows(1, "test", "1"), rows(2, "test", "1"));
    let tolerance = ["--tolerance", "v=1 when field:w=test"];
    check(&one, &other, &tolerance, "1 matched 1 mismatched 1 | v value 1");
    let map = ["--map", "v=1:2 when field:w=test"];
    check(&one, &other, &map, "1 matched 1 mismatched 1 | v value 1");
}

#[test]
fn where_it_holds_for_one_of_a_pair_they_differ() {
    let (one, other) = (rows(1, "test", "1"), rows(1, "real", "1"));
    let ignore = ["--ignore", "w", "--ignore", "v when field:w=test"];
    check(&one, &other, &ignore, "1 matched 1 mismatched 1 | w value 1");
    // A map says what a value is, whatever the other record is.
    let map = ["--ignore", "w", "--map", "v=2:1 when field:w=real"];
    check(
        &one,
        &rows(2, "real", "1"),
        &map,
        "1 matched 1 mismatched 1 | v value 1",
    );
}

#[test]
fn one_that_no_record_meets_is_a_warning_and_what_cannot_be_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = super::avro::file(
            dir.path(),
            name,
            "id string; v int; d double",
            r#"[{"id": "a", "v": 1, "d": 1}]"#,
        );
        path.display().to_string()
    };
    let (baseline, canary) = (file("b"), file("c"));
    let told = run(
        &baseline,
        &canary,
        &["--ignore", "v when field:id=x", "--ignore", "d when field:id=a"],
    );
    assert_eq!(told.gist(), "0 matched 1");
    assert_eq!(
        told.report["warnings"],
        serde_json::json!(["b: the rule `ignore v when field id is x` applied to no record"])
    );
    let told: Vec<String> = [
        ["--ignore", "v when id=a"],
        ["--ignore", "v when column:id=a"],
        ["--ignore", "v when field:nope=a"],
        ["--ignore", "v when field:d=1"],
        ["--ignore", "$key when field:id=a"],
        ["--ignore", "id when field:v=1"],
    ]
    .into_iter()
    .map(|flags| {
        let told = run(&baseline, &canary, &flags);
        assert_eq!(told.exit, 2, "{flags:?}: {}", told.log);
        format!("{}\n{}", flags.join(" "), told.plain_log())
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}
