//! A registry that was taken over: it may say anything, and gets no further than its own answer.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crosscheck::edge::registry::RegistryError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{answers, count, registry, schema, with};

#[tokio::test]
async fn a_redirect_is_refused_and_nobody_else_is_asked() {
    let elsewhere = MockServer::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let loopback = listener.local_addr().unwrap();
    for (to, told) in [
        (
            format!("{}/schemas/ids/1", elsewhere.uri()),
            elsewhere.address().to_string(),
        ),
        (format!("http://{loopback}/"), loopback.to_string()),
        (
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            "169.254.169.254:80".to_owned(),
        ),
        (format!("//{loopback}/"), loopback.to_string()),
        (
            "http://[::ffff:169.254.169.254]/".to_owned(),
            "[::ffff:a9fe:a9fe]:80".to_owned(),
        ),
        ("file:///etc/passwd".to_owned(), String::new()),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let server = MockServer::start().await;
            let answer = ResponseTemplate::new(status).insert_header("location", to.as_str());
            answers(&server, "/schemas/ids/1", answer, 1).await;
            let registry = registry(&server.uri());
            let error = registry.schema(1).await.unwrap_err();
            assert!(error.passes());
            assert!(
                matches!(&error, RegistryError::Redirect { to, .. } if *to == told),
                "{error}"
            );
            assert_eq!(count(&registry, "redirect"), 1);
        }
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
    // Nobody waits to be let in.
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_body_without_an_end_is_cut() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counting = sent.clone();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        // 500 MB, and a length that says less would be believed by nobody.
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500000000\r\n\r\n{\"schema\":\"")
            .await
            .unwrap();
        while stream.write_all(&[b'x'; 65_536]).await.is_ok() {
            counting.fetch_add(65_536, Ordering::Relaxed);
        }
    });
    let error = registry(&format!("http://{address}")).schema(1).await.unwrap_err();
    let limit = format!("registry at {address} answers for schema with id 1 with more than 1048576 bytes");
    assert_eq!(error.to_string(), limit);
    server.await.unwrap();
    // The sockets' buffers hold some more.
    assert!(sent.load(Ordering::Relaxed) < 32 << 20, "{sent:?} bytes were taken");
}

#[tokio::test]
async fn references_in_a_circle_or_without_number() {
    let server = MockServer::start().await;
    let told = async |id: u32| registry(&server.uri()).schema(id).await.unwrap_err();
    answers(&server, "/schemas/ids/1", with("x", &[("itself", 1)]), 1).await;
    answers(&server, "/subjects/itself/versions/1", with("y", &[("itself", 1)]), 1).await;
    answers(&server, "/schemas/ids/2", with("x", &[("there", 1)]), 1).await;
    answers(&server, "/subjects/there/versions/1", with("y", &[("back", 1)]), 1).await;
    answers(&server, "/subjects/back/versions/1", with("z", &[("there", 1)]), 1).await;
    for (id, subject) in [(1, "itself"), (2, "there")] {
        let error = told(id).await;
        assert!(
            matches!(error, RegistryError::Cyclic { .. }) && !error.passes(),
            "{error}"
        );
        let end = format!("has version 1 of subject `{subject}` that refers to itself");
        assert!(error.to_string().ends_with(&end), "{error}");
    }
    // The same schema twice is no circle.
    answers(&server, "/schemas/ids/3", with("x", &[("a", 1), ("b", 1), ("a", 1)]), 1).await;
    answers(&server, "/subjects/a/versions/1", with("a", &[]), 1).await;
    answers(&server, "/subjects/b/versions/1", with("b", &[("a", 1)]), 1).await;
    assert_eq!(registry(&server.uri()).schema(3).await.unwrap().references, ["a", "b"]);

    let names: Vec<String> = (0..65).map(|number| format!("s{number}")).collect();
    let wide: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), 1)).collect();
    answers(&server, "/schemas/ids/4", with("x", &wide), 1).await;
    // Sixty-five in a chain: each refers to the next.
    answers(&server, "/schemas/ids/5", with("x", &[("c0", 1)]), 1).await;
    for number in 0..65 {
        let next = format!("c{}", number + 1);
        let at = format!("/subjects/c{number}/versions/1");
        answers(&server, &at, with("c", &[(&next, 1)]), u64::from(number < 64)).await;
    }
    Mock::given(method("GET"))
        .respond_with(with("s", &[]))
        .mount(&server)
        .await;
    for id in [4, 5] {
        let error = told(id).await;
        assert!(matches!(error, RegistryError::TooManyReferences { .. }), "{error}");
    }
}

#[tokio::test]
async fn references_are_asked_for_by_name_only_and_at_the_registry() {
    let server = MockServer::start().await;
    let subject = "../../../../x?y=//169.254.169.254/#";
    answers(&server, "/schemas/ids/1", with("x", &[(subject, 1)]), 1).await;
    let registry = registry(&server.uri());
    // It is not there, and the whole name is in the one place of the path.
    registry.schema(1).await.unwrap_err();
    let asked = server.received_requests().await.unwrap();
    let last = asked.last().unwrap().url.path();
    let name = "..%2F..%2F..%2F..%2Fx%3Fy=%2F%2F169.254.169.254%2F%23";
    assert_eq!(last, format!("/subjects/{name}/versions/1"));
}

#[tokio::test]
async fn much_text_over_many_references_is_refused() {
    let server = MockServer::start().await;
    let text = "x".repeat(1_000_000);
    let names: Vec<String> = (0..6).map(|number| format!("s{number}")).collect();
    let references: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), 1)).collect();
    answers(&server, "/schemas/ids/1", with("x", &references), 1).await;
    Mock::given(method("GET"))
        .respond_with(with(&text, &[]))
        .mount(&server)
        .await;
    let error = registry(&server.uri()).schema(1).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("answers for schema with id 1 and its references with more than 4194304 bytes"),
        "{error}"
    );
}

#[tokio::test]
async fn an_id_that_means_another_schema_later_keeps_the_first() {
    let server = MockServer::start().await;
    let once = |text: &str| Mock::given(method("GET")).respond_with(schema(text)).up_to_n_times(1);
    let (first, spaced) = (r#"{"type":"int","doc":"a"}"#, r#"{ "doc": "a", "type": "int" }"#);
    once(first).mount(&server).await;
    let registry = registry(&server.uri());
    registry.schema(7).await.unwrap();
    // Written another way it is the same.
    once(spaced).mount(&server).await;
    registry.check_again().await;
    assert_eq!((registry.changed(), count(&registry, "changed")), (0, 0));
    once(r#"{"type":"long"}"#).mount(&server).await;
    registry.check_again().await;
    assert_eq!((registry.changed(), count(&registry, "changed")), (1, 1));
    assert_eq!(registry.schema(7).await.unwrap().json, first);
    assert_eq!(registry.schema_again(7).await.unwrap().json, first);
    // Told once; and back is back.
    once(r#"{"type":"long"}"#).mount(&server).await;
    registry.check_again().await;
    assert_eq!((registry.changed(), count(&registry, "changed")), (1, 1));
    once(first).mount(&server).await;
    registry.check_again().await;
    assert_eq!(registry.changed(), 0);
    // A registry that is away says nothing.
    drop(server);
    registry.check_again().await;
    assert_eq!(
        (registry.changed(), registry.schema(7).await.unwrap().json.as_str()),
        (0, first)
    );
}
