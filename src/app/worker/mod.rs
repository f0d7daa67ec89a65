//! The worker: build, announce, spawn, wait, drain.

mod commit;
mod follow;
mod hear;
mod life;
mod next;
mod reread;
mod seat;
mod setup;
mod show;
mod signals;
mod state;
mod status;
mod topics;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::advice;
use super::board::Board;
use super::clock::Clock;
use super::command::Ending;
use super::metrics::{self, Metrics};
use super::stored;
use super::world::{self, Real, runtime};
use crate::config::Config;
use crate::edge::http;
use crate::edge::registry::Registry;
use crate::edge::store::{self, Begin, Generation, Store};
use crate::model::{Path, Segment};
use signals::Signals;

pub use commit::{Committer, Ended as StreamEnded, Shared, contract_fact, contract_rows, finish};
pub use follow::{Follower, Job, Orders, Turn};
pub use life::{Assigned, Life, renew};
pub use seat::{Seat, Stored, found, judge};
pub use setup::{diff_rules, rereader, topics};
pub use state::{KnownSchema, State, UnknownSchema};
pub use status::{Status, View};

/// How long the loop may stand still before the probe says so.
const STALL_MAX_MS: i64 = 60_000;
/// How long the last transactions may take after SIGTERM. With what is closed behind them it stays below ten seconds.
const DRAIN: Duration = Duration::from_secs(8);
/// How long each thing may take to close: a database that does not answer would never be closed.
const CLOSE: Duration = Duration::from_millis(500);

/// How often the registries are asked whether an id still means what it meant.
const REGISTRIES_AGAIN: Duration = Duration::from_secs(300);

/// Why a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// SIGTERM.
    Terminated,
    /// SIGINT.
    Interrupted,
    /// Its caller's token.
    Cancelled,
    /// `release start` began the next generation, under the same settings.
    Superseded,
}

/// Runs the worker of a config until a signal ends it.
///
/// # Errors
/// Our own world failing.
pub fn run(config: Config) -> Result<Ending> {
    let runtime = runtime(4)?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        advice::tell(&config, Clock::start().today());
        loop {
            // A generation that somebody began by a command is worked on by the same process.
            let building = tokio::spawn(Worker::build(config.clone(), CancellationToken::new()));
            let worker = tokio::select! {
                built = building => built.context("join the start")??,
                ended = signals.next() => return Ok(ended),
            };
            match worker.serve_until(&mut signals).await? {
                Ended::Superseded => {}
                ended => return Ok(ended),
            }
        }
    });
    runtime.shutdown_timeout(CLOSE);
    let ended: Result<Ended> = ended;
    Ok(match ended? {
        Ended::Terminated | Ended::Cancelled | Ended::Superseded => Ending::Done,
        Ended::Interrupted => Ending::Interrupted,
    })
}

/// A worker that is ready to spawn.
pub struct Worker {
    config: Arc<Config>,
    generation: Generation,
    shared: Arc<Shared>,
    board: Arc<Board>,
    world: Arc<Real>,
    listener: TcpListener,
}

