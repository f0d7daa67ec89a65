//! One message in many encodings, and different messages.

use crosscheck::model::UndecodableReason::{Malformed, Utf8};

use super::super::build::hex;
use super::{canonical, field, long, number, read, varint};

const ALL: &str = r#"syntax = "proto3"; package t;
message All {
  int32 a = 1; int64 b = 2; uint32 c = 3; uint64 d = 4; sint32 e = 5; sint64 f = 6; bool g = 7;
  fixed32 h = 8; fixed64 i = 9; sfixed32 j = 10; sfixed64 k = 11; float l = 12; double m = 13; string n = 14; bytes o = 15;
  Kind p = 16; optional int32 q = 17; Inner r = 18; repeated int32 s = 19; map<string, Inner> t = 20;
  oneof one { int32 u = 21; string v = 22; Inner w = 23; }
  repeated Inner x = 24; map<sint32, Kind> y = 25; repeated Kind z = 26;
}
message Inner { int32 a = 1; string b = 2; Inner c = 3; repeated int32 d = 4; }
enum Kind { NONE = 0; ONE = 1; FIVE = 5; }"#;

fn all(parts: &[Vec<u8>]) -> [u8; 16] {
    read(ALL, &parts.concat())
        .unwrap_or_else(|reason| panic!("{}: {reason:?}", hex(&parts.concat())))
        .digest
        .0
}

#[test]
fn encodings_of_one_message_are_equal() {
    let inner = |fields: &[Vec<u8>]| fields.concat();
    for (name, group) in [
        (
            "order",
            vec![vec![number(1, 5), number(2, 6)], vec![number(2, 6), number(1, 5)]],
        ),
        (
            "a default is as if it were not there",
            vec![
                vec![],
                vec![number(1, 0)],
                vec![field(14, 2, b"")],
                vec![number(16, 0)],
                vec![field(13, 1, &[0; 8])],
                vec![field(19, 2, b"")],
            ],
        ),
        (
            "the last one counts",
            vec![
                vec![number(1, 5)],
                vec![number(1, 9), number(1, 5)],
                vec![number(1, 0), number(2, 0), number(1, 5)],
            ],
        ),
        (
            "longer varints",
            vec![
                vec![number(1, 5)],
                vec![field(1, 0, &long(5, 4))],
                vec![[long(8, 3), varint(5)].concat()],
            ],
        ),
        (
            "an int32 below zero",
            vec![vec![number(1, u64::MAX)], vec![number(1, 0xffff_ffff)]],
        ),
        ("a bool", vec![vec![number(7, 1)], vec![number(7, 700)]]),
        (
            "packed",
            vec![
                vec![field(19, 2, &[1, 2, 3])],
                vec![number(19, 1), number(19, 2), number(19, 3)],
                vec![field(19, 2, &[1]), number(19, 2), field(19, 2, b""), field(19, 2, &[3])],
                vec![field(19, 2, &[1, 2]), number(1, 0), number(19, 3)],
            ],
        ),
        (
            "messages are merged",
            vec![
                vec![field(
                    18,
                    2,
                    &inner(&[number(1, 7), field(2, 2, b"x"), field(4, 2, &[1, 2])]),
                )],
                vec![
                    field(18, 2, &inner(&[number(1, 7), number(4, 1)])),
                    field(18, 2, &inner(&[number(4, 2), field(2, 2, b"x")])),
                ],
                vec![
                    field(18, 2, &inner(&[number(1, 6)])),
                    field(18, 2, b""),
                    field(18, 2, &inner(&[field(4, 2, &[1, 2]), number(1, 7), field(2, 2, b"x")])),
                ],
            ],
        ),
        (
            "in each other too",
            vec![
                vec![field(18, 2, &field(3, 2, &inner(&[number(1, 7), field(2, 2, b"x")])))],
                vec![
                    field(18, 2, &field(3, 2, &number(1, 7))),
                    field(18, 2, &field(3, 2, &field(2, 2, b"x"))),
                ],
            ],
        ),
        (
            "maps",
            vec![
                vec![
                    field(20, 2, &inner(&[field(1, 2, b"a"), field(2, 2, &number(1, 1))])),
                    field(20, 2, &inner(&[field(1, 2, b"b"), field(2, 2, &number(1, 2))])),
                ],
                vec![
                    field(20, 2, &inner(&[field(2, 2, &number(1, 2)), field(1, 2, b"b")])),
                    field(20, 2, &inner(&[field(1, 2, b"a"), field(2, 2, &number(1, 1))])),
                ],
                vec![
                    field(20, 2, &inner(&[field(1, 2, b"a"), field(2, 2, &number(1, 9))])),
                    field(20, 2, &inner(&[field(1, 2, b"b"), field(2, 2, &number(1, 2))])),
                    field(20, 2, &inner(&[field(1, 2, b"a"), field(2, 2, &number(1, 1))])),
                ],
            ],
        ),
        (
            "an entry without key or value",
            vec![
                vec![field(20, 2, b"")],
                vec![field(20, 2, &inner(&[field(1, 2, b""), field(2, 2, b"")]))],
            ],
        ),
        (
            "a oneof",
            vec![
                vec![field(22, 2, b"x")],
                vec![number(21, 5), field(22, 2, b"x")],
                vec![field(22, 2, b"y"), number(21, 5), field(22, 2, b"x")],
            ],
        ),
        (
            "a message of a oneof begins again",
            vec![
                vec![field(23, 2, &number(1, 1))],
                vec![
                    field(23, 2, &field(2, 2, b"x")),
                    number(21, 5),
                    field(23, 2, &number(1, 1)),
                ],
            ],
        ),
        (
            "unknown fields",
            vec![
                vec![number(99, 1), field(98, 2, b"x")],
                vec![field(98, 2, b"x"), [long(99 << 3, 5), long(1, 9)].concat()],
            ],
        ),
        (
            "another wire type is an unknown field",
            vec![
                vec![field(1, 2, b"x"), number(2, 1)],
                vec![number(2, 1), field(1, 2, b"x")],
            ],
        ),
    ] {
        let first = all(&group[0]);
        for parts in &group {
            assert_eq!(all(parts), first, "{name}: {}", hex(&parts.concat()));
        }
    }
}

