//! The reducer: frames, keys, identities, contracts, findings.

use crosscheck::codec::{
    Change, EventTime, Field, Format, Framing, Messages, PathKind, Progress, Reducer, Schema, SchemaRef, Settings,
};
use crosscheck::model::{Header, Reduction, Side, UndecodableReason, Value};

use super::build::{batch, hex, one, path, reduce, reducer, schema, settings, values, with_identity};

const ORDER: &str = r#"{"type":"record","name":"shop.Order","fields":[{"name":"id","type":"long"},{"name":"note","type":["null","string"],"default":null}]}"#;
const ORDER_2: &str = r#"{"type":"record","name":"shop.Order","fields":[{"name":"note","type":"string"},{"name":"ident","aliases":["id"],"type":"int"},{"name":"more","type":"int"}]}"#;

#[test]
fn asks_for_schema_and_contract() {
    let mut reducer = Reducer::new(
        Side::Baseline,
        Settings {
            framing: Framing::Confluent,
            ..settings()
        },
    );
    let batch = values(&[
        vec![0, 0, 0, 0, 7, 14, 0],
        vec![0, 0, 0, 0, 8, 14, 0],
        vec![1, 0],
        vec![],
    ]);
    let mut out = Vec::new();
    let Progress::NeedsSchema {
        at: 0,
        field: Field::Value,
        schema: SchemaRef::Id(7),
    } = reducer.reduce(&batch, 0, &mut out)
    else {
        panic!("no schema asked for");
    };
    reducer.add_schema(Field::Value, SchemaRef::Id(7), schema(ORDER));
    let Progress::NeedsContract {
        at: 0,
        type_name,
        time_ms,
        schema: own,
        ..
    } = reducer.reduce(&batch, 0, &mut out)
    else {
        panic!("no contract asked for");
    };
    assert_eq!((type_name.as_str(), time_ms), ("shop.Order", Some(0)));
    reducer.add_contract(Field::Value, own);
    assert!(matches!(
        reducer.reduce(&batch, 0, &mut out),
        Progress::NeedsSchema { at: 1, .. }
    ));
    reducer.unknown_schema(Field::Value, SchemaRef::Id(8));
    assert!(matches!(reducer.reduce(&batch, 1, &mut out), Progress::Done));
    let reasons: Vec<_> = out
        .iter()
        .map(|reduced| match &reduced.body {
            Reduction::Undecodable(reason, _) => Some(*reason),
            _ => None,
        })
        .collect();
    let framing = Some(UndecodableReason::Framing);
    assert_eq!(reasons, [None, Some(UndecodableReason::Schema), framing, framing]);
    let uses = reducer.schema_uses();
    assert_eq!((uses.len(), uses[0].schema, uses[0].records), (1, SchemaRef::Id(7), 1));
}

#[test]
fn identity_is_the_same_from_key_and_field() {
    let by_field = one(
        &mut reducer(Side::Baseline, with_identity(&["field:note"]), ORDER, ORDER),
        &[14, 2, 2, b'a'],
    )
    .unwrap();
    let mut by_key = reducer(Side::Canary, with_identity(&["key"]), ORDER, ORDER);
    let found = reduce(
        &mut by_key,
        &batch(&[(Some(b"a"), Some(&[14, 0])), (None, Some(&[14, 0]))]),
    );
    let identities: Vec<_> = found
        .iter()
        .map(|reduced| match &reduced.body {
            Reduction::Decoded(found) => (found.identity, found.by_content),
            _ => panic!(),
        })
        .collect();
    assert_eq!(identities[0], (by_field.identity, false));
    assert!(identities[1].1);
}

#[test]
fn a_bad_key_is_a_bad_identity() {
    let settings = Settings {
        key_format: Format::Avro,
        key_framing: Framing::Confluent,
        ..with_identity(&["key"])
    };
    let mut reducer = reducer(Side::Baseline, settings, ORDER, ORDER);
    reducer.add_schema(Field::Key, SchemaRef::Id(1), schema("long"));
    reducer.set_sole_contract(Field::Key, schema("long"));
    let good: &[u8] = &[0, 0, 0, 0, 1, 2];
    let found = reduce(
        &mut reducer,
        &batch(&[
            (Some(good), Some(&[14, 0])),
            (Some(&good[..5]), Some(&[14, 0])),
            (Some(b"x"), Some(&[14, 0])),
            (Some(b"x"), Some(&[14])),
        ]),
    );
    let reasons: Vec<_> = found
        .iter()
        .map(|reduced| match &reduced.body {
            Reduction::Undecodable(reason, _) => Some(*reason),
            _ => None,
        })
        .collect();
    let identity = Some(UndecodableReason::Identity);
    assert_eq!(reasons, [None, identity, identity, identity]);
}

