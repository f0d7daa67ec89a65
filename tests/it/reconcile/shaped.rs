//! `only`, `map` and `unordered`: in Avro, in JSON, as flags and in a config.

use super::avro::compare;
use super::{Told, reconcile};

const ID: &str = "--identity field:id";

/// One record a side, as Avro under `FIELDS`, and as lines of JSON: both must tell the same.
fn check(fields: &str, baseline: &str, canary: &str, flags: &str, expect: &str) {
    let flags = format!("{ID} {flags}");
    let list = |row: &str| format!("[{row}]");
    let avro = compare((fields, &list(baseline)), (fields, &list(canary)), &flags);
    assert_eq!(avro.gist(), expect, "avro: {baseline} against {canary} {flags}");
    assert_eq!(
        lines(baseline, canary, &flags).gist(),
        expect,
        "json: {baseline} against {canary} {flags}"
    );
}

fn lines(baseline: &str, canary: &str, flags: &str) -> Told {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, line: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, line).unwrap();
        path.display().to_string()
    };
    let (baseline, canary) = (file("b.jsonl", baseline), file("c.jsonl", canary));
    let mut all = vec!["--baseline", &baseline, "--canary", &canary];
    all.extend(flags.split_whitespace());
    reconcile(&all)
}

const SAME: &str = "0 matched 1";
const ITEMS: &str = concat!(
    r#"id string; v {"type": "array", "items": {"type": "record", "name": "Item", "fields": ["#,
    r#"{"name": "q", "type": "int"}, {"name": "t", "type": {"type": "array", "items": "string"}}]}}"#
);

#[test]
fn only_these_paths_are_compared() {
    let fields = r#"id string; v int; w int; m {"type": "map", "values": "int"}"#;
    let (one, other) = (
        r#"{"id": "a", "v": 1, "w": 1, "m": {"x": 1}}"#,
        r#"{"id": "a", "v": 1, "w": 2, "m": {"x": 2}}"#,
    );
    check(fields, one, other, "--only v", SAME);
    check(fields, one, other, "--only w", "1 mismatched 1 | w value 1");
    check(fields, one, other, "--only id --only v", SAME);
    let told = lines(one, other, &format!("{ID} --only m{{*}}"));
    assert_eq!(told.gist(), "1 mismatched 1 | m.x value 1");
    let avro = compare(
        (fields, &format!("[{one}]")),
        (fields, &format!("[{other}]")),
        &format!("{ID} --only m{{*}}"),
    );
    assert_eq!(avro.gist(), "1 mismatched 1 | m{*} value 1");
}

#[test]
fn only_paths_in_arrays_and_less_of_them() {
    let (one, other) = (
        r#"{"id": "a", "v": [{"q": 1, "t": ["x"]}, {"q": 2, "t": []}]}"#,
        r#"{"id": "a", "v": [{"q": 1, "t": ["y"]}, {"q": 2, "t": []}]}"#,
    );
    check(ITEMS, one, other, "--only v[*].q", SAME);
    check(ITEMS, one, other, "--only v[*].t", "1 mismatched 1 | v[*].t[*] value 1");
    check(ITEMS, one, other, "--only v --ignore v[*].t", SAME);
}

