//! What becomes of records (rule 6), and what the census says.

use super::avro::{compare, rows};

const ID: &str = "--identity field:id";
const FIELDS: &str = "id string; v int";
const A: &str = r#"{"id": "a", "v": 1}"#;
const B: &str = r#"{"id": "a", "v": 2}"#;
const C: &str = r#"{"id": "a", "v": 3}"#;
const X: &str = r#"{"id": "x", "v": 1}"#;

fn check(baseline: &[&str], canary: &[&str], flags: &str, expect: &str) {
    let rows = |rows: &[&str]| format!("[{}]", rows.join(","));
    let told = compare((FIELDS, &rows(baseline)), (FIELDS, &rows(canary)), flags);
    assert_eq!(told.gist(), expect, "{baseline:?} against {canary:?} {flags}");
}

#[test]
fn pairing_in_words_of_the_design() {
    check(&[A], &[A], ID, "0 matched 1");
    check(&[A], &[A, A], ID, "1 matched 1 duplicate 0/1");
    check(&[A, A], &[], ID, "3 missing 1 duplicate 1/0");
    check(
        &[A, A, B],
        &[A, C],
        ID,
        "1 matched 1 mismatched 1 duplicate 1/0 | v value 1",
    );
    check(&[A], &[A, B], ID, "1 matched 1 conflict 0/1");
    check(&[A], &[B], ID, "1 mismatched 1 | v value 1");
    check(&[A, B], &[B, A], ID, "0 matched 2");
    check(&[A, A], &[A, A], ID, "0 matched 2");
    check(&[A, X], &[A], ID, "1 matched 1 missing 1");
    check(&[A], &[A, X], ID, "1 matched 1 extra 1");
}

#[test]
fn entities_and_whole_content() {
    let entity = "--identity field:id --names entity";
    check(&[A], &[A, B], entity, "1 matched 1 extra 1");
    check(&[A], &[A, A], entity, "1 matched 1 duplicate 0/1");
    check(&[A], &[A, A], "", "1 matched 1 extra 1");
    check(&[A], &[B], "", "1 missing 1 extra 1");
    check(&[A, A, B], &[A, C], "", "1 matched 1 missing 2 extra 1");
}

#[test]
fn empty_sides_are_inconclusive() {
    check(&[], &[], ID, "3");
    check(&[], &[A], ID, "3 extra 1");
    check(&[A], &[], ID, "3 missing 1");
    check(&[], &[], "--inconclusive pass", "0");
    check(&[], &[], "--inconclusive fail", "1");
    let told = compare((FIELDS, "[]"), (FIELDS, "[]"), ID);
    assert_eq!(told.report["verdict"], "inconclusive");
    assert_eq!(told.report["reasons"][0]["check"], "evidence");
}

#[test]
fn identities_have_parts_and_nulls() {
    let check = |fields: &str, baseline: &str, canary: &str, flags: &str, expect: &str| {
        let told = compare((fields, baseline), (fields, canary), flags);
        assert_eq!(told.gist(), expect, "{baseline} {canary}");
    };
    let two = "a string; b string; v int";
    let ab = "--identity field:a field:b";
    let (left, right) = (
        r#"[{"a": "ab", "b": "c", "v": 1}]"#,
        r#"[{"a": "a", "b": "bc", "v": 1}]"#,
    );
    check(two, left, right, ab, "1 missing 1 extra 1");
    check(
        two,
        left,
        r#"[{"a": "ab", "b": "c", "v": 2}]"#,
        ab,
        "1 mismatched 1 | v value 1",
    );
    let null = r#"id ["null", "string"]; v int"#;
    let (one, two) = (r#"{"id": null, "v": 1}"#, r#"{"id": null, "v": 2}"#);
    check(
        null,
        &format!("[{one}, {two}]"),
        &format!("[{two}, {one}]"),
        ID,
        "0 matched 2",
    );
    check(
        null,
        &format!("[{one}]"),
        &format!("[{two}]"),
        ID,
        "1 missing 1 extra 1",
    );
    check(null, &format!("[{one}]"), &format!("[{A}]"), ID, "1 missing 1 extra 1");
}

#[test]
fn budgets() {
    let bad = rows(10).replace(r#""3", "v": 1"#, r#""3", "v": 2"#);
    let check = |flags: &str, exit: u8| {
        let told = compare((FIELDS, &rows(10)), (FIELDS, &bad), &format!("{ID} {flags}"));
        assert_eq!(told.exit, exit, "{flags}: {}", told.log);
        assert_eq!(told.gist(), format!("{exit} matched 9 mismatched 1 | v value 1"));
    };
    check("--budget 0.1", 0);
    check("--budget 10%", 0);
    check("--budget 0.09", 1);
    check("--budget mismatched=0.1", 0);
    check("--budget missing=0.1", 1);
    check("--budget 1", 0);
    check("--budget 0.1 --budget mismatched=0", 1);
}

#[test]
fn a_rate_leaves_conflict_at_zero() {
    let flags = |flags: &str| format!("{ID} {flags}");
    check(&[A], &[A, B], &flags("--budget 1"), "1 matched 1 conflict 0/1");
    check(&[A], &[A, B], &flags("--budget conflict=1"), "0 matched 1 conflict 0/1");
}

#[test]
fn findings_are_bounded_and_fields_are_not() {
    let bad = rows(300).replace(r#""v": 1"#, r#""v": 2"#);
    for (flags, kept) in [
        ("", 100),
        ("--findings-max 7", 7),
        ("--findings-max 0", 0),
        ("--findings-max 1000", 300),
    ] {
        let told = compare((FIELDS, &rows(300)), (FIELDS, &bad), &format!("{ID} {flags}"));
        assert_eq!(told.gist(), "1 mismatched 300 | v value 300", "{flags}");
        let findings = told.stream()["findings"].as_array().unwrap();
        assert_eq!(findings.len(), kept, "{flags}");
        assert!(findings.iter().all(|finding| finding["window"].is_null()));
    }
}
