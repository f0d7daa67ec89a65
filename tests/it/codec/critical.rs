//! Values that travel to be compared each for itself: the same from every format, as the rules leave them.

use std::collections::BTreeMap;

use crosscheck::codec::{Field, Mapping, Reducer, Settings};
use crosscheck::model::{Critical, DifferenceKind, Fingerprint, Side};

use super::build::{one, path, reducer, schema, settings, unhex};
use super::json::documents;

const CONTRACT: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"id","type":"string"},
    {"name":"amount","type":["null","double"],"default":null},
    {"name":"status","type":{"type":"enum","name":"S","symbols":["A","B"]}},
    {"name":"tags","type":{"type":"array","items":"string"}},
    {"name":"count","type":"long","default":5}]}"#;
const WITHOUT_COUNT: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"id","type":"string"},
    {"name":"amount","type":["null","double"],"default":null},
    {"name":"status","type":{"type":"enum","name":"S","symbols":["A","B","C"]}},
    {"name":"tags","type":{"type":"array","items":"string"}}]}"#;
const PATHS: [&str; 5] = ["id", "amount", "status", "tags", "count"];
/// Id `a`, amount 12.5, status B, tags x and y, count 5.
const BYTES: &str = "0261 02 0000000000002940 02 04 0278 0279 00 0a";
const DOCUMENT: &str = r#"{"id":"a","amount":12.5,"status":"B","tags":["x","y"],"count":5}"#;

fn critical(settings: Settings) -> Settings {
    Settings {
        critical: PATHS.map(path).to_vec(),
        ..settings
    }
}

fn values(print: &Fingerprint) -> Vec<Critical> {
    print.carried.as_ref().unwrap().critical.clone()
}

fn avro(settings: Settings, writer: &str, bytes: &str) -> Vec<Critical> {
    values(
        &one(
            &mut reducer(Side::Canary, critical(settings), writer, CONTRACT),
            &unhex(bytes),
        )
        .unwrap(),
    )
}

fn document(settings: Settings, text: &str) -> Vec<Critical> {
    let mut reducer = Reducer::new(Side::Canary, critical(settings));
    reducer.set_sole_contract(Field::Value, schema(CONTRACT));
    values(&one(&mut reducer, text.as_bytes()).unwrap())
}

/// How the values of two records differ, path by path.
fn differ(one: &[Critical], other: &[Critical]) -> Vec<(&'static str, DifferenceKind)> {
    let values = PATHS.into_iter().zip(one.iter().zip(other));
    values
        .filter_map(|(path, (one, other))| Some((path, one.difference(*other)?)))
        .collect()
}

#[test]
fn the_same_from_avro_and_json() {
    let found = avro(settings(), CONTRACT, BYTES);
    assert_eq!(found, document(documents(), DOCUMENT));
    assert!(
        found.iter().all(|value| matches!(value, Critical::Value { .. })),
        "{found:?}"
    );
}

#[test]
fn each_differs_for_itself() {
    let found = avro(settings(), CONTRACT, BYTES);
    for (from, to, expected) in [
        ("12.5", "12.25", ("amount", DifferenceKind::Value)),
        ("12.5", "null", ("amount", DifferenceKind::Null)),
        (r#""B""#, r#""A""#, ("status", DifferenceKind::Value)),
        (r#""B""#, r#""Z""#, ("status", DifferenceKind::Value)),
        (r#"["x","y"]"#, r#"["y","x"]"#, ("tags", DifferenceKind::Value)),
        (r#"["x","y"]"#, r#"["x"]"#, ("tags", DifferenceKind::Value)),
        (r#","count":5"#, "", ("count", DifferenceKind::Absent)),
        (r#""count":5"#, r#""count":"5""#, ("count", DifferenceKind::Type)),
        (r#""id":"a""#, r#""id":"b""#, ("id", DifferenceKind::Value)),
    ] {
        let other = document(documents(), &DOCUMENT.replace(from, to));
        assert_eq!(differ(&found, &other), [expected], "{to}");
    }
}

#[test]
fn what_a_writer_lacks_is_absent_and_filled_where_the_rules_say_so() {
    let found = avro(settings(), CONTRACT, BYTES);
    let short = BYTES.strip_suffix(" 0a").unwrap();
    let lacking = avro(settings(), WITHOUT_COUNT, short);
    assert_eq!(differ(&found, &lacking), [("count", DifferenceKind::Absent)]);
    let mut filling = settings();
    filling.rules.absent_equals_default = true;
    let filled = avro(filling.clone(), WITHOUT_COUNT, short);
    assert_eq!(differ(&avro(filling, CONTRACT, BYTES), &filled), []);
    let mut filling = documents();
    filling.rules.absent_equals_default = true;
    let filled = document(filling, r#"{"id":"a","amount":12.5,"status":"B","tags":["x","y"]}"#);
    assert_eq!(differ(&found, &filled), []);
}

#[test]
fn rules_hold_first() {
    let mut rules = settings();
    rules.rules.unordered = vec![path("tags")];
    rules.rules.map = vec![Mapping {
        path: path("status"),
        values: BTreeMap::from([("A".to_owned(), "B".to_owned())]),
    }];
    let one = avro(rules.clone(), CONTRACT, BYTES);
    let other = avro(rules, CONTRACT, &BYTES.replace(" 02 04 0278 0279", " 00 04 0279 0278"));
    assert_eq!(differ(&one, &other), []);
}

/// The digest is what it is without critical fields, and a tombstone has none of them.
#[test]
fn nothing_else_changes() {
    let of = |settings| {
        one(
            &mut reducer(Side::Baseline, settings, CONTRACT, CONTRACT),
            &unhex(BYTES),
        )
        .unwrap()
    };
    let (with, without) = (of(critical(settings())), of(settings()));
    assert_eq!((with.digest, with.identity), (without.digest, without.identity));
    assert!(with.has_critical() && !without.has_critical());
}
