//! Credentials and rights, on a real Kafka with SCRAM and ACLs. Its user may read topics that begin with `allowed`.

use std::collections::BTreeMap;

use crosscheck::edge::kafka::{KafkaError, Reader, Settings, TopicFacts};
use secrecy::SecretString;

use super::real::{Admin, from_stack};
use super::{Read, flush, produce, producer, read_until};

fn secure(password: &str) -> Settings {
    let properties = [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", "reader"),
    ];
    Settings {
        brokers: vec![from_stack("CROSSCHECK_TEST_KAFKA_SECURE")],
        properties: properties.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        secrets: BTreeMap::from([("sasl.password".to_owned(), SecretString::from(password))]),
    }
}

fn refused(settings: &Settings, topic: &str) -> KafkaError {
    match Reader::open(settings, topic) {
        Ok(_) => panic!("opened {topic}"),
        Err(error) => error,
    }
}

#[test]
#[ignore = "needs the stack: tests/stack/up --secure"]
fn rights_are_enough_or_it_is_said_that_they_are_not() {
    let admin_brokers = from_stack("CROSSCHECK_TEST_KAFKA_SECURE_ADMIN");
    let admin = Admin::new(&admin_brokers);
    let (allowed, forbidden) = (admin.topic("allowed", 1, &[]), admin.topic("forbidden", 1, &[]));
    let source = producer(&admin_brokers, &[]);
    (0..5).for_each(|number| produce(&source, &allowed, 0, number, 1));
    flush(&source);
    let settings = secure(&from_stack("CROSSCHECK_TEST_KAFKA_SECURE_PASSWORD"));

    let mut reader = Reader::open(&settings, &allowed).unwrap();
    reader.assign(&[(0, 0)]).unwrap();
    let mut read = Read::default();
    read_until(&mut reader, &mut read, |read| read.ends.contains_key(&0));
    assert_eq!(read.offsets(0).len(), 5);
    assert!(read.others.is_empty(), "{:?}", read.others);
    assert_ne!(reader.describe(), TopicFacts::default());

    let error = refused(&settings, &forbidden);
    assert!(matches!(error, KafkaError::Forbidden { .. }), "{error}");
    // Without Describe a topic that is not there cannot be told from one that is.
    let error = refused(&settings, "nowhere");
    assert!(matches!(error, KafkaError::Forbidden { .. }), "{error}");
}

#[test]
#[ignore = "needs the stack: tests/stack/up --secure"]
fn a_wrong_password_or_protocol_is_told_and_not_repeated() {
    let error = refused(&secure("hunter2"), "allowed");
    let text = format!("{error} {error:?}");
    assert!(matches!(error, KafkaError::Authentication { .. }), "{text}");
    assert!(!text.contains("hunter2"), "{text}");

    let mut tls = secure("x");
    tls.properties.insert("security.protocol".into(), "SASL_SSL".into());
    let error = refused(&tls, "allowed");
    assert!(matches!(error, KafkaError::Tls { .. }), "{error}");

    let mut plain = secure("x");
    plain.properties.clear();
    plain.secrets.clear();
    let error = refused(&plain, "allowed");
    assert!(matches!(error, KafkaError::Unreachable { .. }), "{error}");
}