#[test]
fn different_messages_are_not() {
    let empty = field(18, 2, b"");
    let entry = |key: &[u8], value: u64| field(20, 2, &[field(1, 2, key), field(2, 2, &number(1, value))].concat());
    let mut seen = std::collections::BTreeMap::new();
    for parts in [
        vec![],
        vec![number(1, 1)],
        vec![number(1, u64::MAX)],
        vec![number(2, 1)],
        vec![number(2, u64::MAX)],
        vec![number(4, 1)],
        vec![number(4, u64::MAX)],
        vec![number(4, 1 << 63)],
        vec![field(9, 1, &[0xff; 8])],
        vec![number(17, 0)],
        vec![number(17, 1)],
        vec![empty.clone()],
        vec![field(18, 2, &empty)],
        vec![field(18, 2, &field(3, 2, b""))],
        vec![field(12, 5, &[0, 0, 0, 0x80])],
        vec![number(16, 1)],
        vec![number(16, 5)],
        vec![number(16, 2)],
        vec![number(16, u64::MAX)],
        vec![number(19, 0)],
        vec![number(19, 0), number(19, 0)],
        vec![number(19, 1), number(19, 0)],
        vec![number(19, 0), number(19, 1)],
        vec![entry(b"", 0)],
        vec![entry(b"", 1)],
        vec![entry(b"a", 0)],
        vec![entry(b"a", 0), entry(b"b", 0)],
        vec![number(21, 0)],
        vec![field(22, 2, b"")],
        vec![field(23, 2, b"")],
        vec![field(24, 2, b"")],
        vec![field(24, 2, b""), field(24, 2, b"")],
        vec![number(99, 1)],
        vec![number(99, 1), number(99, 1)],
        vec![number(98, 1)],
        vec![field(99, 5, &[1, 0, 0, 0])],
        vec![field(99, 1, &[1, 0, 0, 0, 0, 0, 0, 0])],
        vec![field(99, 2, &[1])],
        vec![field(99, 3, &number(1, 1))],
        vec![field(99, 3, &number(2, 1))],
        vec![field(1, 2, b"")],
        vec![field(26, 2, &[0, 3])],
        vec![field(26, 2, &[3, 0])],
        vec![field(18, 2, &number(99, 1))],
    ] {
        let digest = all(&parts);
        let before = seen.insert(digest, hex(&parts.concat()));
        assert_eq!(before, None, "{}", hex(&parts.concat()));
    }
}

