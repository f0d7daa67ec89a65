//! Records that cannot be decoded: counted by reason, shared where both sides show them.

use serde_json::Value as Json;

use super::Told;
use super::avro::{compare_files, container, encoded, put_bytes, put_long, schema};

const ENUM: &str = r#"id string; v {"type": "enum", "name": "E", "symbols": ["A"]}"#;

/// A record with an identity and a symbol's index, whatever it is.
fn symbol(id: &str, index: i64) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, id.as_bytes());
    put_long(&mut out, index);
    out
}

/// Blocks of records, one a side.
fn run(fields: &str, baseline: &[&[Vec<u8>]], canary: &[&[Vec<u8>]], flags: &str) -> Told {
    let dir = tempfile::tempdir().unwrap();
    let schema = schema(fields);
    let path = |name: &str, blocks: &[&[Vec<u8>]]| {
        let blocks: Vec<_> = blocks
            .iter()
            .map(|block| (i64::try_from(block.len()).unwrap(), block.concat()))
            .collect();
        container(dir.path(), name, &schema, &blocks)
    };
    let (baseline, canary) = (path("baseline", baseline), path("canary", canary));
    compare_files(&baseline, &canary, &format!("--identity field:id {flags}"))
}

#[test]
fn it_takes_the_rest_of_its_block_and_its_partner_stays_missing() {
    let good: &[&[Vec<u8>]] = &[&[symbol("a", 0), symbol("b", 0), symbol("c", 0)], &[symbol("d", 0)]];
    let bad: &[&[Vec<u8>]] = &[&[symbol("a", 0), symbol("b", 7), symbol("c", 0)], &[symbol("d", 0)]];
    let told = run(ENUM, good, bad, "");
    assert_eq!(told.gist(), "1 matched 2 missing 2");
    assert_eq!(told.side("canary")["undecodable_reasons"]["malformed"], 2);
    let told = run(ENUM, bad, good, "");
    assert_eq!(told.gist(), "1 matched 2 extra 2");
}

#[test]
fn both_sides_show_it() {
    let bad: &[&[Vec<u8>]] = &[&[symbol("a", 0)], &[symbol("b", 7)]];
    let told = run(ENUM, bad, bad, "");
    assert_eq!(told.gist(), "0 matched 1");
    // Counted, and no difference.
    assert_eq!(told.side("canary")["undecodable"], 1);
    assert_eq!(told.stream()["findings"], serde_json::json!([]));
    let other: &[&[Vec<u8>]] = &[&[symbol("a", 0)], &[symbol("b", 8)]];
    let told = run(ENUM, bad, other, "");
    assert_eq!(told.gist(), "1 matched 1");
    assert_eq!(told.stream()["findings"].as_array().unwrap().len(), 2);
    let twice: &[&[Vec<u8>]] = &[&[symbol("a", 0)], &[symbol("b", 7)], &[symbol("b", 7)]];
    assert_eq!(run(ENUM, bad, twice, "").gist(), "1 matched 1");
}

#[test]
fn only_what_one_side_shows_is_a_finding() {
    let baseline: &[&[Vec<u8>]] = &[&[symbol("a", 0)], &[symbol("b", 7)], &[symbol("b", 9)]];
    let canary: &[&[Vec<u8>]] = &[&[symbol("a", 0)], &[symbol("b", 7)], &[symbol("b", 8)]];
    let told = run(ENUM, baseline, canary, "");
    assert_eq!(told.gist(), "1 matched 1");
    assert_eq!(told.side("canary")["undecodable"], 2);
    let findings = told.stream()["findings"].as_array().unwrap();
    let offsets: Vec<_> = findings
        .iter()
        .map(|finding| (&finding["baseline"]["offset"], &finding["canary"]["offset"]))
        .collect();
    let (two, none) = (Json::from(2), Json::Null);
    assert_eq!(offsets, [(&none, &two), (&two, &none)]);
}

#[test]
fn its_budget_is_of_what_the_side_read() {
    let ids: Vec<Vec<u8>> = (0..9).map(|id| symbol(&id.to_string(), 0)).collect();
    let bad = [symbol("x", 7)];
    for (flags, exit) in [
        ("--budget undecodable=0.1", 0),
        ("--budget undecodable=0.09", 1),
        ("--budget 1", 1),
    ] {
        let told = run(ENUM, &[&ids], &[&ids, &bad], flags);
        assert_eq!(told.gist(), format!("{exit} matched 9"), "{flags}");
    }
}

#[test]
fn a_byte_behind_the_last_record() {
    let dir = tempfile::tempdir().unwrap();
    let schema: Json = schema("id string; v int");
    let row = |id: &str| encoded(&schema, &serde_json::json!({"id": id, "v": 1}));
    let good = container(dir.path(), "good", &schema, &[(2, [row("a"), row("b")].concat())]);
    let long = container(
        dir.path(),
        "long",
        &schema,
        &[(2, [row("a"), row("b"), vec![0]].concat())],
    );
    let told = compare_files(&good, &long, "--identity field:id");
    assert_eq!(told.gist(), "1 matched 1 missing 1");
    assert_eq!(told.side("canary")["undecodable_reasons"]["trailing"], 1);
    let told = compare_files(&long, &long, "--identity field:id");
    assert_eq!(told.gist(), "0 matched 1");
}
