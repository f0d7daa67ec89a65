//! The show itself: pipelines and worker run, the release is closed, what was found is compared with what was injected.

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Cast;
use super::broker::Broker;
use super::compare::{Comparison, compare};
use super::live::{Live, Scene};
use super::orders::{Book, SPAN_MS};
use super::page::Page;
use super::pipeline::Progress;
use super::settings::{RELEASE, config, store_settings};
use super::stage::{Play, start};
use super::truth::Injected;
use crate::app::clock::Clock;
use crate::app::command::DemoRequest;
use crate::app::report::Report;
use crate::app::worker::Worker;
use crate::edge::store::{self, Action, Command, FindingRow, GenerationState, Read, Span, Store};

/// How often the worker is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How long the worker may take to read to the captured ends, however few records there are.
const CLOSE: Duration = Duration::from_secs(60);
/// Records for which it gets a second more.
const CLOSE_RATE: u64 = 2_000;
/// How long the report may take to say what is stored.
const SETTLE: Duration = Duration::from_secs(5);

/// What the show needs.
pub struct Show<'a> {
    /// What was asked for.
    pub request: &'a DemoRequest,
    /// Where the database is.
    pub folder: &'a Path,
    /// The registry's address.
    pub registry: &'a str,
}

/// How it came out.
pub struct Outcome {
    /// What was injected.
    pub injected: Injected,
    /// What the worker reports.
    pub report: Report,
    /// Whether that is the same.
    pub comparison: Comparison,
    /// Where the worker serves.
    pub url: String,
}

impl Show<'_> {
    /// Runs it. `None` where a signal came first.
    ///
    /// # Errors
    /// Our own world failing.
    pub async fn run(&self, broker: &mut Broker, cast: &mut Cast, live: &mut Live) -> Result<Option<Outcome>> {
        let clock = Clock::start();
        let book = Book {
            start_ms: clock.wall_ms().saturating_sub(SPAN_MS),
            records: self.request.records,
        };
        let topics = broker.make_topics(book.records).await?;
        let brokers = broker.bootstrap();
        let config = config(&brokers, self.registry, &topics, self.folder, book.records)?;
        let play = Play {
            brokers,
            registry: self.registry.to_owned(),
            topics,
            book,
            healthy: self.request.healthy,
            stop: cast.stop.child_token(),
            threads: cast.threads.clone(),
        };
        let worker = Worker::build(config, cast.stop.child_token()).await?;
        let page = Page::new(worker.address().context("ask for the worker's address")?)?;
        live.say(&format!("worker at {}", page.url()));
        let worker = cast.worker.insert(tokio::spawn(worker.serve()));
        let running = start(play).await?;
        let progress = running.progress.clone();
        let store = store::open(&store_settings(self.folder))
            .await
            .context("open the database")?;
        let mut watch = Watch {
            page: &page,
            clock,
            live,
            progress: &progress,
            orders: book.records,
        };
        let finished = async {
            let injected = running.finish().await?;
            close(&store).await?;
            anyhow::Ok(injected)
        };
        let injected = tokio::select! {
            injected = finished => injected?,
            never = watch.for_ever() => match never {},
            ended = &mut *worker => return over(ended),
        };
        let patience = CLOSE.saturating_add(Duration::from_secs(book.records / CLOSE_RATE));
        tokio::select! {
            closed = timeout(patience, closed(&store)) => closed.context("wait for the release to be closed")??,
            never = watch.for_ever() => match never {},
            ended = &mut *worker => return over(ended),
        }
        let report = settled(&page, &injected).await?;
        watch.show(Some(&report)).await;
        let findings = findings(&store).await?;
        store.close().await;
        let comparison = compare(&injected, &report, &findings, self.request.healthy);
        let url = page.url().to_owned();
        Ok(Some(Outcome {
            injected,
            report,
            comparison,
            url,
        }))
    }
}

/// The worker is not to end by itself; a signal ends it too.
fn over(ended: Result<Result<crate::app::worker::Ended>, tokio::task::JoinError>) -> Result<Option<Outcome>> {
    ended.context("join the worker")?.context("run the worker")?;
    Ok(None)
}

struct Watch<'a> {
    page: &'a Page,
    clock: Clock,
    live: &'a mut Live,
    progress: &'a Progress,
    orders: u64,
}

impl Watch<'_> {
    async fn for_ever(&mut self) -> Infallible {
        let mut every = interval(LOOK);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let report = self.page.report().await;
            self.show(report.as_ref()).await;
        }
    }

    async fn show(&mut self, report: Option<&Report>) {
        let scene = Scene {
            progress: self.progress,
            orders: self.orders,
            report,
            lag: self.page.lag().await,
        };
        self.live.show(&scene, self.clock.elapsed_ms());
    }
}

/// As `crosscheck release close` does it.
async fn close(store: &Store) -> Result<()> {
    let command = Command {
        release: RELEASE.to_owned(),
        generation: None,
        action: Action::Close,
        reason: "all orders are through".to_owned(),
        actor: "crosscheck demo".to_owned(),
    };
    store.record(command).await.context("close the release")?;
    Ok(())
}

async fn closed(store: &Store) -> Result<()> {
    let mut every = interval(Duration::from_millis(100));
    loop {
        every.tick().await;
        let rows = store.releases(Some(RELEASE)).await.context("look at the release")?;
        if rows.first().is_some_and(|row| row.state == GenerationState::Closed) {
            return Ok(());
        }
    }
}

/// The report once it says everything; what it says after a while in any case.
async fn settled(page: &Page, injected: &Injected) -> Result<Report> {
    let mut every = interval(Duration::from_millis(100));
    let complete = |report: &Report| {
        report.streams.iter().all(|stream| {
            let (outcomes, sides) = (&stream.outcomes, &stream.sides);
            outcomes.pending == Default::default()
                && sides.baseline.read >= injected.written.baseline
                && sides.canary.read >= injected.written.canary
        })
    };
    let mut last = None;
    let waited = timeout(SETTLE, async {
        loop {
            every.tick().await;
            last = page.report().await;
            if last.as_ref().is_some_and(complete) {
                return;
            }
        }
    });
    // An incomplete report is compared all the same: the comparison says what it lacks.
    drop(waited.await);
    last.context("ask the worker for its report")
}

async fn findings(store: &Store) -> Result<Vec<FindingRow>> {
    let rows = store.releases(Some(RELEASE)).await.context("look at the release")?;
    let row = rows.into_iter().next().context("find the release")?;
    let read = Read {
        generation: row.id,
        stream: None,
        windows: Span::ALL,
        findings_max: i64::MAX,
        inputs: Span::NONE,
    };
    Ok(store.read(read).await.context("read the findings")?.findings)
}
