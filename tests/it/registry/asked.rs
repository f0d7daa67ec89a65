//! How often and how long a registry is asked, and that it is asked behind TLS or not at all.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use crosscheck::app::book::{Book, Fact};
use crosscheck::app::schemas::{Origin, Patience, Schemas};
use crosscheck::codec::{Field, SchemaRef};
use crosscheck::edge::registry::Registry;
use crosscheck::model::{PerSide, Side, Sides};
use tokio::runtime::Handle;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{answers, registry, schema};

const QUICK: Patience = Patience {
    pauses: [Duration::from_millis(10), Duration::from_millis(10)],
    outlast_outages: true,
};

fn asking(registries: PerSide<Registry>, patience: Patience) -> (Schemas, Book) {
    let origin = |registry| Origin {
        registry: Some(Arc::new(registry)),
        topic: Some("orders".to_owned()),
        fixed: None,
    };
    let book = Book::default();
    let origins = Sides {
        baseline: origin(registries.baseline),
        canary: origin(registries.canary),
        control: None,
    };
    (Schemas::new(Handle::current(), origins, patience, book.clone()), book)
}

/// Takes answers until the book has so many facts.
async fn until(schemas: &mut Schemas, book: &Book, facts: usize) {
    for _ in 0..3_000 {
        schemas.take().unwrap();
        if book.since(0).len() >= facts {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await; // waits for an answer, which wakes nobody: streams ask as well
    }
    panic!("no answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_id_is_asked_for_three_times_and_then_its_records_are_undecodable() {
    let server = MockServer::start().await;
    let miss = ResponseTemplate::new(404)
        .set_body_json(serde_json::json!({ "error_code": 40403, "message": "Schema not found" }));
    answers(&server, "/schemas/ids/9", miss, 3).await;
    let both = PerSide {
        baseline: registry(&server.uri()),
        canary: registry(&server.uri()),
    };
    let (mut schemas, book) = asking(both, QUICK);
    for _ in 0..5 {
        schemas.ask(Side::Canary, Field::Value, SchemaRef::Id(9));
    }
    until(&mut schemas, &book, 1).await;
    let facts = book.since(0);
    assert!(matches!(
        facts.as_slice(),
        [Fact::Unknown(Side::Canary, Field::Value, SchemaRef::Id(9))]
    ));
    // The worker does so over two minutes, in which a registry may catch up.
    let Patience {
        pauses,
        outlast_outages,
    } = Patience::WORKER;
    assert!(outlast_outages && pauses.iter().sum::<Duration>() >= Duration::from_secs(115));
    assert!(
        pauses.iter().all(|pause| *pause > Duration::from_secs(30)),
        "a miss would be believed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_waited_for_and_makes_nothing_unknown() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    answers(&server, "/schemas/ids/7", schema("\"int\""), 1).await;
    let both = PerSide {
        baseline: registry(&server.uri()),
        canary: registry(&server.uri()),
    };
    let (mut schemas, book) = asking(both, QUICK);
    schemas.ask(Side::Canary, Field::Value, SchemaRef::Id(7));
    while schemas.down().is_empty() {
        assert!(!schemas.wait(Duration::from_millis(10)).await.unwrap());
    }
    assert_eq!(schemas.down(), [Side::Canary]);
    assert!(
        schemas
            .trouble(Side::Canary)
            .unwrap()
            .to_string()
            .ends_with("status 503")
    );
    until(&mut schemas, &book, 1).await;
    assert!(matches!(
        book.since(0).as_slice(),
        [Fact::Schema(Side::Canary, _, SchemaRef::Id(7), _)]
    ));
    assert!(schemas.down().is_empty());

    let (mut bounded, _) = asking(
        PerSide {
            baseline: registry("http://127.0.0.1:1"),
            canary: registry("http://127.0.0.1:1"),
        },
        Patience::BOUNDED,
    );
    bounded.ask(Side::Baseline, Field::Value, SchemaRef::Id(7));
    let told = loop {
        match bounded.wait(Duration::from_millis(10)).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(told.passes(), "{told}");
}

/// Id 1 and id 2 mean the opposite in the other registry (R1).
#[tokio::test(flavor = "multi_thread")]
async fn an_id_belongs_to_its_registry() {
    let servers = [MockServer::start().await, MockServer::start().await];
    for (server, [one, two]) in servers.iter().zip([["int", "long"], ["long", "int"]]) {
        answers(server, "/schemas/ids/1", schema(&format!("\"{one}\"")), 1).await;
        answers(server, "/schemas/ids/2", schema(&format!("\"{two}\"")), 1).await;
    }
    let [baseline, canary] = &servers;
    let both = PerSide {
        baseline: registry(&baseline.uri()),
        canary: registry(&canary.uri()),
    };
    let (mut schemas, book) = asking(both, QUICK);
    for side in Side::PAIR {
        for id in [1, 2] {
            schemas.ask(side, Field::Value, SchemaRef::Id(id));
        }
    }
    until(&mut schemas, &book, 4).await;
    for fact in book.since(0) {
        let Fact::Schema(side, _, SchemaRef::Id(id), schema) = fact else {
            panic!("not found");
        };
        let swapped = (id == 2) != (side == Side::Canary);
        assert_eq!(schema.name(), if swapped { "long" } else { "int" }, "{side} {id}");
    }
}

#[tokio::test]
async fn https_never_becomes_plain() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let first = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = [0; 512];
        let len = stream.read(&mut bytes).unwrap();
        bytes[..len].to_vec()
    });
    let error = registry(&format!("https://{address}")).schema(1).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("reach the registry at {address}: ")),
        "{error}"
    );
    let bytes = first.join().unwrap();
    // A handshake record of TLS, not a request.
    assert_eq!(bytes.first(), Some(&0x16));
}
