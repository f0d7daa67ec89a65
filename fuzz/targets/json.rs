//! A document: `KIND BYTES`. The first byte chooses a contract and rules. What is decoded another reader takes too, a blank
//! behind it changes nothing, and alone or among others it has the same fingerprint.

use crosscheck::codec::{
    Condition, Conditional, EventTime, Field, Format, Framing, Mapping, Part, Progress, Reducer, Schema, Settings,
    Sign, Then, Unwrap,
};
use crosscheck::model::{Path, RecordBatch, Reduction, Side};
use serde::de::IgnoredAny;

const CONTRACTS: [&str; 3] = [
    r#"{"type":"record","name":"R","fields":[{"name":"id","type":["null","long","double","string"],"default":null},
        {"name":"m","type":{"type":"map","values":"R"},"default":{}},{"name":"a","type":{"type":"array","items":"float"},"default":[1.5]},
        {"name":"d","aliases":["e"],"type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2},"default":""}]}"#,
    r#"{"type":"map","values":["null",{"type":"enum","name":"E","symbols":["A","B"]},{"type":"bytes","logicalType":"big-decimal"}]}"#,
    "\"double\"",
];

pub fn run(bytes: &[u8]) {
    let [kind, document @ ..] = bytes else { return };
    let path = |text: &str| Path::parse(text).unwrap();
    let mut settings = Settings {
        format: Format::Json,
        framing: Framing::None,
        key_format: Format::Raw,
        key_framing: Framing::None,
        ..Settings::default()
    };
    if kind & 4 != 0 {
        settings.identity = vec![Part::Field(path("id"))];
        settings.event_time = EventTime::Field(path("id"));
        settings.rules.ignore = vec![path("m{*}.id"), path("a[*]")];
        settings.rules.tolerant = vec![path("d")];
        settings.rules.rename = vec![(path("x"), path("id"))];
        settings.rules.absent_equals_default = kind & 8 != 0;
    }
    if kind & 16 != 0 {
        let values = [("1", "2"), ("x", "y"), ("true", "false")].map(|(from, to)| (from.to_owned(), to.to_owned()));
        let map = |text: &str| Mapping {
            path: path(text),
            values: values.clone().into(),
        };
        settings.rules.unordered = vec![path("a"), path("m{*}"), path("a[*]")];
        settings.rules.map = vec![map("id"), map("m{*}")];
        settings.rules.when = vec![Conditional {
            when: Condition {
                of: Sign::Field(path("id")),
                is: "1".to_owned(),
            },
            then: Then::Ignore(path("a")),
        }];
    }
    if kind & 32 != 0 {
        settings.rules.only = vec![path("m{*}.id"), path("a[*]"), path("id")];
    }
    if kind & 64 != 0 {
        settings.unwrap = Some(Unwrap::Debezium);
    }
    let mut reducer = Reducer::new(Side::Canary, settings);
    let contract = CONTRACTS.get(usize::from(kind & 3));
    if let Some(contract) = contract {
        reducer.set_sole_contract(Field::Value, Schema::parse(contract).unwrap());
    }
    let longer = [document, b" "].concat();
    let together = reduce(&mut reducer, &[document, &longer, document]);
    let alone = reduce(&mut reducer, &[document]);
    assert!(
        alone[0] == together[0] && alone[0] == together[2],
        "alone and among others"
    );
    let batch = batch(&[document]);
    let (value, canonical) = (reducer.value(&batch, 0), reducer.canonical(&batch, 0));
    match &alone[0] {
        Reduction::Decoded(_) => {
            assert!(alone[0] == together[1], "a blank behind it");
            assert!(value.is_ok() && canonical.is_ok(), "what is decoded is shown");
            // The other reader takes at most 128 levels, which are more.
            assert!(
                serde_json::from_slice::<IgnoredAny>(document).is_ok(),
                "another reader takes it"
            );
            assert!(std::str::from_utf8(document).is_ok());
        }
        Reduction::Undecodable(reason, _) => {
            assert!(value.err() == Some(*reason) && canonical.err() == Some(*reason));
        }
        Reduction::Deselected | Reduction::Diverted(_) => panic!("nothing was selected, and it is no dead letter"),
    }
}

fn batch(values: &[&[u8]]) -> RecordBatch {
    let mut batch = RecordBatch::new(0);
    for (offset, value) in (0..).zip(values) {
        batch.push_value(offset, value);
    }
    batch
}

fn reduce(reducer: &mut Reducer, values: &[&[u8]]) -> Vec<Reduction> {
    let mut out = Vec::new();
    assert!(matches!(reducer.reduce(&batch(values), 0, &mut out), Progress::Done));
    out.into_iter().map(|entry| entry.body).collect()
}

pub fn seeds(write: &mut dyn FnMut(&[u8])) {
    for kind in [64, 68] {
        for document in [
            r#"{"before":null,"after":{"id":1,"m":{}},"op":"c"}"#,
            r#" {"schema":{},"payload":{"after":null,"before":[1,{"id":"x"}]}} "#,
        ] {
            write(&[&[kind], document.as_bytes()].concat());
        }
    }
    for kind in 0..16 {
        for document in [
            r#"{"id":1,"m":{"k":{"id":"x","d":1.25}},"a":[0.1,1e0,-0],"d":-12.5e-1}"#,
            r#"{"x":"2020-01-01T00:00:00Z","e":3,"\u0061":[],"more":{"b":null,"a":true}}"#,
            r#"{"A":"A","B":"\ud83d\ude00","n":9007199254740993,"z":null,"f":1e999999999}"#,
            " 1.50 ",
            "[[[[]]]]",
        ] {
            write(&[&[kind], document.as_bytes()].concat());
        }
    }
}
