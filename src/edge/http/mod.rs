//! What the worker answers: probes, metrics, gates for rollout controllers, the last report. Read-only.

mod gates;
mod host;
mod listener;
mod routes;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::model::Verdict;

/// Where and how to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Address to listen on.
    pub address: SocketAddr,
    /// Names that clients may call us by, beside addresses, `localhost` and names inside a cluster.
    pub hosts: Vec<String>,
    /// Bounds on the clients.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            address: SocketAddr::from(([127, 0, 0, 1], 9600)),
            hosts: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// Bounds on the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte of a request to the first byte of its answer.
    pub request: Duration,
    /// Without a request.
    pub idle: Duration,
    /// Without taking a byte of an answer.
    pub write: Duration,
    /// From the request to stop until open connections are cut.
    pub drain: Duration,
    /// Open connections; more wait.
    pub connections_max: usize,
    /// Bytes of a request's body.
    pub body_max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            request: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            drain: Duration::from_secs(5),
            connections_max: 256,
            body_max_bytes: 256 * 1024,
        }
    }
}

/// What a gate answers by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The verdict.
    pub verdict: Verdict,
    /// True while the rollout had better wait.
    pub held: bool,
    /// Why, in one sentence without values.
    pub sentence: String,
}

/// What is known of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The whole.
    pub gate: Gate,
    /// Before each stage of the rollout, by its name.
    pub stages: BTreeMap<String, Gate>,
    /// The last report, as JSON.
    pub report: Option<Arc<str>>,
}

/// Where the answers come from. Called for every request: it must not wait for anything.
pub trait Source: Send + Sync + 'static {
    /// The loop makes progress; else a sentence about it. Never asks a dependency.
    fn live(&self) -> Result<(), String>;
    /// Partitions are assigned, registry and database answer; else a sentence about what does not.
    fn ready(&self) -> Result<(), String>;
    /// The text for Prometheus.
    fn metrics(&self) -> String;
    /// A release by its name.
    fn release(&self, name: &str) -> Option<Release>;
}

/// Serves until `shutdown` is cancelled and the last answer is out, or `drain` has passed.
pub async fn serve(
    listener: TcpListener,
    settings: &Settings,
    source: Arc<dyn Source>,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let loopback = listener.local_addr()?.ip().is_loopback();
    let limits = settings.limits;
    let cut = CancellationToken::new();
    let _cut_at_the_end = cut.clone().drop_guard();
    let router = routes::router(source, settings, loopback);
    let bounded = listener::Bounded::new(listener, limits, cut);
    let serving = axum::serve(bounded, router).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let too_late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(limits.drain).await;
    };
    tokio::select! {
        done = serving => done,
        () = too_late => Ok(()),
    }
}
