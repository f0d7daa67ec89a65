//! Protobuf under a contract: another version, Avro and JSON, and what the rules ask of it.

use std::sync::Arc;

use crosscheck::codec::{
    Change, Condition, Conditional, EventTime, Field, Format, Framing, Mapping, Part, Progress, Reducer, Schema,
    SchemaRef, Settings, Sign, Then,
};
use crosscheck::engine::diff::{DiffRules, diff};
use crosscheck::model::{Fingerprint, RecordBatch, Side, TolerantKind, TolerantValue, UndecodableReason};

use super::super::build::{one, path, settings, unhex, values};
use super::super::json::documents;
use super::{field, messages, number, protobuf, reducer_of};

fn proto3(text: &str) -> String {
    format!("syntax = \"proto3\"; package t; import \"google/protobuf/timestamp.proto\"; {text}")
}

fn by(settings: &Settings, writer: &str, contract: &str, parts: &[Vec<u8>]) -> Fingerprint {
    let mut reducer = reducer_of(Side::Canary, settings.clone(), &proto3(writer), &proto3(contract));
    one(&mut reducer, &parts.concat()).unwrap()
}

/// A record of another format under a Protobuf contract.
fn other(settings: Settings, contract: &str, writer: Option<&str>, bytes: &[u8]) -> Fingerprint {
    let mut reducer = Reducer::new(Side::Canary, settings);
    if let Some(writer) = writer {
        reducer.add_schema(Field::Value, SchemaRef::Fixed, Schema::parse(writer).unwrap());
    }
    reducer.set_sole_contract(Field::Value, protobuf(&proto3(contract)));
    one(&mut reducer, bytes).unwrap()
}

#[test]
fn another_version_of_the_schema_is_read_by_the_names_of_its_fields() {
    let contract = "message A { int32 id = 1; string name = 2; Kind kind = 3; } enum Kind { NONE = 0; ONE = 1; }";
    let plain = messages();
    let first = by(
        &plain,
        contract,
        contract,
        &[number(1, 5), field(2, 2, b"x"), number(3, 1)],
    );
    for (writer, parts) in [
        // Other numbers, another order, a wider type, a symbol of another number, a field more.
        (
            "message A { string name = 1; int64 id = 9; Kind kind = 4; bool more = 5; } enum Kind { NONE = 0; ONE = 7; TWO = 8; }",
            vec![field(1, 2, b"x"), number(9, 5), number(4, 7), number(5, 1)],
        ),
        (
            "message A { optional sint64 id = 1; optional string name = 2; optional Kind kind = 3; } enum Kind { NONE = 0; ONE = 1; }",
            vec![number(1, 10), field(2, 2, b"x"), number(3, 1)],
        ),
        (
            "message A { oneof o { uint64 id = 1; } bytes name = 2; Kind kind = 3; } enum Kind { ONE = 0; NONE = 1; }",
            vec![number(1, 5), field(2, 2, b"x")],
        ),
    ] {
        let found = by(&plain, writer, contract, &parts);
        assert_eq!(found.digest, first.digest, "{writer}");
    }
    // A symbol that the contract has not, a number that does not fit, a value that is not there.
    let wider = "message A { int64 id = 1; string name = 2; Kind kind = 3; } enum Kind { NONE = 0; ONE = 1; TWO = 2; }";
    for parts in [
        vec![number(1, 5), field(2, 2, b"x"), number(3, 2)],
        vec![number(1, 5 + (1 << 32)), field(2, 2, b"x"), number(3, 1)],
    ] {
        assert_ne!(by(&plain, wider, contract, &parts).digest, first.digest);
    }
    let optional =
        "message A { optional int32 id = 1; string name = 2; Kind kind = 3; } enum Kind { NONE = 0; ONE = 1; }";
    let zero = by(&plain, contract, contract, &[]);
    assert_ne!(
        by(&plain, optional, contract, &[]).digest,
        zero.digest,
        "null is not zero"
    );
    assert_eq!(by(&plain, optional, contract, &[number(1, 0)]).digest, zero.digest);
    // Without a field the contract has it is absent, unless that equals its default.
    let shorter = "message A { int32 id = 1; Kind kind = 3; } enum Kind { NONE = 0; ONE = 1; }";
    assert_ne!(by(&plain, shorter, contract, &[]).digest, zero.digest);
    let mut lenient = messages();
    lenient.rules.absent_equals_default = true;
    assert_eq!(by(&lenient, shorter, contract, &[]).digest, zero.digest);
}

