//! What can go wrong with a cluster, told once: what failed, the facts, and what to do.

/// A fault of the settings or of the cluster. Never of a record.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KafkaError {
    /// No broker in the settings.
    #[error("no broker is named")]
    NoBroker,
    /// A property that librdkafka does not have.
    #[error("unknown Kafka property `{key}`")]
    UnknownProperty {
        /// As it was written.
        key: String,
        /// The nearest that exists.
        nearest: Option<&'static str>,
    },
    /// A property that crosscheck must set itself.
    #[error("Kafka property `{key}` cannot be set: {reason}")]
    Reserved {
        /// Its name.
        key: String,
        /// Why.
        reason: &'static str,
    },
    /// A secret among the plain properties.
    #[error("Kafka property `{key}` is a secret")]
    SecretInPlain {
        /// Its name.
        key: String,
    },
    /// A property with a value that librdkafka refuses.
    #[error("Kafka property `{key}` has a value that is not allowed{}", detail.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    InvalidValue {
        /// Its name.
        key: String,
        /// What librdkafka says; nothing for a secret.
        detail: Option<String>,
    },
    /// The settings cannot work together, or a file that they name cannot be read.
    #[error("set up a Kafka client: {detail}")]
    Client {
        /// What librdkafka says.
        detail: String,
    },
    /// No broker answered in time.
    #[error("reach Kafka at {brokers}: {}", reason.as_deref().unwrap_or("no answer in time"))]
    Unreachable {
        /// The brokers of the settings.
        brokers: String,
        /// The last that a connection said.
        reason: Option<String>,
    },
    /// The broker does not accept the credentials.
    #[error("authenticate at Kafka at {brokers}: {reason}")]
    Authentication {
        /// The brokers of the settings.
        brokers: String,
        /// What the broker said.
        reason: String,
    },
    /// No secure connection.
    #[error("connect to Kafka at {brokers} by TLS: {reason}")]
    Tls {
        /// The brokers of the settings.
        brokers: String,
        /// What the handshake said.
        reason: String,
    },
    /// The user may not read the topic.
    #[error("read topic `{topic}`: not authorised")]
    Forbidden {
        /// Its name.
        topic: String,
    },
    /// No such topic.
    #[error("topic `{topic}` does not exist")]
    UnknownTopic {
        /// As it was written.
        topic: String,
        /// The nearest that exists and is visible.
        nearest: Option<String>,
    },
    /// Topics that cannot be read as one side: none, too many, or one that must not be among them.
    #[error("{what}")]
    Topics {
        /// What is wrong.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A question that the cluster did not answer.
    #[error("{question} of topic `{topic}`: {reason}")]
    Query {
        /// What was asked.
        question: &'static str,
        /// Of which topic.
        topic: String,
        /// Why there is no answer.
        reason: String,
    },
    /// The client cannot go on.
    #[error("read topic `{topic}`: {reason}")]
    Fatal {
        /// Which topic.
        topic: String,
        /// What librdkafka says.
        reason: String,
    },
}

impl KafkaError {
    /// Whether it passes by itself: nobody answered, which tells nothing of what was asked for.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Query { .. })
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoBroker => "name at least one broker as host:port",
            Self::UnknownProperty { nearest, .. } => {
                return nearest.map(|name| format!("did you mean `{name}`?"));
            }
            Self::Reserved { .. } => "remove it",
            Self::SecretInPlain { .. } => "give it under `secrets:` as {file: PATH} or {env: NAME}",
            Self::InvalidValue { .. } => "see CONFIGURATION.md of librdkafka for what it may be",
            Self::Client { .. } => "check the files and mechanisms that the properties name",
            Self::Unreachable { .. } => {
                "check host, port and firewall, and `security.protocol`: a TLS listener hangs up on a plain client"
            }
            Self::Authentication { .. } => "check `sasl.mechanism`, `sasl.username` and the secret `sasl.password`",
            Self::Tls { .. } => {
                "check `ssl.ca.location`, that the certificate names the host, and the client certificate if the broker asks for one"
            }
            Self::Forbidden { topic } => {
                return Some(format!(
                    "grant Read, Describe and DescribeConfigs on topic `{topic}` to this user"
                ));
            }
            Self::UnknownTopic { nearest, .. } => {
                return Some(nearest.as_ref().map_or_else(
                    || "check the name; a user sees only topics that it may describe".to_owned(),
                    |name| format!("did you mean `{name}`?"),
                ));
            }
            Self::Topics { hint, .. } => return Some(hint.clone()),
            Self::Query { .. } | Self::Fatal { .. } => return None,
        };
        Some(text.to_owned())
    }
}
