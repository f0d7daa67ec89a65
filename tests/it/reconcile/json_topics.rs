//! Topics of JSON, and of JSON on one side, on librdkafka's broker in the process.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use serde_json::json;
use uuid::Uuid;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::Told;
use super::avro::{encoded, schema};

const FIELDS: &str = "id string; v int";

pub(super) struct World {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
}

/// A registry that answers for as long as it lives.
pub(super) struct Registry {
    pub(super) url: String,
    _server: MockServer,
    _runtime: tokio::runtime::Runtime,
}

/// The GUID of a schema that has an id.
pub(super) fn guid(id: u32) -> Uuid {
    Uuid::from_u64_pair(0x0123_4567_89ab_cdef, id.into())
}

impl Registry {
    /// Knows schemas by their ids, and by their GUIDs, and no others.
    pub(super) fn knows(schemas: &[(u32, serde_json::Value)]) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            for (id, schema) in schemas {
                let answer = ResponseTemplate::new(200).set_body_json(schema);
                for below in [format!("ids/{id}"), format!("guids/{}", guid(*id))] {
                    let asked = Mock::given(method("GET")).and(path(format!("/schemas/{below}")));
                    asked.respond_with(answer.clone()).mount(&server).await;
                }
            }
            let unknown = json!({"error_code": 40403, "message": "Schema not found"});
            let answer = ResponseTemplate::new(404).set_body_json(unknown);
            let any = Mock::given(method("GET")).respond_with(answer).with_priority(9);
            any.mount(&server).await;
            server
        });
        Self {
            url: server.uri(),
            _server: server,
            _runtime: runtime,
        }
    }
}

/// A key, and a value; none is a tombstone.
pub(super) type Row<'a> = (&'a str, Option<&'a [u8]>);

/// A row and its headers.
pub(super) type Headed<'a> = (Row<'a>, Vec<(&'static str, Vec<u8>)>);

impl World {
    pub(super) fn new() -> Self {
        let cluster = MockCluster::new(1).unwrap();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", cluster.bootstrap_servers())
            .set("linger.ms", "1")
            .create()
            .unwrap();
        Self { cluster, producer }
    }

    pub(super) fn produce(&self, topic: &str, rows: &[Row]) {
        self.produce_of(topic, rows, "prod");
    }

    /// All with a header `source`.
    fn produce_of(&self, topic: &str, rows: &[Row], source: &str) {
        let headed = rows
            .iter()
            .map(|row| (*row, vec![("source", source.as_bytes().to_vec())]));
        self.produce_headed(topic, &headed.collect::<Vec<_>>());
    }

    /// Each with headers of its own.
    pub(super) fn produce_headed(&self, topic: &str, rows: &[Headed]) {
        self.cluster.create_topic(topic, 1, 1).unwrap();
        for ((key, value), named) in rows {
            let headers = named.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header {
                    key,
                    value: Some(value),
                })
            });
            let mut record: BaseRecord<str, [u8]> = BaseRecord::to(topic).partition(0).key(*key).headers(headers);
            if let Some(value) = value {
                record = record.payload(value);
            }
            self.producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        self.producer.flush(Duration::from_secs(20)).unwrap();
    }

    pub(super) fn brokers(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    pub(super) fn reconcile(&self, flags: &str) -> Told {
        let source = |side: &str| format!("kafka://{}/{side}", self.cluster.bootstrap_servers());
        let (baseline, canary) = (source("b"), source("c"));
        let mut all = vec!["--baseline", &baseline, "--canary", &canary];
        all.extend(flags.split_whitespace());
        super::reconcile(&all)
    }
}

fn rows<'a>(rows: &[(&'a str, &'a str)]) -> Vec<Row<'a>> {
    rows.iter().map(|(key, value)| (*key, Some(value.as_bytes()))).collect()
}

