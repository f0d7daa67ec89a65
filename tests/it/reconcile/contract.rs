//! Schemas that move on: what is equal across them, and what is told of the change.

use super::avro::compare;

/// The type of field `v` and a value of it, baseline then canary.
fn check(baseline: (&str, &str), canary: (&str, &str), expect: &str) {
    let fields = |kind: &str| format!("id string; v {kind}");
    let row = |value: &str| format!(r#"[{{"id": "a", "v": {value}}}]"#);
    let told = compare(
        (&fields(baseline.0), &row(baseline.1)),
        (&fields(canary.0), &row(canary.1)),
        "--identity field:id",
    );
    assert_eq!(told.gist(), expect, "{baseline:?} against {canary:?}");
}

#[test]
fn promotions_and_narrowings() {
    check(("long", "5"), ("int", "5"), "0 matched 1 | v type");
    check(("int", "5"), ("long", "5"), "0 matched 1 | v type!");
    check(
        ("int", "5"),
        ("long", "1099511627776"),
        "1 mismatched 1 | v type 1 | v type!",
    );
    check(("double", "0.5"), ("float", "0.5"), "0 matched 1 | v type");
    check(
        ("float", "0.1"),
        ("double", "0.1"),
        "1 mismatched 1 | v type 1 | v type!",
    );
    check(("int", "5"), ("double", "5"), "1 mismatched 1 | v type 1 | v type!");
    check(("string", r#""x""#), ("bytes", r#""x""#), "0 matched 1 | v type");
}

#[test]
fn unions() {
    check(("int", "5"), (r#"["null", "int"]"#, "5"), "0 matched 1 | v union!");
    check((r#"["null", "int"]"#, "5"), ("int", "5"), "0 matched 1 | v union");
    check((r#"["null", "int"]"#, "5"), (r#"["int", "null"]"#, "5"), "0 matched 1");
    check(
        (r#"["int", "string"]"#, "5"),
        (r#"["int", "string"]"#, r#""5""#),
        "1 mismatched 1 | v type 1",
    );
    check(
        (r#"["null", "int"]"#, "5"),
        (r#"["null", "int"]"#, "null"),
        "1 mismatched 1 | v null 1",
    );
}

#[test]
fn symbols_outside_the_contract_are_another_value() {
    let symbols = |symbols: &str| format!(r#"{{"type": "enum", "name": "E", "symbols": [{symbols}]}}"#);
    let (two, three) = (symbols(r#""A", "B""#), symbols(r#""A", "B", "C""#));
    check((&two, r#""A""#), (&three, r#""A""#), "0 matched 1 | v enum!");
    check(
        (&two, r#""A""#),
        (&three, r#""C""#),
        "1 mismatched 1 | v value 1 | v enum!",
    );
    check((&two, r#""A""#), (&symbols(r#""B", "A""#), r#""A""#), "0 matched 1");
}

#[test]
fn scales_and_units() {
    let decimal =
        |scale: u32| format!(r#"{{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": {scale}}}"#);
    let (cents, finer) = (decimal(2), decimal(4));
    check((&cents, "110"), (&finer, "11000"), "0 matched 1 | v logical_type!");
    check(
        (&cents, "110"),
        (&finer, "11001"),
        "1 mismatched 1 | v type 1 | v logical_type!",
    );
    let time = |unit: &str| format!(r#"{{"type": "long", "logicalType": "timestamp-{unit}"}}"#);
    let (millis, micros) = (time("millis"), time("micros"));
    check((&millis, "5"), (&micros, "5000"), "0 matched 1 | v logical_type");
    check((&micros, "5000"), (&millis, "5"), "0 matched 1 | v logical_type");
}

#[test]
fn fields_come_and_move() {
    let of = |baseline: (&str, &str), canary: (&str, &str)| compare(baseline, canary, "--identity field:id").gist();
    let both = ("id string; v int", r#"[{"id": "a", "v": 1}]"#);
    let added = ("id string; v int; n int", r#"[{"id": "a", "v": 1, "n": 2}]"#);
    let moved = ("n int; v int; id string", r#"[{"id": "a", "v": 1, "n": 2}]"#);
    assert_eq!(of(both, added), "0 matched 1 | n added");
    assert_eq!(of(added, moved), "0 matched 1");
    let alias = concat!(
        r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}, "#,
        r#"{"name": "w", "type": "int", "aliases": ["v"]}]}"#
    );
    let aliased = (alias, r#"[{"id": "a", "w": 1}]"#);
    assert_eq!(of(both, aliased), "0 matched 1 | v renamed");
    assert_eq!(of(aliased, both), "0 matched 1 | w renamed");
}
