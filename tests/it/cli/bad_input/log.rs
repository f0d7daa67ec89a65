//! Two topics on librdkafka's mock cluster with orders, and a registry that knows their schema.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// What the records are.
pub(crate) const ORDER: &str = r#"{"type": "record", "name": "Order", "fields": [
    {"name": "order_id", "type": "string"},
    {"name": "amount", "type": "long"},
    {"name": "note", "type": "string"},
    {"name": "tags", "type": {"type": "map", "values": "string"}},
    {"name": "paid", "type": "boolean"},
    {"name": "status", "type": {"type": "enum", "name": "Status", "symbols": ["NEW", "SENT"]}}]}"#;
/// Its id.
pub(crate) const ID: u32 = 7;
/// When the first record was.
pub(crate) const START_MS: i64 = 1_700_000_000_000;

/// One long as Avro writes it.
pub(crate) fn long(value: i64) -> Vec<u8> {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    let mut out = Vec::new();
    while rest > 0x7f {
        out.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
        rest >>= 7;
    }
    out.push(u8::try_from(rest).unwrap());
    out
}

/// Bytes or text as Avro writes them.
pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    [long(i64::try_from(bytes.len()).unwrap()), bytes.to_vec()].concat()
}

/// An order without its frame.
pub(crate) fn order(id: &str, amount: i64, note: &str, tag: &str) -> Vec<u8> {
    [
        sized(id.as_bytes()),
        long(amount),
        sized(note.as_bytes()),
        long(1),
        sized(tag.as_bytes()),
        sized(tag.as_bytes()),
        long(0),
        vec![1],
        long(1),
    ]
    .concat()
}

/// The Confluent frame around it.
pub(crate) fn framed(id: u32, body: &[u8]) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..], body].concat()
}

/// A cluster with the topics `orders` and `orders.canary` of one partition each, and some more.
pub(crate) struct Cluster {
    pub(crate) brokers: String,
    producer: BaseProducer,
    _mock: MockCluster<'static, DefaultProducerContext>,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let mock = MockCluster::new(1).unwrap();
        for topic in ["orders", "orders.canary", "orders.control", "dlq", "dlq.canary"] {
            mock.create_topic(topic, 1, 1).unwrap();
        }
        mock.create_topic("orders.wide", 2, 1).unwrap();
        let brokers = mock.bootstrap_servers();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", &brokers)
            .set("linger.ms", "1")
            .create()
            .unwrap();
        Self {
            brokers,
            producer,
            _mock: mock,
        }
    }

    /// A record so many seconds after the start.
    pub(crate) fn send(&self, topic: &str, value: &[u8], second: i64) {
        self.send_with(topic, value, second, "k", "v");
    }

    pub(crate) fn send_with(&self, topic: &str, value: &[u8], second: i64, key: &str, header: &str) {
        let headers = OwnedHeaders::new().insert(Header {
            key: "trace",
            value: Some(header),
        });
        let record = BaseRecord::to(topic).key(key).headers(headers);
        self.write(record, 0, value, second);
    }

    /// A record of one partition so many seconds after the start.
    pub(crate) fn write(&self, record: BaseRecord<'_, str, [u8]>, partition: i32, value: &[u8], second: i64) {
        let record = record.partition(partition).payload(value);
        let record = record.timestamp(START_MS + second * 1_000);
        self.producer.send(record).map_err(|(error, _)| error).unwrap();
    }

    pub(crate) fn flush(&self) {
        self.producer.flush(Duration::from_secs(20)).unwrap();
    }

    /// `--baseline … --canary …`
    pub(crate) fn sources(&self) -> String {
        let brokers = &self.brokers;
        format!("--baseline kafka://{brokers}/orders --canary kafka://{brokers}/orders.canary")
    }

    /// A config for the worker.
    pub(crate) fn config(&self, registry: &str, more: &str) -> String {
        let brokers = &self.brokers;
        format!(
            "release: {{name: r, start: earliest}}\n\
             clusters:\n  main: {{brokers: [\"{brokers}\"]}}\n\
             registries:\n  main: {{url: \"{registry}\"}}\n\
             streams:\n  - name: orders\n    baseline: {{topic: orders}}\n    canary: {{topic: orders.canary}}\n    \
             identity: {{parts: [{{field: order_id}}]}}\n    event_time: timestamp\n    \
             window: 1s\n    lateness: 1s\n    grace: 1s\n{more}\
             store: {{url: \"sqlite://cc.db\"}}\n\
             serve: {{address: \"127.0.0.1:0\"}}\n"
        )
    }
}

/// A registry of its own thread.
pub(crate) struct Answering {
    pub(crate) url: String,
    server: MockServer,
    runtime: tokio::runtime::Runtime,
}

impl Answering {
    fn new(mocks: Vec<Mock>) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            for mock in mocks {
                mock.mount(&server).await;
            }
            server
        });
        Self {
            url: server.uri(),
            server,
            runtime,
        }
    }

    /// Knows the one schema and nothing else.
    pub(crate) fn registry() -> Self {
        Self::new(Self::knows())
    }

    /// In trouble, whatever it is asked, until it recovers.
    pub(crate) fn down() -> Self {
        Self::new(vec![
            Mock::given(method("GET")).respond_with(ResponseTemplate::new(503)),
        ])
    }

    /// Becomes the registry that knows the one schema.
    pub(crate) fn recovers(&self) {
        self.runtime.block_on(async {
            self.server.reset().await;
            for mock in Self::knows() {
                mock.mount(&self.server).await;
            }
        });
    }

    fn knows() -> Vec<Mock> {
        let known = ResponseTemplate::new(200).set_body_json(serde_json::json!({ "schema": ORDER }));
        let unknown = ResponseTemplate::new(404)
            .set_body_json(serde_json::json!({ "error_code": 40403, "message": "Schema not found" }));
        let no_subject = ResponseTemplate::new(404)
            .set_body_json(serde_json::json!({ "error_code": 40401, "message": "Subject not found" }));
        let subjects = ResponseTemplate::new(200).set_body_json(serde_json::json!([]));
        vec![
            Mock::given(method("GET"))
                .and(path_regex(format!("^/schemas/ids/{ID}$")))
                .respond_with(known),
            Mock::given(method("GET"))
                .and(path_regex("^/schemas/ids/"))
                .respond_with(unknown),
            Mock::given(method("GET"))
                .and(path_regex("^/subjects/"))
                .respond_with(no_subject),
            Mock::given(method("GET"))
                .and(path_regex("^/subjects$"))
                .respond_with(subjects),
        ]
    }

    /// A login page, whatever it is asked.
    pub(crate) fn html() -> Self {
        let page = ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><html>log in</html>", "text/html");
        Self::new(vec![Mock::given(method("GET")).respond_with(page)])
    }
}
