//! Topics whose records name their schemas in headers, as Confluent's serializers can since version 8.

use serde_json::json;

use super::avro::{encoded, schema};
use super::json_topics::{Headed, Registry, World, guid};

const FIELDS: &str = "id string; v int";
const KEY: &str = "id string";
const PROTO: &str =
    r#"syntax = "proto3"; message First { string id = 1; } message Order { string id = 1; int64 v = 2; }"#;

fn registry() -> Registry {
    Registry::knows(&[
        (1, json!({"schema": schema(FIELDS).to_string()})),
        (2, json!({"schema": schema(KEY).to_string()})),
        (3, json!({"schemaType": "PROTOBUF", "schema": PROTO})),
    ])
}

fn by_id(id: u8) -> Vec<u8> {
    vec![0, 0, 0, 0, id]
}

fn by_guid(id: u32) -> Vec<u8> {
    [&[1], guid(id).as_bytes().as_slice()].concat()
}

#[test]
fn by_id_and_by_guid_and_what_names_none() {
    let (world, registry) = (World::new(), registry());
    let value = |id: &str, v: i64| encoded(&schema(FIELDS), &json!({"id": id, "v": v}));
    let values = [
        value("a", 1),
        value("b", 2),
        value("c", 3),
        value("d", 4),
        value("e", 5),
    ];
    let row = |key: &'static str, at: usize, headers| ((key, Some(values[at].as_slice())), headers);
    let named = |name: Vec<u8>| vec![("__value_schema_id", name)];
    let baseline: Vec<Headed<'_>> = ["a", "b", "c", "d", "e"]
        .into_iter()
        .enumerate()
        .map(|(at, key)| row(key, at, named(by_id(1))))
        .collect();
    let changed = value("b", 9);
    let framed = [by_id(1), value("d", 4)].concat();
    let canary: Vec<Headed<'_>> = vec![
        row("a", 0, named(by_guid(1))),
        // The last header of the name counts.
        (("b", Some(&changed)), [named(by_id(7)), named(by_id(1))].concat()),
        row("c", 2, named(by_guid(9))),
        // A frame in front of the value names nothing here, and half a GUID names nothing.
        (("d", Some(&framed)), vec![]),
        row("e", 4, named(by_guid(1)[..9].to_vec())),
    ];
    world.produce_headed("b", &baseline);
    world.produce_headed("c", &canary);
    let told = world.reconcile(&format!(
        "--framing header --identity field:id --registry {}",
        registry.url
    ));
    assert_eq!(
        told.gist(),
        "1 matched 1 mismatched 1 missing 3 | v value 1",
        "{}",
        told.log
    );
    let reasons = &told.side("canary")["undecodable_reasons"];
    assert_eq!(
        (&reasons["framing"], &reasons["schema"]),
        (&json!(2), &json!(1)),
        "{reasons}"
    );
}

#[test]
fn keys_too_and_a_schema_that_is_selected() {
    let (world, registry) = (World::new(), registry());
    let key = String::from_utf8(encoded(&schema(KEY), &json!({"id": "a"}))).unwrap();
    let row = |value: &'static [u8], headers| ((key.as_str(), Some(value)), headers);
    let named = |id: u8| vec![("__key_schema_id", by_id(2)), ("__value_schema_id", by_id(id))];
    world.produce_headed("b", &[row(b"x", named(5))]);
    world.produce_headed("c", &[row(b"x", named(5)), row(b"y", named(6))]);
    let flags = "--format raw --framing header --key-format avro --key-framing header --identity key:id";
    let told = world.reconcile(&format!("{flags} --select schema:5 --registry {}", registry.url));
    assert_eq!(told.gist(), "0 matched 1", "{}", told.log);
    assert_eq!(told.side("canary")["excluded_reasons"]["select"], 1);
}

#[test]
fn of_protobuf_with_the_message_behind_the_id() {
    let (world, registry) = (World::new(), registry());
    let order = |v: u8| vec![0x0a, 1, b'a', 0x10, v];
    let (one, two) = (order(1), order(2));
    let named = |indexes: &[u8]| vec![("__value_schema_id", [&by_guid(3), indexes].concat())];
    // The second message: one index, 1, both as zigzag varints.
    world.produce_headed("b", &[(("a", Some(&one)), named(&[2, 2]))]);
    world.produce_headed(
        "c",
        &[(("a", Some(&two)), named(&[2, 2])), (("b", Some(&two)), named(&[]))],
    );
    let told = world.reconcile(&format!(
        "--format protobuf --framing header --identity field:id --registry {}",
        registry.url
    ));
    assert_eq!(told.gist(), "1 mismatched 1 | v value 1", "{}", told.log);
    assert_eq!(told.side("canary")["undecodable_reasons"]["framing"], 1);
}

#[test]
fn without_a_registry_it_is_a_usage_error() {
    let world = World::new();
    let told = world.reconcile("--framing header --identity field:id");
    assert_eq!(told.exit, 2);
    assert!(told.log.contains("--registry is missing"), "{}", told.log);
}
