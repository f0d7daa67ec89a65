//! One cluster as the user describes it, judged without a broker, and the client configuration made of it.

use std::collections::BTreeMap;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as NativeError;
use rdkafka::types::RDKafkaConfRes;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::KafkaError;
use super::properties::{DEBUG, RESERVED, SECRET, nearest};

/// A cluster. No `Debug`: it holds secrets.
#[derive(Clone, Default)]
pub struct Settings {
    /// `host:port` of some brokers.
    pub brokers: Vec<String>,
    /// librdkafka's own settings, passed through.
    pub properties: BTreeMap<String, String>,
    /// The same where the value is a secret.
    pub secrets: BTreeMap<String, SecretString>,
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        let secret = |own: &SecretString, other: Option<&SecretString>| {
            other.is_some_and(|other| own.expose_secret() == other.expose_secret())
        };
        self.brokers == other.brokers
            && self.properties == other.properties
            && self.secrets.len() == other.secrets.len()
            && self
                .secrets
                .iter()
                .all(|(key, own)| secret(own, other.secrets.get(key)))
    }
}

/// What a client is for; it decides what it may see and how much it keeps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Reads the topic from end to end.
    Read,
    /// Reads single records again.
    Fetch,
    /// Asks for high watermarks, open transactions included; reads no record.
    Watermarks,
}

/// Judges the settings, key by key and together; asks no broker.
///
/// # Errors
/// The first fault, in the order of the names.
pub fn validate(settings: &Settings) -> Result<(), KafkaError> {
    if settings.brokers.iter().all(|broker| broker.trim().is_empty()) {
        return Err(KafkaError::NoBroker);
    }
    for key in settings.properties.keys().chain(settings.secrets.keys()) {
        if let Some((_, reason)) = RESERVED.iter().find(|(name, _)| name == key) {
            return Err(KafkaError::Reserved {
                key: key.clone(),
                reason,
            });
        }
    }
    for (key, value) in &settings.properties {
        if SECRET.contains(&key.as_str()) {
            return Err(KafkaError::SecretInPlain { key: key.clone() });
        }
        if key == "debug" && !value.split(',').all(|part| DEBUG.contains(&part.trim())) {
            return Err(KafkaError::InvalidValue {
                key: key.clone(),
                detail: Some(format!("only {} (the others log contents)", DEBUG.join(", "))),
            });
        }
    }
    client_config(settings, Purpose::Read)
        .create_native_config()
        .map(drop)
        .map_err(|error| refused(settings, error))
}

/// The configuration of a client. `validate` has seen the settings.
pub(super) fn client_config(settings: &Settings, purpose: Purpose) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set_log_level(RDKafkaLogLevel::Warning);
    // What a user may overrule.
    config
        .set("client.id", "crosscheck")
        // Reading ahead is memory that nothing counts: a small record takes half a kilobyte there, and what one answer
        // of the broker holds comes on top, inflated.
        .set("queued.min.messages", "10000")
        .set("queued.max.messages.kbytes", "16384")
        .set("fetch.message.max.bytes", "131072")
        .set("fetch.max.bytes", "4194304")
        .set("fetch.queue.backoff.ms", "2")
        .set("fetch.wait.max.ms", "100")
        .set("reconnect.backoff.max.ms", "2000")
        .set("socket.keepalive.enable", "true");
    if purpose == Purpose::Fetch {
        config
            .set("fetch.message.max.bytes", "65536")
            .set("queued.min.messages", "100")
            .set("queued.max.messages.kbytes", "1024");
    }
    for (key, value) in &settings.properties {
        config.set(key, value);
    }
    for (key, value) in &settings.secrets {
        config.set(key, value.expose_secret());
    }
    // What nobody may overrule.
    config
        .set("bootstrap.servers", settings.brokers.join(","))
        .set("allow.auto.create.topics", "false")
        .set("auto.offset.reset", "error")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("check.crcs", "true");
    match purpose {
        Purpose::Read | Purpose::Fetch => config
            .set("isolation.level", "read_committed")
            .set("group.id", format!("crosscheck-{}", Uuid::now_v7())),
        Purpose::Watermarks => config.set("isolation.level", "read_uncommitted"),
    };
    config
}

/// The brokers as one text, for errors.
pub(super) fn brokers_of(settings: &Settings) -> String {
    settings.brokers.join(",")
}