#[test]
fn of_plain_json() {
    let world = World::new();
    let mut baseline = rows(&[
        ("a", r#"{"id":"a","v":1,"at":1}"#),
        ("b", r#"{"id":"b","v":9007199254740993}"#),
        ("c", r#"{"id":"c","v":1}"#),
        ("d", r#"{"id":"d"}"#),
        ("e", r#"{"id":"e","v":{"x":[1]}}"#),
    ]);
    baseline.push(("f", None));
    let mut canary = rows(&[
        ("b", r#"{"v":9007199254740992,"id":"b"}"#),
        ("a", r#"{ "v": 1.0, "id": "\u0061", "at": 2 }"#),
        ("c", r#"{"id":"c","v":"1"}"#),
        ("e", r#"{"id":"e","v":{"x":[]}}"#),
        ("g", r#"{"id":"g","v":1,"v":1}"#),
    ]);
    canary.push(("f", None));
    world.produce("b", &baseline);
    world.produce("c", &canary);
    let told = world.reconcile("--format json --identity key --ignore at --show v");
    assert_eq!(
        told.gist(),
        "1 matched 2 mismatched 3 missing 1 | v value 1 | v type 1 | v.x length 1"
    );
    assert_eq!(told.side("canary")["undecodable_reasons"]["duplicate_key"], 1);
    let text = told.report.to_string();
    assert!(
        text.contains("\"9007199254740993\"") && text.contains("\"9007199254740992\""),
        "{text}"
    );
    assert!(told.stream()["schemas"].as_array().unwrap().is_empty());
}

#[test]
fn of_avro_and_json() {
    let world = World::new();
    let contract = tempfile::NamedTempFile::with_suffix(".avsc").unwrap();
    std::fs::write(contract.path(), schema(FIELDS).to_string()).unwrap();
    let avro = |id: &str, v: i64| encoded(&schema(FIELDS), &json!({"id": id, "v": v}));
    let written = [
        ("a", avro("a", 1)),
        ("b", avro("b", 2)),
        ("c", avro("c", 3)),
        ("d", avro("d", 4)),
    ];
    let baseline: Vec<Row> = written
        .iter()
        .map(|(key, value)| (*key, Some(value.as_slice())))
        .collect();
    world.produce("b", &baseline);
    world.produce(
        "c",
        &rows(&[
            ("a", r#"{"v":1.0,"id":"a","more":true}"#),
            ("b", r#"{"id":"b","v":3}"#),
            ("c", r#"{"id":"c","v":3.5}"#),
            ("d", r#"{"id":"d"}"#),
        ]),
    );
    let flags = "--format canary=json --framing none --identity field:id --contract";
    let told = world.reconcile(&format!("{flags} {}", contract.path().display()));
    assert_eq!(
        told.gist(),
        "1 matched 1 mismatched 3 | v value 1 | v type 1 | v absent 1",
        "{}",
        told.log
    );
}

#[test]
fn of_json_behind_a_schema_id() {
    let world = World::new();
    let framed = |id: u8, text: &str| [&[0, 0, 0, 0, id], text.as_bytes()].concat();
    let all = [
        framed(1, r#"{"id":"a"}"#),
        framed(2, r#"{"id":"a"}"#),
        framed(9, r#"{"id":"b"}"#),
    ];
    world.produce("b", &[("a", Some(&all[0])), ("b", Some(&all[0]))]);
    world.produce(
        "c",
        &[
            ("a", Some(&all[1])),
            ("b", Some(&all[2])),
            ("c", Some(b"{\"id\":\"c\"}")),
        ],
    );
    let schema = |id: u32| json!({"schemaType": "JSON", "schema": json!({"type": "object", "$id": id}).to_string()});
    let registry = Registry::knows(&[(1, schema(1)), (2, schema(2))]);
    let told = world.reconcile(&format!(
        "--format json --framing confluent --identity key --registry {}",
        registry.url
    ));
    assert_eq!(told.gist(), "1 matched 1 missing 1");
    let reasons = &told.side("canary")["undecodable_reasons"];
    assert_eq!(
        (&reasons["schema"], &reasons["framing"]),
        (&json!(1), &json!(1)),
        "{reasons}"
    );
    let ids: Vec<_> = told.stream()["schemas"]
        .as_array()
        .unwrap()
        .iter()
        .map(|used| &used["id"])
        .collect();
    assert_eq!(ids, [&json!(1), &json!(2)]);
    // What stands there in another format is told.
    assert!(told.report.to_string().contains("framing none?"), "{}", told.report);
}

#[test]
fn a_rule_for_the_records_of_a_header() {
    let (one, other) = (
        rows(&[("a", r#"{"v":1,"c":"US"}"#)]),
        rows(&[("a", r#"{"v":2,"c":"USA"}"#)]),
    );
    let run = |sources: [&str; 2], rules: &[&str]| {
        let world = World::new();
        world.produce_of("b", &one, sources[0]);
        world.produce_of("c", &other, sources[1]);
        let source = |side: &str| format!("kafka://{}/{side}", world.cluster.bootstrap_servers());
        let (baseline, canary) = (source("b"), source("c"));
        let mut all = vec!["--baseline", &baseline, "--canary", &canary];
        all.extend("--format json --identity key --ignore".split_whitespace());
        all.extend(rules);
        super::reconcile(&all).gist()
    };
    let rules = ["c", "--ignore", "v when header:source=batch"];
    assert_eq!(run(["batch", "batch"], &rules), "0 matched 1");
    assert_eq!(run(["prod", "prod"], &rules), "1 mismatched 1 | v value 1");
    assert_eq!(
        run(["batch", "prod"], &rules),
        "1 mismatched 1 | $header.source value 1"
    );
    let rules = ["v", "--map", "c=US:USA when header:source=old"];
    assert_eq!(run(["old", "new"], &rules), "0 matched 1");
    assert_eq!(run(["new", "new"], &rules), "1 mismatched 1 | c value 1");
}

#[test]
fn a_selector_that_takes_nothing_is_said() {
    let world = World::new();
    world.produce("b", &rows(&[("a", "{\"v\":1}")]));
    world.produce("c", &rows(&[("a", "{\"v\":1}"), ("b", "{\"v\":2}")]));
    let told = world.reconcile("--format json --identity key --select canary=header:source=canary");
    assert_eq!(told.exit, 3, "{}", told.log);
    let warnings = &told.report["warnings"];
    let text = warnings[0].as_str().unwrap_or_default();
    assert!(
        text.contains("the selector of the canary took none of 2 records"),
        "{warnings}"
    );
    let told = world.reconcile("--format json --identity key --select header:source=prod");
    assert!(told.report["warnings"].is_null(), "{}", told.report);
}