#[test]
fn avro_and_json_of_the_same_values_are_equal() {
    let contract = "message A { int64 id = 1; uint64 big = 2; optional string note = 3; Kind kind = 4; repeated double rates = 5;
        map<int32, bool> flags = 6; Inner inner_part = 7; google.protobuf.Timestamp at = 8; bytes raw = 9; float f = 10; }
        message Inner { int32 x = 1; } enum Kind { NONE = 0; ONE = 1; }";
    let parts = [
        number(1, 5),
        number(2, 7),
        field(3, 2, b"n"),
        number(4, 1),
        field(5, 2, &1.5f64.to_le_bytes()),
        field(6, 2, &[number(1, 3), number(2, 1)].concat()),
        field(7, 2, &number(1, 2)),
        field(8, 2, &number(1, 1)),
        field(9, 2, b"r"),
        field(10, 5, &0.5f32.to_le_bytes()),
    ];
    let own = by(&messages(), contract, contract, &parts);
    for text in [
        r#"{"id":5,"big":7,"note":"n","kind":"ONE","rates":[1.5],"flags":{"3":true},"inner_part":{"x":2},"at":1000000000,"raw":"r","f":0.5}"#,
        r#"{"f":5e-1,"id":5.0,"big":7,"note":"n","kind":"ONE","rates":[1.50],"flags":{"3":true},"innerPart":{"x":2},"at":1e9,"raw":"r"}"#,
    ] {
        assert_eq!(
            other(documents(), contract, None, text.as_bytes()).digest,
            own.digest,
            "{text}"
        );
    }
    let unequal = r#"{"id":"5","big":7,"note":"n","kind":"ONE","rates":[1.5],"flags":{"3":true},"inner_part":{"x":2},"at":1000000000,"raw":"r","f":0.5}"#;
    assert_ne!(
        other(documents(), contract, None, unequal.as_bytes()).digest,
        own.digest
    );
    let avro = r#"{"type":"record","name":"t.A","fields":[{"name":"id","type":"int"},{"name":"big","type":"long"},{"name":"note","type":"string"},
        {"name":"kind","type":{"type":"enum","name":"K","symbols":["ONE","NONE"]}},{"name":"rates","type":{"type":"array","items":"double"}},
        {"name":"flags","type":{"type":"map","values":"boolean"}},{"name":"inner_part","type":["null",{"type":"record","name":"Inner","fields":[{"name":"x","type":"long"}]}]},
        {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"raw","type":"bytes"},{"name":"f","type":"float"}]}"#;
    let bytes = unhex("0a 0e 02 6e 00 02 000000000000f83f 00 02 02 33 01 00 02 04 d00f 02 72 0000003f");
    assert_eq!(other(settings(), contract, Some(avro), &bytes).digest, own.digest);
    // And the other way round, under the contract of Avro.
    let contract_of_avro = |format: Format, schema: Arc<Schema>, bytes: &[u8]| {
        let mut reducer = Reducer::new(Side::Canary, Settings { format, ..settings() });
        reducer.add_schema(Field::Value, SchemaRef::Fixed, schema);
        reducer.set_sole_contract(Field::Value, Schema::parse(avro).unwrap());
        one(&mut reducer, bytes).unwrap()
    };
    let first = contract_of_avro(Format::Avro, Schema::parse(avro).unwrap(), &bytes);
    let second = contract_of_avro(Format::Protobuf, protobuf(&proto3(contract)), &parts.concat());
    assert_eq!(first.digest, second.digest);
    // A number that no long holds equals no Avro long.
    let large = "message A { uint64 a = 1; }";
    let own = by(&messages(), large, large, &[number(1, u64::MAX)]);
    assert_eq!(
        other(documents(), large, None, b"{\"a\":18446744073709551615}").digest,
        own.digest
    );
    assert_ne!(
        other(documents(), large, None, b"{\"a\":18446744073709551614}").digest,
        own.digest
    );
}

