//! What a contract cannot hold is digested in the tagged form, which is longer than the record: of 64 KiB the worst that is
//! still decoded, and the first that is not, take no more memory and time than any other bomb.

use std::time::Duration;

use crosscheck::codec::{Reducer, Settings};
use crosscheck::model::{RecordBatch, Reduction, Side, UndecodableReason};

use super::bounds::{RECORD_BYTES_MAX, TIME_MAX, on_core};
use super::build::{path, reduce, reducer, settings, values, with_identity};
use super::memory::peak_of;

/// Bytes of each record, about.
const SIZE: usize = 64 << 10;

/// Values of one schema under a contract that cannot hold them.
struct Case {
    name: &'static str,
    writer: String,
    contract: String,
    settings: Settings,
    /// A record with so much of it, and the most that 64 KiB can say.
    record: Box<dyn Fn(usize) -> Vec<u8>>,
    most: usize,
}

fn long(value: usize) -> Vec<u8> {
    let mut raw = value << 1;
    let mut out = Vec::new();
    while raw >= 0x80 {
        out.push(u8::try_from(raw & 0x7f).unwrap() | 0x80);
        raw >>= 7;
    }
    out.push(u8::try_from(raw).unwrap());
    out
}

fn record(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, schema)| format!(r#"{{"name":"{name}","type":{schema}}}"#))
        .collect();
    format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(","))
}

