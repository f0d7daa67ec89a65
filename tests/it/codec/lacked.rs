//! Documents that lack most of their contract: what is put in for it is no work and no memory out of proportion to their bytes.

use std::time::Duration;

use crosscheck::codec::{Field, Reducer, Settings};
use crosscheck::model::{Side, UndecodableReason};

use super::bounds::{RECORD_BYTES_MAX, TIME_MAX};
use super::build::{path, reduce, schema, values};
use super::json::documents;
use super::unheld::reduced;

/// Bytes of each document, about.
const SIZE: usize = 64 << 10;

/// Documents under a contract that has more.
struct Case {
    name: &'static str,
    contract: String,
    settings: Settings,
    /// The document with so many items of its array.
    document: Box<dyn Fn(usize) -> String>,
    /// Bytes of one.
    item: usize,
}

/// A record with an array of records of these fields.
fn list(fields: &[String]) -> String {
    let fields = fields.join(",");
    format!(
        r#"{{"type":"record","name":"R","fields":[{{"name":"a","type":
            {{"type":"array","items":{{"type":"record","name":"I","fields":[{fields}]}}}}}}]}}"#
    )
}

fn hundred(rest: &str) -> Vec<String> {
    (0..100).map(|i| format!(r#"{{"name":"f{i}",{rest}}}"#)).collect()
}

fn items(item: &'static str) -> Box<dyn Fn(usize) -> String> {
    Box::new(move |count| format!(r#"{{"a":[{}]}}"#, vec![item; count].join(",")))
}

fn filled() -> Settings {
    let mut settings = documents();
    settings.rules.absent_equals_default = true;
    settings
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    let mut add = |name, fields: Vec<String>, settings: Settings, item: &'static str| {
        all.push(Case {
            name,
            contract: list(&fields),
            settings,
            document: items(item),
            item: item.len() + 1,
        });
    };
    let ints = hundred(r#""type":"int","default":7"#);
    add("defaults of a byte", ints.clone(), filled(), "{}");
    add(
        "defaults without bytes",
        hundred(r#""type":"null","default":null"#),
        filled(),
        "{}",
    );
    add("fields that are absent", hundred(r#""type":"int""#), documents(), "{}");
    let long = format!(r#""type":"string","default":"{}""#, "d".repeat(400));
    add(
        "a long default",
        vec![format!(r#"{{"name":"d",{long}}}"#)],
        filled(),
        "{}",
    );
    let nulls = format!(
        r#""type":{{"type":"array","items":"null"}},"default":[{}]"#,
        vec!["null"; 5_000].join(",")
    );
    add(
        "a default of nulls",
        vec![format!(r#"{{"name":"d",{nulls}}}"#)],
        filled(),
        "{}",
    );
    // One member that the contract does not hold: everything is put in twice.
    let mut unheld = ints.clone();
    unheld.push(r#"{"name":"x","type":"int"}"#.to_owned());
    add("defaults in the tagged form", unheld, filled(), r#"{"x":""}"#);
    let mut ignored = documents();
    ignored.rules.ignore = (0..100).map(|i| path(&format!("a[*].f{i}"))).collect();
    add("fields that are ignored", hundred(r#""type":"int""#), ignored, "{}");
    let mut tolerant = filled();
    tolerant.rules.only = vec![path("a[*].f0")];
    add("defaults under a rule", ints, tolerant, "{}");
    let aliased = hundred(r#""type":"int","aliases":["other"],"default":7"#);
    add("fields with aliases", aliased, filled(), r#"{"f99":1}"#);
    all
}

/// Objects in each other, each of a record that has aliases.
fn nested() -> Case {
    let contract = r#"{"type":"record","name":"L","fields":[
        {"name":"n","type":["null","L"],"aliases":["m"]},{"name":"t","type":"string"}]}"#;
    Case {
        name: "names that may meet, all the way down",
        contract: contract.to_owned(),
        settings: documents(),
        document: Box::new(|depth| {
            let text = "x".repeat(SIZE - 12 * depth);
            format!(
                r#"{}{{"n":null,"t":"{text}"}}{}"#,
                r#"{"t":"","n":"#.repeat(depth - 1),
                "}".repeat(depth - 1)
            )
        }),
        item: SIZE / 64,
    }
}

/// What becomes of a document, the bytes that are allocated meanwhile, and the time.
fn measured(case: &Case, count: usize) -> (Result<(), UndecodableReason>, usize, Duration) {
    let bytes = (case.document)(count.max(1)).into_bytes();
    let first = values(&[(case.document)(1).into_bytes()]);
    let batch = values(&[bytes]);
    let mut reducer = Reducer::new(Side::Canary, case.settings.clone());
    reducer.set_sole_contract(Field::Value, schema(&case.contract));
    // What depends on the contract alone is made with the first record.
    reduce(&mut reducer, &first);
    reduced(&mut reducer, &batch)
}

#[test]
fn what_is_lacked_takes_little_memory_and_time() {
    let mut wrong = Vec::new();
    for case in cases().into_iter().chain([nested()]) {
        let most = SIZE / case.item;
        let (mut least, mut above) = (0, most + 1);
        while above - least > 1 {
            let middle = least.midpoint(above);
            match measured(&case, middle).0 {
                Ok(()) => least = middle,
                Err(_) => above = middle,
            }
        }
        for count in [least, above.min(most)] {
            let (said, peak, _) = measured(&case, count);
            let time = (0..3).map(|_| measured(&case, count).2).min().unwrap();
            if !matches!(said, Ok(()) | Err(UndecodableReason::Bounds)) || peak > RECORD_BYTES_MAX || time > TIME_MAX {
                wrong.push(format!("{}, {count}: {said:?}, {peak} bytes, {time:?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sparse_document_of_a_wide_contract_is_decoded() {
    let case = Case {
        name: "",
        contract: list(&hundred(r#""type":"int","default":7"#)),
        settings: filled(),
        document: items(r#"{"f3":1,"f77":4}"#),
        item: 0,
    };
    assert_eq!(measured(&case, 1_000).0, Ok(()));
}