#[test]
fn unknown_fields_are_compared_and_may_be_ignored() {
    let schema = "message A { int32 a = 1; repeated A c = 3; }";
    let plain = by(&messages(), schema, schema, &[number(1, 1)]);
    let more = [number(1, 1), number(9, 1)];
    assert_ne!(by(&messages(), schema, schema, &more).digest, plain.digest);
    let mut ignoring = messages();
    ignoring.rules.ignore = vec![path("$unknown")];
    let without = by(&ignoring, schema, schema, &[number(1, 1)]);
    assert_eq!(by(&ignoring, schema, schema, &more).digest, without.digest);
    // JSON has none, which is not a field that is absent.
    assert_eq!(
        other(documents(), "message A { int32 a = 1; }", None, b"{\"a\":1}").digest,
        by(
            &messages(),
            "message A { int32 a = 1; }",
            "message A { int32 a = 1; }",
            &[number(1, 1)]
        )
        .digest
    );
    let mut reducer = reducer_of(Side::Canary, messages(), &proto3(schema), &proto3(schema));
    let mut show = |bytes: Vec<u8>| reducer.value(&values(&[bytes]), 0).unwrap();
    let (a, b) = (show(number(3, 0)), show(field(3, 2, &number(9, 1))));
    assert!(a.value != b.value);
    let found = diff(
        Some(&show(field(3, 2, b"")).value),
        Some(&b.value),
        &DiffRules::default(),
    );
    assert_eq!(
        found.iter().map(|found| found.path.to_string()).collect::<Vec<_>>(),
        ["c[*].$unknown"]
    );
}

#[test]
fn rules_hold() {
    let schema = "message A { uint64 id = 1; double price = 2; repeated string tags = 3; string country = 4; google.protobuf.Timestamp at = 5;
        oneof o { int64 x = 6; Inner inner = 7; } uint64 amount = 8; } message Inner { string s = 1; }";
    let message = |price: f64, tags: &[&str], country: &str, inner: &str| {
        let tags = tags.iter().flat_map(|tag| field(3, 2, tag.as_bytes())).collect();
        let at = field(5, 2, &[number(1, 1_700_000_000), number(2, 5_999_999)].concat());
        [
            number(1, 42),
            field(2, 1, &price.to_le_bytes()),
            tags,
            field(4, 2, country.as_bytes()),
            at,
            field(7, 2, &field(1, 2, inner.as_bytes())),
            number(8, 3),
        ]
    };
    let mut rules = messages();
    rules.identity = vec![Part::Field(path("id")), Part::Field(path("country"))];
    rules.event_time = EventTime::Field(path("at"));
    rules.rules.tolerant = vec![path("price"), path("amount")];
    rules.rules.unordered = vec![path("tags")];
    rules.rules.map = vec![Mapping {
        path: path("country"),
        values: [("UK".to_owned(), "GBR".to_owned())].into(),
    }];
    rules.rules.when = vec![Conditional {
        when: Condition {
            of: Sign::Field(path("country")),
            is: "GBR".to_owned(),
        },
        then: Then::Ignore(path("inner.s")),
    }];
    let first = by(&rules, schema, schema, &message(1.5, &["a", "b"], "GBR", "x"));
    let second = by(&rules, schema, schema, &message(2.5, &["b", "a"], "GBR", "y"));
    assert_eq!(
        (first.digest, first.identity, first.time_ms),
        (second.digest, second.identity, second.time_ms)
    );
    assert_eq!(first.time_ms, Some(1_700_000_000_005));
    let tolerant = second.tolerant.unwrap();
    assert!(matches!(
        &tolerant[..],
        [
            TolerantValue(TolerantKind::Decimal { .. }),
            TolerantValue(TolerantKind::Decimal { .. })
        ]
    ));
    let third = by(&rules, schema, schema, &message(1.5, &["a", "b"], "UK", "x"));
    assert_eq!(third.identity, first.identity, "an identity is of what it counts as");
    let mut only = messages();
    only.rules.only = vec![path("id")];
    let a = by(&only, schema, schema, &message(1.0, &[], "A", ""));
    assert_eq!(
        a.digest,
        by(&only, schema, schema, &[number(1, 42), number(77, 1)]).digest
    );
    // The identity of a text is that of the same text in JSON.
    let json = Settings {
        identity: vec![Part::Field(path("country"))],
        ..documents()
    };
    let own = Settings {
        identity: json.identity.clone(),
        ..messages()
    };
    let text = other(json, schema, None, br#"{"country":"A"}"#);
    assert_eq!(
        text.identity,
        by(&own, schema, schema, &message(1.0, &[], "A", "")).identity
    );
    // A rename.
    let mut renaming = messages();
    renaming.rules.rename = vec![(path("number"), path("id"))];
    let renamed = "message A { uint64 number = 7; }";
    let contract = "message A { uint64 id = 1; }";
    assert_eq!(
        by(&renaming, renamed, contract, &[number(7, 1)]).digest,
        by(&messages(), contract, contract, &[number(1, 1)]).digest
    );
}

