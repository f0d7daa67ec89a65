//! A real broker that asks for client certificates, through the `properties:` of a config.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::Value;
use uuid::Uuid;

use super::{LIMIT, from_stack};
use crate::cli::bad_input::Program;

/// Two equal topics that `reader` may read.
fn topics() -> [String; 2] {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", from_stack("CROSSCHECK_TEST_KAFKA_SECURE_ADMIN"));
    let names = ["baseline", "canary"].map(|side| format!("allowed-{side}-{}", Uuid::now_v7()));
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let new = names
        .each_ref()
        .map(|name| NewTopic::new(name, 2, TopicReplication::Fixed(1)));
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(20)));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let made = runtime.block_on(admin.create_topics(&new, &options)).unwrap();
    made.into_iter().for_each(|made| drop(made.unwrap()));
    let producer: BaseProducer = config.create().unwrap();
    for topic in &names {
        for number in 0..30 {
            let (key, value) = (format!("k{number}"), format!("v{number}"));
            let record = BaseRecord::to(topic).partition(number % 2).key(&key).payload(&value);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
    }
    producer.flush(Duration::from_secs(20)).unwrap();
    names
}

fn config(brokers: &str, [baseline, canary]: &[String; 2], properties: &str) -> String {
    format!(
        "release: {{name: tls}}\n\
         clusters:\n  main:\n    brokers: [\"{brokers}\"]\n    properties: {{{properties}}}\n\
         streams:\n  - name: orders\n    baseline: {{topic: {baseline}}}\n    canary: {{topic: {canary}}}\n    \
         format: raw\n    framing: none\n    identity: {{parts: [key]}}\n    event_time: timestamp\n\
         policy: {{max_duration: 365d}}\n\
         store: {{url: \"sqlite://cc.db\"}}\n\
         serve: {{address: \"127.0.0.1:0\"}}\n"
    )
}

/// TLS with an authority, and a client's certificate where one is named.
fn tls(ca: &str, certificate: Option<&str>) -> String {
    let folder = from_stack("CROSSCHECK_TEST_TLS");
    let own = certificate.map_or_else(String::new, |name| {
        format!(", ssl.certificate.location: {folder}/{name}.crt, ssl.key.location: {folder}/{name}.key")
    });
    format!("security.protocol: SSL, ssl.ca.location: {folder}/{ca}.crt{own}")
}

#[test]
#[ignore = "needs the stack: tests/stack/up --secure"]
fn a_client_certificate_lets_us_in() {
    let (brokers, topics, program) = (from_stack("CROSSCHECK_TEST_KAFKA_MTLS"), topics(), Program::new());
    program.write("r.yaml", config(&brokers, &topics, &tls("ca", Some("reader"))));
    let checked = program.run("check -c r.yaml");
    assert_eq!(checked.code, Some(0), "{}{}", checked.out, checked.log);
    let ran = program.run("reconcile -c r.yaml -o json");
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["streams"][0]["outcomes"]["matched"], 30);
}

#[test]
#[ignore = "needs the stack: tests/stack/up --secure"]
fn everything_else_is_refused_in_time() {
    let (topics, program) = (topics(), Program::new());
    let mtls = from_stack("CROSSCHECK_TEST_KAFKA_MTLS");
    let plain = from_stack("CROSSCHECK_TEST_KAFKA_SECURE_ADMIN");
    let folder = from_stack("CROSSCHECK_TEST_TLS");
    let no_file = format!("security.protocol: SSL, ssl.ca.location: {folder}/none.crt");
    for (what, brokers, properties, words) in [
        ("no certificate", &mtls, tls("ca", None), "by TLS"),
        (
            "a certificate of a foreign authority",
            &mtls,
            tls("ca", Some("foreign")),
            "by TLS",
        ),
        ("the wrong authority", &mtls, tls("stranger", Some("reader")), "by TLS"),
        (
            "a certificate without rights",
            &mtls,
            tls("ca", Some("server")),
            "not authorised",
        ),
        ("plain to a TLS listener", &mtls, String::new(), "reach Kafka at"),
        // A plain listener may hang up at once, or say nothing to a hello that it does not understand.
        ("TLS to a plain listener", &plain, tls("ca", Some("reader")), "Kafka at"),
        ("no such file", &mtls, no_file, "set up a Kafka client"),
    ] {
        program.write("r.yaml", config(brokers, &topics, &properties));
        for line in ["reconcile -c r.yaml", "run -q -c r.yaml"] {
            let told = program.told_within(line, &[], LIMIT);
            assert!(told.contains(words), "{what}: {told}");
        }
        let checked = program.run_within("check -c r.yaml", LIMIT);
        assert_eq!(checked.code, Some(1), "{what}: {}", checked.log);
        assert!(checked.out.contains(words), "{what}: {}", checked.out);
    }
}
