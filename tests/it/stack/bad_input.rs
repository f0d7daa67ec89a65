//! Bad credentials and missing rights on real services, told by the program itself.

use super::{LIMIT, from_stack};
use crate::cli::bad_input::Program;

fn config(topics: [&str; 2], store: &str) -> String {
    let [baseline, canary] = topics;
    let brokers = from_stack("CROSSCHECK_TEST_KAFKA_SECURE");
    let user = from_stack("CROSSCHECK_TEST_KAFKA_SECURE_USER");
    let registry = from_stack("CROSSCHECK_TEST_REGISTRY");
    format!(
        "release: {{name: bad-input}}\n\
         clusters:\n  main:\n    brokers: [\"{brokers}\"]\n    \
         properties: {{security.protocol: SASL_PLAINTEXT, sasl.mechanism: SCRAM-SHA-512, sasl.username: {user}}}\n    \
         secrets: {{sasl.password: {{env: KAFKA_PASSWORD}}}}\n\
         registries:\n  main: {{url: \"{registry}\"}}\n\
         streams:\n  - name: orders\n    baseline: {{topic: {baseline}}}\n    canary: {{topic: {canary}}}\n    \
         identity: {{parts: [{{field: order_id}}]}}\n    event_time: timestamp\n\
         store: {store}\n\
         serve: {{address: \"127.0.0.1:0\"}}\n"
    )
}

fn told(program: &Program, lines: &[&str], masks: &[(&str, &str)]) -> String {
    let told = |line: &&str| program.told_within(line, masks, LIMIT);
    lines.iter().map(told).collect::<Vec<_>>().join("\n")
}

#[test]
#[ignore = "needs the stack: tests/stack/up --secure"]
fn a_wrong_password_of_kafka() {
    let program = Program::new().with("KAFKA_PASSWORD", "hunter2");
    program.write(
        "r.yaml",
        config(["allowed", "allowed.canary"], "{url: \"sqlite://cc.db\"}"),
    );
    let brokers = from_stack("CROSSCHECK_TEST_KAFKA_SECURE");
    let all = told(
        &program,
        &["run -q -c r.yaml", "reconcile -c r.yaml"],
        &[(&brokers, "BROKER")],
    );
    assert!(!all.contains("hunter2"), "{all}");
    insta::assert_snapshot!(all);
    let ran = program.run_within("check -c r.yaml", LIMIT);
    assert_eq!(ran.code, Some(1), "{}", ran.log);
    assert!(
        ran.out.contains("invalid credentials") && !ran.out.contains("hunter2"),
        "{}",
        ran.out
    );
}

#[test]
#[ignore = "needs the stack: tests/stack/up --secure"]
fn no_permission() {
    let password = from_stack("CROSSCHECK_TEST_KAFKA_SECURE_PASSWORD");
    let program = Program::new().with("KAFKA_PASSWORD", &password);
    program.write(
        "r.yaml",
        config(["forbidden", "forbidden.canary"], "{url: \"sqlite://cc.db\"}"),
    );
    let all = told(
        &program,
        &[
            "run -q -c r.yaml",
            "reconcile -c r.yaml",
            "reconcile -c r.yaml --dry-run",
        ],
        &[],
    );
    insta::assert_snapshot!(all);
    let ran = program.run_within("check -c r.yaml", LIMIT);
    assert_eq!(ran.code, Some(1), "{}", ran.log);
    assert!(ran.out.contains("not authorised"), "{}", ran.out);
}

#[test]
#[ignore = "needs the stack: tests/stack/up --secure"]
fn a_wrong_password_of_postgres() {
    let program = Program::new()
        .with("KAFKA_PASSWORD", "x")
        .with("STORE_PASSWORD", "hunter2");
    let url = from_stack("CROSSCHECK_TEST_POSTGRES_URL");
    let user = from_stack("CROSSCHECK_TEST_POSTGRES_USER");
    let store = format!("{{url: \"{url}\", auth: {{user: {user}, password: {{env: STORE_PASSWORD}}}}}}");
    program.write("r.yaml", config(["allowed", "allowed.canary"], &store));
    let (host, _) = url.trim_start_matches("postgres://").split_once('/').unwrap();
    let lines = [
        "run -q -c r.yaml",
        "migrate -c r.yaml",
        "release list -c r.yaml",
        "verdict --release bad-input -c r.yaml",
    ];
    let all = told(&program, &lines, &[(host, "HOST")]);
    assert!(!all.contains("hunter2"), "{all}");
    insta::assert_snapshot!(all);
}