#[test]
fn values_count_as_others_on_both_sides() {
    let fields = r#"id string; v string; n ["null", "long"]; b boolean"#;
    let row = |v: &str, n: &str, b: &str| format!(r#"{{"id": "a", "v": "{v}", "n": {n}, "b": {b}}}"#);
    let (one, other) = (row("US", "1", "true"), row("USA", "1", "true"));
    let map = "--map v=US:USA --map v=UK:GBR";
    check(fields, &one, &other, map, SAME);
    check(fields, &other, &one, map, SAME);
    check(
        fields,
        &one,
        &row("GBR", "1", "true"),
        map,
        "1 mismatched 1 | v value 1",
    );
    check(
        fields,
        &row("1", "7", "true"),
        &row("1", "8", "true"),
        "--map n=7:8",
        SAME,
    );
    check(
        fields,
        &row("7", "7", "true"),
        &row("8", "8", "true"),
        "--map n=7:8",
        "1 mismatched 1 | v value 1",
    );
    check(fields, &one, &row("US", "1", "false"), "--map b=true:false", SAME);
    check(
        fields,
        &one,
        &row("US", "null", "true"),
        "--map n=1:null",
        "1 mismatched 1 | n null 1",
    );
}

#[test]
fn symbols_count_as_others_whatever_the_contract_has() {
    let of = |symbols: &str| format!(r#"id string; v {{"type": "enum", "name": "E", "symbols": [{symbols}]}}"#);
    let (us, usa, both) = (of(r#""US""#), of(r#""USA""#), of(r#""US", "USA""#));
    let row = |v: &str| format!(r#"[{{"id": "a", "v": "{v}"}}]"#);
    let flags = format!("{ID} --map v=US:USA");
    for (baseline, canary) in [(&us, &usa), (&usa, &us), (&both, &usa), (&us, &us)] {
        let first = |fields: &String| {
            if fields.contains(r#"["US"#) && !fields.contains(r#"["USA"#) {
                "US"
            } else {
                "USA"
            }
        };
        let told = compare((baseline, &row(first(baseline))), (canary, &row(first(canary))), &flags);
        assert!(told.gist().starts_with(SAME), "{baseline} {canary}: {}", told.gist());
    }
    let told = compare(
        (&both, &row("US")),
        (&both, &row("USA")),
        &format!("{ID} --map v=USA:US --show v"),
    );
    assert_eq!(told.gist(), SAME);
}

#[test]
fn arrays_in_any_order_are_multisets() {
    let ints = r#"id string; v {"type": "array", "items": "int"}"#;
    let row = |v: &str| format!(r#"{{"id": "a", "v": {v}}}"#);
    let any = "--unordered v";
    check(ints, &row("[3, 1, 2]"), &row("[1, 2, 3]"), any, SAME);
    check(ints, &row("[1, 1, 2]"), &row("[1, 2, 1]"), any, SAME);
    check(
        ints,
        &row("[1, 1, 2]"),
        &row("[1, 2, 2]"),
        any,
        "1 mismatched 1 | v[*] value 1",
    );
    check(ints, &row("[1]"), &row("[1, 1]"), any, "1 mismatched 1 | v length 1");
    check(ints, &row("[]"), &row("[]"), any, SAME);
}

#[test]
fn arrays_in_arrays_each_by_its_own_rule() {
    let (one, other) = (
        r#"{"id": "a", "v": [{"q": 1, "t": ["x", "y"]}, {"q": 2, "t": ["z", "z"]}]}"#,
        r#"{"id": "a", "v": [{"q": 2, "t": ["z", "z"]}, {"q": 1, "t": ["y", "x"]}]}"#,
    );
    check(ITEMS, one, other, "--unordered v --unordered v[*].t", SAME);
    check(ITEMS, one, other, "--unordered v", "1 mismatched 1 | v[*] value 1");
    let turned = r#"{"id": "a", "v": [{"q": 1, "t": ["y", "x"]}, {"q": 2, "t": ["z", "z"]}]}"#;
    check(ITEMS, one, turned, "--unordered v[*].t", SAME);
    check(ITEMS, one, turned, "--unordered v", "1 mismatched 1 | v[*] value 1");
    check(ITEMS, one, other, "--unordered v --ignore v[*].t", SAME);
}

#[test]
fn json_as_an_avro_contract_has_the_same_rules() {
    let dir = tempfile::tempdir().unwrap();
    let fields = r#"id string; v {"type": "array", "items": "string"}; c {"type": "enum", "name": "E", "symbols": ["US"]}; w int"#;
    let avro = super::avro::file(
        dir.path(),
        "b",
        fields,
        r#"[{"id": "a", "v": ["y", "x"], "c": "US", "w": 1}]"#,
    );
    let json = dir.path().join("c.jsonl");
    std::fs::write(&json, r#"{"id": "a", "v": ["x", "y"], "c": "USA", "w": 2}"#).unwrap();
    let (avro, json) = (avro.display().to_string(), json.display().to_string());
    for (baseline, canary) in [(&avro, &json), (&json, &avro)] {
        let run = |flags: &str| {
            let mut all = vec!["--baseline", baseline, "--canary", canary, "--identity", "field:id"];
            all.extend(flags.split_whitespace());
            reconcile(&all).gist()
        };
        assert_eq!(run("--unordered v --map c=USA:US --ignore w"), SAME);
        assert_eq!(run("--unordered v --map c=US:USA --only v --only c"), SAME);
        assert_eq!(
            run("--map c=USA:US --only v --only c"),
            "1 mismatched 1 | v order 1",
            "{baseline}"
        );
    }
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do() {
    let fields = r#"id string; v {"type": "array", "items": "int"}; d double; m {"type": "record", "name": "M", "fields": [{"name": "id", "type": "string"}]}"#;
    let row = r#"[{"id": "a", "v": [], "d": 1, "m": {"id": "x"}}]"#;
    let told: Vec<String> = [
        "--unordered d",
        "--unordered v[*]",
        "--unordered nope",
        "--only nope",
        "--map d=1:2",
        "--map nope=1:2",
        "--map v",
        "--map id=a",
        "--map id=a:b --map id=a:c",
        "--map id=a:b --map id=b:c",
        "--only id --ignore id",
        "--only id --tolerance d=1",
        "--ignore d --tolerance d=1",
        "--ignore v --unordered v",
        "--only $header.x",
        "--identity field:m.id --ignore m",
        "--rename a=id --rename a=d",
    ]
    .into_iter()
    .map(|flags| {
        let told = compare((fields, row), (fields, row), flags);
        assert_eq!(told.exit, 2, "{flags}: {}", told.log);
        format!("{flags}\n{}", told.plain_log())
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

/// The warnings of a run of one record a side, as Avro.
fn warnings(fields: (&str, &str), rows: (&str, &str), flags: &str) -> Vec<String> {
    let told = compare((fields.0, rows.0), (fields.1, rows.1), &format!("{ID} {flags}"));
    assert!(told.exit < 2, "{flags}: {}", told.log);
    texts(&told)
}

fn texts(told: &Told) -> Vec<String> {
    let all = told.report["warnings"].as_array();
    all.into_iter()
        .flatten()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_rule_that_applied_to_no_record_is_a_warning() {
    let fields = "id string; v string; w int";
    let row = r#"[{"id": "a", "v": "US", "w": 1}]"#;
    let of = |flags: &str| warnings((fields, fields), (row, row), flags);
    let none: [&str; 0] = [];
    assert_eq!(of("--ignore v --tolerance w=1"), none);
    assert_eq!(of("--only id --only v --map v=US:USA"), none);
    assert_eq!(
        of("--map v=UK:GBR"),
        ["baseline: the rule `map v` applied to no record"]
    );
    // The contract has the name; the canary writes it already.
    let renamed = "id string; u string; w int";
    let other = r#"[{"id": "a", "u": "US", "w": 1}]"#;
    assert_eq!(warnings((fields, renamed), (row, other), "--rename u=v"), none);
    assert_eq!(
        warnings((fields, renamed), (row, other), "--rename v=w"),
        ["baseline: the rule `rename v: w` applied to no record"]
    );
    assert_eq!(
        of("--absent-equals-default"),
        ["baseline: the rule `absent_equals_default` applied to no record"]
    );
    let symbols = r#"id string; v {"type": "enum", "name": "E", "symbols": ["US", "USA"]}; w int"#;
    let of = |flags: &str| warnings((symbols, symbols), (row, row), flags);
    assert_eq!(of("--map v=US:USA"), none);
    assert_eq!(
        of("--map v=UK:USA"),
        ["baseline: the rule `map v` applied to no record"]
    );
}

#[test]
fn of_documents_a_rule_applies_where_its_path_is() {
    let (one, other) = (
        r#"{"id": "a", "v": [1, 2], "c": "US"}"#,
        r#"{"id": "a", "v": [2, 1], "country": "US"}"#,
    );
    let flags = "--identity field:id --unordered v --unordered w --ignore nope --rename country=c --rename x=y --map c=US:USA --map c=A:B --only id --only v --only c --only w";
    let told = lines(one, other, flags);
    assert_eq!(told.gist(), SAME);
    assert_eq!(
        texts(&told),
        [
            "b: the rule `ignore nope` applied to no record",
            "b: the rule `only w` applied to no record",
            "b: the rule `unordered w` applied to no record",
            "b: the rule `rename x: y` applied to no record",
        ]
    );
}