#[test]
fn changes_of_the_schema_are_told() {
    let contract = "message A { int32 a = 1; string b = 2; Kind k = 3; } enum Kind { NONE = 0; }";
    let writer = "message A { int64 a = 1; Kind k = 3; bool d = 4; } enum Kind { NONE = 0; ONE = 1; }";
    let mut reducer = reducer_of(Side::Canary, messages(), &proto3(writer), &proto3(contract));
    one(&mut reducer, b"").unwrap();
    let changes = reducer.schema_changes();
    let told: Vec<(String, Change, bool)> = changes
        .into_iter()
        .map(|found| (found.path, found.change, found.breaking))
        .collect();
    let expect = [
        ("a", Change::Type, true),
        ("b", Change::Removed, false),
        ("d", Change::Added, false),
        ("k", Change::Enum, false),
    ];
    assert_eq!(
        told,
        expect.map(|(path, change, breaking)| (path.to_owned(), change, breaking))
    );
}

/// The frame of a registry: an id, and the indexes of a message.
fn framed(id: u32, indexes: &[u8], message: &[u8]) -> Vec<u8> {
    [&[0], id.to_be_bytes().as_slice(), indexes, message].concat()
}

#[test]
fn a_frame_names_a_message_of_its_schema() {
    let text = proto3(
        "message A { int32 a = 1; message In { message Deep { string s = 1; } map<string, int32> m = 1; } } message B { bool b = 1; }",
    );
    let mut reducer = Reducer::new(
        Side::Baseline,
        Settings {
            framing: Framing::Confluent,
            ..messages()
        },
    );
    reducer.add_schema(Field::Value, SchemaRef::Id(7), protobuf(&text));
    let mut named = Vec::new();
    let mut read = |reducer: &mut Reducer, bytes: Vec<u8>| -> Result<Fingerprint, UndecodableReason> {
        let batch: RecordBatch = values(&[bytes]);
        let mut out = Vec::new();
        while let Progress::NeedsContract { type_name, schema, .. } = reducer.reduce(&batch, 0, &mut out) {
            named.push(type_name);
            reducer.add_contract(Field::Value, schema);
        }
        match out.remove(0).body {
            crosscheck::model::Reduction::Decoded(found) => Ok(found),
            crosscheck::model::Reduction::Undecodable(reason, _) => Err(reason),
            crosscheck::model::Reduction::Deselected | crosscheck::model::Reduction::Diverted(_) => panic!(),
        }
    };
    let a = read(&mut reducer, framed(7, &[0], &number(1, 1))).unwrap();
    assert_eq!(
        read(&mut reducer, framed(7, &[2, 0], &number(1, 1))).unwrap().digest,
        a.digest,
        "the long form"
    );
    let b = read(&mut reducer, framed(7, &[2, 2], &number(1, 1))).unwrap();
    assert_ne!(a.digest, b.digest, "of another type");
    read(&mut reducer, framed(7, &[6, 0, 0, 0], &field(1, 2, b"x"))).unwrap();
    for (indexes, reason) in [
        (&[2, 4][..], UndecodableReason::Schema),
        (&[4, 0, 2], UndecodableReason::Schema),
        (&[1], UndecodableReason::Framing),
        (&[4, 0], UndecodableReason::Framing),
        (&[0x80], UndecodableReason::Framing),
        (&[], UndecodableReason::Framing),
    ] {
        assert_eq!(
            read(&mut reducer, framed(7, indexes, b"")).map(|_| ()),
            Err(reason),
            "{indexes:?}"
        );
    }
    assert_eq!(named, ["t.A", "t.B", "t.A.In.Deep"]);
    let uses = reducer.schema_uses();
    let counts: Vec<u64> = uses.iter().map(|found| found.records).collect();
    assert_eq!(counts, [2, 1, 1]);
    assert!(uses.iter().all(|found| found.schema == SchemaRef::Id(7)));
    // Another reducer counts what this one met.
    let mut other = Reducer::new(
        Side::Baseline,
        Settings {
            framing: Framing::Confluent,
            ..messages()
        },
    );
    other.add_schema(Field::Value, SchemaRef::Id(7), protobuf(&text));
    for schema in uses.iter().zip(["t.A", "t.B", "t.A.In.Deep"]) {
        let _ = schema;
    }
    other.set_sole_contract(Field::Value, protobuf(&text));
    other.add_uses(&reducer.take_uses());
    assert_eq!(other.schema_uses(), uses);
}

