//! What a record can make a walk do, counted in operations: in proportion to its bytes, however it asks for more. Counts
//! are the same on every machine; how long they take `codec::bounds` sees.

use super::{BUDGET, Scratch, walk};
use crate::codec::compile::{Purpose, compile};
use crate::codec::marks::Asked;
use crate::codec::schema::Schema;
use crate::codec::settings::Settings;
use crate::model::Side;

const NULLS: &str = r#"{"type":"array","items":"null"}"#;
const NESTED: &str = r#"{"type":"array","items":{"type":"array","items":"null"}}"#;
const INTS: &str = r#"{"type":"array","items":"int"}"#;
const MAP: &str = r#"{"type":"map","values":"null"}"#;
const TREE: &str = r#"{"type":"record","name":"T","fields":[{"name":"c","type":{"type":"array","items":"T"}}]}"#;
const ITSELF: &str = r#"{"type":"record","name":"S","fields":[{"name":"a","type":"S"},{"name":"b","type":"S"}]}"#;
const EMPTY: &str = r#"{"type":"array","items":{"type":"record","name":"E","fields":[]}}"#;
const FILLED: &str = r#"{"type":"array","items":{"type":"record","name":"E","fields":[
    {"name":"a","type":"string","default":"abcdefghijklmnop"}]}}"#;

/// A count or length.
fn long(value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    crate::codec::canonical::put_long(&mut out, value);
    out
}

/// Operations, in both forms, and the most bytes that they left.
fn walked(writer: &str, contract: &str, bytes: &[u8]) -> (u64, usize) {
    let (writer, contract) = (Schema::parse(writer).unwrap(), Schema::parse(contract).unwrap());
    let mut settings = Settings::default();
    settings.rules.absent_equals_default = true;
    let asked = Asked::of_value(Side::Baseline, &settings, &[]);
    let plan = compile(&writer, &contract, &asked, Purpose::Digest).unwrap();
    let mut scratch = Scratch::default();
    let _ = walk(&plan, &contract, bytes, &mut scratch, false);
    let plain = scratch.out.len();
    let _ = walk(&plan, &contract, bytes, &mut scratch, true);
    (scratch.steps, plain.max(scratch.out.len()))
}

/// Name, writer's schema, contract, and a record of about so many kibibytes.
type Bomb = (&'static str, &'static str, &'static str, fn(usize) -> Vec<u8>);

const BOMBS: &[Bomb] = &[
    ("arrays of a thousand nulls each", NESTED, NESTED, |kib| {
        let arrays = kib * 341;
        let count = i64::try_from(arrays).unwrap();
        [long(count), [long(1_000), vec![0]].concat().repeat(arrays), vec![0]].concat()
    }),
    ("blocks of a thousand nulls each", NULLS, NULLS, |kib| {
        [long(1_000).repeat(kib * 512), vec![0]].concat()
    }),
    ("nulls that are no ints", NULLS, INTS, |kib| {
        [long(i64::try_from(kib * 8_000).unwrap()), vec![0; kib * 1_024]].concat()
    }),
    ("empty records that are no ints", EMPTY, INTS, |kib| {
        [long(i64::try_from(kib * 4_000).unwrap()), vec![0; kib * 1_024]].concat()
    }),
    ("empty records with a default", EMPTY, FILLED, |kib| {
        [long(i64::try_from(kib * 400).unwrap()), vec![0; kib * 1_024]].concat()
    }),
    ("one key again and again", MAP, MAP, |kib| {
        [[2, 2, b'k'].repeat(kib * 341), vec![0]].concat()
    }),
    ("a tree without an end", TREE, TREE, |kib| vec![2; kib * 1_024]),
    ("arrays of one array", TREE, TREE, |kib| {
        [[2].repeat(62), [2, 0, 0].repeat(kib * 341)].concat()
    }),
    ("a record in itself", ITSELF, ITSELF, |_| Vec::new()),
];

#[test]
fn operations_are_in_proportion_to_the_bytes() {
    for (name, writer, contract, bomb) in BOMBS {
        for kib in [1, 64, 512] {
            let bytes = bomb(kib);
            let (steps, _) = walked(writer, contract, &bytes);
            // Two forms; and what costs no bytes is paid from the part of the budget that every record has.
            let most = 12 * bytes.len() as u64 + 4 * BUDGET.unsigned_abs();
            assert!(steps <= most, "{name}, {kib} KiB: {steps} operations, at most {most}");
        }
    }
}

#[test]
fn items_without_bytes_are_not_walked_one_by_one() {
    for (name, writer, contract, _) in BOMBS.iter().filter(|(_, writer, ..)| [NULLS, EMPTY].contains(writer)) {
        let of = |count: i64| walked(writer, contract, &[long(count), vec![0]].concat());
        let (few, many) = (of(10), of(10_000));
        assert_eq!(few.0, many.0, "{name}");
        assert!(many.1 >= few.1, "{name}");
    }
}
