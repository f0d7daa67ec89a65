//! Topics of Protobuf behind a registry: other encodings of the same, versions, keys, rules, and what cannot be decoded.

use serde_json::json;

use super::json_topics::{Registry, Row, World};

const ORDER: &str = r#"syntax = "proto3"; package shop;
    message Order { string id = 1; int64 v = 2; repeated int32 tags = 3; int64 seen_at = 4; optional string note = 5; }"#;
/// A field more, and the fields in another order.
const ORDER_2: &str = r#"syntax = "proto3"; package shop;
    message Order { int32 channel = 6; optional string note = 5; int64 seen_at = 4; repeated int32 tags = 3; int64 v = 2; string id = 1; }"#;
const KEY: &str = r#"syntax = "proto3"; package shop; message Key { string id = 1; int32 shard = 2; }"#;

fn registry() -> Registry {
    let known = [(1, ORDER), (2, ORDER_2), (3, KEY)];
    Registry::knows(&known.map(|(id, text)| (id, json!({"schemaType": "PROTOBUF", "schema": text}))))
}

/// In Confluent's frame, as the first message of its schema.
fn framed(id: u8, wire: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, id, 0], wire].concat()
}

fn text(number: u8, text: &str) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// `v`, tags packed or one by one, and a time.
fn order(id: &str, v: u8, packed: bool, seen_at: u8) -> Vec<u8> {
    let tags: &[u8] = if packed { &[0x1a, 2, 7, 8] } else { &[0x18, 7, 0x18, 8] };
    let parts = [text(1, id), vec![0x10, v], tags.to_vec(), vec![0x20, seen_at]];
    // The wire has no order.
    if packed {
        parts.concat()
    } else {
        parts.into_iter().rev().flatten().collect()
    }
}

const FLAGS: &str = "--format protobuf --framing confluent --identity field:id --ignore seen_at --show v --registry";

#[test]
fn other_encodings_and_another_version_are_equal_and_the_rest_is_told() {
    let (world, registry) = (World::new(), registry());
    let baseline: Vec<Vec<u8>> = ["a", "b", "c", "d"]
        .iter()
        .map(|id| framed(1, &order(id, 1, true, 5)))
        .collect();
    let channel = [order("b", 1, false, 9), vec![0x30, 3]].concat();
    let noted = [order("c", 9, false, 6), text(5, "")].concat();
    let cut = framed(1, &order("d", 1, true, 5));
    let canary = [
        framed(1, &order("a", 1, false, 6)),
        framed(2, &channel),
        framed(2, &noted),
        cut[..cut.len() - 1].to_vec(),
        framed(9, &order("e", 1, true, 5)),
    ];
    let rows = |all: &'_ [Vec<u8>]| -> Vec<(String, Vec<u8>)> {
        all.iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value.clone()))
            .collect()
    };
    for (topic, all) in [("b", rows(&baseline)), ("c", rows(&canary))] {
        let all: Vec<Row<'_>> = all
            .iter()
            .map(|(key, value)| (key.as_str(), Some(value.as_slice())))
            .collect();
        world.produce(topic, &all);
    }
    let told = world.reconcile(&format!("{FLAGS} {}", registry.url));
    assert_eq!(
        told.gist(),
        "1 matched 2 mismatched 1 missing 1 | note null 1 | v value 1 | channel added",
        "{}",
        told.log
    );
    let reasons = &told.side("canary")["undecodable_reasons"];
    assert_eq!(
        (&reasons["truncated"], &reasons["schema"]),
        (&json!(1), &json!(1)),
        "{reasons}"
    );
    let finding = &told.stream()["findings"];
    assert!(
        finding.to_string().contains(r#""baseline":"1","canary":"9""#),
        "{finding}"
    );
    let ids: Vec<&serde_json::Value> = told.stream()["schemas"]
        .as_array()
        .unwrap()
        .iter()
        .map(|used| &used["id"])
        .collect();
    assert_eq!(ids, [&json!(1), &json!(1), &json!(2)]);
}

#[test]
fn a_key_of_protobuf_is_an_identity_by_its_path() {
    let (world, registry) = (World::new(), registry());
    let key = |id: &str, shard: u8| framed(3, &[text(1, id), vec![0x10, shard]].concat());
    let keys = [key("a", 1), key("b", 2), key("b", 7), key("a", 8)];
    // Keys of the mock's producer are texts: these are, byte for byte.
    let keys: Vec<String> = keys.into_iter().map(|key| String::from_utf8(key).unwrap()).collect();
    let value = |v: u8| format!("{v}").into_bytes();
    world.produce("b", &[(&keys[0], Some(&value(1))), (&keys[1], Some(&value(2)))]);
    world.produce("c", &[(&keys[2], Some(&value(2))), (&keys[3], Some(&value(3)))]);
    let flags =
        "--format raw --key-format protobuf --key-framing confluent --identity key:id --ignore $key.shard --registry";
    let told = world.reconcile(&format!("{flags} {}", registry.url));
    assert_eq!(told.gist(), "1 matched 1 mismatched 1 | $value value 1", "{}", told.log);
}

#[test]
fn without_a_frame_a_contract_is_needed_and_serves() {
    let (world, registry) = (World::new(), registry());
    world.produce("b", &[("a", Some(&order("a", 1, true, 5)))]);
    world.produce("c", &[("a", Some(&order("a", 2, false, 5)))]);
    let file = tempfile::NamedTempFile::with_suffix(".proto").unwrap();
    std::fs::write(file.path(), ORDER).unwrap();
    let flags = "--format protobuf --framing none --identity field:id";
    let told = world.reconcile(&format!("{flags} --contract {}", file.path().display()));
    assert_eq!(told.gist(), "1 mismatched 1 | v value 1", "{}", told.log);
    let told = world.reconcile(&format!("{flags} --registry {}", registry.url));
    assert_eq!(told.exit, 2);
    assert!(told.log.contains("contract"), "{}", told.log);
}
