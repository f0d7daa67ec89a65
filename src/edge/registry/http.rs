//! One question, one bounded answer.
//!
//! The client crate `schema_registry_converter` accepts a client of ours (no redirects, time-outs, authorities), but
//! reads every answer without a limit and keeps the status only as text. So its types say what an answer is, and the
//! question is asked here.

use std::error::Error as _;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, LOCATION};
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, Url, redirect};
use schema_registry_converter::schema_registry_common::RawError;
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::address::{Resolver, address, place};
use super::breaker::Breaker;
use super::{Auth, RegistryError, Requests, Settings};

/// The largest answer.
const BODY_BYTES_MAX: usize = 1 << 20;
const CONNECT: Duration = Duration::from_secs(2);
const TOTAL: Duration = Duration::from_secs(10);

/// A client of one registry.
pub(super) struct Http {
    client: Client,
    base: Url,
    auth: Auth,
    breaker: Mutex<Breaker>,
    pub(super) requests: Requests,
    /// Host and port, for errors.
    pub(super) registry: String,
}

impl Http {
    pub(super) fn new(settings: &Settings) -> Result<Self, RegistryError> {
        let base = address(&settings.url, settings.allow_insecure)?;
        // The program installs it at its start; tests and libraries may not have.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("crosscheck/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .dns_resolver(Resolver)
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
            breaker: Mutex::default(),
            requests: Requests::default(),
        })
    }

    /// Asks for a path; `what` names it in errors, `read` makes sense of the answer. While the registry is in trouble it
    /// is not asked: its last trouble is told again.
    pub(super) async fn get<T>(
        &self,
        path: &[&str],
        query: &str,
        what: &str,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<T, RegistryError> {
        self.breaker().admit(Instant::now())?;
        let answer = self.ask(path, query, what).await;
        let answer = answer.and_then(|body| read(&body).ok_or_else(|| self.not_registry(StatusCode::OK, &body)));
        self.breaker().note(Instant::now(), &answer, jitter());
        self.requests.add(&answer);
        answer
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, path: &[&str], query: &str, what: &str) -> Result<Vec<u8>, RegistryError> {
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
    fn not_registry(&self, status: StatusCode, body: &[u8]) -> RegistryError {
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

    /// No answer came: why.
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

/// A number between 0 and 1, another each time: the standard library's hasher has a random key.
fn jitter() -> f64 {
    f64::from(u16::try_from(RandomState::new().hash_one(0_u8) % 1000).unwrap_or(0)) / 1000.0
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
