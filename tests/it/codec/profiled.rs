//! Values that travel to be profiled: the same from every format, and nothing else of a record changes by them.

use crosscheck::codec::{Field, Reducer, Settings};
use crosscheck::model::{Fingerprint, Profiled, Side, number_bin};

use super::build::{one, path, reducer, schema, settings, unhex};
use super::json::documents;

const CONTRACT: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"id","type":"string"},
    {"name":"amount","type":["null","double"]},
    {"name":"status","type":{"type":"enum","name":"S","symbols":["A","B"]}},
    {"name":"tags","type":{"type":"array","items":"string"}},
    {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
    {"name":"meta","type":{"type":"record","name":"M","fields":[{"name":"n","type":"long"}]}}]}"#;
const WITHOUT_META: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"id","type":"string"},
    {"name":"amount","type":["null","double"]},
    {"name":"status","type":{"type":"enum","name":"S","symbols":["A","B"]}},
    {"name":"tags","type":{"type":"array","items":"string"}},
    {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}]}"#;
const PATHS: [&str; 6] = ["amount", "status", "id", "tags", "price", "meta.n"];
/// Id `a`, amount 12.5, status B, one tag, price 12.50, n 7.
const BYTES: &str = "0261 02 0000000000002940 02 02027800 04 04e2 0e";
const DOCUMENT: &str = r#"{"id":"a","amount":12.5,"status":"B","tags":["x"],"price":12.50,"meta":{"n":7}}"#;

fn profiling(settings: Settings) -> Settings {
    Settings {
        profile: PATHS.map(path).to_vec(),
        ..settings
    }
}

fn values(print: &Fingerprint) -> Vec<Profiled> {
    print.carried.as_ref().unwrap().profiled.clone()
}

fn avro(settings: Settings, writer: &str, bytes: &str) -> Fingerprint {
    one(&mut reducer(Side::Baseline, settings, writer, CONTRACT), &unhex(bytes)).unwrap()
}

fn document(text: &str) -> Fingerprint {
    let mut reducer = Reducer::new(Side::Canary, profiling(documents()));
    reducer.set_sole_contract(Field::Value, schema(CONTRACT));
    one(&mut reducer, text.as_bytes()).unwrap()
}

#[test]
fn the_same_from_avro_and_json() {
    let print = avro(profiling(settings()), CONTRACT, BYTES);
    let found = values(&print);
    assert_eq!(found, values(&document(DOCUMENT)));
    let [amount, status, id, tags, price, n] = found.as_slice() else {
        panic!("{found:?}")
    };
    let bin = |value: f64| number_bin(value);
    assert!(
        matches!(amount, Profiled::Number { bin: own, .. } if *own == bin(12.5)),
        "{amount:?}"
    );
    assert!(matches!(status, Profiled::Word { .. }), "{status:?}");
    assert!(matches!(id, Profiled::Text { length: 1, .. }), "{id:?}");
    assert!(matches!(tags, Profiled::Bytes { length: 1, .. }), "{tags:?}");
    assert!(
        matches!(price, Profiled::Number { bin: own, .. } if *own == bin(12.5)),
        "{price:?}"
    );
    assert!(
        matches!(n, Profiled::Number { bin: own, .. } if *own == bin(7.0)),
        "{n:?}"
    );
}

#[test]
fn null_and_absent() {
    let null = avro(
        profiling(settings()),
        CONTRACT,
        &BYTES.replace("02 0000000000002940", "00"),
    );
    assert_eq!(values(&null)[0], Profiled::Null);
    let document = document(&DOCUMENT.replace("12.5,", "null,"));
    assert_eq!(values(&document)[0], Profiled::Null);
    let short = BYTES.strip_suffix(" 0e").unwrap();
    let absent = avro(profiling(settings()), WITHOUT_META, short);
    assert_eq!(values(&absent)[5], Profiled::Absent);
    assert_eq!(
        values(&absent)[..5],
        values(&avro(profiling(settings()), CONTRACT, BYTES))[..5]
    );
}

/// The digest is what it is without a profile, whether the paths are compared or not.
#[test]
fn nothing_else_changes() {
    let mut ignoring = settings();
    ignoring.rules.ignore = vec![path("meta"), path("amount")];
    for settings in [settings(), ignoring] {
        let with = avro(profiling(settings.clone()), CONTRACT, BYTES);
        let without = avro(settings, CONTRACT, BYTES);
        assert_eq!((with.digest, with.identity), (without.digest, without.identity));
        assert_eq!(without.carried, None);
        assert_eq!(
            values(&with),
            values(&avro(profiling(super::build::settings()), CONTRACT, BYTES))
        );
    }
}
