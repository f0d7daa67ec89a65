//! Records that cannot be decoded: counted, the rest of their block with them, and nothing stops.

use crosscheck::model::UndecodableReason::{self, Bounds, DuplicateKey, Malformed, Trailing, Truncated, Utf8};

use super::container::{Said, block, file, header, long, read, sized};

fn said(schema: &str, blocks: &[Vec<u8>]) -> Said {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), &[header(schema, "null"), blocks.concat()].concat());
    read(&path).unwrap()
}

const TEXT: &str = "\"string\"";

#[test]
fn a_bad_record_takes_the_rest_of_its_block_and_no_more() {
    let good = [sized(b"a"), sized(b"b")].concat();
    let bad = [sized(b"c"), sized(&[0xff]), sized(b"d"), sized(b"e")].concat();
    let (records, undecodable) = said(TEXT, &[block(2, &good), block(4, &bad), block(2, &good)]);
    assert_eq!(undecodable, [(3, Utf8), (4, Utf8), (5, Utf8)]);
    let rest = [sized(&[0xff]), sized(b"d"), sized(b"e")].concat();
    let expect = [
        sized(b"a"),
        sized(b"b"),
        sized(b"c"),
        rest,
        vec![],
        vec![],
        sized(b"a"),
        sized(b"b"),
    ];
    assert_eq!(records, expect);
}

#[test]
fn a_byte_behind_the_last_record() {
    let bytes = [sized(b"a"), sized(b"b"), vec![0]].concat();
    let (records, undecodable) = said(TEXT, &[block(2, &bytes), block(1, &sized(b"c"))]);
    assert_eq!(undecodable, [(1, Trailing)]);
    assert_eq!(records, [sized(b"a"), [sized(b"b"), vec![0]].concat(), sized(b"c")]);
}

#[test]
fn more_records_than_bytes() {
    let (records, undecodable) = said(TEXT, &[block(5, &sized(b"a")), block(1, &sized(b"b"))]);
    assert_eq!(records.len(), 6);
    assert_eq!(
        undecodable,
        [(1, Truncated), (2, Truncated), (3, Truncated), (4, Truncated)]
    );
    let (records, undecodable) = said(TEXT, &[block(50_000, b"")]);
    assert_eq!((records.len(), undecodable.len()), (50_000, 50_000));
}

#[test]
fn reasons() {
    let record = r#"{"type": "record", "name": "R", "fields": [{"name": "next", "type": ["null", "R"]}]}"#;
    let map = r#"{"type": "map", "values": "int"}"#;
    let array = r#"{"type": "array", "items": "int"}"#;
    let nulls = r#"{"type": "array", "items": "null"}"#;
    let symbols = r#"{"type": "enum", "name": "E", "symbols": ["A"]}"#;
    let entry = [sized(b"k"), long(1)].concat();
    let cases: Vec<(&str, &str, Vec<u8>, UndecodableReason)> = vec![
        ("a boolean of 2", "\"boolean\"", vec![2], Malformed),
        ("a symbol that is none", symbols, long(1), Malformed),
        ("a branch that is none", r#"["null", "int"]"#, long(2), Malformed),
        ("a branch below zero", r#"["null", "int"]"#, long(-1), Malformed),
        ("a varint without an end", "\"long\"", vec![0xff; 11], Malformed),
        ("an int of more than 32 bits", "\"int\"", long(1 << 40), Malformed),
        ("a length below zero", TEXT, long(-1), Bounds),
        (
            "text that ends too early",
            TEXT,
            [long(5), b"abc".to_vec()].concat(),
            Truncated,
        ),
        ("a double that ends too early", "\"double\"", vec![0; 7], Truncated),
        ("a count of more than there is", array, long(1 << 40), Bounds),
        ("the least of all counts", array, long(i64::MIN), Bounds),
        (
            "a count of more than the bytes left",
            array,
            [long(9), long(1)].concat(),
            Truncated,
        ),
        (
            "nulls without a bound",
            nulls,
            [long(1 << 40), long(0)].concat(),
            Bounds,
        ),
        (
            "a key twice",
            map,
            [long(2), entry.clone(), entry.clone(), long(0)].concat(),
            DuplicateKey,
        ),
        (
            "a key in two blocks",
            map,
            [long(1), entry.clone(), long(1), entry, long(0)].concat(),
            DuplicateKey,
        ),
        (
            "deeper than any record",
            record,
            [vec![2; 200], vec![0]].concat(),
            Bounds,
        ),
    ];
    for (name, schema, bytes, reason) in cases {
        let (_, undecodable) = said(schema, &[block(1, &bytes)]);
        assert_eq!(undecodable, [(0, reason)], "{name}");
    }
}

#[test]
fn blocks_of_arrays_and_maps_in_either_form() {
    let array = r#"{"type": "array", "items": "string"}"#;
    let items = [sized(b"a"), sized(b"b")].concat();
    let with_size = [long(-2), long(4), items.clone(), long(2), items, long(0)].concat();
    let (records, undecodable) = said(array, &[block(1, &with_size)]);
    assert_eq!((records, undecodable), (vec![with_size], Vec::new()));
}
