//! Schemas registered, then the three pipelines run side by side, each on a thread of its own.

use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::broker::Topics;
use super::faults::Faults;
use super::orders::Book;
use super::pipeline::{Made, Pipeline, Progress, World, make_orders};
use super::registry;
use super::schemas::{ENRICHED, ENRICHED_CANARY, ORDER, Registered};
use super::sender::Partitioner;
use super::truth::{Injected, injected};
use crate::edge::registry::{Auth, Registry, Settings};

/// What the pipelines are told.
#[derive(Clone)]
pub struct Play {
    /// The brokers.
    pub brokers: String,
    /// The registry's address.
    pub registry: String,
    /// Where everything goes.
    pub topics: Topics,
    /// The orders.
    pub book: Book,
    /// Without faults.
    pub healthy: bool,
    /// Ends the pipelines; one that fails ends the others by it.
    pub stop: CancellationToken,
    /// Knows their threads.
    pub threads: TaskTracker,
}

/// Pipelines at work.
pub struct Running {
    /// How far they are.
    pub progress: Arc<Progress>,
    orders: JoinHandle<Result<()>>,
    baseline: JoinHandle<Result<Made>>,
    canary: JoinHandle<Result<Made>>,
    stop: CancellationToken,
}

/// Registers the schemas and starts the pipelines.
///
/// # Errors
/// The registry does not take a schema.
pub async fn start(play: Play) -> Result<Running> {
    let Play {
        brokers,
        registry: url,
        topics,
        book,
        healthy,
        stop,
        threads,
    } = play;
    let registered = async |topic: &str, schema: &str| {
        let id = registry::put(&url, &format!("{topic}-value"), schema).await?;
        Registered::new(id, schema)
    };
    let order = registered(&topics.orders.name, ORDER).await?;
    let enriched = registered(&topics.baseline.name, ENRICHED).await?;
    let enriched_canary = registered(&topics.canary.name, ENRICHED_CANARY).await?;
    let settings = Settings {
        url: url.clone(),
        auth: Auth::None,
        ca: None,
        allow_insecure: false,
    };
    let client = || Registry::new(&settings).context("set up the registry's client");
    let world = |registry| World {
        brokers: brokers.clone(),
        registry,
        handle: Handle::current(),
        stop: stop.clone(),
    };
    let progress = Arc::new(Progress::default());
    let faults = Faults::new(book, healthy);
    let orders = {
        let (world, progress, topic) = (world(client()?), progress.clone(), topics.orders.name.clone());
        threads.spawn_blocking(move || make_orders(&world, book, &topic, &order, &progress).context("make orders"))
    };
    let baseline = {
        let (world, progress, topics) = (world(client()?), progress.clone(), topics.clone());
        threads.spawn_blocking(move || {
            let pipeline = Pipeline {
                world: &world,
                from: topics.orders,
                to: topics.baseline.name,
                schema: &enriched,
                partitioner: Partitioner::Murmur2,
                canary: false,
                faults,
            };
            pipeline
                .run(&progress, &progress.done.baseline)
                .context("run the baseline")
        })
    };
    let canary = {
        let (world, progress) = (world(client()?), progress.clone());
        threads.spawn_blocking(move || {
            let pipeline = Pipeline {
                world: &world,
                from: topics.orders,
                to: topics.canary.name,
                schema: &enriched_canary,
                partitioner: Partitioner::Crc32,
                canary: true,
                faults,
            };
            pipeline.run(&progress, &progress.done.canary).context("run the canary")
        })
    };
    Ok(Running {
        progress,
        orders,
        baseline,
        canary,
        stop,
    })
}

impl Running {
    /// Waits until everything is written; the first that fails ends the others.
    ///
    /// # Errors
    /// A pipeline that failed.
    pub async fn finish(self) -> Result<Injected> {
        let Running {
            orders,
            baseline,
            canary,
            stop,
            ..
        } = self;
        let (orders, baseline, canary) =
            tokio::join!(watched(orders, &stop), watched(baseline, &stop), watched(canary, &stop));
        // The cause is the one that did not merely stop because another failed.
        let mut errors: Vec<anyhow::Error> = Vec::new();
        let orders = orders.map_err(|error| errors.push(error)).ok();
        let baseline = baseline.map_err(|error| errors.push(error)).ok();
        let canary = canary.map_err(|error| errors.push(error)).ok();
        if let (Some(()), Some(baseline), Some(canary)) = (orders, baseline, canary) {
            return injected(&baseline, &canary);
        }
        let own = errors
            .iter()
            .position(|error| error.downcast_ref::<Stopped>().is_none());
        Err(errors.swap_remove(own.unwrap_or(0)))
    }
}

/// A pipeline was told to stop.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the demo was ended")]
pub struct Stopped;

async fn watched<T>(task: JoinHandle<Result<T>>, stop: &CancellationToken) -> Result<T> {
    let ended = task.await.context("join a pipeline").and_then(|ended| ended);
    if ended.is_err() {
        stop.cancel();
    }
    ended
}
