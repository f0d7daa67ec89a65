//! One registry as the user describes it.

use std::path::PathBuf;

use secrecy::SecretString;

/// A registry. No `Debug`: it holds secrets.
#[derive(Clone)]
pub struct Settings {
    /// Where it is, without user and password: `https://registry:8081`, a path before the API allowed.
    pub url: String,
    /// Who asks.
    pub auth: Auth,
    /// The authorities (PEM) that it is trusted by, in place of the system's.
    pub ca: Option<PathBuf>,
    /// Plain http to another machine is allowed.
    pub allow_insecure: bool,
}

/// Who asks.
#[derive(Clone, Default)]
pub enum Auth {
    /// Nobody in particular.
    #[default]
    None,
    /// A user with a password, or a key with its secret.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// The bearer of a token.
    Bearer {
        /// The token.
        token: SecretString,
    },
}
