//! Schema registry edge: against wiremock, and (ignored) a real one.

mod asked;
mod evil;
mod protobuf;
mod real;
mod slow;

use std::time::Duration;

use crosscheck::edge::registry::{Auth, Kind, Registry, RegistryError, Settings};
use secrecy::SecretString;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn registry(url: &str) -> Registry {
    with_auth(url, Auth::None)
}

fn with_auth(url: &str, auth: Auth) -> Registry {
    Registry::new(&Settings {
        url: url.to_owned(),
        auth,
        ca: None,
        allow_insecure: false,
    })
    .unwrap()
}

async fn answers(server: &MockServer, at: &str, answer: ResponseTemplate, times: u64) {
    Mock::given(method("GET"))
        .and(path(at))
        .respond_with(answer)
        .expect(times)
        .mount(server)
        .await;
}

fn schema(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(serde_json::json!({ "schema": text }))
}

/// A schema that refers to versions of subjects.
fn with(text: &str, references: &[(&str, u32)]) -> ResponseTemplate {
    let references: Vec<_> = references
        .iter()
        .map(|(subject, version)| serde_json::json!({ "name": subject, "subject": subject, "version": version }))
        .collect();
    ResponseTemplate::new(200).set_body_json(serde_json::json!({ "schema": text, "references": references }))
}

fn count(registry: &Registry, result: &str) -> u64 {
    registry.requests().iter().find(|(name, _)| *name == result).unwrap().1
}

#[tokio::test]
async fn one_flight_an_id_and_then_from_the_cache() {
    let server = MockServer::start().await;
    let slow = schema("\"string\"").set_delay(Duration::from_millis(200));
    answers(&server, "/schemas/ids/7", slow, 1).await;
    let registry = registry(&server.uri());
    let (a, b, c) = tokio::join!(registry.schema(7), registry.schema(7), registry.schema(7));
    let again = registry.schema(7).await;
    for found in [a, b, c, again] {
        let found = found.unwrap();
        assert_eq!((found.json.as_str(), &found.kind), ("\"string\"", &Kind::Avro));
    }
    assert_eq!(count(&registry, "ok"), 1);
}

#[tokio::test]
async fn a_miss_is_remembered_and_asked_again_on_demand() {
    let server = MockServer::start().await;
    let miss = ResponseTemplate::new(404)
        .set_body_json(serde_json::json!({ "error_code": 40403, "message": "Schema not found" }));
    answers(&server, "/schemas/ids/9", miss, 2).await;
    let registry = registry(&server.uri());
    for _ in 0..3 {
        let error = registry.schema(9).await.unwrap_err();
        assert!(
            matches!(error, RegistryError::NotFound { .. }) && !error.passes(),
            "{error}"
        );
    }
    assert!(registry.schema_again(9).await.is_err());
    assert_eq!(count(&registry, "not_found"), 2);
}

#[tokio::test]
async fn answers_that_are_none_say_what_they_are() {
    let json = |status: u16, message: &str| {
        ResponseTemplate::new(status).set_body_json(serde_json::json!({ "error_code": status, "message": message }))
    };
    let html = |status: u16| ResponseTemplate::new(status).set_body_raw("<!DOCTYPE html><html>", "text/html");
    let large = ResponseTemplate::new(200).set_body_bytes(vec![b'{'; 2 << 20]);
    for (answer, passes, expected) in [
        (
            html(200),
            true,
            "ask the registry at HOST: status 200 with an HTML page, not the JSON of a schema registry",
        ),
        (
            html(404),
            true,
            "ask the registry at HOST: status 404 with an HTML page, not the JSON of a schema registry",
        ),
        (
            ResponseTemplate::new(200).set_body_raw("{\"a\":1}", "application/json"),
            true,
            "ask the registry at HOST: status 200 with other JSON, not the JSON of a schema registry",
        ),
        (
            json(401, "no"),
            true,
            "ask the registry at HOST: not authorised (status 401)",
        ),
        (
            json(403, "no"),
            true,
            "ask the registry at HOST: not authorised (status 403)",
        ),
        (json(404, "none"), false, "registry at HOST has no schema with id 1"),
        (
            json(500, "disk\nfull"),
            true,
            "ask the registry at HOST: status 500: disk full",
        ),
        (html(503), true, "ask the registry at HOST: status 503"),
        (
            json(422, "odd"),
            false,
            "ask the registry at HOST for schema with id 1: status 422: odd",
        ),
        (
            large,
            false,
            "registry at HOST answers for schema with id 1 with more than 1048576 bytes",
        ),
    ] {
        let server = MockServer::start().await;
        answers(&server, "/schemas/ids/1", answer, 1).await;
        let error = registry(&server.uri()).schema(1).await.unwrap_err();
        let host = server.address().to_string();
        assert_eq!(error.to_string().replace(&host, "HOST"), expected);
        assert_eq!(error.passes(), passes, "{expected}");
    }
}

#[tokio::test]
async fn credentials_are_sent_and_never_told() {
    let server = MockServer::start().await;
    for (value, at) in [
        ("Basic cmVhZGVyOmh1bnRlcjI=", "/schemas/ids/1"),
        ("Bearer hunter2", "/schemas/ids/2"),
    ] {
        Mock::given(path(at))
            .and(header("authorization", value))
            .respond_with(schema("\"int\""))
            .expect(1)
            .mount(&server)
            .await;
    }
    let basic = Auth::Basic {
        user: "reader".to_owned(),
        password: SecretString::from("hunter2"),
    };
    with_auth(&server.uri(), basic).schema(1).await.unwrap();
    let bearer = Auth::Bearer {
        token: SecretString::from("hunter2"),
    };
    let registry = with_auth(&server.uri(), bearer);
    registry.schema(2).await.unwrap();
    let error = registry.schema(3).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn references_come_before_those_that_need_them() {
    let server = MockServer::start().await;
    answers(&server, "/schemas/ids/1", with("order", &[("a/b", 1), ("money", 2)]), 1).await;
    answers(
        &server,
        "/subjects/a%2Fb/versions/1",
        with("customer", &[("money", 2)]),
        1,
    )
    .await;
    answers(&server, "/subjects/money/versions/2", with("money", &[]), 1).await;
    let found = registry(&server.uri()).schema(1).await.unwrap();
    assert_eq!(found.json, "order");
    assert_eq!(found.references, ["money", "customer"]);
}

#[tokio::test]
async fn nobody_there_is_told_in_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let registry = registry(&format!("http://{address}"));
    let error = registry.schema(1).await.unwrap_err();
    assert!(error.passes());
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("reach the registry at {address}: ")),
        "{text}"
    );
    assert!(text.contains("Connection refused"), "{text}");
    assert!(registry.ping().await.is_err());
    assert_eq!(count(&registry, "unreachable"), 2);
}

#[test]
fn settings_that_cannot_work_are_told() {
    let told = |url: &str, ca: Option<&str>| {
        let settings = Settings {
            url: url.to_owned(),
            auth: Auth::None,
            ca: ca.map(Into::into),
            allow_insecure: false,
        };
        Registry::new(&settings).map(drop).unwrap_err().to_string()
    };
    assert_eq!(
        told("http://a:b@registry", None),
        "registry address is not usable: user and password do not belong there"
    );
    assert_eq!(
        told("https://registry", Some("nowhere/ca.pem")),
        "read the registry's authorities from nowhere/ca.pem: No such file or directory (os error 2)"
    );
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    assert!(told("https://registry", Some(other)).ends_with("no certificate in it"));
}
