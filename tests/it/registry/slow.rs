//! A registry that is slow, hangs or is down: given up in time, and left alone for a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crosscheck::edge::registry::RegistryError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;
use wiremock::MockServer;
use wiremock::matchers::method;
use wiremock::{Mock, ResponseTemplate};

use super::{answers, count, registry, schema};

/// An answer that never hangs for as long as a second, and never ends.
async fn dripping() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{")
            .await
            .unwrap();
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(900)).await; // waits for its next byte: that pace is what is tested
        }
    });
    format!("http://{address}")
}

/// Lets us in and says nothing.
async fn silent() -> (String, tokio::net::TcpListener) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    (format!("http://{}", listener.local_addr().unwrap()), listener)
}

#[tokio::test]
async fn ones_that_hang_are_given_up_after_ten_seconds() {
    let server = MockServer::start().await;
    let slow = schema("\"int\"").set_delay(Duration::from_secs(60));
    answers(&server, "/schemas/ids/1", slow, 1).await;
    let (silent, _listener) = silent().await;
    let given_up = async |url: String| {
        let began = Instant::now();
        let error = registry(&url).schema(1).await.unwrap_err();
        let host = url.trim_start_matches("http://");
        assert_eq!(
            error.to_string(),
            format!("reach the registry at {host}: no answer in time")
        );
        assert!(error.passes());
        // Not at once; that it does not take for ever the test's own end shows.
        assert!(began.elapsed() >= Duration::from_secs(9));
    };
    let all = async { tokio::join!(given_up(server.uri()), given_up(dripping().await), given_up(silent)) };
    tokio::time::timeout(Duration::from_secs(25), all).await.unwrap();
}

#[tokio::test]
async fn one_that_is_down_is_left_alone_after_five_failures() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(503))
        .mount(&server)
        .await;
    let registry = registry(&server.uri());
    for id in 0..50 {
        let error = registry.schema(id).await.unwrap_err();
        assert!(
            matches!(error, RegistryError::Unavailable { status: 503, .. }),
            "{error}"
        );
    }
    let asked = server.received_requests().await.unwrap().len();
    // Five, and one more for each half second that this took: the machine may be busy.
    assert!((5..12).contains(&asked), "asked {asked} times");
    assert_eq!(count(&registry, "unavailable"), asked as u64);

    // What is known goes on without it, and it is back once it answers.
    server.reset().await;
    answers(&server, "/schemas/ids/7", schema("\"int\""), 1).await;
    let back = async {
        while registry.schema(7).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await; // waits for the breaker to let one through
        }
    };
    tokio::time::timeout(Duration::from_secs(30), back).await.unwrap();
    registry.schema(7).await.unwrap();
}

#[tokio::test]
async fn a_hundred_records_ask_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counting.fetch_add(1, Ordering::Relaxed);
            let _ = stream.read(&mut [0; 4096]).await;
            drop(stream);
        }
    });
    let registry = registry(&url);
    let all = futures_util::future::join_all((0..100).map(|_| registry.schema(3))).await;
    assert!(all.iter().all(Result::is_err));
    // The client asks once more by itself where a fresh connection breaks, and never a hundred times.
    assert!(asked.load(Ordering::Relaxed) <= 3, "{asked:?}");
}
