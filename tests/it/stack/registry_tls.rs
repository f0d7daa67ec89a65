//! The real registry behind TLS: the right authority and credentials work end to end, everything else is told once and
//! nothing goes over the wire in the open.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{LIMIT, from_stack};
use crate::cli::bad_input::Program;
use crate::cli::bad_input::log::{Cluster, ORDER, framed, order};

/// Two equal topics on a broker of our own, whose schema the real registry has; a program with its passwords.
fn world() -> (Cluster, Program) {
    // The client of this test has none of its own; where it is there already it is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let at = format!(
        "{}/subjects/tls-{}/versions",
        from_stack("CROSSCHECK_TEST_REGISTRY"),
        Uuid::now_v7()
    );
    let registering = reqwest::Client::new().post(at).json(&json!({ "schema": ORDER }));
    let answer: Value = runtime.block_on(async { registering.send().await.unwrap().json().await.unwrap() });
    let id = u32::try_from(answer["id"].as_u64().unwrap()).unwrap();
    let cluster = Cluster::new();
    for topic in ["orders", "orders.canary"] {
        for number in 0..20 {
            cluster.send(
                topic,
                &framed(id, &order(&format!("o{number}"), number, "n", "t")),
                number,
            );
        }
    }
    cluster.flush();
    let program = Program::new()
        .with("PASSWORD", &from_stack("CROSSCHECK_TEST_REGISTRY_PASSWORD"))
        .with("TOKEN", &from_stack("CROSSCHECK_TEST_REGISTRY_TOKEN"))
        .with("WRONG", "hunter2");
    (cluster, program)
}

fn config(cluster: &Cluster, url: &str, more: &str) -> String {
    // Twenty records that were sent slowly show a rate at which six hours would decide nothing.
    let plain = cluster.config(url, "policy: {max_duration: 365d}\n");
    plain.replace(&format!("url: \"{url}\""), &format!("url: \"{url}\"{more}"))
}

fn ca(name: &str) -> String {
    format!(", ca: \"{}/{name}.crt\"", from_stack("CROSSCHECK_TEST_TLS"))
}

const BASIC: &str = ", auth: {user: reader, password: {env: PASSWORD}}";
const BEARER: &str = ", auth: {token: {env: TOKEN}}";

#[test]
#[ignore = "needs the stack: tests/stack/up --secure"]
fn works_with_the_right_authority_and_credentials() {
    let (cluster, program) = world();
    for (url, auth) in [("", ""), ("_BASIC", BASIC), ("_BEARER", BEARER)] {
        let url = from_stack(&format!("CROSSCHECK_TEST_REGISTRY_TLS{url}"));
        program.write("r.yaml", config(&cluster, &url, &format!("{}{auth}", ca("ca"))));
        let checked = program.run("check -c r.yaml");
        assert_eq!(checked.code, Some(0), "{url}: {}{}", checked.out, checked.log);
        let ran = program.run("reconcile -c r.yaml -o json");
        assert_eq!(ran.code, Some(0), "{url}: {}", ran.log);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["streams"][0]["outcomes"]["matched"], 20, "{url}");
    }
}

#[test]
#[ignore = "needs the stack: tests/stack/up --secure"]
fn is_refused_otherwise() {
    let (cluster, program) = world();
    let tls = from_stack("CROSSCHECK_TEST_REGISTRY_TLS");
    let (basic, bearer) = (
        from_stack("CROSSCHECK_TEST_REGISTRY_TLS_BASIC"),
        from_stack("CROSSCHECK_TEST_REGISTRY_TLS_BEARER"),
    );
    let elsewhere = from_stack("CROSSCHECK_TEST_REGISTRY_TLS_ELSEWHERE");
    let plain = from_stack("CROSSCHECK_TEST_REGISTRY").replace("http://", "https://");
    let open = tls.replace("https://", "http://");
    let (right, wrong) = (ca("ca"), ca("stranger"));
    let wrong_password = format!("{right}, auth: {{user: reader, password: {{env: WRONG}}}}");
    let wrong_token = format!("{right}, auth: {{token: {{env: WRONG}}}}");
    let unknown = "invalid peer certificate: UnknownIssuer";
    for (what, url, more, words) in [
        ("the wrong authority", &tls, wrong.as_str(), unknown),
        ("no authority", &tls, "", unknown),
        (
            "another host's certificate",
            &elsewhere,
            &right,
            "certificate not valid for name \"localhost\"",
        ),
        ("http to a TLS port", &open, "", "reach the registry at "),
        (
            "https to a plain port",
            &plain,
            &right,
            "received corrupt message of type InvalidContentType",
        ),
        ("no user", &basic, &right, "not authorised (status 401)"),
        (
            "a wrong password",
            &basic,
            &wrong_password,
            "not authorised (status 401)",
        ),
        ("a wrong token", &bearer, &wrong_token, "not authorised (status 401)"),
        (
            "a password in place of a token",
            &bearer,
            &format!("{right}{BASIC}"),
            "not authorised (status 401)",
        ),
    ] {
        program.write("r.yaml", config(&cluster, url, more));
        let told = program.told_within("reconcile -c r.yaml", &[], LIMIT);
        assert!(told.contains(words), "{what}: {told}");
        assert!(!told.contains("hunter2"), "{what}: {told}");
        let checked = program.run_within("check -c r.yaml", LIMIT);
        assert_eq!(checked.code, Some(1), "{what}: {}", checked.log);
        assert!(
            checked.out.contains(words) && !checked.out.contains("hunter2"),
            "{what}: {}",
            checked.out
        );
    }
}
