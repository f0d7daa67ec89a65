//! The second implementation, in Python, written from `docs/canonical-form.md` alone: the vectors, and random cases, must agree.

use std::io::Write;
use std::process::{Command, Stdio};

use crosscheck::codec::{Condition, Conditional, EventTime, Field, Format, Mapping, Reducer, SchemaRef, Sign, Then};
use crosscheck::model::{Header, Reduction, Side};
use serde_json::{Value, json};

use super::build::{batch, hex, path, reduce, reducer, schema, unhex, with_identity};

const ROOM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/canonical");
const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/values.json");
/// As `generate.py` takes them.
const SEED: &str = "3";
const CASES: &str = "600";

/// A script of the room; `None` where there is no Python to run it.
pub fn python(script: &str, args: &[&str], input: &str) -> Option<(bool, String)> {
    let mut command = Command::new("python3");
    command.arg("-B").arg(format!("{ROOM}/{script}")).args(args);
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            writeln!(std::io::stderr(), "skipped: {script} needs python3: {error}").unwrap();
            return None;
        }
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some((output.status.success(), String::from_utf8(output.stdout).unwrap()))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map_or(Vec::new(), |all| {
        all.iter().map(|text| text.as_str().unwrap()).collect()
    })
}

fn mappings(told: &Value) -> Vec<Mapping> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let mapping = |(at, values): (&String, &Value)| Mapping {
        path: path(at),
        values: values
            .as_object()
            .unwrap()
            .iter()
            .map(|(from, to)| (from.clone(), word(to)))
            .collect(),
    };
    told.as_object().into_iter().flatten().map(mapping).collect()
}

fn conditional(told: &Value) -> Vec<Conditional> {
    let rule = |told: &Value| {
        let text = |key: &str| told[key].as_str();
        let of = match text("field") {
            Some(field) => Sign::Field(path(field)),
            None => Sign::Header(text("header").unwrap().to_owned()),
        };
        let when = Condition {
            of,
            is: text("is").unwrap().to_owned(),
        };
        let then = match (text("ignore"), told["tolerance"].as_u64()) {
            (Some(ignored), _) => Then::Ignore(path(ignored)),
            (None, Some(place)) => Then::Tolerance(usize::try_from(place).unwrap()),
            (None, None) => Then::Map(mappings(&told["map"]).remove(0)),
        };
        Conditional { when, then }
    };
    told.as_array().into_iter().flatten().map(rule).collect()
}

fn reducer_of(case: &Value) -> Reducer {
    let told = &case["rules"];
    let mut settings = with_identity(&texts(&told["identity"]));
    settings.event_time = match told["event_time"].as_str().and_then(|text| text.split_once(':')) {
        Some(("field", rest)) => EventTime::Field(path(rest)),
        Some((_, rest)) => EventTime::Header(rest.to_owned()),
        None => EventTime::None,
    };
    let rules = &mut settings.rules;
    rules.ignore = texts(&told["ignore"]).into_iter().map(path).collect();
    rules.only = texts(&told["only"]).into_iter().map(path).collect();
    rules.unordered = texts(&told["unordered"]).into_iter().map(path).collect();
    rules.map = mappings(&told["map"]);
    rules.when = conditional(&told["when"]);
    rules.tolerant = texts(&told["tolerant"]).into_iter().map(path).collect();
    rules.rename = texts(&told["rename"])
        .iter()
        .map(|text| text.split_once(':').unwrap())
        .map(|(from, to)| (path(from), path(to)))
        .collect();
    rules.headers = texts(&told["headers"]).into_iter().map(str::to_owned).collect();
    rules.absent_equals_default = told["absent_equals_default"] == json!(true);
    rules.compare_key = told["compare_key"] == json!(true);
    let key = case["key_writer"].as_str();
    if key.is_some() {
        settings.key_format = Format::Avro;
    }
    let side = if told["side"] == json!("canary") {
        Side::Canary
    } else {
        Side::Baseline
    };
    let text = |name: &str| case[name].as_str().unwrap();
    let mut reducer = reducer(side, settings, text("writer"), text("contract"));
    if let Some(writer) = key {
        reducer.add_schema(Field::Key, SchemaRef::Fixed, schema(writer));
        reducer.set_sole_contract(Field::Key, schema(text("key_contract")));
    }
    reducer
}

/// What our own code makes of a case, as the vectors tell it.
fn expect(case: &Value) -> Value {
    let mut reducer = reducer_of(case);
    let half = |name: &str| case[name].as_str().map(unhex);
    let mut batch = batch(&[(half("key").as_deref(), half("value").as_deref())]);
    for header in case["headers"].as_array().into_iter().flatten() {
        let name = batch.push_bytes(header[0].as_str().unwrap().as_bytes());
        let value = header[1].as_str().map(|text| batch.push_bytes(&unhex(text)));
        batch.headers.push(Header { name, value });
    }
    batch.records[0].headers = (0, u32::try_from(batch.headers.len()).unwrap());
    match reduce(&mut reducer, &batch).remove(0).body {
        Reduction::Decoded(found) => {
            let (canonical, tagged) = reducer.canonical(&batch, 0).unwrap();
            let mut expect = json!({
                "canonical": hex(&canonical), "tagged": tagged, "digest": found.digest.to_string(),
                "identity": found.identity.to_string(), "by_content": found.by_content, "time_ms": found.time_ms,
            });
            if let Some(tolerant) = found.tolerant {
                expect["tolerant"] = serde_json::to_value(tolerant).unwrap();
            }
            expect
        }
        Reduction::Undecodable(reason, hash) => json!({"reason": reason.as_str(), "hash": hex(&hash)}),
        Reduction::Deselected | Reduction::Diverted(_) => panic!("{}", case["name"]),
    }
}

#[test]
fn the_vectors_agree() {
    if let Some((agree, told)) = python("check.py", &[VECTORS], "") {
        assert!(agree, "{told}");
    }
}

#[test]
fn random_cases_agree() {
    let Some((_, cases)) = python("generate.py", &[SEED, CASES], "") else {
        return;
    };
    let mut lines = String::new();
    for line in cases.lines() {
        let mut case: Value = serde_json::from_str(line).unwrap();
        case["expect"] = expect(&case);
        lines += &format!("{case}\n");
    }
    assert!(cases.lines().count() > 100);
    let (agree, told) = python("check.py", &["-"], &lines).unwrap();
    assert!(agree, "{told}");
}
