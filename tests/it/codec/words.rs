//! Values that count as longer ones: paid for, so that a short record does not become a long one.

use crosscheck::codec::{Field, Format, Mapping, Reducer, Settings};
use crosscheck::model::{Side, UndecodableReason};

use super::build::{one, path, reducer, schema, settings};

const SCHEMA: &str = r#"{"type":"record","name":"R","fields":[{"name":"v","type":{"type":"array","items":"string"}}]}"#;

fn mapped() -> Settings {
    let mut settings = settings();
    settings.rules.map = vec![Mapping {
        path: path("v[*]"),
        values: [(String::new(), "x".repeat(1000))].into(),
    }];
    settings
}

/// Empty texts, so many.
fn avro(count: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut raw = u64::try_from(count * 2).unwrap();
    while raw >= 0x80 {
        bytes.push(u8::try_from(raw & 0x7f).unwrap() | 0x80);
        raw >>= 7;
    }
    bytes.push(u8::try_from(raw).unwrap());
    bytes.extend(std::iter::repeat_n(0, usize::try_from(count).unwrap() + 1));
    bytes
}

fn json(count: usize) -> Vec<u8> {
    format!("{{\"v\":[{}]}}", vec!["\"\""; count].join(",")).into_bytes()
}

#[test]
fn many_short_values_that_count_as_long_ones_are_out_of_bounds() {
    let mut avro_reducer = reducer(Side::Canary, mapped(), SCHEMA, SCHEMA);
    let as_json = |typed: bool| {
        let settings = Settings {
            format: Format::Json,
            ..mapped()
        };
        let mut reducer = Reducer::new(Side::Canary, settings);
        if typed {
            reducer.set_sole_contract(Field::Value, schema(SCHEMA));
        }
        reducer
    };
    let (mut document, mut typed) = (as_json(false), as_json(true));
    let few = one(&mut avro_reducer, &avro(400)).unwrap();
    assert_eq!(few.digest, one(&mut typed, &json(400)).unwrap().digest);
    assert!(one(&mut document, &json(400)).is_ok());
    for found in [
        one(&mut avro_reducer, &avro(100_000)),
        one(&mut typed, &json(100_000)),
        one(&mut document, &json(100_000)),
    ] {
        assert_eq!(found.err(), Some(UndecodableReason::Bounds));
    }
}
