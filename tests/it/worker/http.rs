//! What the worker answers over a real socket: probes, metrics, gates, the report.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use crosscheck::edge::http::{Gate, Limits, Release, Settings, Source, serve};
use crosscheck::model::Verdict;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A source whose answers a test sets.
#[derive(Default)]
pub struct Fixed {
    pub trouble: Mutex<Option<String>>,
    pub release: Mutex<Option<Release>>,
}

impl Source for Fixed {
    fn live(&self) -> Result<(), String> {
        Ok(())
    }

    fn ready(&self) -> Result<(), String> {
        self.trouble.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    fn metrics(&self) -> String {
        "crosscheck_build_info{version=\"0\"} 1\n".repeat(200_000)
    }

    fn release(&self, name: &str) -> Option<Release> {
        self.release.lock().unwrap().clone().filter(|_| name == "check out")
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub source: Arc<Fixed>,
    pub shutdown: CancellationToken,
    pub ended: JoinHandle<std::io::Result<()>>,
}

pub async fn start(limits: Limits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    start_on(listener, limits).await
}

async fn start_on(listener: TcpListener, limits: Limits) -> Server {
    let address = listener.local_addr().unwrap();
    let source = Arc::new(Fixed::default());
    let shutdown = CancellationToken::new();
    let settings = Settings {
        address,
        limits,
        ..Settings::default()
    };
    let (of_server, token) = (Arc::clone(&source), shutdown.clone());
    let ended = tokio::spawn(async move { serve(listener, &settings, of_server, token).await });
    Server {
        address,
        source,
        shutdown,
        ended,
    }
}

/// Sends one request as it stands and reads the answer to its end.
pub async fn raw(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // The server may cut a connection on whose answer we do not insist.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// (status, headers and body).
async fn ask(server: &Server, method: &str, path: &str) -> (u16, String) {
    ask_as(server, method, path, "localhost").await
}

async fn ask_as(server: &Server, method: &str, path: &str, host: &str) -> (u16, String) {
    let length = if method == "POST" { "content-length: 2\r\n" } else { "" };
    let body = if method == "POST" { "{}" } else { "" };
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{length}connection: close\r\n\r\n{body}");
    let answer = raw(server.address, &request).await;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_default(), answer)
}

fn release(verdict: Verdict, held: bool) -> Release {
    let gate = |verdict| Gate {
        verdict,
        held,
        sentence: "orders: 412 of 1,000 pairs are in".to_owned(),
    };
    Release {
        gate: gate(verdict),
        stages: BTreeMap::from([("25".to_owned(), gate(Verdict::Pass))]),
        report: Some("{\"schema_version\":1}".into()),
    }
}

#[tokio::test]
async fn probes_and_metrics() {
    let server = start(Limits::default()).await;
    let (status, answer) = ask(&server, "GET", "/livez").await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("cache-control: no-store") && answer.contains("x-content-type-options: nosniff"));
    assert_eq!(ask(&server, "GET", "/readyz").await.0, 200);
    *server.source.trouble.lock().unwrap() = Some("the registry does not answer".to_owned());
    let (status, answer) = ask(&server, "GET", "/readyz").await;
    assert_eq!(status, 503);
    assert!(answer.ends_with("\r\n\r\nthe registry does not answer\n"), "{answer}");
    assert_eq!(ask(&server, "GET", "/livez").await.0, 200);
    let (status, answer) = ask(&server, "GET", "/metrics").await;
    assert_eq!(status, 200);
    assert!(
        answer.contains("content-type: text/plain; version=0.0.4"),
        "{}",
        &answer[..400]
    );
    assert!(answer.len() > 7_000_000, "{}", answer.len());
    let (status, answer) = ask(&server, "HEAD", "/metrics").await;
    assert_eq!(status, 200);
    assert!(answer.ends_with("\r\n\r\n"));
}

#[tokio::test]
async fn nothing_else_is_there() {
    let server = start(Limits::default()).await;
    for (method, path, expect) in [
        ("GET", "/", 404),
        ("GET", "/metrics/", 404),
        ("GET", "/gates/argo", 404),
        ("GET", "/api/v1/releases/check%20out/override", 404),
        ("POST", "/gates/flagger/check%20out/anything", 404),
        ("POST", "/metrics", 405),
        ("DELETE", "/api/v1/releases/check%20out/report", 405),
        ("GET", "/gates/flagger/check%20out/rollback", 405),
        ("POST", "/gates/argo/check%20out", 405),
    ] {
        assert_eq!(ask(&server, method, path).await.0, expect, "{method} {path}");
    }
}

#[tokio::test]
async fn argo_is_always_answered() {
    let server = start(Limits::default()).await;
    let (status, answer) = ask(&server, "GET", "/gates/argo/check%20out").await;
    assert_eq!(status, 200);
    assert!(
        answer.ends_with(r#"{"reason":"this release is not known here","result":"inconclusive"}"#),
        "{answer}"
    );
    for verdict in Verdict::ALL {
        *server.source.release.lock().unwrap() = Some(release(verdict, false));
        let (status, answer) = ask(&server, "GET", "/gates/argo/check%20out").await;
        let result = format!(r#""result":"{}""#, verdict.as_str());
        assert!(
            status == 200 && answer.contains(&result) && answer.contains("412 of 1,000"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_gate_may_ask_about_a_stage() {
    let server = start(Limits::default()).await;
    *server.source.release.lock().unwrap() = Some(release(Verdict::Inconclusive, false));
    for (stage, result, promote) in [("25", "pass", 200), ("100", "inconclusive", 403)] {
        let (status, answer) = ask(&server, "GET", &format!("/gates/argo/check%20out?stage={stage}")).await;
        assert!(
            status == 200 && answer.contains(&format!(r#""result":"{result}""#)),
            "{answer}"
        );
        let path = format!("/gates/flagger/check%20out/promote?stage={stage}");
        assert_eq!(ask(&server, "POST", &path).await.0, promote, "{stage}");
    }
}

#[tokio::test]
async fn flagger_gets_a_yes_or_a_sentence() {
    let server = start(Limits::default()).await;
    let gate = |question: &str| format!("/gates/flagger/check%20out/{question}");
    for question in ["advance", "promote", "rollback"] {
        assert_eq!(
            ask(&server, "POST", &gate(question)).await.0,
            403,
            "unknown: {question}"
        );
    }
    *server.source.release.lock().unwrap() = Some(release(Verdict::Inconclusive, false));
    assert_eq!(ask(&server, "POST", &gate("advance")).await.0, 200);
    let (status, answer) = ask(&server, "POST", &gate("promote")).await;
    assert_eq!(status, 403);
    assert!(
        answer.ends_with("\r\n\r\ninconclusive: orders: 412 of 1,000 pairs are in"),
        "{answer}"
    );
    *server.source.release.lock().unwrap() = Some(release(Verdict::Fail, false));
    assert_eq!(ask(&server, "POST", &gate("rollback")).await.0, 200);
    *server.source.release.lock().unwrap() = Some(release(Verdict::Pass, true));
    assert_eq!(ask(&server, "POST", &gate("advance")).await.0, 403);
}

#[tokio::test]
async fn the_report() {
    let server = start(Limits::default()).await;
    let path = "/api/v1/releases/check%20out/report";
    assert_eq!(ask(&server, "GET", path).await.0, 404);
    *server.source.release.lock().unwrap() = Some(release(Verdict::Pass, false));
    let (status, answer) = ask(&server, "GET", path).await;
    assert_eq!(status, 200);
    assert!(answer.contains("content-type: application/json") && answer.ends_with("{\"schema_version\":1}"));
}

#[tokio::test]
async fn beyond_loopback_there_is_no_report() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let mut server = start_on(listener, Limits::default()).await;
    server.address.set_ip([127, 0, 0, 1].into());
    *server.source.release.lock().unwrap() = Some(release(Verdict::Pass, false));
    assert_eq!(ask(&server, "GET", "/api/v1/releases/check%20out/report").await.0, 403);
    assert_eq!(ask(&server, "GET", "/gates/argo/check%20out").await.0, 200);
    assert_eq!(
        ask_as(&server, "GET", "/metrics", "crosscheck.canary.svc:9600").await.0,
        200
    );
}

#[tokio::test]
async fn a_foreign_host_gets_nothing() {
    let server = start(Limits::default()).await;
    *server.source.release.lock().unwrap() = Some(release(Verdict::Pass, false));
    for path in [
        "/metrics",
        "/livez",
        "/gates/argo/check%20out",
        "/api/v1/releases/check%20out/report",
        "/none",
    ] {
        let (status, answer) = ask_as(&server, "GET", path, "evil.example.org").await;
        assert!(status == 421 && answer.contains("serve.hosts"), "{path}: {answer}");
    }
    let answer = raw(server.address, "GET /metrics HTTP/1.0\r\n\r\n").await;
    assert!(answer.contains("421"), "{answer}");
}