#[test]
fn key_headers_and_tombstones_count() {
    let mut settings = with_identity(&["field:id"]);
    settings.rules.compare_key = true;
    settings.rules.headers = vec!["h".to_owned()];
    let mut reducer = reducer(Side::Baseline, settings, ORDER, ORDER);
    let mut all = batch(&[
        (None, Some(&[14, 0])),
        (Some(b""), Some(&[14, 0])),
        (Some(b"k"), Some(&[14, 0])),
        (None, None),
        (Some(b"k"), None),
        (None, Some(&[14, 0])),
        (None, Some(&[14, 0])),
        (None, Some(&[14, 0])),
    ]);
    for (record, value) in [(5, None), (6, Some(b"".as_slice())), (7, Some(b"v"))] {
        let name = all.push_bytes(b"h");
        let value = value.map(|bytes| all.push_bytes(bytes));
        all.records[record].headers = (u32::try_from(all.headers.len()).unwrap(), 1);
        all.headers.push(Header { name, value });
    }
    let digests: std::collections::BTreeSet<_> = reduce(&mut reducer, &all)
        .iter()
        .map(|reduced| match &reduced.body {
            Reduction::Decoded(found) => found.digest,
            _ => panic!(),
        })
        .collect();
    assert_eq!(digests.len(), all.records.len());
}

#[test]
fn selects_without_decoding() {
    let mut settings = Settings {
        framing: Framing::Confluent,
        ..settings()
    };
    settings.select.schemas = vec![9];
    let mut reducer = Reducer::new(Side::Canary, settings);
    let found = reduce(&mut reducer, &values(&[vec![0, 0, 0, 0, 7, 14, 0], vec![1]]));
    assert!(found.iter().all(|reduced| reduced.body == Reduction::Deselected));
}

#[test]
fn shows_a_record_as_the_contract() {
    let mut reducer = reducer(Side::Canary, settings(), ORDER_2, ORDER);
    let batch = values(&[vec![2, b'a', 14, 0]]);
    let rendered = reducer.value(&batch, 0).unwrap_or_else(|reason| panic!("{reason:?}"));
    let expect = Value::Record(vec![
        ("id".to_owned(), Value::Integer(7)),
        ("note".to_owned(), Value::Text("a".to_owned())),
    ]);
    assert!(rendered.value == expect);
    assert!(rendered.key == Some(Value::Null) && !rendered.tombstone);
    let narrow =
        r#"{"type":"record","name":"shop.Order","fields":[{"name":"id","type":"boolean"},{"name":"x","type":"int"}]}"#;
    let mut reducer = super::build::reducer(Side::Canary, settings(), ORDER, narrow);
    let rendered = reducer
        .value(&values(&[vec![14, 0]]), 0)
        .unwrap_or_else(|reason| panic!("{reason:?}"));
    let foreign = Value::Foreign {
        kind: "long".to_owned(),
        value: Box::new(Value::Integer(7)),
    };
    assert!(rendered.value == Value::Record(vec![("id".to_owned(), foreign), ("x".to_owned(), Value::Absent)]));
}

#[test]
fn tells_schema_changes() {
    let mut reducer = reducer(Side::Canary, settings(), ORDER_2, ORDER);
    one(&mut reducer, &[2, b'a', 14, 0]).unwrap();
    let found = reducer.schema_changes();
    let found: Vec<_> = found
        .iter()
        .map(|change| (change.path.as_str(), change.change, change.breaking))
        .collect();
    assert_eq!(
        found,
        [
            ("id", Change::Type, false),
            ("id", Change::Renamed, false),
            ("more", Change::Added, false),
            ("note", Change::Default, false),
            ("note", Change::Union, false),
        ]
    );
}