/// An error of the configuration in our words. The value of a secret is never told.
pub(super) fn refused(settings: &Settings, error: NativeError) -> KafkaError {
    match error {
        NativeError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, _, key, _) => KafkaError::UnknownProperty {
            nearest: nearest(&key),
            key,
        },
        NativeError::ClientConfig(_, detail, key, _) => KafkaError::InvalidValue {
            detail: (!settings.secrets.contains_key(&key)).then_some(detail),
            key,
        },
        NativeError::ClientCreation(detail) => KafkaError::Client { detail },
        other => KafkaError::Client {
            detail: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::properties::KNOWN;
    use super::*;

    fn with(key: &str, value: &str) -> Settings {
        Settings {
            brokers: vec!["localhost:9092".into()],
            properties: BTreeMap::from([(key.to_owned(), value.to_owned())]),
            ..Settings::default()
        }
    }

    fn text(settings: &Settings) -> String {
        match validate(settings) {
            Ok(()) => "ok".to_owned(),
            Err(error) => format!("{error} | {}", error.hint().unwrap_or_default()),
        }
    }

    #[test]
    fn properties_are_judged_without_a_broker() {
        for (key, value, expected) in [
            ("client.id", "x", "ok"),
            ("debug", "broker,fetch", "ok"),
            ("security.protocol", "SASL_SSL", "ok"),
            (
                "sasl.mecanism",
                "PLAIN",
                "unknown Kafka property `sasl.mecanism` | did you mean `sasl.mechanism`?",
            ),
            ("qqq", "1", "unknown Kafka property `qqq` | "),
            (
                "isolation.level",
                "read_uncommitted",
                "Kafka property `isolation.level` cannot be set: aborted transactions are not data | remove it",
            ),
            (
                "group.id",
                "x",
                "Kafka property `group.id` cannot be set: partitions are assigned by hand | remove it",
            ),
            (
                "sasl.password",
                "hunter2",
                "Kafka property `sasl.password` is a secret | give it under `secrets:` as {file: PATH} or {env: NAME}",
            ),
            (
                "debug",
                "all",
                "Kafka property `debug` has a value that is not allowed: only broker, cgrp, topic, fetch (the others log contents) | see CONFIGURATION.md of librdkafka for what it may be",
            ),
            (
                "socket.timeout.ms",
                "many",
                "Kafka property `socket.timeout.ms` has a value that is not allowed: Invalid value for configuration property \"socket.timeout.ms\" | see CONFIGURATION.md of librdkafka for what it may be",
            ),
        ] {
            assert_eq!(text(&with(key, value)), expected, "{key}={value}");
        }
    }

    #[test]
    fn a_secret_is_never_told() {
        let settings = Settings {
            brokers: vec!["localhost:9092".into()],
            secrets: BTreeMap::from([("socket.timeout.ms".to_owned(), SecretString::from("hunter2"))]),
            ..Settings::default()
        };
        let error = validate(&settings).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn no_broker_is_a_fault() {
        assert!(matches!(validate(&Settings::default()), Err(KafkaError::NoBroker)));
    }

    /// Row W6. With librdkafka's own figures a worker of ten partitions held 300 MiB beside what it counts.
    #[test]
    fn little_is_read_ahead_unless_a_user_says_so() {
        let get = |settings: &Settings, key: &str| {
            let native = client_config(settings, Purpose::Read).create_native_config().unwrap();
            native.get(key).unwrap()
        };
        let plain = with("client.id", "x");
        for (key, value) in [
            ("queued.min.messages", "10000"),
            ("queued.max.messages.kbytes", "16384"),
            ("fetch.message.max.bytes", "131072"),
            ("fetch.max.bytes", "4194304"),
        ] {
            assert_eq!(get(&plain, key), value, "{key}");
        }
        let told = with("fetch.message.max.bytes", "1048576");
        assert_eq!(get(&told, "fetch.message.max.bytes"), "1048576");
    }

    #[test]
    fn every_known_name_exists() {
        let native = client_config(&with("client.id", "x"), Purpose::Read)
            .create_native_config()
            .unwrap();
        for name in KNOWN {
            let refused = ClientConfig::new().set(*name, "x").create_native_config().err();
            let unknown = matches!(
                refused,
                Some(NativeError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..))
            );
            assert!(!unknown, "{name}");
        }
        assert!(nearest("security.protocl") == Some("security.protocol"));
        let features = native.get("builtin.features").unwrap();
        for feature in [
            "ssl",
            "sasl_scram",
            "sasl_oauthbearer",
            "gzip",
            "snappy",
            "lz4",
            "zstd",
            "oidc",
        ] {
            assert!(features.contains(feature), "{feature} is not in {features}");
        }
    }
}