impl Worker {
    /// Connects to the database, begins or resumes the generation, binds the address.
    ///
    /// # Errors
    /// Our own world failing.
    pub async fn build(config: Config, shutdown: CancellationToken) -> Result<Self> {
        may_panic!("start");
        let clock = Clock::start();
        let world = Arc::new(Real::new(&config)?);
        let listener = TcpListener::bind(config.serve.address)
            .await
            .with_context(|| format!("listen on {}", config.serve.address))?;
        let store = store::open(&world::store(&config.store))
            .await
            .context("open the database")?;
        let config = Arc::new(config);
        topics::look(&config, &world, &store).await?;
        let (generation, shared) = begin(&config, store, clock.clone(), shutdown).await?;
        let elapsed = Arc::new(move || clock.elapsed_ms());
        let board = Arc::new(Board::new(shared.metrics.clone(), elapsed, STALL_MAX_MS));
        tracing::info!(
            release = config.release.name,
            generation = generation.id.generation,
            resumed = generation.resumed,
            address = %listener.local_addr()?,
            "generation"
        );
        Ok(Self {
            config,
            generation,
            shared,
            board,
            world,
            listener,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The socket is gone.
    pub fn address(&self) -> std::io::Result<std::net::SocketAddr> {
        self.listener.local_addr()
    }

    /// What all streams share, to look at.
    #[must_use]
    pub fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// Which generation it works on.
    #[must_use]
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    /// Works until it is told to end.
    ///
    /// # Errors
    /// A log that cannot be read any further, a lease that another worker took.
    pub async fn serve(self) -> Result<Ended> {
        self.serve_until(&mut Signals::listen()?).await
    }

    async fn serve_until(self, signals: &mut Signals) -> Result<Ended> {
        let Self {
            config,
            generation,
            shared,
            board,
            world,
            listener,
        } = self;
        let shutdown = shared.shutdown.clone();
        let source: Arc<dyn http::Source> = board.clone();
        let settings = http::Settings {
            address: listener.local_addr()?,
            hosts: config.serve.hosts.clone(),
            ..http::Settings::default()
        };
        let show = show::Show {
            config: config.clone(),
            shared: shared.clone(),
            board: board.clone(),
            generation: generation.clone(),
            registries: world.registries(),
        };
        // Before the first scrape can come: what is stored is shown, never less (a `fail` above all).
        show.now();
        let serving = tokio::spawn({
            let (settings, shutdown) = (settings, shutdown.clone());
            async move { http::serve(listener, &settings, source, shutdown).await }
        });
        let show = Arc::new(show);
        let showing = tokio::spawn(show.clone().run());
        let checking = tokio::spawn(check_registries(show.registries.clone()));
        let hearing = tokio::spawn(hear::run(shared.clone(), generation.id.clone()));
        let mut lives = JoinSet::new();
        for index in 0..config.streams.len() {
            let life = life::Life {
                config: config.clone(),
                index,
                generation: generation.clone(),
                shared: shared.clone(),
                board: board.clone(),
                world: world.clone(),
            };
            lives.spawn(life.run());
        }
        let waited = match wait(&mut lives, &show, signals).await {
            Err(error) => next::after(error, &shared.store, &generation.id, &config.digest()).await,
            waited => waited,
        };
        shutdown.cancel();
        let drained = tokio::select! {
            drained = tokio::time::timeout(DRAIN, async { while lives.join_next().await.is_some() {} }) => drained.is_ok(),
            // Who asks twice does not want to wait.
            _ = signals.next() => false,
        };
        if !drained {
            tracing::warn!("the last results were not stored in time; the next worker reads them again");
        }
        showing.abort();
        checking.abort();
        hearing.abort();
        drop(tokio::time::timeout(CLOSE, serving).await);
        drop(tokio::time::timeout(CLOSE, shared.store.clone().close()).await);
        waited
    }
}

/// Begins or resumes the generation, and loads what is stored of it: a starting worker answers from that before it reads.
///
/// # Errors
/// The database does not do it.
pub async fn begin(
    config: &Config,
    store: Store,
    clock: Clock,
    shutdown: CancellationToken,
) -> Result<(Generation, Arc<Shared>)> {
    let begin = Begin {
        release: config.release.name.clone(),
        settings: config.frozen_json(),
        settings_digest: config.digest(),
        contracts: Vec::new(),
        reason: String::new(),
        actor: actor(),
    };
    let generation = store.begin(begin).await.context("begin the generation")?;
    let metrics = Metrics::new(&metric_settings(config, &generation)).context("set up the metrics")?;
    let stored = stored::load(&store, config, &generation.id).await?;
    let shared = Shared {
        store,
        metrics: Arc::new(metrics),
        seats: Mutex::new(stored.seats),
        verdict: Mutex::new(stored.verdict),
        decisions: Mutex::new(stored.decisions),
        clock,
        shutdown,
    };
    Ok((generation, Arc::new(shared)))
}

/// Asks now and then whether the schemas that are in use are still the registries' own.
async fn check_registries(registries: Vec<Arc<Registry>>) {
    may_panic!("registries");
    loop {
        tokio::time::sleep(REGISTRIES_AGAIN).await;
        for registry in &registries {
            registry.check_again().await;
        }
    }
}

/// Waits for a signal, or for a stream that cannot go on.
async fn wait(lives: &mut JoinSet<Result<commit::Ended>>, show: &show::Show, signals: &mut Signals) -> Result<Ended> {
    let show::Show { shared, generation, .. } = show;
    let mut complete = 0;
    let all = lives.len();
    let digest = show.config.digest();
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            ended = signals.next() => return Ok(ended),
            () = shared.shutdown.cancelled() => return Ok(Ended::Cancelled),
            // A release that is closed and read has nothing left to do but to wait for its next generation.
            _ = every.tick(), if complete == all => {
                if next::is_ours(&shared.store, &generation.id, &digest).await.unwrap_or(false) {
                    return Ok(Ended::Superseded);
                }
            }
            Some(ended) = lives.join_next() => {
                if ended.context("join a stream")?? == commit::Ended::Complete {
                    complete += 1;
                }
                if complete == all {
                    let id = &generation.id;
                    commit::finish(&shared.store, &id.release, id.generation, &actor()).await?;
                    // Who hears that it is over asks for the report next.
                    show.now();
                    tracing::info!(release = id.release, generation = id.generation, "closed: everything is read and stored");
                }
            }
        }
    }
}

/// Who writes: host and process.
pub(in crate::app) fn actor() -> String {
    static ACTOR: OnceLock<String> = OnceLock::new();
    let read = || {
        let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
        let host = match host.trim() {
            "" => "worker",
            host => host,
        };
        format!("{host}/{}", std::process::id())
    };
    ACTOR.get_or_init(read).clone()
}

fn metric_settings(config: &Config, generation: &Generation) -> metrics::Settings {
    let streams = config.streams.iter().map(|stream| metrics::StreamSettings {
        name: stream.name.clone(),
        sides: stream.sides.present().to_vec(),
        fields: named_paths(stream),
        budgets: budgets(stream),
        critical: critical_paths(stream),
        drift: crate::engine::judge::measures(&stream.drift),
    });
    metrics::Settings {
        release: config.release.name.clone(),
        generation: u64::try_from(generation.id.generation).unwrap_or(0),
        config: config.digest(),
        streams: streams.collect(),
    }
}

/// What each check bears.
fn budgets(stream: &crate::config::Stream) -> Vec<(String, f64)> {
    let own = stream.budgets.judged(stream.has_dead_letters()).by_kind();
    let own = own.into_iter().map(|(kind, budget)| (kind.as_str().to_owned(), budget));
    let named = stream.named.iter().map(|named| (named.name.clone(), named.budget));
    own.chain(named).collect()
}

/// Paths that have a check of their own, in its order.
fn critical_paths(stream: &crate::config::Stream) -> Vec<String> {
    let paths = stream.named.iter().filter_map(|named| named.path());
    paths.map(str::to_owned).collect()
}

/// Paths that the config names: the only ones that a label may carry.
fn named_paths(stream: &crate::config::Stream) -> Vec<String> {
    let rules = &stream.sides.canary.codec.rules;
    // An array in any order differs at its items.
    let items: Vec<Path> = rules.unordered.iter().map(|path| path.with(Segment::Items)).collect();
    let mut paths: Vec<String> = rules
        .tolerant
        .iter()
        .chain(&rules.only)
        .chain(&rules.unordered)
        .chain(&items)
        .chain(rules.map.iter().map(|mapping| &mapping.path))
        .chain(rules.rename.iter().map(|(_, contract)| contract))
        .chain(&stream.show)
        .chain(&stream.sides.canary.codec.critical)
        .map(ToString::to_string)
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The verdict of the streams as they stand.
#[must_use]
pub fn verdict(shared: &Shared) -> Stored {
    judge(
        &shared.seats.lock().unwrap_or_else(PoisonError::into_inner),
        &shared.decisions(),
        shared.clock.wall_ms(),
    )
}