#[test]
fn names_paths() {
    let order = schema(ORDER);
    assert_eq!(order.at(&path("note")), Some(PathKind::Text));
    assert_eq!(order.at(&path("id")), Some(PathKind::Number));
    assert_eq!(order.at(&path("nope")), None);
    assert_eq!(order.nearest(&path("notes")).unwrap().to_string(), "note");
}

#[test]
fn references_and_fingerprints() {
    let money = r#"{"type":"record","name":"shop.Money","fields":[{"name":"amount","type":"shop.Cents"}]}"#;
    let cents = r#"{"type":"fixed","name":"shop.Cents","size":2}"#;
    let price = r#"{"type":"record","name":"shop.Price","fields":[{"name":"gross","type":"shop.Money"},{"name":"net","type":"Money"}]}"#;
    let whole = Schema::parse_with_references(price, &[money.to_owned(), cents.to_owned()]).unwrap();
    assert_eq!(whole.digest(), schema(whole.json()).digest());
    assert!(Schema::parse(price).is_err());
    // The fingerprint of the specification for `"int"`.
    assert_eq!(hex(&schema("\"int\"").fingerprint64()), "8f5c393f1ad57572");
    let theirs = apache_avro::Schema::parse_str(ORDER)
        .unwrap()
        .fingerprint::<apache_avro::rabin::Rabin>();
    assert_eq!(schema(ORDER).fingerprint64().as_slice(), theirs.bytes.as_slice());
}

/// A symbol outside the contract once put every later record of its schema into the tagged form.
#[test]
fn a_foreign_symbol_is_of_one_record() {
    const WRITER: &str = r#"{"type":"enum","name":"E","symbols":["A","B"]}"#;
    const CONTRACT: &str = r#"{"type":"enum","name":"E","symbols":["A"]}"#;
    let mut reducer = reducer(Side::Canary, settings(), WRITER, CONTRACT);
    let before = one(&mut reducer, &[0]).unwrap();
    let foreign = one(&mut reducer, &[2]).unwrap();
    assert_ne!(before, foreign);
    assert_eq!(before, one(&mut reducer, &[0]).unwrap());
    assert_eq!(foreign, one(&mut reducer, &[2]).unwrap());
}

#[test]
fn what_is_walked_is_what_is_hashed() {
    let settings = Settings {
        event_time: EventTime::Field(path("id")),
        ..with_identity(&["field:note"])
    };
    let reducer = || reducer(Side::Baseline, settings.clone(), ORDER, ORDER);
    // Held, null as identity, cut short; so many that they are not walked at once.
    let all: Vec<Vec<u8>> = (0..9_000_usize)
        .map(|number| match number % 3 {
            0 => vec![14, 2, 2, b'a'],
            1 => vec![14, 0],
            _ => vec![14],
        })
        .collect();
    let batch = values(&all);
    let (mut reducer, mut hashed, mut other) = (reducer(), Vec::new(), reducer());
    let (mut messages, mut rounds) = (Messages::default(), 0);
    while hashed.len() < all.len() {
        let from = hashed.len();
        assert!(matches!(reducer.walk(&batch, from, &mut messages), Progress::Done));
        for at in 0..messages.len() {
            let canonical = other.canonical(&batch, from + at).ok().map(|(bytes, _)| bytes);
            assert_eq!(messages.canonical(at), canonical.as_deref());
            let (identity, time) = match (from + at) % 3 {
                0 => (Some([1, 0, 0, 0, 1, 1, 0, 0, 0, b'a'].as_slice()), Some(7)),
                1 => (None, Some(7)),
                _ => (None, None),
            };
            assert_eq!((messages.identity(at), messages.time_ms(at)), (identity, time));
        }
        reducer.digest(&batch, from, &mut messages, &mut hashed);
        assert!(messages.is_empty());
        rounds += 1;
    }
    assert!(rounds > 1);
    assert_eq!(hashed, reduce(&mut other, &batch));
    assert!(matches!(
        reducer.reduce(&batch, all.len() + 1, &mut hashed),
        Progress::Done
    ));
    assert_eq!(hashed.len(), all.len());
}
