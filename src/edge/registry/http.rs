//! One question, one bounded answer.
//!
//! The client crate `schema_registry_converter` accepts a client of ours (no redirects, time-outs, authorities), but
//! reads every answer without a limit and keeps the status only as text. So its types say what an answer is, and the
//! question is asked here.

use std::error::Error as _;
use std::fs;
use std::time::Duration;

use reqwest::header::{ACCEPT, LOCATION};
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, Url, redirect};
use schema_registry_converter::schema_registry_common::RawError;
use secrecy::ExposeSecret;

use super::{Auth, RegistryError, Settings};

/// The largest answer.
const BODY_BYTES_MAX: usize = 1 << 20;
const CONNECT: Duration = Duration::from_secs(2);
const TOTAL: Duration = Duration::from_secs(10);

/// A client of one registry.
pub(super) struct Http {
    client: Client,
    base: Url,
    auth: Auth,
    /// Host and port, for errors.
    pub(super) registry: String,
}

impl Http {
    pub(super) fn new(settings: &Settings) -> Result<Self, RegistryError> {
        let base = address(&settings.url)?;
        // The program installs it at its start; tests and libraries may not have.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("crosscheck/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(TOTAL);
        if let Some(path) = &settings.ca {
            let fault = |reason: String| RegistryError::Authorities {
                path: path.display().to_string(),
                reason,
            };
            let pem = fs::read(path).map_err(|error| fault(error.to_string()))?;
            let authorities = Certificate::from_pem_bundle(&pem).map_err(|error| fault(why(error)))?;
            if authorities.is_empty() {
                return Err(fault("no certificate in it".to_owned()));
            }
            builder = builder.tls_certs_only(authorities);
        }
        let client = builder
            .build()
            .map_err(|error| RegistryError::Address { reason: why(error) })?;
        Ok(Self {
            registry: place(&base),
            client,
            base,
            auth: settings.auth.clone(),
        })
    }

    /// Asks for a path; `what` names it in errors.
    pub(super) async fn get(&self, path: &[&str], query: &str, what: &str) -> Result<Vec<u8>, RegistryError> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.set_query((!query.is_empty()).then_some(query));
        let request = self
            .client
            .get(url)
            .header(ACCEPT, "application/vnd.schemaregistry.v1+json, application/json");
        let response = self
            .signed(request)
            .send()
            .await
            .map_err(|error| self.unreachable(error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(self.redirected(&response));
        }
        let body = self.body(response, what).await?;
        if status.is_success() && looks_like_json(&body) {
            return Ok(body);
        }
        Err(self.fault(status, &body, what))
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.auth {
            Auth::None => request,
            Auth::Basic { user, password } => request.basic_auth(user, Some(password.expose_secret())),
            Auth::Bearer { token } => request.bearer_auth(token.expose_secret()),
        }
    }

    async fn body(&self, mut response: Response, what: &str) -> Result<Vec<u8>, RegistryError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            if body.len().saturating_add(chunk.len()) > BODY_BYTES_MAX {
                return Err(RegistryError::TooLarge {
                    registry: self.registry.clone(),
                    what: what.to_owned(),
                    limit: BODY_BYTES_MAX,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// An answer that is none.
    fn fault(&self, status: StatusCode, body: &[u8], what: &str) -> RegistryError {
        let registry = self.registry.clone();
        let said: Option<RawError> = serde_json::from_slice(body).ok();
        let message = said.map(|error| short(&error.message));
        match status.as_u16() {
            401 | 403 => RegistryError::Unauthorised {
                registry,
                status: status.as_u16(),
            },
            404 if message.is_some() => RegistryError::NotFound {
                registry,
                what: what.to_owned(),
            },
            429 | 500..=599 => RegistryError::Unavailable {
                registry,
                status: status.as_u16(),
                message,
            },
            _ if message.is_some() && !status.is_success() => RegistryError::Refused {
                registry,
                what: what.to_owned(),
                status: status.as_u16(),
                message,
            },
            _ => self.not_registry(status, body),
        }
    }

    /// Not what a registry says.
    pub(super) fn not_registry(&self, status: StatusCode, body: &[u8]) -> RegistryError {
        RegistryError::NotRegistry {
            registry: self.registry.clone(),
            status: status.as_u16(),
            looks: looks(body).to_owned(),
        }
    }

    fn redirected(&self, response: &Response) -> RegistryError {
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        RegistryError::Redirect {
            registry: self.registry.clone(),
            to: to
                .and_then(|to| self.base.join(to).ok())
                .map_or_else(|| "nowhere".to_owned(), |to| place(&to)),
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> RegistryError {
        let reason = if error.is_timeout() {
            "no answer in time".to_owned()
        } else {
            why(error)
        };
        RegistryError::Unreachable {
            registry: self.registry.clone(),
            reason,
        }
    }
}

fn address(text: &str) -> Result<Url, RegistryError> {
    let fault = |reason: &str| RegistryError::Address {
        reason: reason.to_owned(),
    };
    let url = Url::parse(text.trim()).map_err(|error| fault(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(fault("neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault("user and password do not belong there"));
    }
    Ok(url)
}

fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The innermost reason of an error of the client, without the address.
fn why(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut inner = error.source();
    while let Some(source) = inner {
        reason = source.to_string();
        inner = source.source();
    }
    reason
}

/// A message of the registry on one line, at most 200 characters.
fn short(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn looks_like_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn looks(body: &[u8]) -> &'static str {
    let start = body.trim_ascii_start();
    match start.first() {
        None => "an empty body",
        Some(b'{' | b'[') => "other JSON",
        Some(b'<') if start.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"<?xml")) => "XML",
        Some(b'<') => "an HTML page",
        Some(_) if std::str::from_utf8(body).is_ok() => "text",
        Some(_) => "binary data",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("http://localhost:8081", "localhost:8081"),
            ("https://registry/apis/ccompat/v7/", "registry:443"),
            ("registry:8081", "neither http nor https"),
            ("ftp://registry", "neither http nor https"),
            ("http://user:secret@registry", "user and password do not belong there"),
            ("", "relative URL without a base"),
        ] {
            let told = match address(text) {
                Ok(url) => place(&url),
                Err(RegistryError::Address { reason }) => reason,
                Err(error) => error.to_string(),
            };
            assert_eq!(told, expected, "{text}");
        }
    }

    #[test]
    fn bodies_are_named() {
        for (body, expected) in [
            ("", "an empty body"),
            ("  <!DOCTYPE html>", "an HTML page"),
            ("<?xml version='1.0'?>", "XML"),
            ("[1]", "other JSON"),
            ("hello", "text"),
        ] {
            assert_eq!(looks(body.as_bytes()), expected);
        }
        assert_eq!(looks(&[0xff, 0xfe]), "binary data");
    }
}
