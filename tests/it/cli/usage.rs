//! Usage errors: exit 2, nothing on stdout, what and a hint on stderr.

use super::{run, run_all};

const TWO: &str = "reconcile --baseline a.avro --canary b.avro";

fn told(arguments: &str) -> String {
    let (exit, out, log) = run(arguments);
    assert_eq!(exit as u8, 2, "{arguments}: {log}");
    assert_eq!(out, "", "{arguments}");
    assert!(!log.contains("hunter2") && !log.contains("u:p@"), "{log}");
    format!("$ crosscheck {arguments}\n{log}")
}

#[test]
fn of_the_command_line() {
    let told: Vec<String> = [
        "",
        "recncile",
        "reconcile --basline a.avro",
        "run",
        "run -c a.yaml --role match",
        "verdict",
        "verdict --release x",
        "release close -c a.yaml",
        "-q -v config init",
        "completions cmd",
        "demo --records 5",
    ]
    .into_iter()
    .filter(|arguments| !arguments.is_empty())
    .map(told)
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn nothing_asked_for_is_a_usage_error() {
    let (exit, out, log) = run_all(&[]);
    assert_eq!((exit as u8, out.as_str()), (2, ""));
    assert!(log.contains("Usage: crosscheck"));
}

#[test]
fn of_reconcile() {
    let mut all = Vec::new();
    for arguments in [
        "reconcile",
        "reconcile --baseline a.avro",
        "reconcile --stream orders",
        "reconcile --baseline a.csv --canary b.avro",
        "reconcile --baseline - --canary -",
        "reconcile --baseline a.jsonl --canary b.avro --format json",
        "reconcile --baseline - --canary b.avro",
        "reconcile --baseline kafka://k:9092 --canary b.avro",
        "reconcile --baseline kafka://u:p@k:9092/t --canary b.avro",
        "reconcile --baseline kafka://k:9092/t --canary kafka://k:9092/u",
        "reconcile --baseline kafka://k/t --canary kafka://k/u --registry https://u:p@r",
        "reconcile --baseline kafka://k/t --canary kafka://k/u --framing none",
        "reconcile --baseline kafka://k/t --canary kafka://k/u --format protobuf",
        "reconcile --baseline kafka://k/t --canary kafka://k/u --format canary=json --registry http://localhost:1",
        "reconcile --baseline kafka://k/t --canary kafka://k/u --format json --framing single-object",
        "reconcile --baseline kafka://k/t --canary kafka://k/u --format json --key-format canary=json",
        "reconcile --baseline kafka://k/t --canary kafka://k/u --format raw -X sasl.password=hunter2",
        "reconcile --baseline kafka://k/t --canary kafka://k/u --format raw -X group.id=x",
        "reconcile --baseline kafka://k/t --canary kafka://k/u --format raw -X canary=sasl.mecanism=PLAIN",
        "reconcile --baseline kafka://k/t --canary kafka://k/u --format raw --event-time timestamp --from baseline=-1h",
        "reconcile -c no/such.yaml --stream orders",
    ] {
        all.push(told(arguments));
    }
    for flags in [
        "--identity order_id",
        "--identity key",
        "--identity baseline=field:a",
        "--event-time timestamp",
        "--event-time baseline=field:at",
        "--event-time when",
        "--from 9 --to 3",
        "--from 2026-01-02T00:00:00Z --to 2026-01-01T00:00:00Z",
        "--from yesterday",
        "--from end --to beginning",
        "--tolerance amount",
        "--tolerance items[*].price=1",
        "--tolerance a=1 --tolerance a=2",
        "--tolerance amount=1parsec",
        "--ignore a..b",
        "--rename a",
        "--select color:red",
        "--select header:a=b",
        "--budget 1.5",
        "--budget mismatch=0.1",
        "--window 30s",
        "--event-time field:at --window 0s",
        "--sample 0",
        "--sample 2",
        "--held-max-bytes lots",
        "--names thing",
        "--control c.csv",
        "--unordered a..b",
        "--only a[0]",
        "--map country=US",
        "--map country=US:USA --map country=US:UK",
        "--identity control=key",
        "-o xml",
    ] {
        all.push(told(&format!("{TWO} {flags}")));
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn of_a_config() {
    let (exit, out, log) = run("check --offline -c tests/it/cli/no-such.yaml");
    assert_eq!((exit as u8, out.as_str()), (2, ""));
    insta::assert_snapshot!(log);
}
