//! A schema registry in this process: as much of Confluent's REST API as the demo needs, on a loopback address.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running registry.
pub struct Server {
    /// Its address.
    pub url: String,
    task: JoinHandle<()>,
    stop: CancellationToken,
}

#[derive(Default)]
struct Schemas {
    /// The text of id n stands at n - 1.
    texts: Vec<String>,
    /// Ids of the versions of each subject.
    subjects: BTreeMap<String, Vec<usize>>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Schemas>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Schemas> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a registry.
///
/// # Errors
/// No port is free.
pub async fn start() -> Result<Server> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .context("listen for the embedded registry")?;
    let url = format!(
        "http://{}",
        listener.local_addr().context("bind the embedded registry")?
    );
    let stop = CancellationToken::new();
    let router = Router::new()
        .route("/schemas/types", get(async || Json(["AVRO"])))
        .route("/schemas/ids/{id}", get(by_id))
        .route("/subjects", get(subjects))
        .route("/subjects/{subject}/versions", post(register))
        .route("/subjects/{subject}/versions/{version}", get(by_version))
        .with_state(Shared::default());
    let ended = stop.clone().cancelled_owned();
    let task = tokio::spawn(async move {
        // A listener that fails later shows as a registry that does not answer.
        drop(axum::serve(listener, router).with_graceful_shutdown(ended).await);
    });
    Ok(Server { url, task, stop })
}

impl Server {
    /// Stops it.
    pub async fn stop(self) {
        self.stop.cancel();
        drop(tokio::time::timeout(Duration::from_secs(1), self.task).await);
    }
}

#[derive(Serialize, Deserialize)]
struct NewSchema {
    schema: String,
}

#[derive(Serialize, Deserialize)]
struct Id {
    id: u32,
}

/// Registers a schema the way a producer does; gives its id.
///
/// # Errors
/// The registry does not take it.
pub async fn put(url: &str, subject: &str, schema: &str) -> Result<u32> {
    // The program installs it at its start; tests and libraries may not have.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let schema = NewSchema {
        schema: schema.to_owned(),
    };
    let context = || format!("register a schema for {subject}");
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
        .with_context(context)?;
    let request = client.post(format!("{url}/subjects/{subject}/versions")).json(&schema);
    let response = request.send().await.with_context(context)?;
    let status = response.status();
    ensure!(status.is_success(), "register a schema for {subject}: {status}");
    let Id { id } = response.json().await.with_context(context)?;
    Ok(id)
}

async fn by_id(State(shared): State<Shared>, Path(id): Path<usize>) -> Response {
    let schemas = shared.lock();
    match id.checked_sub(1).and_then(|index| schemas.texts.get(index)) {
        Some(schema) => Json(json!({"schema": schema})).into_response(),
        None => unknown(40403, "Schema not found"),
    }
}

async fn subjects(State(shared): State<Shared>) -> Response {
    let schemas = shared.lock();
    Json(schemas.subjects.keys().collect::<Vec<_>>()).into_response()
}

async fn by_version(State(shared): State<Shared>, Path((subject, version)): Path<(String, String)>) -> Response {
    let schemas = shared.lock();
    let Some(versions) = schemas.subjects.get(&subject) else {
        return unknown(40401, "Subject not found");
    };
    let number = match version.as_str() {
        "latest" => versions.len(),
        number => number.parse().unwrap_or(0),
    };
    let id = number.checked_sub(1).and_then(|index| versions.get(index));
    match id.and_then(|id| Some((id, schemas.texts.get(id.checked_sub(1)?)?))) {
        Some((id, schema)) => {
            Json(json!({"subject": subject, "version": number, "id": id, "schema": schema})).into_response()
        }
        None => unknown(40402, "Version not found"),
    }
}

async fn register(State(shared): State<Shared>, Path(subject): Path<String>, Json(new): Json<NewSchema>) -> Response {
    if apache_avro::Schema::parse_str(&new.schema).is_err() {
        let body = json!({"error_code": 42201, "message": "Invalid schema"});
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response();
    }
    let mut schemas = shared.lock();
    let known = schemas.texts.iter().position(|text| *text == new.schema);
    let index = known.unwrap_or_else(|| {
        schemas.texts.push(new.schema);
        schemas.texts.len() - 1
    });
    let versions = schemas.subjects.entry(subject).or_default();
    if !versions.contains(&(index + 1)) {
        versions.push(index + 1);
    }
    Json(json!({"id": index + 1})).into_response()
}

fn unknown(code: u32, message: &str) -> Response {
    (
        StatusCode::NOT_FOUND,
        Json(json!({"error_code": code, "message": message})),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::registry::{Auth, Registry, RegistryError, Settings};

    #[tokio::test]
    async fn our_own_client_is_served() {
        let server = start().await.unwrap();
        let first = put(&server.url, "a", r#""long""#).await.unwrap();
        let second = put(&server.url, "b", r#""string""#).await.unwrap();
        assert_eq!((first, second), (1, 2));
        assert_eq!(put(&server.url, "b", r#""long""#).await.unwrap(), 1);
        assert!(put(&server.url, "b", "{}").await.is_err());
        let registry = Registry::new(&Settings {
            url: server.url.clone(),
            auth: Auth::None,
            ca: None,
            allow_insecure: false,
        })
        .unwrap();
        registry.ping().await.unwrap();
        assert_eq!(registry.schema(2).await.unwrap().json, r#""string""#);
        assert!(matches!(registry.schema(9).await, Err(RegistryError::NotFound { .. })));
        let latest = registry.subject_version("b", None).await.unwrap();
        assert_eq!((latest.json.as_str(), latest.id), (r#""long""#, Some(1)));
        assert!(registry.subject_version("b", Some(3)).await.is_err());
        server.stop().await;
    }
}
