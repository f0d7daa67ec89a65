//! One worker process: the real start, follower, committer and lease, each given its turns by the scheduler instead of by
//! threads. It may be killed at any call of its database, stand still for a while, or end as SIGTERM ends it.

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::Result;
use crosscheck::app::board::Board;
use crosscheck::app::clock::Time as _;
use crosscheck::app::worker::{self, Assigned, Committer, Follower, Job, Life, Orders, Shared, Turn};
use crosscheck::config::Config;
use crosscheck::edge::store::{Generation, Lease};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::database::{Connection, Simulated};
use super::outside::{Nature, SimOutside};
use super::paced::Paced;

/// Jobs that may wait for the database before reading waits too, as in the real channel.
const JOBS: usize = 4;

/// A process.
pub struct Process {
    pub connection: Connection,
    /// Stands still until then.
    pub frozen_until_ms: Option<i64>,
    shutdown: CancellationToken,
    state: State,
}

enum State {
    Starting(JoinHandle<Result<Option<Box<Started>>>>),
    Running(Box<Running>),
    Ending(JoinHandle<Result<()>>),
}

struct Started {
    shared: Arc<Shared>,
    generation: Generation,
    assigned: Assigned,
}

/// A process that has the lease.
struct Running {
    shared: Arc<Shared>,
    generation: Generation,
    lease: Lease,
    orders: Orders,
    follower: Follower,
    /// Final windows on their way to the committer.
    jobs: VecDeque<Job>,
    /// In a box: it goes from task to task, and is large.
    committer: Option<Box<Committer>>,
    storing: Option<JoinHandle<(Box<Committer>, Result<bool>)>>,
    renewing: Option<JoinHandle<Result<bool>>>,
    complete: bool,
}

/// What a look at a process finds.
pub enum Look {
    /// It goes on.
    Alive,
    /// It was told to end, and has.
    Ended,
    /// It ended by itself, with an error.
    Failed(anyhow::Error),
    /// It stored the closed release whole.
    Complete(Generation),
}

/// How a process is started.
pub struct Start {
    pub nature: Arc<Nature>,
    pub database: Simulated,
    pub config: Arc<Config>,
    /// Calls of the database in a thousand that take their time.
    pub slow: u64,
}

impl Process {
    pub fn start(start: &Start) -> Self {
        let connection = start.database.connect();
        let shutdown = CancellationToken::new();
        let store = Paced::new(
            start.nature.clone(),
            start.database.clone(),
            connection.clone(),
            start.slow,
        )
        .store();
        let (nature, config, token) = (start.nature.clone(), start.config.clone(), shutdown.clone());
        let starting = task(async move {
            let reached = nature.clone();
            let time = nature.time.clone();
            let (generation, shared) = worker::begin(&config, store, time.clock(), token).await?;
            let elapsed = Arc::new(move || time.elapsed_ms());
            let life = Life {
                config,
                index: 0,
                generation: generation.clone(),
                shared: shared.clone(),
                board: Arc::new(Board::new(shared.metrics.clone(), elapsed, 60_000)),
                world: Arc::new(SimOutside(nature)),
            };
            let assigned = life.assign().await?;
            if assigned.as_ref().is_some_and(|assigned| assigned.lease.epoch() > 1) {
                reached.reached("resumed");
            }
            Ok(assigned.map(|assigned| {
                Box::new(Started {
                    shared,
                    generation,
                    assigned,
                })
            }))
        });
        Self {
            connection,
            frozen_until_ms: None,
            shutdown,
            state: State::Starting(starting),
        }
    }

    pub fn is_frozen(&self) -> bool {
        self.frozen_until_ms.is_some()
    }

    /// Stands still, or goes on.
    pub fn freeze(&mut self, until_ms: Option<i64>) {
        self.frozen_until_ms = until_ms;
        self.connection.freeze(until_ms.is_some());
    }

    /// Gone, in the middle of whatever it did.
    pub fn kill(self) {
        self.connection.kill();
        match self.state {
            State::Starting(task) => task.abort(),
            State::Ending(task) => task.abort(),
            State::Running(running) => {
                running.storing.inspect(JoinHandle::abort);
                running.renewing.inspect(JoinHandle::abort);
            }
        }
    }

