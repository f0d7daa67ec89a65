//! The routes.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::{Settings, Source, gates, host};

const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
const FOREIGN: &str = "the Host header does not name this server; a name it may be called by stands in serve.hosts\n";
const LOOPBACK_ONLY: &str = "reports are answered on a loopback address only\n";

type Shared = Arc<dyn Source>;

#[derive(Clone)]
struct Callers {
    hosts: Arc<[String]>,
    loopback: bool,
}

/// All routes over one source.
pub(super) fn router(source: Shared, settings: &Settings, loopback: bool) -> Router {
    let callers = Callers {
        hosts: settings.hosts.clone().into(),
        loopback,
    };
    let report = if loopback { get(report) } else { get(refuse_report) };
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/gates/argo/{release}", get(argo))
        .route("/gates/flagger/{release}/{question}", post(flagger))
        .route("/api/v1/releases/{release}/report", report)
        .layer(DefaultBodyLimit::max(settings.limits.body_max_bytes))
        .layer(middleware::from_fn_with_state(callers, guard))
        .with_state(source)
}

/// Lets in who names us, and forbids to keep or to guess what we answer.
async fn guard(State(callers): State<Callers>, request: Request, next: Next) -> Response {
    let Callers { hosts, loopback } = &callers;
    let mut response = if host::is_ours(request.uri(), request.headers(), hosts, *loopback) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, FOREIGN).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn livez(State(source): State<Shared>) -> Response {
    probe(source.live())
}

async fn readyz(State(source): State<Shared>) -> Response {
    probe(source.ready())
}

fn probe(state: Result<(), String>) -> Response {
    match state {
        Ok(()) => (StatusCode::OK, "ok\n").into_response(),
        Err(sentence) => (StatusCode::SERVICE_UNAVAILABLE, sentence + "\n").into_response(),
    }
}

async fn metrics(State(source): State<Shared>) -> Response {
    ([(CONTENT_TYPE, METRICS_TYPE)], source.metrics()).into_response()
}

/// Before which stage of the rollout; none is the whole release.
#[derive(Deserialize)]
struct Asked {
    stage: Option<String>,
}

async fn argo(
    State(source): State<Shared>,
    Path(release): Path<String>,
    Query(Asked { stage }): Query<Asked>,
) -> Response {
    Json(gates::argo(source.release(&release).as_ref(), stage.as_deref())).into_response()
}

/// The body says nothing that we need; taking it bounds it.
async fn flagger(
    State(source): State<Shared>,
    Path((release, question)): Path<(String, String)>,
    Query(Asked { stage }): Query<Asked>,
    _body: Bytes,
) -> Response {
    let release = source.release(&release);
    match gates::Question::parse(&question) {
        Some(question) => gates::flagger(question, release.as_ref(), stage.as_deref()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn report(State(source): State<Shared>, Path(release): Path<String>) -> Response {
    let release = source.release(&release);
    match release.map(|release| release.report) {
        Some(Some(report)) => ([(CONTENT_TYPE, "application/json")], report.to_string()).into_response(),
        Some(None) => (StatusCode::NOT_FOUND, "there is no report yet\n").into_response(),
        None => (StatusCode::NOT_FOUND, "this release is not known here\n").into_response(),
    }
}

async fn refuse_report() -> Response {
    (StatusCode::FORBIDDEN, LOOPBACK_ONLY).into_response()
}
