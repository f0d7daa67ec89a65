//! Bytes that nobody should write, with the reason that each is counted under, the time and the memory.

use crosscheck::model::Side;
use crosscheck::model::UndecodableReason::{self, Bounds, Malformed, Truncated};

use super::super::bounds::{RECORD_BYTES_MAX, TIME_MAX, on_core};
use super::super::build::{one, unhex};
use super::super::memory::peak_of;
use super::{field, messages, number, read, reducer_of, varint};

const SCHEMA: &str = r#"syntax = "proto3";
message A { int32 a = 1; string b = 2; A c = 3; repeated int32 d = 4; repeated fixed64 e = 5; map<string, A> f = 6; repeated A g = 7; }"#;

#[test]
fn each_fault_has_its_reason() {
    for (name, hex, reason) in [
        ("a tag that ends", "80", Truncated),
        ("a tag alone", "08", Truncated),
        ("a varint that ends", "08 80", Truncated),
        ("a varint of eleven bytes", "08 8080808080808080808001", Malformed),
        ("a varint of 65 bits", "08 ffffffffffffffffff02", Malformed),
        ("number 0", "00 00", Malformed),
        ("a tag of more than 32 bits", "8080808010 00", Malformed),
        ("wire type 6", "0e 00", Malformed),
        ("wire type 7", "0f 00", Malformed),
        ("the end of no group", "0c", Malformed),
        ("a group without an end", "0b 08 01", Truncated),
        ("the end of another group", "0b 14", Malformed),
        ("a fixed64 that ends", "09 00000000000000", Truncated),
        ("a fixed32 that ends", "0d 000000", Truncated),
        ("a text that ends", "12 05 61", Truncated),
        ("a length of 2 GiB", "12 8080808008", Bounds),
        ("a length of 64 bits", "12 ffffffffffffffffff01", Bounds),
        ("a text longer than its message", "1a 02 12 05 08 01", Malformed),
        (
            "a text longer than its message and the record",
            "1a 02 12 05",
            Truncated,
        ),
        ("a varint that goes on behind its message", "1a 02 08 80", Truncated),
        (
            "a varint that goes on behind its message, and more",
            "1a 02 08 80 08 01",
            Malformed,
        ),
        ("packed numbers that go on", "22 01 80", Malformed),
        (
            "packed numbers that are no whole ones",
            "2a 07 00000000000000",
            Malformed,
        ),
        ("an entry that ends", "32 02 0a 05", Truncated),
    ] {
        assert_eq!(read(SCHEMA, &unhex(hex)).err(), Some(reason), "{name}");
    }
}

#[test]
fn messages_nest_to_64() {
    let nested = |levels: usize| (0..levels).fold(Vec::new(), |inner, _| field(3, 2, &inner));
    assert!(read(SCHEMA, &nested(63)).is_ok());
    assert_eq!(read(SCHEMA, &nested(64)).map(|_| ()), Err(Bounds));
    assert_eq!(read(SCHEMA, &nested(2_000)).map(|_| ()), Err(Bounds));
    // An array counts as a level of its own.
    let listed = |levels: usize| (0..levels).fold(Vec::new(), |inner, _| field(7, 2, &inner));
    assert!(read(SCHEMA, &listed(31)).is_ok());
    assert_eq!(read(SCHEMA, &listed(32)).map(|_| ()), Err(Bounds));
    let groups = |levels: usize| (0..levels).fold(Vec::new(), |inner, _| field(50, 3, &inner));
    assert!(read(SCHEMA, &groups(63)).is_ok());
    assert_eq!(read(SCHEMA, &groups(65)).map(|_| ()), Err(Bounds));
}

