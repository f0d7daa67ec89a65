//! Tolerances, ignores, renames, defaults: what counts as equal, and how what differs is named.

use super::avro::compare;

const ID: &str = "--identity field:id";

/// One record a side with the identity `a`: `TYPE` and a value of field `v`.
fn check(kind: &str, baseline: &str, canary: &str, flags: &str, expect: &str) {
    let fields = format!("id string; v {kind}");
    let row = |value: &str| format!(r#"[{{"id": "a", "v": {value}}}]"#);
    let told = compare(
        (&fields, &row(baseline)),
        (&fields, &row(canary)),
        &format!("{ID} {flags}"),
    );
    assert_eq!(told.gist(), expect, "{kind}: {baseline} against {canary} {flags}");
}

const SAME: &str = "0 matched 1";
const VALUE: &str = "1 mismatched 1 | v value 1";

#[test]
fn tolerances_are_exact_and_inclusive() {
    let decimal = r#"{"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 3}"#;
    let cent = "--tolerance v=0.01";
    check(decimal, "1000", "1010", cent, SAME);
    check(decimal, "1000", "1011", cent, VALUE);
    check("double", "1.1", "1.11", cent, SAME);
    check("double", "1.1", "1.1100001", cent, VALUE);
    check("float", "1.1", "1.11", cent, SAME);
    check("int", "10", "11", "--tolerance v=1", SAME);
    check("int", "10", "12", "--tolerance v=1", VALUE);
    check(
        "long",
        "9007199254740993",
        "9007199254740992",
        "--tolerance v=0.5",
        VALUE,
    );
    check("double", r#""NaN""#, r#""NaN""#, cent, SAME);
    check("double", r#""NaN""#, "1", "--tolerance v=1e9", VALUE);
    check("double", "0.0", "-0.0", "--tolerance v=0", SAME);
    check("double", "0.0", "-0.0", "", VALUE);
}

#[test]
fn a_relative_tolerance_is_the_baseline_s() {
    let percent = "--tolerance v=1%";
    check("double", "100", "101", percent, SAME);
    check("double", "100", "101.01", percent, VALUE);
    check("double", "-100", "-101", percent, SAME);
    check("double", "99", "100", percent, VALUE);
    check("double", "101", "100", percent, SAME);
    check("double", "0", "1e-9", percent, VALUE);
}

#[test]
fn a_tolerance_of_time_is_in_its_unit() {
    for (logical, tick_ms) in [("timestamp-millis", 1), ("timestamp-micros", 1000)] {
        let kind = format!(r#"{{"type": "long", "logicalType": "{logical}"}}"#);
        let at = |ms: i64| (1_700_000_000_000 * tick_ms + ms * tick_ms).to_string();
        for (flags, near, far) in [
            ("--tolerance v=5ms", 5, 6),
            ("--tolerance v=2s", 2_000, 2_001),
            ("--tolerance v=1m", 60_000, 60_001),
        ] {
            check(&kind, &at(0), &at(near), flags, SAME);
            check(&kind, &at(0), &at(far), flags, VALUE);
        }
    }
    let date = r#"{"type": "int", "logicalType": "date"}"#;
    check(date, "10", "11", "--tolerance v=1d", SAME);
    check(date, "10", "12", "--tolerance v=1d", VALUE);
}

#[test]
fn a_tolerance_covers_neither_null_nor_type() {
    let wide = "--tolerance v=1000";
    check(
        r#"["null", "double"]"#,
        "null",
        "0.0",
        wide,
        "1 mismatched 1 | v null 1",
    );
    check(r#"["null", "double"]"#, "null", "null", wide, SAME);
    check(r#"["null", "double"]"#, "1.5", "2.5", wide, SAME);
    let told = compare(
        ("id string; v int", r#"[{"id": "a", "v": 1}]"#),
        ("id string; v double", r#"[{"id": "a", "v": 1.5}]"#),
        &format!("{ID} {wide}"),
    );
    assert_eq!(told.gist(), "1 mismatched 1 | v type 1 | v type!");
}

#[test]
fn a_tolerance_of_what_is_no_number_is_refused() {
    for (kind, value, flags) in [
        ("int", "1", "--tolerance v=5ms"),
        ("string", r#""x""#, "--tolerance v=1"),
        (r#"{"type": "array", "items": "int"}"#, "[]", "--tolerance v=1"),
    ] {
        let fields = format!("id string; v {kind}");
        let row = format!(r#"[{{"id": "a", "v": {value}}}]"#);
        let told = compare((&fields, &row), (&fields, &row), flags);
        assert!(told.exit == 2 && told.log.contains("is not a"), "{kind}: {}", told.log);
    }
}

#[test]
fn arrays_and_maps() {
    let array = r#"{"type": "array", "items": "int"}"#;
    check(array, "[1, 2]", "[1, 2, 3]", "", "1 mismatched 1 | v length 1");
    check(array, "[1, 2]", "[2, 1]", "", "1 mismatched 1 | v order 1");
    check(array, "[1, 2, 3]", "[1, 5, 6]", "", "1 mismatched 1 | v[*] value 1");
    let records = concat!(
        r#"{"type": "array", "items": {"type": "record", "name": "Item", "fields": "#,
        r#"[{"name": "q", "type": "int"}, {"name": "z", "type": "int"}]}}"#
    );
    let (one, other) = (r#"[{"q": 1, "z": 1}]"#, r#"[{"q": 2, "z": 3}]"#);
    check(
        records,
        one,
        other,
        "",
        "1 mismatched 1 | v[*].q value 1 | v[*].z value 1",
    );
    check(records, one, other, "--ignore v[*].q --ignore v[*].z", SAME);
    let map = r#"{"type": "map", "values": "int"}"#;
    check(
        map,
        r#"{"a": 1, "b": 2}"#,
        r#"{"a": 7, "c": 2}"#,
        "",
        "1 mismatched 1 | v length 1 | v{*} value 1",
    );
    check(map, r#"{"a": 1}"#, r#"{"a": 2}"#, "--ignore v{*}", SAME);
}

#[test]
fn an_absent_field_and_its_default() {
    let check = |fields: &str, row: &str, flags: &str, expect: &str| {
        let told = compare(
            (fields, row),
            ("id string", r#"[{"id": "a"}]"#),
            &format!("{ID} {flags}"),
        );
        assert_eq!(told.gist(), expect, "{fields}: {row} {flags}");
    };
    let aed = "--absent-equals-default";
    let int = "id string; n int = 0";
    check(
        int,
        r#"[{"id": "a", "n": 0}]"#,
        "",
        "1 mismatched 1 | n absent 1 | n removed",
    );
    check(int, r#"[{"id": "a", "n": 0}]"#, aed, "0 matched 1 | n removed");
    check(
        int,
        r#"[{"id": "a", "n": 5}]"#,
        aed,
        "1 mismatched 1 | n absent 1 | n removed",
    );
    let none = "id string; n int";
    check(
        none,
        r#"[{"id": "a", "n": 0}]"#,
        aed,
        "1 mismatched 1 | n absent 1 | n removed!",
    );
    check(
        none,
        r#"[{"id": "a", "n": 0}]"#,
        "--ignore n",
        "0 matched 1 | n removed!",
    );
    let null = r#"id string; n ["null", "int"] = null"#;
    check(null, r#"[{"id": "a", "n": null}]"#, aed, "0 matched 1 | n removed");
}

#[test]
fn renames_name_what_is_there() {
    let check = |flags: &str, expect: &str| {
        let told = compare(
            ("id string; v int", r#"[{"id": "a", "v": 1}]"#),
            ("id string; w int", r#"[{"id": "a", "w": 1}]"#),
            &format!("{ID} {flags}"),
        );
        let gist = told.gist();
        assert!(gist.starts_with(expect), "{flags}: {gist}");
    };
    check("--rename w=v", "0 matched 1 | v renamed!");
    check("", "1 mismatched 1 | v absent 1 | v removed! | w added");
    check("--rename nope=v", "2 ");
    check("--rename w=nope", "2 ");
}
