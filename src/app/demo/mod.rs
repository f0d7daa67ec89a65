//! The demo: the whole product on this machine, with two small real pipelines, one of them faulty in known ways.

mod broker;
mod compare;
mod enrich;
mod faults;
mod folder;
mod inlet;
mod live;
mod orders;
mod page;
mod pipeline;
mod print;
mod registry;
mod schemas;
mod sender;
mod settings;
mod show;
mod stage;
#[cfg(test)]
mod tests;
mod truth;

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::command::{DemoRequest, Ending, Tone};
use super::worker::Ended;
use crate::app::world::runtime;
use broker::Broker;
use folder::Folder;
use live::Live;

/// How long pipelines and worker may take for their last records and transactions.
const DRAIN: Duration = Duration::from_secs(12);

/// Runs the demo: what was found is what was injected, or it found something wrong with itself.
///
/// # Errors
/// Our own world failing.
pub fn run(request: &DemoRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    let runtime = runtime(4)?;
    let ended = runtime.block_on(demo(request, tone, out));
    runtime.shutdown_timeout(Duration::from_secs(2));
    ended
}

/// What must be put away, whatever happens.
#[derive(Default)]
struct Cast {
    stop: CancellationToken,
    threads: TaskTracker,
    worker: Option<JoinHandle<Result<Ended>>>,
}

impl Cast {
    /// Everybody leaves: a producer that lives longer than its topic might make it again.
    async fn exit(self) {
        let Cast { stop, threads, worker } = self;
        stop.cancel();
        threads.close();
        drop(tokio::time::timeout(DRAIN, threads.wait()).await);
        if let Some(worker) = worker {
            drop(tokio::time::timeout(DRAIN, worker).await);
        }
    }
}

async fn demo(request: &DemoRequest, tone: Tone, out: &mut dyn Write) -> Result<Ending> {
    let mut signals = Signals::listen()?;
    let folder = Folder::make(request.keep)?;
    let mut live = Live::new(tone.quiet);
    let mut broker = Broker::open(request.brokers.as_deref())?;
    let registry = registry::start().await?;
    let mut cast = Cast::default();
    let shown = {
        let show = show::Show {
            request,
            folder: folder.path(),
            registry: &registry.url,
        };
        tokio::select! {
            biased;
            () = signals.came() => Ok(None),
            shown = show.run(&mut broker, &mut cast, &mut live) => shown,
        }
    };
    let ended = match shown {
        Ok(Some(result)) => {
            let printed = print::print(&result, request.output, out);
            if printed.is_ok() && request.keep {
                live.say(&format!(
                    "serving at {} until Ctrl-C; the database is in {}",
                    result.url,
                    folder.path().display()
                ));
                signals.came().await;
            }
            printed.map(|()| {
                if result.comparison.is_equal() {
                    Ending::Done
                } else {
                    Ending::Found
                }
            })
        }
        Ok(None) => Ok(Ending::Interrupted),
        Err(error) => Err(error),
    };
    cast.exit().await;
    registry.stop().await;
    let removed = broker.remove_topics().await;
    let ended = ended?;
    removed?;
    Ok(ended)
}

/// Both ways to be told to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("listen for SIGINT")?,
            terminate: signal(SignalKind::terminate()).context("listen for SIGTERM")?,
        })
    }

    async fn came(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