/// Name, schema, and 64 KiB or less.
fn bombs() -> Vec<(&'static str, String, Vec<u8>)> {
    const MOST: usize = 65_536;
    let fill = |part: Vec<u8>| part.repeat(MOST / part.len());
    let wide: String = (1..=1_000).map(|at| format!("int32 f{at} = {at}; ")).collect();
    let wide = format!("syntax = \"proto3\"; message A {{ repeated W g = 7; }} message W {{ {wide} }}");
    let oneofs: String = (1..=500)
        .map(|at| format!("oneof o{at} {{ int32 f{at} = {at}; }} "))
        .collect();
    let oneofs = format!("syntax = \"proto3\"; message A {{ repeated W g = 7; }} message W {{ {oneofs} }}");
    let groups = "syntax = \"proto2\"; message A { optional group G = 1 { optional A a = 2; optional group H = 3 { } repeated int32 n = 4; optional A b = 5; } optional A c = 6; }";
    let own = |bytes| (SCHEMA.to_owned(), bytes);
    let deep = |number: u64, wire: u8, inner: Vec<u8>| (0..60).fold(inner, |inner, _| field(number, wire, &inner));
    let many = MOST - 1_000;
    let entry = |key: &[u8]| field(6, 2, &field(1, 2, key));
    let list = vec![
        ("empty messages", own(fill(field(7, 2, b"")))),
        ("empty messages of a thousand fields", (wide, fill(field(7, 2, b"")))),
        (
            "empty messages of five hundred oneofs",
            (oneofs, fill(field(7, 2, b""))),
        ),
        ("one message in many parts", own(fill(field(3, 2, b"")))),
        ("parts in parts", own(fill(deep(3, 2, Vec::new())))),
        ("packed zeros", own(field(4, 2, &vec![0; many]))),
        ("packed numbers one by one", own(fill(field(4, 2, &[0])))),
        ("nothing packed", own(fill(field(4, 2, b"")))),
        ("unpacked numbers", own(fill(number(4, 0)))),
        ("one number again and again", own(fill(number(1, 1)))),
        (
            "fields in the wrong order",
            own(fill([number(4, 1), number(1, 1)].concat())),
        ),
        ("entries of one key", own(fill(entry(b"k")))),
        ("entries without anything", own(fill(field(6, 2, b"")))),
        (
            "entries of many keys",
            own((0..7_000u32)
                .flat_map(|at| entry(&at.to_be_bytes().map(|byte| byte & 0x7f)))
                .collect()),
        ),
        (
            "entries of long keys",
            own((0..250u8)
                .flat_map(|at| entry(&[[b'k'; 240].as_slice(), &[at & 0x7f]].concat()))
                .collect()),
        ),
        ("unknown fields", own(fill(number(99, 1)))),
        (
            "unknown fields backwards",
            own((0..10_000u64).rev().flat_map(|at| number(1_000 + at, 1)).collect()),
        ),
        (
            "unknown groups in groups",
            own(deep(99, 3, number(1, 0).repeat(many / 4))),
        ),
        ("unknown groups side by side", own(fill(field(99, 3, b"")))),
        ("messages to the limit", own(deep(3, 2, field(4, 2, &vec![1; many])))),
        (
            "varints of ten bytes",
            own(fill([vec![32], vec![0xff; 9], vec![1]].concat())),
        ),
        (
            "known groups in groups",
            (
                groups.to_owned(),
                (0..30).fold(number(4, 0).repeat(many / 4), |inner, _| {
                    field(1, 3, &field(5, 2, &inner))
                }),
            ),
        ),
        ("fixed numbers", own(field(5, 2, &vec![0xff; many / 8 * 8]))),
    ];
    list.into_iter()
        .map(|(name, (schema, bytes))| (name, schema, bytes))
        .collect()
}

#[test]
fn bombs_take_little_time_and_memory() {
    let mut wrong = Vec::new();
    for (name, schema, bytes) in bombs() {
        assert!(bytes.len() <= 70_000, "{name}: {} bytes", bytes.len());
        let mut reducer = reducer_of(Side::Baseline, messages(), &schema, &schema);
        // Its plan is made before.
        let _ = one(&mut reducer, b"");
        let (_, peak) = peak_of(|| one(&mut reducer, &bytes));
        let best = (0..5).map(|_| {
            let began = on_core();
            let _ = one(&mut reducer, &bytes);
            on_core().saturating_sub(began)
        });
        let best = best.min().unwrap();
        if peak > RECORD_BYTES_MAX || best > TIME_MAX {
            wrong.push(format!("{name}: {best:?} and {peak} bytes"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `cargo test --release --test it codec::protobuf::hostile::by_hand -- --ignored --nocapture`
#[test]
#[ignore = "prints the time of every bomb"]
fn by_hand() {
    for (name, schema, bytes) in bombs() {
        let mut reducer = reducer_of(Side::Baseline, messages(), &schema, &schema);
        let _ = one(&mut reducer, b"");
        let (said, peak) = peak_of(|| one(&mut reducer, &bytes).map(|_| ()));
        let began = on_core();
        let _ = one(&mut reducer, &bytes);
        eprintln!("{name}: {:?}, {peak} bytes, {said:?}", on_core().saturating_sub(began));
    }
}

#[test]
fn what_is_overwritten_is_not_looked_into() {
    let bytes = |parts: &[Vec<u8>]| read(SCHEMA, &parts.concat()).map(|found| found.digest.0);
    assert_eq!(
        bytes(&[field(2, 2, b"\xff"), field(2, 2, b"x")]),
        bytes(&[field(2, 2, b"x")])
    );
    let reason: Result<_, UndecodableReason> = bytes(&[field(3, 2, &[0x80]), field(3, 2, b"")]);
    assert_eq!(reason, Err(Malformed), "but messages are merged");
    assert!(varint(300).len() == 2);
}
