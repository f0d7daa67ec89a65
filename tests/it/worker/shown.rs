//! One finding as a diff: what may be told of it, to whom, and what is said where it is gone or was never there.

use serde_json::Value;

use crate::cli::bad_input::log::{Cluster, ID, framed, order};
use crate::replay::Closed;

/// What must appear nowhere: in fields, keys and headers.
const SECRETS: [&str; 4] = ["hunter2-note", "hunter2-tag", "hunter2-key", "hunter2-trace"];
const MORE: &str = "    show: [amount]\n    compare: {key: true, headers: [trace]}\n";

/// Orders with secrets; in every tenth second one that differs everywhere, in every tenth one that is missing.
fn send(cluster: &Cluster, seconds: std::ops::Range<i64>) {
    for second in seconds {
        let id = format!("o{second}");
        let record = |amount: i64, note: &str, tag: &str| framed(ID, &order(&id, amount, note, tag));
        let fine = record(second, "hunter2-note-a", "hunter2-tag-a");
        cluster.send_with("orders", &fine, second, "hunter2-key-a", "hunter2-trace-a");
        match second % 10 {
            1 => {
                let wrong = record(-second, "hunter2-note-b", "hunter2-tag-b");
                cluster.send_with("orders.canary", &wrong, second, "hunter2-key-b", "hunter2-trace-b");
            }
            2 => {}
            3 => cluster.send_with("orders.canary", &fine[..9], second, "hunter2-key-a", "hunter2-trace-a"),
            _ => cluster.send_with("orders.canary", &fine, second, "hunter2-key-a", "hunter2-trace-a"),
        }
    }
    cluster.flush();
}

/// Ids of the findings of an outcome, in the order of the windows.
fn ids(closed: &Closed, outcome: &str) -> Vec<String> {
    let listed = closed.program.run("report -c r.yaml --release r -o ndjson");
    let findings = listed
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of = findings.filter(|finding| finding["outcome"] == outcome);
    of.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

/// What is printed; never a secret.
fn shown(closed: &Closed, flags: &str) -> (Option<i32>, String, String) {
    let ran = closed.program.run(&format!("show -c r.yaml --release r {flags}"));
    for secret in SECRETS {
        assert!(
            !ran.out.contains(secret) && !ran.log.contains(secret),
            "{secret}: {}{}",
            ran.out,
            ran.log
        );
    }
    (ran.code, ran.out, ran.log)
}

/// Without the keyed hash of the identity, which is another one in each database.
fn masked(text: &str) -> String {
    let (before, rest) = text.split_once("identity ").unwrap_or((text, ""));
    let after = rest.trim_start_matches(|letter: char| letter.is_ascii_hexdigit());
    format!("{before}identity HASH{after}")
}

#[test]
fn a_finding_is_shown_without_a_value_that_nobody_allowed() {
    let closed = Closed::new(MORE, send);
    let mismatched = ids(&closed, "mismatched");
    assert_eq!(mismatched.len(), 4, "those of the first seconds stand at the edge");
    // The worker's own report calls it the same.
    let told = closed.report["streams"][0]["findings"].as_array().unwrap();
    assert!(
        told.iter().any(|finding| finding["id"] == mismatched[0].as_str()),
        "{told:?}"
    );

    let (code, out, log) = shown(&closed, &mismatched[0]);
    assert_eq!((code, log.as_str()), (Some(0), ""), "{out}");
    insta::assert_snapshot!("mismatched", masked(&out));
    let (code, coloured, _) = shown(&closed, &format!("{} --color always", &mismatched[0][..10]));
    assert_eq!(code, Some(0));
    assert!(
        coloured.contains("\u{1b}[31m-11\u{1b}[0m\n\u{1b}[32m+-11\u{1b}[0m\n"),
        "{coloured}"
    );
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), out);

    let (code, json, _) = shown(&closed, &format!("{} -o json", mismatched[0]));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, &json["id"], &json["hidden"]),
        (Some(0), &Value::from(mismatched[0].as_str()), &Value::from(4))
    );
    let amount = json["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["path"] == "amount")
        .unwrap();
    assert_eq!(
        amount,
        &serde_json::json!({"path": "amount", "kind": "value", "baseline": "11", "canary": "-11"})
    );
    let (_, markdown, _) = shown(&closed, &format!("{} -o markdown", mismatched[0]));
    assert_eq!(markdown, format!("```diff\n{out}```\n"));

    let (code, out, _) = shown(&closed, &ids(&closed, "undecodable")[0]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("undecodable", out);
    let (code, out, _) = shown(&closed, &ids(&closed, "missing")[0]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("missing", masked(&out));

    let unknown = closed.program.told("show -c r.yaml --release r 0123456789ab", &[]);
    let short = closed.program.told("show -c r.yaml --release r abc", &[]);
    let word = closed.program.told("show -c r.yaml --release r orders", &[]);
    let release = closed.program.told("show -c r.yaml --release q abcd", &[]);
    insta::assert_snapshot!("trouble", [unknown, short, word, release].join("\n"));

    // The broker in the process keeps 5 MiB of a partition.
    let large = framed(ID, &order("large", 0, &"n".repeat(500_000), "t"));
    (100..120).for_each(|second| closed.cluster.send("orders.canary", &large, second));
    closed.cluster.flush();
    let (code, out, _) = shown(&closed, &mismatched[0]);
    assert_eq!(code, Some(3), "{out}");
    insta::assert_snapshot!("expired", masked(&out));
    let (code, ..) = shown(&closed, &format!("{} --inconclusive pass", mismatched[0]));
    assert_eq!(code, Some(0));
}
