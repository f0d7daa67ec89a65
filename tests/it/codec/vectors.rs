//! The vectors of `tests/vectors/`: made from the table, replayed from the files.

use crosscheck::codec::{EventTime, Mapping, Part, Settings};
use crosscheck::model::{Reduction, Side};
use serde_json::{Value, json};

use super::build::{hex, path, reduce, reducer, settings, unhex, values, with_identity};
use super::table::{Row, rows};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/values.json");

fn rules(text: &str) -> (Side, Settings, Value) {
    let (mut side, mut found) = (Side::Baseline, settings());
    let (mut identity, mut told) = (Vec::new(), json!({}));
    for word in text.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let rules = &mut found.rules;
        match key {
            "side" => side = Side::Canary,
            "ignore" => rules.ignore.push(path(value)),
            "tolerant" => rules.tolerant.push(path(value)),
            "defaults" => rules.absent_equals_default = true,
            "identity" => identity.push(value),
            "time" => found.event_time = EventTime::Field(path(value)),
            "only" => rules.only.push(path(value)),
            "unordered" => rules.unordered.push(path(value)),
            "map" => {
                let [at, from, to] = value.splitn(3, ':').collect::<Vec<_>>().try_into().unwrap();
                rules.map.push(Mapping {
                    path: path(at),
                    values: [(from.to_owned(), to.to_owned())].into(),
                });
                told["map"] = json!({at: {from: to}});
            }
            "rename" => {
                let (from, to) = value.split_once(':').unwrap();
                rules.rename.push((path(from), path(to)));
            }
            other => panic!("{other}"),
        }
        match key {
            "side" => told[key] = json!("canary"),
            "map" => {}
            "defaults" => told["absent_equals_default"] = json!(true),
            "time" => told["event_time"] = json!(format!("field:{value}")),
            _ => {
                if told.get(key).is_none() {
                    told[key] = json!([]);
                }
                told[key].as_array_mut().unwrap().push(json!(value));
            }
        }
    }
    found.identity = with_identity(&identity).identity;
    (side, found, told)
}

/// What our own code makes of a row.
fn vector(row: &Row) -> Value {
    let (side, settings, told) = rules(row.rules);
    let value = unhex(row.bytes);
    let mut reducer = reducer(side, settings, row.writer, row.contract);
    let batch = values(std::slice::from_ref(&value));
    let expect = match reduce(&mut reducer, &batch).remove(0).body {
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
        Reduction::Deselected | Reduction::Diverted(_) => panic!("{}", row.name),
    };
    let text = |schema: &str| {
        if schema.starts_with(['{', '[']) {
            schema.to_owned()
        } else {
            json!(schema).to_string()
        }
    };
    json!({"name": row.name, "writer": text(row.writer), "contract": text(row.contract), "rules": told,
           "value": hex(&value), "expect": expect})
}

#[test]
fn the_table_holds() {
    let mut faults = Vec::new();
    for row in rows() {
        let found = vector(row);
        let expect = &found["expect"];
        // Whole content also compares the key, which is null here: one zero byte at the end.
        let has = |word: &str| row.rules.contains(word);
        let whole = !has("identity") && (!has("only") || has("$key"));
        let strip = |text: &str| text.strip_suffix("00").filter(|_| whole).unwrap_or(text).to_owned();
        let canonical = expect["canonical"].as_str().map(strip);
        let (tagged, canonical) = (expect["tagged"] == json!(true), canonical.unwrap_or_default());
        let wanted: String = row.expect.chars().filter(|c| !c.is_whitespace()).collect();
        let holds = match wanted.split_at(1.min(wanted.len())) {
            ("!", reason) => expect["reason"] == json!(reason),
            ("~", "") => tagged,
            ("~", digits) => tagged && canonical == format!("01{digits}"),
            ("=", "") => !tagged && json!(canonical) == found["value"],
            _ => !tagged && canonical == wanted && expect["reason"].is_null(),
        };
        if !holds {
            faults.push(format!("{}: wanted {}, found {expect}", row.name, row.expect));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(rows().count() >= 150);
}

#[test]
fn the_files_are_what_the_code_makes() {
    let file: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    assert_eq!(file.len(), rows().count());
    for (row, told) in rows().zip(&file) {
        assert_eq!(&vector(row), told, "{}", row.name);
    }
}

#[test]
#[ignore = "writes tests/vectors/values.json from the table"]
fn by_hand_write_the_files() {
    let lines: Vec<String> = rows().map(|row| vector(row).to_string()).collect();
    std::fs::write(FILE, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
}

#[test]
fn near_misses_have_other_digests() {
    let mut seen = std::collections::BTreeMap::new();
    for row in rows().filter(|row| row.rules.is_empty() && row.writer == row.contract) {
        let found = vector(row);
        let Some(digest) = found["expect"]["digest"].as_str() else {
            continue;
        };
        let value = (row.contract, found["expect"]["canonical"].to_string());
        let other = seen.insert(digest.to_owned(), value.clone());
        assert!(other.is_none_or(|other| other == value), "{}", row.name);
    }
    let names: Vec<_> = rows().map(|row| row.name).collect();
    assert_eq!(
        names.iter().collect::<std::collections::BTreeSet<_>>().len(),
        names.len()
    );
    assert!(matches!(rules("identity=field:a").1.identity[0], Part::Field(_)));
}
