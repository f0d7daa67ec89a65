//! Small inputs that ask for much: bounded work, bounded memory, a reason.

use crosscheck::codec::Schema;
use crosscheck::model::{Side, UndecodableReason};

use super::build::{one, reducer, settings, unhex};

fn reason(schema: &str, bytes: &[u8]) -> UndecodableReason {
    one(&mut reducer(Side::Baseline, settings(), schema, schema), bytes).expect_err(schema)
}

#[test]
fn counts_and_lengths() {
    use UndecodableReason::{Bounds, Truncated};
    let empty = r#"{"type":"array","items":{"type":"record","name":"E","fields":[]}}"#;
    let zero = r#"{"type":"array","items":{"type":"fixed","name":"Z","size":0}}"#;
    let nested = r#"{"type":"array","items":{"type":"array","items":"null"}}"#;
    let nulls = r#"{"type":"array","items":"null"}"#;
    let (texts, map) = (
        r#"{"type":"array","items":"string"}"#,
        r#"{"type":"map","values":"null"}"#,
    );
    for (schema, hex, expect) in [
        (nulls, "8094ebdc03 00", Bounds),
        (nulls, "feffffff0f 00", Bounds),
        (nulls, "ffffffffffffffffff01 00", Bounds),
        (empty, "8094ebdc03 00", Bounds),
        (zero, "8094ebdc03 00", Bounds),
        (nested, "02 8094ebdc03 00 00", Bounds),
        (texts, "feffffff0f 00", Truncated),
        (texts, "feffffffffffffffff01", Bounds),
        (texts, "02 feffffff0f", Truncated),
        (map, "feffffff0f", Truncated),
        (map, "02 feffffffffffffffff01", Bounds),
        ("bytes", "feffffffffffffffff01", Bounds),
        ("string", "feffffff0f", Truncated),
        ("bytes", "ffffffffffffffffff01", Bounds),
        (texts, "01 feffffffffffffffff01", Bounds),
        (texts, "01 feffffff0f", Truncated),
        (texts, "01 01", Bounds),
    ] {
        assert_eq!(reason(schema, &unhex(hex)), expect, "{schema} {hex}");
    }
}

#[test]
fn depth() {
    let list = r#"{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}"#;
    let deep = |levels: usize| [vec![2; levels], vec![0]].concat();
    assert!(one(&mut reducer(Side::Baseline, settings(), list, list), &deep(63)).is_ok());
    assert_eq!(reason(list, &deep(64)), UndecodableReason::Bounds);
    assert_eq!(reason(list, &deep(100_000)), UndecodableReason::Bounds);
    let tree = r#"{"type":"record","name":"T","fields":[{"name":"c","type":{"type":"array","items":"T"}}]}"#;
    assert_eq!(reason(tree, &[2; 5_000]), UndecodableReason::Bounds);
    let map = r#"{"type":"record","name":"M","fields":[{"name":"c","type":{"type":"map","values":"M"}}]}"#;
    assert_eq!(reason(map, &[2, 0].repeat(5_000)), UndecodableReason::Bounds);
    let itself = r#"{"type":"record","name":"S","fields":[{"name":"a","type":"S"},{"name":"b","type":"S"}]}"#;
    assert_eq!(reason(itself, &[]), UndecodableReason::Bounds);
}

#[test]
fn records_without_bytes_that_double() {
    let mut fields = r#"{"name":"f0","type":{"type":"record","name":"R0","fields":[]}}"#.to_owned();
    for i in 1..40 {
        let below = i - 1;
        fields += &format!(
            r#",{{"name":"f{i}","type":{{"type":"record","name":"R{i}","fields":[{{"name":"a","type":"R{below}"}},{{"name":"b","type":"R{below}"}}]}}}}"#
        );
    }
    let schema = format!(r#"{{"type":"record","name":"Root","fields":[{fields}]}}"#);
    assert_eq!(reason(&schema, &[]), UndecodableReason::Bounds);
}

#[test]
fn blocks_in_blocks_are_walked_once() {
    // Sixty levels of arrays, each in two blocks: walking a level again for its second block would never end.
    let (mut schema, mut value) = ("\"int\"".to_owned(), vec![2]);
    for _ in 0..60 {
        schema = format!(r#"{{"type":"array","items":{schema}}}"#);
        value = [vec![2], value, vec![0]].concat();
    }
    let mut plain = reducer(Side::Baseline, settings(), &schema, &schema);
    assert!(one(&mut plain, &value).is_ok());
    let mut split = vec![2];
    for _ in 0..60 {
        split = [vec![1, u8::try_from(split.len() * 2 % 128).unwrap()], split, vec![0]].concat();
    }
    assert!(one(&mut plain, &split).is_err());
}

#[test]
fn schemas() {
    let deep = format!(
        "{}\"int\"{}",
        r#"{"type":"array","items":"#.repeat(100),
        "}".repeat(100)
    );
    assert!(Schema::parse(&deep).is_err());
    assert!(Schema::parse(&"[".repeat(100_000)).is_err());
    assert!(Schema::parse(&format!("\"{}\"", "x".repeat(2 << 20))).is_err());
    assert!(Schema::parse(r#"{"type":"fixed","name":"F","size":1048577}"#).is_err());
    assert!(Schema::parse(r#"["null","null"]"#).is_err());
    assert!(Schema::parse(r#"["null",["int"]]"#).is_err());
    assert!(Schema::parse(r#"{"type":"record","name":"R","fields":[{"name":"a","type":"Nope"}]}"#).is_err());
    // A chain of references, far longer than any that nests.
    let mut fields =
        r#"{"name":"f0","type":{"type":"record","name":"R0","fields":[{"name":"v","type":"int"}]}}"#.to_owned();
    for i in 1..3_000 {
        let below = i - 1;
        fields += &format!(
            r#",{{"name":"f{i}","type":["null",{{"type":"record","name":"R{i}","fields":[{{"name":"a","type":["null","R{below}"]}}]}}]}}"#
        );
    }
    let schema = format!(r#"{{"type":"record","name":"Root","fields":[{fields}]}}"#);
    let last = r#"{"type":"record","name":"Root","fields":[{"name":"f2999","type":"int"}]}"#;
    assert!(one(&mut reducer(Side::Baseline, settings(), &schema, last), &[2]).is_err());
}
