//! Pairs of records and rules, and what must come of them: a table (`tests/comparison`) that a second implementation of the
//! comparison, in Python and written from the pages alone, makes and agrees with. Here the tool itself is asked, as a user would.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use super::avro::container;
use crate::codec::build::unhex;

const TABLE: &str = include_str!("../../comparison/cases.json");
const CHECK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/comparison/check.py");

/// A side as a file.
fn written(dir: &Path, name: &str, side: &Json) -> PathBuf {
    if let Some(document) = side["json"].as_str() {
        let path = dir.join(format!("{name}.jsonl"));
        std::fs::write(&path, document).unwrap();
        return path;
    }
    container(dir, name, &side["schema"], &[(1, unhex(side["hex"].as_str().unwrap()))])
}

/// What the tool says of a case, in the words of the table.
fn told(dir: &Path, case: &Json) -> Json {
    let (baseline, canary) = (
        written(dir, "baseline", &case["baseline"]),
        written(dir, "canary", &case["canary"]),
    );
    let mut flags: Vec<String> = vec!["--baseline".to_owned(), baseline.display().to_string()];
    flags.extend(["--canary".to_owned(), canary.display().to_string()]);
    flags.extend(["--identity".to_owned(), "field:id".to_owned()]);
    if !case["contract"].is_null() {
        let contract = dir.join("contract.avsc");
        std::fs::write(&contract, case["contract"].to_string()).unwrap();
        flags.extend(["--contract".to_owned(), contract.display().to_string()]);
    }
    flags.extend(
        case["flags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|flag| flag.as_str().unwrap().to_owned()),
    );
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let told = super::reconcile(&flags);
    if told.report.is_null() {
        return json!(told.log);
    }
    for side in ["baseline", "canary"] {
        let reasons = told.side(side)["undecodable_reasons"].as_object().unwrap();
        if let Some((reason, _)) = reasons.iter().find(|(_, count)| **count != 0) {
            return json!({"outcome": "undecodable", "side": side, "reason": reason});
        }
    }
    let outcomes = &told.stream()["outcomes"];
    let outcome = ["matched", "mismatched"]
        .into_iter()
        .find(|outcome| outcomes[outcome] == 1);
    let fields = told.stream()["fields"].as_array().unwrap();
    let mut fields: Vec<Json> = fields
        .iter()
        .map(|field| {
            assert_eq!(field["count"], 1, "{}", case["name"]);
            json!([field["path"], field["kind"]])
        })
        .collect();
    fields.sort_by_key(Json::to_string);
    json!({"outcome": outcome, "fields": fields})
}

#[test]
fn the_tool_says_what_the_table_says() {
    let table: Vec<Json> = serde_json::from_str(TABLE).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for case in table.iter().filter(|case| case["guess"] != true) {
        let mut expect = case["expect"].clone();
        if let Some(Json::Array(fields)) = expect.get_mut("fields") {
            fields.sort_by_key(Json::to_string);
        }
        let found = told(dir.path(), case);
        if found != expect {
            wrong.push(format!("{}: {found}, the table has {expect}", case["name"]));
        }
        asked += 1;
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked >= 1_000, "{asked}");
}

#[test]
fn the_second_implementation_says_so_too() {
    let told = match Command::new("python3").args(["-B", CHECK]).output() {
        Ok(told) => told,
        Err(error) => {
            writeln!(
                std::io::stderr(),
                "skipped: the second implementation needs python3: {error}"
            )
            .unwrap();
            return;
        }
    };
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{text}");
    assert!(text.contains("cases agree"), "{text}");
}