    /// SIGTERM: what is final is stored, the lease is given back.
    pub fn terminate(&mut self) {
        self.shutdown.cancel();
        let State::Running(running) = &mut self.state else {
            return;
        };
        let (committer, storing) = (running.committer.take(), running.storing.take());
        let jobs = std::mem::take(&mut running.jobs);
        running.orders.stop();
        running.renewing.take().inspect(JoinHandle::abort);
        self.state = State::Ending(task(async move {
            let mut committer = match (committer, storing) {
                (Some(committer), _) => committer,
                (None, Some(storing)) => {
                    let (committer, stored) = storing.await?;
                    stored?;
                    committer
                }
                (None, None) => return Ok(()),
            };
            for job in jobs {
                committer.handle(job).await?;
            }
            committer.shared.store.release(committer.lease).await?;
            Ok(())
        }));
    }

    /// Sees what became of what was under way, and starts what comes next.
    pub async fn look(&mut self) -> Look {
        if self.is_frozen() {
            return Look::Alive;
        }
        match &mut self.state {
            State::Starting(task) if task.is_finished() => match joined(task.await) {
                Ok(Some(started)) => {
                    self.state = State::Running(Box::new(Running::new(*started)));
                    Look::Alive
                }
                Ok(None) => Look::Ended,
                Err(error) => Look::Failed(error),
            },
            State::Ending(task) if task.is_finished() => match joined(task.await) {
                Ok(()) => Look::Ended,
                Err(error) => Look::Failed(error),
            },
            State::Running(running) => match running.look().await {
                Ok(true) => Look::Complete(running.generation.clone()),
                Ok(false) => Look::Alive,
                Err(error) => Look::Failed(error),
            },
            State::Starting(_) | State::Ending(_) => Look::Alive,
        }
    }

    /// A turn of the stream, if there is room for what it brings. `None` where there is none.
    pub fn turn(&mut self) -> Result<Option<Turn>> {
        let State::Running(running) = &mut self.state else {
            return Ok(None);
        };
        if self.frozen_until_ms.is_some() || running.complete || running.jobs.len() > JOBS {
            return Ok(None);
        }
        let mut jobs = Vec::new();
        let turn = running.follower.turn(&mut jobs)?;
        running.jobs.extend(jobs);
        running.complete = turn == Turn::Complete;
        Ok(Some(turn))
    }

    /// Renews the lease, unless that is under way.
    pub fn renew(&mut self) {
        if let State::Running(running) = &mut self.state
            && running.renewing.is_none()
        {
            let (shared, lease, orders) = (running.shared.clone(), running.lease.clone(), running.orders.clone());
            running.renewing = Some(task(async move { worker::renew(&shared, &lease, &orders).await }));
        }
    }

    /// The committer looks at its verdict, unless it stores.
    pub fn tick(&mut self) {
        if let State::Running(running) = &mut self.state
            && let Some(mut committer) = running.committer.take()
        {
            running.storing = Some(task(async move {
                let ticked = committer.tick().await;
                (committer, ticked.map(|()| false))
            }));
        }
    }

    /// The stream, to look at.
    pub fn follower(&self) -> Option<&Follower> {
        match &self.state {
            State::Running(running) => Some(&running.follower),
            _ => None,
        }
    }

    /// True where nothing is under way.
    pub fn is_quiet(&self) -> bool {
        match &self.state {
            State::Running(running) => {
                running.storing.is_none() && running.renewing.is_none() && running.jobs.is_empty()
            }
            _ => false,
        }
    }
}

impl Running {
    fn new(started: Started) -> Self {
        let Started {
            shared,
            generation,
            assigned,
        } = started;
        let Assigned {
            follower,
            committer,
            lease,
            orders,
        } = assigned;
        Self {
            shared,
            generation,
            lease,
            orders,
            follower,
            jobs: VecDeque::new(),
            committer: Some(Box::new(committer)),
            storing: None,
            renewing: None,
            complete: false,
        }
    }

    /// True once a closed release is stored whole.
    async fn look(&mut self) -> Result<bool> {
        if let Some(task) = self.storing.take_if(|task| task.is_finished()) {
            let (committer, stored) = task.await?;
            self.committer = Some(committer);
            if stored? {
                return Ok(true);
            }
        }
        if let Some(task) = self.renewing.take_if(|task| task.is_finished()) {
            task.await??;
        }
        if let Some(mut committer) = self.committer.take() {
            match self.jobs.pop_front() {
                Some(job) => {
                    self.storing = Some(task(async move {
                        let stored = committer.handle(job).await;
                        (committer, stored)
                    }));
                }
                None => self.committer = Some(committer),
            }
        }
        Ok(false)
    }
}

/// In a box: a task is moved several times before it runs, and these are large.
fn task<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(Box::pin(work))
}

fn joined<T>(joined: Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    joined?
}
