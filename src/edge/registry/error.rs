//! What can go wrong with a registry, told once: what failed, the facts, and what to do.

/// A fault of the settings or of the registry. Never of a record. Cloned to everybody who waits for the same flight.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The address cannot be one of a registry.
    #[error("registry address is not usable: {reason}")]
    Address {
        /// Why.
        reason: String,
    },
    /// Plain http to another machine.
    #[error("registry at {registry} is asked over plain http, which anybody on the way can read and change")]
    Plaintext {
        /// Its host and port.
        registry: String,
    },
    /// The authorities' file cannot be used.
    #[error("read the registry's authorities from {path}: {reason}")]
    Authorities {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
    /// No answer.
    #[error("reach the registry at {registry}: {reason}")]
    Unreachable {
        /// Its host and port.
        registry: String,
        /// Why.
        reason: String,
    },
    /// It answers that it is in trouble itself.
    #[error("ask the registry at {registry}: status {status}{}", detail(message))]
    Unavailable {
        /// Its host and port.
        registry: String,
        /// 429 or 5xx.
        status: u16,
        /// What it says.
        message: Option<String>,
    },
    /// Something else answers there.
    #[error("ask the registry at {registry}: status {status} with {looks}, not the JSON of a schema registry")]
    NotRegistry {
        /// Its host and port.
        registry: String,
        /// The status.
        status: u16,
        /// What the body looks like.
        looks: String,
    },
    /// Credentials are missing, wrong or too weak.
    #[error("ask the registry at {registry}: not authorised (status {status})")]
    Unauthorised {
        /// Its host and port.
        registry: String,
        /// 401 or 403.
        status: u16,
    },
    /// It has no such schema.
    #[error("registry at {registry} has no {what}")]
    NotFound {
        /// Its host and port.
        registry: String,
        /// What was asked for.
        what: String,
    },
    /// It does not accept the question.
    #[error("ask the registry at {registry} for {what}: status {status}{}", detail(message))]
    Refused {
        /// Its host and port.
        registry: String,
        /// What was asked for.
        what: String,
        /// The status.
        status: u16,
        /// What it says.
        message: Option<String>,
    },
    /// The answer is too large.
    #[error("registry at {registry} answers for {what} with more than {limit} bytes")]
    TooLarge {
        /// Its host and port.
        registry: String,
        /// What was asked for.
        what: String,
        /// The limit.
        limit: usize,
    },
    /// It sends us elsewhere.
    #[error("registry at {registry} redirects to {to}: refused")]
    Redirect {
        /// Its host and port.
        registry: String,
        /// Host and port of the other place.
        to: String,
    },
    /// A schema that refers to itself.
    #[error("registry at {registry} has {what} that refers to itself")]
    Cyclic {
        /// Its host and port.
        registry: String,
        /// Which schema.
        what: String,
    },
    /// A schema that refers to too many others, or too deep.
    #[error("registry at {registry} has {what} with more than {limit} references")]
    TooManyReferences {
        /// Its host and port.
        registry: String,
        /// What was asked for.
        what: String,
        /// The limit.
        limit: usize,
    },
}

fn detail(message: &Option<String>) -> String {
    message.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
}

impl RegistryError {
    /// True where the same question may be answered later: the partition waits. False where the answer stands.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Unavailable { .. }
                | Self::NotRegistry { .. }
                | Self::Unauthorised { .. }
                | Self::Redirect { .. }
        )
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Address { .. } => "write http://host:port or https://host:port, and credentials under `auth:`",
            Self::Plaintext { .. } => {
                "write https://; where the network between is trusted, name the registry in a config with `allow_insecure: true`"
            }
            Self::Authorities { .. } => "name a file of certificates in PEM",
            Self::Unreachable { .. } => "check host, port, firewall and, for https, `ca:`",
            Self::Unavailable { .. } => "see the registry's own log; it is asked again",
            Self::NotRegistry { .. } => {
                "check the address: a proxy, a login page or a path before the API may answer in its place"
            }
            Self::Unauthorised { .. } => "check `auth:`; reading schemas is all that is needed",
            Self::Redirect { .. } => "name the address that it redirects to, if it is to be trusted",
            Self::NotFound { .. } => "check that this is the registry that the producer of the topic uses",
            Self::Refused { .. } | Self::TooLarge { .. } | Self::Cyclic { .. } | Self::TooManyReferences { .. } => {
                return None;
            }
        })
    }
}