fn array(items: &str) -> String {
    format!(r#"{{"type":"array","items":{items}}}"#)
}

/// An array of so many items without bytes, and a text that brings the record to its size.
fn padded(count: usize) -> Vec<u8> {
    [long(count), vec![0], long(SIZE), vec![b'x'; SIZE]].concat()
}

fn cases() -> Vec<Case> {
    let (nulls, ints) = (array("\"null\""), array("\"int\""));
    let text = ("t", "\"string\"");
    let padded_by = |items: &str| record(&[("a", &array(items)), text]);
    let contract = record(&[("a", &ints), text]);
    let turned = record(&[text, ("a", &ints)]);
    let empty = r#"{"type":"record","name":"E","fields":[]}"#;
    let mut all = Vec::new();
    let mut add = |name, writer: String, contract: &str, settings, most, record: Box<dyn Fn(usize) -> Vec<u8>>| {
        all.push(Case {
            name,
            writer,
            contract: contract.to_owned(),
            settings,
            record,
            most,
        });
    };
    let alone = settings();
    let count = 2_000_000;
    add(
        "nulls",
        padded_by("\"null\""),
        &contract,
        alone.clone(),
        count,
        Box::new(padded),
    );
    add(
        "nulls in a record with its fields turned",
        padded_by("\"null\""),
        &turned,
        alone.clone(),
        count,
        Box::new(padded),
    );
    let named = with_identity(&["field:a"]);
    add(
        "nulls that are the identity",
        padded_by("\"null\""),
        &contract,
        named.clone(),
        count,
        Box::new(padded),
    );
    add(
        "nulls that are the identity, turned",
        padded_by("\"null\""),
        &turned,
        named,
        count,
        Box::new(padded),
    );
    add(
        "empty records",
        padded_by(empty),
        &contract,
        alone.clone(),
        count,
        Box::new(padded),
    );
    let zero = r#"{"type":"fixed","name":"Z","size":0}"#;
    add(
        "values of no bytes",
        padded_by(zero),
        &contract,
        alone.clone(),
        count,
        Box::new(padded),
    );
    let union = record(&[("a", &array(r#"["int","string"]"#)), text]);
    add(
        "nulls that no branch takes",
        padded_by("\"null\""),
        &union,
        alone.clone(),
        count,
        Box::new(padded),
    );

    // A thousand fields that take no byte, behind one that takes one.
    let wide = |what: &str| {
        let mut fields = r#"{"name":"b","type":"boolean"}"#.to_owned();
        for i in 0..1_000 {
            fields += &format!(r#",{{"name":"f{i}","type":{what}}}"#);
        }
        array(&format!(r#"{{"type":"record","name":"W","fields":[{fields}]}}"#))
    };
    let blocks: Box<dyn Fn(usize) -> Vec<u8>> = Box::new(|count| {
        let padding = vec![0; SIZE - count];
        [long(count), vec![1; count], vec![0], long(padding.len()), padding].concat()
    });
    let with_text = |schema: &str| record(&[("a", schema), text]);
    add(
        "a thousand fields of null",
        with_text(&wide("\"null\"")),
        &with_text(&wide("\"int\"")),
        alone.clone(),
        SIZE,
        blocks,
    );
    let nested: Box<dyn Fn(usize) -> Vec<u8>> = Box::new(|count| {
        let arrays = SIZE / 3;
        [long(arrays), [long(count), vec![0]].concat().repeat(arrays), vec![0]].concat()
    });
    add(
        "nulls in arrays in an array",
        array(&nulls),
        &array(&ints),
        alone.clone(),
        500,
        nested,
    );
    let booleans: Box<dyn Fn(usize) -> Vec<u8>> = Box::new(|count| [long(count), vec![1; count], vec![0]].concat());
    add("booleans", array("\"boolean\""), &ints, alone.clone(), SIZE, booleans);
    let zeros =
        || -> Box<dyn Fn(usize) -> Vec<u8>> { Box::new(|count| [long(count), vec![0; count], vec![0]].concat()) };
    add(
        "nulls of a union",
        array(r#"["null","int"]"#),
        &ints,
        alone.clone(),
        SIZE,
        zeros(),
    );
    let symbol = "S".repeat(1_000);
    let symbols = |symbol: &str| array(&format!(r#"{{"type":"enum","name":"E","symbols":["{symbol}"]}}"#));
    add(
        "symbols of a thousand letters",
        symbols(&symbol),
        &symbols("A"),
        alone.clone(),
        SIZE,
        zeros(),
    );
    let maps: Box<dyn Fn(usize) -> Vec<u8>> = Box::new(|count| {
        let entry = |at: usize| [vec![6], format!("{at:03x}").into_bytes()].concat();
        [long(count), (0..count).flat_map(entry).collect(), vec![0]].concat()
    });
    let map = |of: &str| format!(r#"{{"type":"map","values":{of}}}"#);
    add(
        "nulls of a map",
        map("\"null\""),
        &map("\"int\""),
        alone.clone(),
        4_096,
        maps,
    );

    let both = record(&[("a", &nulls), ("b", &array("\"boolean\""))]);
    let turned = record(&[("b", &ints), ("a", &ints)]);
    let mixed: Box<dyn Fn(usize) -> Vec<u8>> =
        Box::new(|count| [long(count), vec![0], long(SIZE), vec![1; SIZE], vec![0]].concat());
    let named = with_identity(&["field:a", "field:b"]);
    add(
        "nulls and booleans that are the identity, turned",
        both,
        &turned,
        named,
        count,
        mixed,
    );

    let flags = record(&[("a", &array("\"boolean\""))]);
    let numbers = record(&[("a", &ints)]);
    let mut jumbled = with_identity(&["field:a"]);
    jumbled.rules.unordered = vec![path("a")];
    let one_or_none: Box<dyn Fn(usize) -> Vec<u8>> = Box::new(|count| {
        let flags = (0..count).map(|at| u8::from(at % 3 == 0));
        [long(count), flags.collect(), vec![0]].concat()
    });
    add(
        "booleans in any order that are the identity",
        flags,
        &numbers,
        jumbled,
        SIZE,
        one_or_none,
    );

    // A default that is put in, and one that is not there, for each item.
    let item = |fields: &str| array(&format!(r#"{{"type":"record","name":"I","fields":[{fields}]}}"#));
    let long_default = format!(r#"{{"name":"d","type":"string","default":"{}"}}"#, "d".repeat(300));
    let mut defaults = settings();
    defaults.rules.absent_equals_default = true;
    let with = |schema: &str| record(&[("a", schema), text]);
    add(
        "defaults",
        with(&item("")),
        &with(&item(&long_default)),
        defaults,
        count,
        Box::new(padded),
    );
    let absent: String = (0..100)
        .map(|i| format!(r#"{{"name":"f{i}","type":"int"}}"#))
        .collect::<Vec<_>>()
        .join(",");
    add(
        "absent fields",
        with(&item("")),
        &with(&item(&absent)),
        alone,
        count,
        Box::new(padded),
    );
    all
}

/// What becomes of a record, the bytes that are allocated meanwhile, and the time.
fn measured(case: &Case, count: usize) -> (Result<(), UndecodableReason>, usize, Duration) {
    let batch = values(&[(case.record)(count)]);
    // The schemas are known before: a record comes with none.
    let mut reducer = reducer(Side::Baseline, case.settings.clone(), &case.writer, &case.contract);
    reduced(&mut reducer, &batch)
}

/// What becomes of the first record of a batch, the bytes that are allocated meanwhile, and the time.
pub fn reduced(reducer: &mut Reducer, batch: &RecordBatch) -> (Result<(), UndecodableReason>, usize, Duration) {
    let began = on_core();
    let (said, peak) = peak_of(|| match reduce(reducer, batch).remove(0).body {
        Reduction::Undecodable(reason, _) => Err(reason),
        _ => Ok(()),
    });
    (said, peak, on_core().saturating_sub(began))
}

#[test]
fn what_cannot_be_held_takes_little_memory_and_time() {
    let mut wrong = Vec::new();
    for case in cases() {
        // The most that is decoded.
        let (mut least, mut most) = (0, case.most + 1);
        while most - least > 1 {
            let middle = least.midpoint(most);
            match measured(&case, middle).0 {
                Ok(()) => least = middle,
                Err(_) => most = middle,
            }
        }
        for count in [least, most.min(case.most)] {
            let (said, peak, _) = measured(&case, count);
            let time = (0..3).map(|_| measured(&case, count).2).min().unwrap();
            if !matches!(said, Ok(()) | Err(UndecodableReason::Bounds)) || peak > RECORD_BYTES_MAX || time > TIME_MAX {
                wrong.push(format!("{}, {count}: {said:?}, {peak} bytes, {time:?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
