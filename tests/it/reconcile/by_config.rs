//! The rules of a config, for two files: the same as flags, and what is wrong with its line and column.

use super::{Told, reconcile};

/// Runs it over one line of JSON a side, with this `compare`.
fn run(compare: &str, baseline: &str, canary: &str, flags: &str) -> Told {
    let dir = tempfile::tempdir().unwrap();
    let text = format!(
        "release: {{name: r}}\nclusters:\n  main: {{brokers: [\"localhost:1\"]}}\nstreams:\n  - name: orders\n    baseline: {{topic: b}}\n    \
         canary: {{topic: c}}\n    format: json\n    identity: {{parts: [{{field: id}}]}}\n    compare:\n{compare}"
    );
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (config, baseline, canary) = (
        file("crosscheck.yaml", &text),
        file("b.jsonl", baseline),
        file("c.jsonl", canary),
    );
    let mut all = vec!["-c", &config, "--baseline", &baseline, "--canary", &canary];
    all.extend(flags.split_whitespace());
    let mut told = reconcile(&all);
    told.log = told.log.replace(&format!("{}/", dir.path().display()), "");
    told
}

#[test]
fn the_rules_of_a_config_are_those_of_the_flags() {
    let compare = "      only: [v, c, items]\n      unordered: [items]\n      map:\n        - {path: c, values: {US: USA, \"1\": 2}}\n";
    let (one, other) = (
        r#"{"id":1,"v":1,"c":"US","items":[1,2],"at":1}"#,
        r#"{"id":1,"v":1,"c":"USA","items":[2,1],"at":2}"#,
    );
    assert_eq!(run(compare, one, other, "").gist(), "0 matched 1");
    let gone = other.replace("\"v\":1", "\"v\":2");
    assert_eq!(run(compare, one, &gone, "").gist(), "1 mismatched 1 | v value 1");
    // List flags add.
    assert_eq!(
        run(compare, one, other, "--only at").gist(),
        "1 mismatched 1 | at value 1"
    );
}

#[test]
fn an_ignore_that_expired_goes_on_and_is_a_warning() {
    let compare = "      ignore: [{path: at, owner: team-a, reason: clock, until: 2020-01-31}]\n";
    let told = run(compare, r#"{"id":1,"at":1}"#, r#"{"id":1,"at":2}"#, "");
    assert_eq!(told.gist(), "0 matched 1");
    let warnings = &told.report["warnings"];
    assert_eq!(
        *warnings,
        serde_json::json!(["orders: the ignore of at expired on 2020-01-31; team-a owns it"])
    );
    let later = compare.replace("2020", "9999");
    let told = run(&later, r#"{"id":1,"at":1}"#, r#"{"id":1,"at":2}"#, "");
    assert!(told.report["warnings"].is_null(), "{}", told.report);
}

#[test]
fn contradictions_are_told_with_line_and_column() {
    let compare = concat!(
        "      ignore: [{path: id}, {path: meta}]\n",
        "      only: [meta.x, v, $header.h]\n",
        "      unordered:\n        - v\n        - v\n",
        "      tolerance:\n        - {path: w, abs: 1}\n        - {path: v}\n        - {path: meta.n, abs: 1}\n",
        "      map:\n        - {path: c, values: {A: B, B: C}}\n        - {path: c, values: {}}\n        - {path: d, valeus: {}}\n",
    );
    let told = run(compare, "{}", "{}", "");
    assert_eq!(told.exit, 2);
    insta::assert_snapshot!(told.plain_log());
}

/// No schema says what stands at a path of a document: a rule that is for something else applies to nothing there, and that is told.
#[test]
fn rules_that_do_not_fit_a_document_are_told() {
    let compare = concat!(
        "      tolerance: [{path: note, abs: 1}, {path: price, abs: 1}, {path: at, time: 5ms}]\n",
        "      unordered: [note, items]\n",
    );
    let record = r#"{"id":1,"note":"n","price":null,"items":[1],"at":"2026-12-01T00:00:00Z"}
{"id":2,"note":"n","price":1.5,"items":[1],"at":"2026-12-01T00:00:00Z"}"#;
    let told = run(compare, record, record, "");
    assert_eq!(told.gist(), "0 matched 2");
    assert_eq!(
        told.report["warnings"],
        serde_json::json!([
            "orders: the rule `tolerance note` applied to no record",
            "orders: the rule `tolerance at` applied to no record",
            "orders: the rule `unordered note` applied to no record",
        ])
    );
}
