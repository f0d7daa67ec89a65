//! What a client cannot do to the worker: send without end, drip, hold connections, keep it from ending.

use std::time::Duration;

use crosscheck::edge::http::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::http::{raw, start};

const SOON: Duration = Duration::from_secs(20);
const REQUEST: &str = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn quick() -> Limits {
    Limits {
        request: Duration::from_millis(200),
        idle: Duration::from_millis(200),
        write: Duration::from_millis(200),
        drain: Duration::from_millis(200),
        ..Limits::default()
    }
}

/// Waits until the server cuts the connection.
async fn cut(stream: &mut TcpStream) {
    let mut bytes = [0; 65_536];
    let ended = async { while matches!(stream.read(&mut bytes).await, Ok(read) if read > 0) {} };
    timeout(SOON, ended).await.unwrap();
}

#[tokio::test]
async fn a_client_that_says_nothing_is_cut() {
    let server = start(quick()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    cut(&mut stream).await;
}

#[tokio::test]
async fn a_client_that_drips_is_cut() {
    let server = start(quick()).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let drip = tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        let _ = write.write_all(b"GET /livez HTTP/1.1\r\n").await;
        while write.write_all(b"x-a: b\r\n").await.is_ok() {
            tick.tick().await;
        }
    });
    let mut bytes = Vec::new();
    let _ = timeout(SOON, read.read_to_end(&mut bytes)).await.unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("200 OK"));
    timeout(SOON, drip).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut() {
    let server = start(quick()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    for _ in 0..8 {
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await
            .unwrap();
    }
    // Nothing is read until the server has given up: then a write meets a closed connection.
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let given_up = async {
        while stream.write_all(b"\r\n").await.is_ok() {
            tick.tick().await;
        }
    };
    timeout(SOON, given_up).await.unwrap();
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let server = start(Limits::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut bytes = [0; 4_096];
    for _ in 0..3 {
        stream.write_all(REQUEST.as_bytes()).await.unwrap();
        let read = timeout(SOON, stream.read(&mut bytes)).await.unwrap().unwrap();
        assert!(bytes[..read].starts_with(b"HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn connections_beyond_the_bound_wait() {
    let server = start(Limits {
        connections_max: 1,
        idle: Duration::from_millis(200),
        ..Limits::default()
    })
    .await;
    let _first = TcpStream::connect(server.address).await.unwrap();
    let closing = "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = timeout(SOON, raw(server.address, closing)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let server = start(Limits {
        body_max_bytes: 1_000,
        ..Limits::default()
    })
    .await;
    let head = "POST /gates/flagger/r/rollback HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ";
    let answer = raw(server.address, &format!("{head}1001\r\n\r\n{}", "x".repeat(1_001))).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let answer = raw(server.address, &format!("{head}1000\r\n\r\n{}", "x".repeat(1_000))).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[tokio::test]
async fn it_ends_at_once_when_nobody_asks() {
    let server = start(Limits::default()).await;
    server.shutdown.cancel();
    timeout(Duration::from_secs(4), server.ended)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn it_ends_although_a_request_is_half_sent() {
    let server = start(Limits {
        drain: Duration::from_millis(200),
        ..Limits::default()
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut bytes = [0; 4_096];
    assert!(stream.read(&mut bytes).await.unwrap() > 0);
    stream.write_all(b"GET /livez HTTP/1.1\r\n").await.unwrap();
    server.shutdown.cancel();
    timeout(SOON, server.ended).await.unwrap().unwrap().unwrap();
    cut(&mut stream).await;
    assert!(TcpStream::connect(server.address).await.is_err());
}