#[test]
fn a_stored_schema_is_the_same_again() {
    let text = proto3("message A { uint64 a = 1; A b = 2; } message B { map<int32, A> c = 1; }");
    let file = protobuf(&text);
    let again = Schema::restore(file.json()).unwrap();
    assert_eq!((again.digest(), again.json()), (file.digest(), file.json()));
    let mut reducer = Reducer::new(
        Side::Baseline,
        Settings {
            framing: Framing::Confluent,
            ..messages()
        },
    );
    reducer.add_schema(Field::Value, SchemaRef::Id(7), again);
    let batch = values(&[framed(7, &[2, 2], b"")]);
    let Progress::NeedsContract { schema, .. } = reducer.reduce(&batch, 0, &mut Vec::new()) else {
        panic!("a contract is needed");
    };
    let contract = Schema::restore(schema.json()).unwrap();
    assert_eq!((contract.name(), contract.digest()), ("t.B", schema.digest()));
    for wrong in [
        "protobuf ",
        "protobuf !",
        "protobuf AAAA",
        &format!("{} t.C", file.json()),
    ] {
        assert!(Schema::restore(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn schemas_that_cannot_be_compiled_say_why() {
    for (text, says) in [
        ("syntax = \"proto3\"; message A { Nope a = 1; }", "Nope"),
        (
            "syntax = \"proto3\"; import \"other.proto\"; message A { }",
            "other.proto",
        ),
        ("syntax = \"proto3\"; enum E { A = 0; }", "no message"),
        ("edition = \"2023\"; message A { }", ""),
        ("{", ""),
        (&"message A {".repeat(2_000), "deeper"),
        (&format!("option a = {{ {} ", "b { ".repeat(10_000)), "deeper"),
        (&format!("// {}", "x".repeat(2 << 20)), "bytes"),
    ] {
        let error = Schema::protobuf(text, &[]).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let imports = [(
        "other.proto".to_owned(),
        "syntax = \"proto3\"; package o; message B { int32 x = 1; }".to_owned(),
    )];
    let text = "syntax = \"proto3\"; import \"other.proto\"; message A { o.B b = 1; }";
    assert!(Schema::protobuf(text, &imports).is_ok());
    assert_eq!(Schema::protobuf_imports(text).unwrap(), ["other.proto"]);
    assert_eq!(Schema::protobuf_imports(&proto3("")).unwrap(), Vec::<String>::new());
}
