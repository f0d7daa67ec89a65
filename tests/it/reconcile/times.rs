//! Event time: windows, grace, late, untimely, and ranges of it.

use std::fmt::Write as _;

use super::Told;
use super::avro::compare;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000;
const FIELDS: &str = r#"id string; t ["null", {"type": "long", "logicalType": "timestamp-millis"}]; v int"#;

type Row<'a> = (&'a str, Option<i64>, i64);

/// Records of (identity, milliseconds after the start, value).
fn run(baseline: &[Row], canary: &[Row], flags: &str) -> Told {
    let rows = |rows: &[Row]| {
        let mut text = String::new();
        for (id, at, v) in rows {
            let at = at.map_or("null".to_owned(), |at| (START + at).to_string());
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, r#"{comma}{{"id": "{id}", "t": {at}, "v": {v}}}"#);
        }
        format!("[{text}]")
    };
    let flags = format!("--identity field:id --event-time field:t --ignore t {flags}");
    compare((FIELDS, &rows(baseline)), (FIELDS, &rows(canary)), &flags)
}

fn at(id: &str, ms: i64) -> Row<'_> {
    (id, Some(ms), 1)
}

#[test]
fn windows_and_skew() {
    let told = run(&[at("a", 31_000)], &[("a", Some(31_000), 2)], "");
    assert_eq!(told.stream()["findings"][0]["window"], "2026-01-01T00:00:30Z");
    let told = run(&[at("a", 0)], &[at("a", 7)], "");
    assert_eq!(told.gist(), "0 matched 1");
    assert_eq!(told.stream()["skew_ms"]["p50"], 7);
}

#[test]
fn grace() {
    let check = |later: i64, v: i64, flags: &str, expect: &str| {
        let told = run(&[at("a", 0)], &[("a", Some(later), v)], flags);
        assert_eq!(told.gist(), expect, "{later} {flags}");
    };
    check(30_000, 1, "--grace 30s", "0 matched 1");
    check(30_001, 1, "--grace 30s", "1 missing 1 extra 1");
    check(99_000_000, 1, "", "0 matched 1");
    check(15_000, 2, "--grace 30s", "1 mismatched 1 | v value 1");
    check(15_001, 2, "--grace 30s", "1 missing 1 extra 1");
}

#[test]
fn late_records_take_no_part() {
    let shuffled = [at("a", 10_001), at("b", 0)];
    let told = run(&shuffled, &shuffled, "");
    assert_eq!(told.gist(), "0 matched 2");
    let told = run(&shuffled, &shuffled, "--lateness 10001ms");
    assert_eq!(told.gist(), "0 matched 2");
    let told = run(&shuffled, &shuffled, "--lateness 10s");
    assert_eq!(told.gist(), "3 matched 1");
    assert_eq!(told.side("canary")["late"], 1);
    assert_eq!(told.report["reasons"][0]["check"], "late");
    let told = run(&shuffled, &shuffled, "--lateness 10s --late-max 0.5");
    assert_eq!(told.gist(), "0 matched 1");
}

#[test]
fn untimely_is_absent_and_nothing_else() {
    let none = ("b", None, 1);
    let told = run(&[at("a", 0), at("b", 1)], &[at("a", 0), none], "");
    assert_eq!(told.gist(), "1 matched 1 missing 1");
    assert_eq!(told.side("canary")["untimely"], 1);
    let told = run(&[at("a", 0), none], &[at("a", 0), none], "");
    assert_eq!(told.gist(), "0 matched 1");
    let told = run(&[at("a", 0), none], &[at("a", 0), ("b", None, 2)], "");
    assert_eq!(told.exit, 1);
    let far = [at("a", -START), at("b", START)];
    assert_eq!(run(&far, &far, "").gist(), "0 matched 2");
}

#[test]
fn a_range_of_event_time() {
    let ids: Vec<String> = (0..100).map(|id| id.to_string()).collect();
    let rows: Vec<Row> = ids.iter().zip(0..).map(|(id, second)| at(id, second * 1_000)).collect();
    let check = |flags: &str, matched: u64| {
        let told = run(&rows, &rows, flags);
        assert_eq!(told.gist(), format!("0 matched {matched}"), "{flags}");
        assert_eq!(told.stream()["coverage"], 1.0, "{flags}");
        assert_eq!(
            told.side("canary")["excluded_reasons"]["edge"],
            100 - matched,
            "{flags}"
        );
    };
    check("--from 2026-01-01T00:00:10Z --to 2026-01-01T00:00:20Z", 10);
    check("--from 2026-01-01T00:01:30Z", 10);
    check("--to 2026-01-01T00:00:10Z", 10);
}

#[test]
fn a_pair_counts_where_its_baseline_is() {
    let from = "--from 2026-01-01T00:00:01Z";
    let told = run(&[at("a", 0), at("b", 1_000)], &[at("a", 1_500), at("b", 900)], from);
    assert_eq!(told.gist(), "0 matched 1");
    let told = run(&[at("b", 1_000)], &[at("b", 1_000), at("x", 900)], from);
    assert_eq!(told.gist(), "0 matched 1");
}

/// However the records come in batches: the range is read to the first that has passed its end + lateness + grace.
#[test]
fn a_range_ends_behind_the_first_that_is_past_it() {
    let ids: Vec<String> = (0..300).map(|id| id.to_string()).collect();
    let rows: Vec<Row> = ids.iter().zip(0..).map(|(id, ten)| at(id, ten * 10_000)).collect();
    let told = run(&rows, &rows, "--from 2026-01-01T00:00:00Z --to 2026-01-01T00:10:00Z");
    assert_eq!(told.gist(), "0 matched 60");
    // 600 s + 60 s + 30 s: the first beyond is that of 700 s.
    assert_eq!(told.side("baseline")["partitions"][0]["to"], 71);
}
