//! Secrets: where they may stand, and what gives one away that stands in the open.

use secrecy::SecretString;

use super::Env;
use super::faults::Faults;
use super::file::{Auth as FileAuth, Secret};
use super::keypath::KeyPath;
use crate::edge::registry::Auth;

/// Parts of the names of Kafka settings that are secret.
const SECRET_PARTS: [&str; 6] = [
    "password",
    "passphrase",
    "secret",
    "jaas.config",
    "key.pem",
    "oauthbearer.config",
];

/// Whether a Kafka setting is a secret, by its name.
#[must_use]
pub fn is_secret_property(name: &str) -> bool {
    SECRET_PARTS.iter().any(|part| name.contains(part))
}

/// Reads secrets, or leaves them empty where nobody needs them.
pub(super) struct Secrets<'a> {
    /// Where variables come from; `None` reads nothing.
    pub(super) env: Option<&'a dyn Env>,
}

impl Secrets<'_> {
    pub(super) fn read(&self, secret: &Secret, path: &KeyPath, faults: &mut Faults) -> SecretString {
        let Some(env) = self.env else {
            return SecretString::from("");
        };
        let found = match secret {
            Secret::Env(name) => env.get(name).ok_or_else(|| {
                (
                    path.key("env"),
                    format!("the variable {name} is not set, or is not UTF-8"),
                )
            }),
            Secret::File(file) => std::fs::read_to_string(file)
                .map_err(|error| (path.key("file"), format!("cannot read {file}: {}", io_reason(&error)))),
        };
        match found {
            Ok(text) => SecretString::from(
                text.strip_suffix('\n')
                    .map_or(&*text, |text| text.trim_end_matches('\r')),
            ),
            Err((path, what)) => {
                faults.push(&path, what, None);
                SecretString::from("")
            }
        }
    }

    pub(super) fn auth(&self, auth: Option<&FileAuth>, path: &KeyPath, faults: &mut Faults) -> Option<Auth> {
        let FileAuth { user, password, token } = auth?;
        match (user, password, token) {
            (Some(user), Some(password), None) => Some(Auth::Basic {
                user: user.clone(),
                password: self.read(password, &path.key("password"), faults),
            }),
            (None, None, Some(token)) => Some(Auth::Bearer {
                token: self.read(token, &path.key("token"), faults),
            }),
            _ => {
                faults.push(path, "must have `user` and `password`, or `token`".to_owned(), None);
                None
            }
        }
    }
}

/// What an I/O error says, as one lower-case fragment.
pub(super) fn io_reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
        kind => kind.to_string(),
    }
}

/// What is wrong with a URL, and what to do; the URL itself is not repeated, it may hold a secret.
pub(super) fn url_fault(url: &str, schemes: &[&str]) -> Option<(String, Option<String>)> {
    let forms = || {
        schemes
            .iter()
            .map(|scheme| format!("{scheme}://…"))
            .collect::<Vec<_>>()
            .join(" or ")
    };
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some((format!("must be a URL: {}", forms()), None));
    };
    if !schemes.contains(&scheme) {
        return Some((format!("must be a URL: {}", forms()), None));
    }
    if scheme == "sqlite" {
        return rest.is_empty().then(|| {
            (
                "names no file".to_owned(),
                Some("such as sqlite://crosscheck.db".to_owned()),
            )
        });
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        let hint = "take user and password out of it and say `auth: {user: NAME, password: {file: PATH}}`";
        return Some(("a URL with user info is refused".to_owned(), Some(hint.to_owned())));
    }
    if authority.is_empty() {
        return Some(("names no host".to_owned(), None));
    }
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    if query
        .split('&')
        .any(|pair| is_secret_property(pair.split('=').next().unwrap_or_default()))
    {
        let hint = "say `auth: {user: NAME, password: {file: PATH}}`";
        return Some(("a URL with a password is refused".to_owned(), Some(hint.to_owned())));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{is_secret_property, url_fault};

    #[test]
    fn secret_properties_are_known_by_name() {
        for (name, secret) in [
            ("sasl.password", true),
            ("ssl.key.password", true),
            ("ssl.key.pem", true),
            ("ssl.keystore.password", true),
            ("sasl.oauthbearer.client.secret", true),
            ("sasl.jaas.config", true),
            ("security.protocol", false),
            ("sasl.username", false),
            ("sasl.oauthbearer.token.endpoint.url", false),
            ("ssl.ca.pem", false),
            ("ssl.key.location", false),
        ] {
            assert_eq!(is_secret_property(name), secret, "{name}");
        }
    }

    #[test]
    fn urls() {
        for (url, schemes, good) in [
            ("https://registry:8081", &["http", "https"][..], true),
            ("http://registry:8081/path", &["http", "https"], true),
            ("https://u:p@registry:8081", &["http", "https"], false),
            ("https://u@registry", &["http", "https"], false),
            ("registry:8081", &["http", "https"], false),
            ("ftp://registry", &["http", "https"], false),
            ("https://", &["http", "https"], false),
            ("sqlite://x.db", &["sqlite", "postgres"], true),
            ("sqlite://", &["sqlite", "postgres"], false),
            ("postgres://db/x", &["sqlite", "postgres"], true),
            ("postgres://u:p@db/x", &["sqlite", "postgres"], false),
            ("postgres://db/x?password=y", &["sqlite", "postgres"], false),
            ("https://registry/@scope", &["http", "https"], true),
        ] {
            assert_eq!(url_fault(url, schemes).is_none(), good, "{url}");
        }
    }
}
