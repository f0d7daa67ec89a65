//! JSON as the contract's type: what it equals in Avro, and what it never does.

use crosscheck::codec::{EventTime, Field, Part, Reducer, Settings};
use crosscheck::engine::diff::{DiffRules, diff};
use crosscheck::model::{Fingerprint, Side, UndecodableReason};

use super::build::{hex, one, path, reducer, schema, settings, unhex, values};
use super::json::documents;

fn typed(settings: Settings, contract: &str) -> Reducer {
    let mut reducer = Reducer::new(Side::Canary, settings);
    reducer.set_sole_contract(Field::Value, schema(contract));
    reducer
}

fn document(contract: &str, text: &str) -> Fingerprint {
    one(&mut typed(documents(), contract), text.as_bytes()).unwrap()
}

fn avro(contract: &str, bytes: &str) -> Fingerprint {
    one(
        &mut reducer(Side::Baseline, settings(), contract, contract),
        &unhex(bytes),
    )
    .unwrap()
}

/// Contract, document, the same in Avro binary under the contract; `!` where the contract's type does not hold it.
const LEAVES: &[(&str, &str, &str)] = &[
    ("null", "null", ""),
    ("boolean", "true", "01"),
    ("boolean", "1", "!"),
    ("int", "-1", "01"),
    ("int", "2147483647.0", "feffffff0f"),
    ("int", "2147483648", "!"),
    ("int", "1.5", "!"),
    ("int", "1e2", "c801"),
    ("int", "\"1\"", "!"),
    ("int", "null", "!"),
    ("long", "9007199254740993", "8280808080808020"),
    ("long", "-9223372036854775808", "ffffffffffffffffff01"),
    ("long", "9223372036854775808", "!"),
    ("long", "1e18", "8080a0f6f4acdbe01b"),
    (r#"{"type":"long","logicalType":"timestamp-micros"}"#, "1", "02"),
    (r#"{"type":"int","logicalType":"date"}"#, "\"2020-01-01\"", "!"),
    ("float", "0.1", "cdcccc3d"),
    ("float", "0.10000000149011612", "!"),
    ("float", "1e39", "!"),
    ("float", "16777217", "!"),
    ("double", "0.1", "9a9999999999b93f"),
    ("double", "0.10", "9a9999999999b93f"),
    ("double", "1e-1", "9a9999999999b93f"),
    ("double", "0.1000000000000000055", "!"),
    ("double", "-0.0", "0000000000000080"),
    ("double", "0", "0000000000000000"),
    ("double", "9007199254740993", "!"),
    ("double", "9007199254740992", "0000000000004043"),
    ("double", "1e309", "!"),
    ("double", "5e-324", "0100000000000000"),
    ("double", "123456789012345680", "350f63bab4697b43"),
    ("string", "\"a\\u00e9\"", "06 61c3a9"),
    ("string", "1", "!"),
    ("bytes", "\"a\\u00e9\"", "06 61c3a9"),
    (
        r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
        "12.5",
        "04 04e2",
    ),
    (
        r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
        "-0.01",
        "02 ff",
    ),
    (
        r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
        "12.345",
        "!",
    ),
    (
        r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
        "100",
        "!",
    ),
    (
        r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
        "\"12.5\"",
        "!",
    ),
    (
        r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
        "1e999999999",
        "!",
    ),
    (r#"{"type":"bytes","logicalType":"big-decimal"}"#, "1.50", "06 02 0f 02"),
    (r#"{"type":"bytes","logicalType":"big-decimal"}"#, "1e3", "06 02 01 05"),
    (r#"{"type":"enum","name":"E","symbols":["A","B"]}"#, "\"B\"", "02"),
    (
        r#"{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}"#,
        "\"00112233-4455-6677-8899-aabbccddeeff\"",
        "00112233445566778899aabbccddeeff",
    ),
    (
        r#"{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}"#,
        "\"00112233-4455-6677-8899-AABBCCDDEEFF\"",
        "!",
    ),
    (r#"{"type":"fixed","name":"F","size":1}"#, "\"a\"", "!"),
    (r#"["null","string"]"#, "null", "00"),
    (r#"["null","string"]"#, "\"a\"", "02 02 61"),
    (r#"["null","string"]"#, "1", "!"),
    (r#"["null","long","double"]"#, "5", "02 0a"),
    (r#"["null","long","double"]"#, "5.5", "04 0000000000001640"),
    (r#"["null","int"]"#, "2147483648", "!"),
    (
        r#"[{"type":"enum","name":"E","symbols":["A"]},"string"]"#,
        "\"A\"",
        "00 00",
    ),
    (
        r#"[{"type":"enum","name":"E","symbols":["A"]},"string"]"#,
        "\"B\"",
        "02 02 42",
    ),
    (r#"{"type":"array","items":"int"}"#, "[]", "00"),
    (r#"{"type":"array","items":"int"}"#, "[1,2]", "04 02 04 00"),
    (r#"{"type":"array","items":"int"}"#, "[1,\"2\"]", "!"),
    (r#"{"type":"map","values":"int"}"#, "{}", "00"),
    (
        r#"{"type":"map","values":"int"}"#,
        r#"{"b":1,"a":2}"#,
        "04 0261 04 0262 02 00",
    ),
    (r#"{"type":"map","values":"int"}"#, "[]", "!"),
];

#[test]
fn numbers_texts_and_parts_equal_avros() {
    for (contract, text, expect) in LEAVES {
        let batch = values(&[text.as_bytes().to_vec()]);
        let (mut canonical, tagged) = typed(documents(), contract).canonical(&batch, 0).unwrap();
        assert_eq!(tagged, *expect == "!", "{text} as {contract}");
        if tagged {
            continue;
        }
        // Behind the value there is only that there is no key.
        canonical.pop();
        assert_eq!(hex(&canonical), expect.replace(' ', ""), "{text} as {contract}");
        assert_eq!(
            document(contract, text).digest,
            avro(contract, expect).digest,
            "{text} as {contract}"
        );
    }
}

const ORDER: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},
    {"name":"note","type":["null","string"],"default":null},
    {"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
        {"name":"sku","aliases":["article"],"type":"string"},{"name":"n","type":"int","default":1}]}}},
    {"name":"state","type":{"type":"enum","name":"S","symbols":["NEW","DONE"]}}]}"#;
/// id 7, no note, one line of 2 × a, DONE.
const IN_AVRO: &str = "0e 00 02 0261 04 00 02";
const IN_JSON: &str = r#"{"state":"DONE","more":{"x":[1]},"lines":[{"n":2,"sku":"a"}],"note":null,"id":7.0}"#;

#[test]
fn a_record_equals_avros_in_any_order() {
    assert_eq!(document(ORDER, IN_JSON).digest, avro(ORDER, IN_AVRO).digest);
    let aliased = IN_JSON.replace("sku", "article");
    assert_eq!(document(ORDER, &aliased).digest, avro(ORDER, IN_AVRO).digest);
    for (from, to) in [
        ("7.0", "8"),
        ("7.0", "\"7\""),
        ("null", "\"\""),
        ("\"note\":null,", ""),
        ("DONE", "NEW"),
        ("DONE", "GONE"),
        ("\"n\":2", "\"n\":3"),
        ("\"n\":2,", ""),
        ("[{", "[{\"n\":2,\"sku\":\"a\"},{"),
    ] {
        let other = IN_JSON.replace(from, to);
        assert_ne!(document(ORDER, &other).digest, avro(ORDER, IN_AVRO).digest, "{other}");
    }
}

#[test]
fn a_key_twice_is_seen_outside_the_contract_too() {
    for text in [
        r#"{"more":1,"id":1,"more":1}"#,
        r#"{"id":1,"id":1}"#,
        r#"{"id":1,"more":{"x":1,"x":2}}"#,
        r#"{"lines":[{"sku":"a","\u0073ku":"a"}],"id":1}"#,
    ] {
        let found = one(&mut typed(documents(), ORDER), text.as_bytes());
        assert_eq!(found.err(), Some(UndecodableReason::DuplicateKey), "{text}");
    }
}

#[test]
fn what_avro_cannot_hold_either_is_the_same() {
    let wide = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}"#;
    let writer = |kind: &str| wide.replace("\"int\"", kind);
    for (kind, bytes, text) in [
        ("\"null\"", "", "null"),
        ("\"string\"", "02 61", "\"a\""),
        ("\"boolean\"", "01", "true"),
    ] {
        let mut reducer = reducer(Side::Baseline, settings(), &writer(kind), wide);
        let avro = one(&mut reducer, &unhex(bytes)).unwrap();
        assert_eq!(
            avro.digest,
            document(wide, &format!("{{\"a\":{text}}}")).digest,
            "{kind}"
        );
    }
    let symbols = r#"{"type":"enum","name":"E","symbols":["A"]}"#;
    let mut reducer = reducer(
        Side::Baseline,
        settings(),
        &symbols.replace("\"A\"", "\"A\",\"B\""),
        symbols,
    );
    assert_eq!(
        one(&mut reducer, &[2]).unwrap().digest,
        document(symbols, "\"B\"").digest
    );
}

#[test]
fn rules_hold_across_formats() {
    let rules = |mut settings: Settings| {
        settings.identity = vec![Part::Field(path("id")), Part::Field(path("lines[*].sku"))];
        settings.event_time = EventTime::Field(path("id"));
        settings.rules.ignore = vec![path("note"), path("lines[*].n")];
        settings.rules.tolerant = vec![path("id")];
        settings.rules.absent_equals_default = true;
        settings
    };
    let baseline = one(
        &mut reducer(Side::Baseline, rules(settings()), ORDER, ORDER),
        &unhex(IN_AVRO),
    )
    .unwrap();
    for text in [
        IN_JSON,
        &IN_JSON.replace("\"note\":null,", ""),
        &IN_JSON.replace("\"n\":2", "\"n\":\"x\""),
    ] {
        let canary = one(&mut typed(rules(documents()), ORDER), text.as_bytes()).unwrap();
        assert_eq!(canary, baseline, "{text}");
    }
    let mut defaults = documents();
    defaults.rules.absent_equals_default = true;
    let lacking = IN_JSON.replace("\"note\":null,", "").replace("\"n\":2,", "");
    let found = one(&mut typed(defaults, ORDER), lacking.as_bytes()).unwrap();
    let mut filled = settings();
    filled.rules.absent_equals_default = true;
    let whole = one(
        &mut reducer(Side::Baseline, filled, ORDER, ORDER),
        &unhex("0e 00 02 0261 02 00 02"),
    )
    .unwrap();
    assert_eq!(found.digest, whole.digest);
    let mut renaming = documents();
    renaming.rules.rename = vec![(path("ident"), path("id"))];
    let renamed = one(
        &mut typed(renaming, ORDER),
        IN_JSON.replace("\"id\"", "\"ident\"").as_bytes(),
    );
    assert_eq!(renamed.unwrap().digest, avro(ORDER, IN_AVRO).digest);
}

#[test]
fn event_times_follow_the_contracts_unit() {
    let at = |kind: &str| format!(r#"{{"type":"record","name":"R","fields":[{{"name":"t","type":{kind}}}]}}"#);
    let micros = r#"{"type":"long","logicalType":"timestamp-micros"}"#;
    for (kind, text, expect) in [
        (micros, "1700000000000999", Some(1_700_000_000_000)),
        (
            &format!("[\"null\",{micros}]"),
            "1700000000000999",
            Some(1_700_000_000_000),
        ),
        (micros, "\"2023-11-14T22:13:20Z\"", Some(1_700_000_000_000)),
        ("\"long\"", "5", Some(5)),
        (r#"{"type":"int","logicalType":"date"}"#, "1", Some(86_400_000)),
        (r#"{"type":"int","logicalType":"time-millis"}"#, "1", None),
        (micros, "null", None),
    ] {
        let settings = Settings {
            event_time: EventTime::Field(path("t")),
            ..documents()
        };
        let found = one(&mut typed(settings, &at(kind)), format!("{{\"t\":{text}}}").as_bytes()).unwrap();
        assert_eq!(found.time_ms, expect, "{text} as {kind}");
    }
}

#[test]
fn differences_from_avro_have_paths_and_kinds() {
    for (text, expect) in [
        (IN_JSON.to_owned(), ""),
        (IN_JSON.replace("7.0", "8"), "id value"),
        (IN_JSON.replace("7.0", "\"7\""), "id type"),
        (IN_JSON.replace("7.0", "1.5"), "id type"),
        (IN_JSON.replace("null", "\"x\""), "note null"),
        (IN_JSON.replace("\"note\":null,", ""), "note absent"),
        (IN_JSON.replace("DONE", "GONE"), "state value"),
        (IN_JSON.replace("\"n\":2", "\"n\":3"), "lines[*].n value"),
        (IN_JSON.replace("\"a\"", "[1,{}]"), "lines[*].sku type"),
        ("null".to_owned(), "$value null"),
        ("[1]".to_owned(), "$value type"),
    ] {
        let mut baseline = reducer(Side::Baseline, settings(), ORDER, ORDER);
        let left = baseline.value(&values(&[unhex(IN_AVRO)]), 0).unwrap();
        let right = typed(documents(), ORDER)
            .value(&values(&[text.clone().into()]), 0)
            .unwrap();
        let found = diff(Some(&left.value), Some(&right.value), &DiffRules::default());
        let found: Vec<String> = found
            .iter()
            .map(|difference| format!("{} {}", difference.path, difference.kind.as_str()))
            .collect();
        assert_eq!(found.join(", "), expect, "{text}");
    }
}

#[test]
fn no_cut_and_no_flip_equals_the_whole() {
    let mut reducer = typed(documents(), ORDER);
    let digest = one(&mut reducer, IN_JSON.as_bytes()).unwrap().digest;
    for at in 0..IN_JSON.len() {
        assert!(one(&mut reducer, &IN_JSON.as_bytes()[..at]).is_err(), "cut at {at}");
        for byte in 0..=255 {
            let mut other = IN_JSON.as_bytes().to_vec();
            other[at] = byte;
            drop(one(&mut reducer, &other));
            drop(reducer.value(&values(&[other]), 0));
        }
    }
    assert_eq!(one(&mut reducer, IN_JSON.as_bytes()).unwrap().digest, digest);
}

/// Both texts read back as the double, and no shorter one does; other writers take the even digit. Orders that Python wrote as
/// JSON differed from the same orders in Avro, one of seventy.
#[test]
fn halfway_between_two_shortest_texts_the_even_one_is_the_double() {
    for (value, even, odd) in [
        (15_071_188_281_736.562_f64, "15071188281736.562", "15071188281736.563"),
        (-838_869_893_975.281_2, "-838869893975.2812", "-8388698939752813e-4"),
    ] {
        let double = avro("\"double\"", &super::build::hex(&value.to_le_bytes()));
        assert_eq!(document("\"double\"", even).digest, double.digest);
        assert_ne!(document("\"double\"", odd).digest, double.digest);
    }
    let single = avro("\"float\"", &super::build::hex(&8_388_609.0_f32.to_le_bytes()));
    assert_eq!(document("\"float\"", "8388609").digest, single.digest);
}
