//! The demo on its embedded broker: the real program, its stdout and its exit code.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn demo(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosscheck"));
    command.arg("demo").args(["--records", "3000"]).args(arguments);
    command.stdin(Stdio::null()).output().unwrap()
}

fn json(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{stderr}", String::from_utf8_lossy(&output.stdout)))
}

/// Outcome and places of every finding, as the JSON has them.
fn findings(of: &Value) -> Vec<String> {
    let text = |finding: &Value| {
        let outcome = finding["outcome"].as_str().unwrap();
        // Whether a duplicate tells what it repeats is not what is tested here.
        let baseline = if outcome == "duplicate" {
            &Value::Null
        } else {
            &finding["baseline"]
        };
        format!("{outcome} {baseline} {}", finding["canary"])
    };
    let mut all: Vec<String> = of["findings"].as_array().unwrap().iter().map(text).collect();
    all.sort();
    all
}

#[test]
fn what_is_injected_is_found_and_nothing_else() {
    let output = demo(&["-o", "json"]);
    let both = json(&output);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let keys: Vec<&String> = both.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["injected", "report"]);
    let (injected, report) = (&both["injected"], &both["report"]);
    let stream = &report["streams"][0];
    assert_eq!(report["verdict"], "fail");
    for outcome in ["mismatched", "missing", "extra", "duplicate"] {
        assert_eq!(injected[outcome], stream["outcomes"][outcome], "{outcome}");
    }
    assert!(injected["mismatched"].as_u64().unwrap() >= 10);
    assert!(injected["missing"].as_u64().unwrap() >= 10);
    assert!(injected["duplicate"]["canary"].as_u64().unwrap() >= 10);
    assert_eq!(injected["fields"], stream["fields"]);
    assert_eq!(stream["fields"][0]["path"], "total_minor");
    assert_eq!(injected["schema_changes"], stream["schema_changes"]);
    assert_eq!(findings(injected), findings(stream));
}

#[test]
fn a_healthy_canary_passes() {
    let output = demo(&["--healthy", "-o", "json", "--quiet"]);
    let both = json(&output);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    let outcomes = &both["report"]["streams"][0]["outcomes"];
    assert_eq!(both["report"]["verdict"], "pass");
    assert!(outcomes["matched"].as_u64().unwrap() >= 1_000);
    assert_eq!(outcomes["mismatched"], 0);
    assert_eq!(both["injected"]["findings"], serde_json::json!([]));
}

#[test]
fn people_get_tables_and_progress_stays_on_stderr() {
    let output = demo(&[]);
    let (stdout, stderr) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    for wanted in [
        "verdict of demo: fail",
        "total_minor",
        "findings (partition:offset)",
        "equal: everything that was injected was found, and nothing else",
    ] {
        assert!(stdout.contains(wanted), "{wanted} is not in\n{stdout}");
    }
    assert!(stderr.contains("of 3000 orders made"), "{stderr}");
    assert!(!stdout.contains("orders made") && !stderr.contains('\u{1b}'));
}

#[test]
#[ignore = "needs Kafka"]
#[expect(clippy::disallowed_methods, reason = "names the Kafka of the gate")]
fn a_real_kafka_shows_the_same() {
    let kafka = std::env::var("CROSSCHECK_TEST_KAFKA").expect("CROSSCHECK_TEST_KAFKA is host:port");
    for (arguments, verdict) in [(&[][..], "fail"), (&["--healthy"][..], "pass")] {
        let output = demo(&[&["--brokers", &kafka, "-o", "json"], arguments].concat());
        let both = json(&output);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(both["report"]["verdict"], verdict);
        assert_eq!(findings(&both["injected"]), findings(&both["report"]["streams"][0]));
    }
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_crosscheck"))
        .arg("demo")
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    assert!(line.starts_with("worker at http://127.0.0.1:"), "{line}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signal.unwrap().success());
    // Read on, so that it can write.
    lines.for_each(drop);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(output.stdout.is_empty());
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