#[test]
fn what_a_field_becomes_is_as_it_is_written_down() {
    let of = |schema: &str, parts: &[Vec<u8>]| {
        let schema = format!("syntax = \"proto3\"; {schema}");
        hex(&canonical(&schema, &parts.concat()).0)
    };
    // Each with the empty bytes of its unknown fields behind it.
    assert_eq!(of("message A { uint64 a = 1; }", &[number(1, 5)]), "000a00");
    assert_eq!(
        of("message A { uint64 a = 1; }", &[number(1, u64::MAX)]),
        "021200ffffffffffffffff00"
    );
    assert_eq!(of("message A { optional uint64 a = 1; }", &[]), "0000");
    assert_eq!(of("message A { optional uint64 a = 1; }", &[number(1, 0)]), "020000");
    assert_eq!(
        of("enum E { X = 0; Y = 3; } message A { E a = 1; }", &[number(1, 3)]),
        "000200"
    );
    assert_eq!(
        of("enum E { X = 0; Y = 3; } message A { E a = 1; }", &[number(1, 2)]),
        "020400"
    );
    assert_eq!(
        of("message A { map<sint32, bool> a = 1; }", &[field(1, 2, &[8, 3, 16, 1])]),
        "02042d32010000"
    );
    assert_eq!(
        of("message A { map<bool, bool> a = 1; }", &[field(1, 2, b"")]),
        "020a66616c7365000000"
    );
    let time = "import \"google/protobuf/timestamp.proto\"; message A { google.protobuf.Timestamp a = 1; }";
    assert_eq!(of(time, &[]), "0000");
    assert_eq!(of(time, &[field(1, 2, b"")]), "020000");
    assert_eq!(
        of(time, &[field(1, 2, &[number(1, 1), number(2, 1)].concat())]),
        "0282a8d6b90700"
    );
    // Beyond the years that nanoseconds reach, or with nanoseconds that are none, it stands as it is.
    assert_eq!(of(time, &[field(1, 2, &number(1, 1 << 40))]), "04808080808040000000");
    assert_eq!(
        of(time, &[field(1, 2, &number(2, 2_000_000_000))]),
        "040080d0acf30e0000"
    );
}

#[test]
fn fields_of_proto2() {
    let schema = r#"syntax = "proto2";
        message A { required int32 a = 1; optional E b = 2; repeated E c = 3 [packed = true]; optional group D = 4 { optional int32 x = 1; }
            map<string, E> e = 5; optional int32 f = 6 [default = 7]; extensions 100 to 200; }
        enum E { TWO = 2; ONE = 1; }"#;
    let digest = |parts: &[Vec<u8>]| read(schema, &parts.concat()).map(|found| found.digest.0);
    assert_eq!(digest(&[]), Err(Malformed), "a required field is missing");
    let required = number(1, 0);
    let with = |part: Vec<u8>| digest(&[required.clone(), part]).unwrap();
    // A number that a closed enum has not is an unknown field.
    assert_eq!(
        with([number(2, 1), number(2, 9)].concat()),
        with([number(2, 9), number(2, 1)].concat())
    );
    assert_ne!(with(number(2, 1)), with([number(2, 1), number(2, 9)].concat()));
    assert_eq!(
        with(field(3, 2, &[1, 9, 2])),
        with([number(3, 9), number(3, 1), number(3, 2)].concat())
    );
    assert_ne!(with(field(3, 2, &[1, 9, 2])), with(field(3, 2, &[1, 2])));
    assert_ne!(with(field(5, 2, &field(1, 2, b"a"))), with(Vec::new()));
    assert_eq!(
        with(field(5, 2, &field(1, 2, b"a"))),
        with(field(5, 2, &[field(1, 2, b"a"), number(2, 2)].concat())),
        "the first one is the default"
    );
    assert_ne!(
        with(field(5, 2, &[field(1, 2, b"a"), number(2, 9)].concat())),
        with(field(5, 2, &field(1, 2, b"a")))
    );
    // A group.
    assert_eq!(
        with([field(4, 3, b""), field(4, 3, &number(1, 5))].concat()),
        with(field(4, 3, &number(1, 5)))
    );
    assert_ne!(
        with(field(4, 3, &number(1, 5))),
        with(field(4, 2, &number(1, 5))),
        "as a message it is unknown"
    );
    // A value that is there is not one that is not.
    assert_ne!(with(number(6, 7)), with(Vec::new()));
    assert_ne!(with(number(100, 7)), with(Vec::new()), "an extension");
}

#[test]
fn text_has_to_be_utf8() {
    let schema = "syntax = \"proto3\"; message A { string a = 1; map<string, string> b = 2; bytes c = 3; repeated string d = 4; }";
    let bad = |parts: &[Vec<u8>]| read(schema, &parts.concat()).err();
    assert_eq!(bad(&[field(1, 2, b"\xff")]), Some(Utf8));
    assert_eq!(bad(&[field(2, 2, &field(1, 2, b"\xff"))]), Some(Utf8));
    assert_eq!(bad(&[field(2, 2, &field(2, 2, b"\xff"))]), Some(Utf8));
    assert_eq!(bad(&[field(4, 2, b"\xff")]), Some(Utf8));
    assert_eq!(bad(&[field(3, 2, b"\xff")]), None);
}
