//! The life of one stream: wait for its lease, build, read on a thread of its own, store, give the lease back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::commit::{Committer, Ended, Shared};
use super::follow::{Follower, Orders, Wires, follow};
use super::setup::{self, Parts};
use super::{actor, contract_rows};
use crate::app::board::Board;
use crate::app::keyed::{self, Key};
use crate::app::stored;
use crate::app::world::World;
use crate::config::Config;
use crate::edge::store::{Acquired, Generation, GenerationState, Lease, Read, Resume, Span, StoreError};
use crate::model::Side;

/// Final windows that may wait for the database before reading waits too.
const JOBS: usize = 4;

/// One stream's.
pub struct Life {
    /// The worker's config.
    pub config: Arc<Config>,
    /// Which of its streams.
    pub index: usize,
    /// The generation that is worked on.
    pub generation: Generation,
    /// What all streams share.
    pub shared: Arc<Shared>,
    /// What the probes are told.
    pub board: Arc<Board>,
    /// What is read.
    pub world: Arc<dyn World>,
}

/// A stream that is ours and ready: whoever runs it gives turns to the follower, and its jobs to the committer.
pub struct Assigned {
    /// Reads.
    pub follower: Follower,
    /// Stores.
    pub committer: Committer,
    /// Our right to write.
    pub lease: Lease,
    /// What the follower is told.
    pub orders: Orders,
}

impl Life {
    /// From the lease to the last transaction.
    ///
    /// # Errors
    /// A log that cannot be read any further, a lease that another worker took.
    pub async fn run(self) -> Result<Ended> {
        let Some(assigned) = self.assign().await? else {
            return Ok(Ended::Stopped);
        };
        let Assigned {
            follower,
            committer,
            lease,
            orders,
        } = assigned;
        let name = lease.stream().to_owned();
        let (jobs, inbox) = mpsc::channel(JOBS);
        let (done, thread_ended) = oneshot::channel();
        let wires = Wires {
            jobs,
            handle: Handle::current(),
        };
        std::thread::Builder::new()
            .name(format!("stream {name}"))
            .spawn(move || drop(done.send(follow(follower, &wires))))
            .context("spawn the stream's thread")?;
        self.board.has(&name);
        let keep = tokio::spawn(keep_lease(self.shared.clone(), lease, orders.clone()));
        let committed = tokio::spawn(committer.run(inbox));
        let stop = async {
            self.shared.shutdown.cancelled().await;
            orders.stop();
        };
        let ended = tokio::select! {
            ended = committed => ended.context("join the committer")?,
            lost = keep => { orders.stop(); lost.context("join the lease's keeper")?.map(|()| Ended::Stopped) }
            () = async { stop.await; std::future::pending::<()>().await } => Ok(Ended::Stopped),
        };
        orders.stop();
        if ended.is_ok()
            && let Ok(read) = thread_ended.await
        {
            read?;
        }
        self.board.lacks(&name, &format!("stream {name} is not read any more"));
        ended
    }

    /// Waits for the lease and builds the stream where the last worker left it. `None` where the worker ends first.
    ///
    /// # Errors
    /// A log or a contract that cannot be read, a lease that another worker took.
    pub async fn assign(&self) -> Result<Option<Assigned>> {
        let name = self.config.streams[self.index].name.clone();
        self.board.lacks(&name, &format!("stream {name} is not assigned yet"));
        let Some((lease, resume, state)) = self.lease(&name).await? else {
            return Ok(None);
        };
        self.take_over(&name, &lease).await?;
        let read = Read {
            generation: self.generation.id.clone(),
            stream: Some(name.clone()),
            windows: Span::NONE,
            findings_max: 0,
            inputs: Span::NONE,
        };
        let contracts = self
            .shared
            .store
            .read(read)
            .await
            .context("read the contracts")?
            .contracts;
        let parts = Parts {
            world: self.world.clone(),
            contracts,
            resume,
            salt: keyed::salt(&self.generation.id, self.generation.started_ms),
            categories: self.key().categories(),
            clock: self.shared.clock.clone(),
            waits: self.waits(&name),
        };
        let fresh = parts.resume.is_none();
        let mut ready = match self.build(parts, &lease).await {
            Err(_) if self.shared.shutdown.is_cancelled() => return Ok(None),
            built => built?,
        };
        ready.stream.meter = self.shared.metrics.stream(&name);
        let status = self.status(&name);
        let orders = Orders::default();
        if state == GenerationState::Closing {
            orders.close();
        }
        let book = ready.stream.book.clone();
        let known = if fresh { 0 } else { contract_rows(&name, &book, 0).len() };
        let committer = Committer {
            shared: self.shared.clone(),
            stream: name.clone(),
            lease: lease.clone(),
            rereader: Mutex::new(ready.rereader),
            contracts: known,
            facts: 0,
            book,
            key: self.key(),
            checkpoint: ready.stream.engine.checkpoint(),
            state: ready.state.clone(),
            world: self.world.clone(),
            sides: self.config.streams[self.index].sides.clone(),
            settings: self.config.streams[self.index].engine.clone(),
        };
        let ends = ready.state.ends.as_ref();
        let clock = self.shared.clock.clone();
        let follower = Follower::new(ready.stream, ends, orders.clone(), status, clock);
        Ok(Some(Assigned {
            follower,
            committer,
            lease,
            orders,
        }))
    }

    /// Waits for the lease. `None` where the worker ends first.
    async fn lease(&self, name: &str) -> Result<Option<(Lease, Option<Resume>, GenerationState)>> {
        let owner = actor();
        let mut told = false;
        loop {
            let pause = match self.shared.store.acquire(&self.generation.id, name, &owner).await {
                Ok(Acquired::Lease { lease, resume, state }) => {
                    return Ok(Some((lease, resume.map(|resume| *resume), state)));
                }
                Ok(Acquired::HeldBy { owner, expires_in_ms }) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(stream = name, owner, "another worker has the lease; waiting for it");
                    }
                    self.board.lacks(
                        name,
                        &format!("stream {name} is held by {owner}; waiting for its lease"),
                    );
                    Duration::from_millis(u64::try_from(expires_in_ms).unwrap_or(0).clamp(100, 5_000))
                }
                Err(error) if error.is_transient() => {
                    tracing::warn!(stream = name, %error, "take the lease; it is tried again");
                    Duration::from_secs(1)
                }
                Err(error) => return Err(error).with_context(|| format!("take the lease of stream {name}")),
            };
            tokio::select! {
                biased;
                () = tokio::time::sleep(pause) => {}
                () = self.shared.shutdown.cancelled() => return Ok(None),
            }
        }
    }

    /// Builds in a task, and keeps the lease meanwhile.
    async fn build(&self, parts: Parts, lease: &Lease) -> Result<setup::Ready> {
        let (config, index) = (self.config.clone(), self.index);
        let building = tokio::spawn(async move {
            let built = setup::build(&config, &config.streams[index], parts).await;
            built.with_context(|| format!("build stream {}", config.streams[index].name))
        });
        self.renewing(lease, building).await?.context("join the builder")?
    }

    /// What is said while the stream is not built for want of a registry, and that it need not be built any more.
    fn waits(&self, name: &str) -> Box<setup::Waits> {
        let (shared, board) = (self.shared.clone(), self.board.clone());
        let (status, name) = (self.status(name), name.to_owned());
        Box::new(move |trouble| {
            anyhow::ensure!(
                !shared.shutdown.is_cancelled(),
                "stopped while a registry was waited for"
            );
            let why = trouble.map_or_else(|| "no answer yet".to_owned(), ToString::to_string);
            board.lacks(
                &name,
                &format!("stream {name} waits for the baseline's registry to choose its contract: {why}"),
            );
            status.waits_for_registry(trouble.is_some().then_some(Side::Baseline));
            Ok(())
        })
    }

    /// Takes over what is stored of the stream: another worker may have stored more while this one waited for its lease.
    async fn take_over(&self, name: &str, lease: &Lease) -> Result<()> {
        let loading = stored::load(&self.shared.store, &self.config, &self.generation.id);
        let mut loaded = self
            .renewing(lease, loading)
            .await?
            .context("read what the last worker stored")?;
        let mut seats = self.shared.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut seat) = loaded.seats.remove(name) {
            if let Some(old) = seats.remove(name) {
                seat.status = old.status;
            }
            seats.insert(name.to_owned(), seat);
        }
        *self.shared.verdict.lock().unwrap_or_else(PoisonError::into_inner) = loaded.verdict;
        Ok(())
    }

    /// Keeps the lease while something takes its time.
    async fn renewing<T>(&self, lease: &Lease, work: impl Future<Output = T>) -> Result<T> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                () = tokio::time::sleep(Duration::from_secs(1)) => match self.shared.store.renew(lease).await {
                    Err(error) if error.is_transient() => tracing::warn!(%error, "renew the lease; it is tried again"),
                    renewed => drop(renewed.context("renew the lease")?),
                },
            }
        }
    }

    fn status(&self, name: &str) -> super::Status {
        let seats = self.shared.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.get(name).map(|seat| seat.status.clone()).unwrap_or_default()
    }

    fn key(&self) -> Key {
        use secrecy::ExposeSecret;
        match &self.config.trust_key {
            Some(key) => Key::new(key.expose_secret().as_bytes()),
            None => Key::new(&self.generation.findings_key.0),
        }
    }
}

/// Renews a lease every second, by a deadline of the database's clock.
async fn keep_lease(shared: Arc<Shared>, lease: Lease, orders: Orders) -> Result<()> {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut held = true;
    while held {
        may_panic!("lease");
        tokio::select! {
            biased;
            _ = every.tick() => held = renew(&shared, &lease, &orders).await?,
            () = shared.shutdown.cancelled() => held = false,
        }
    }
    std::future::pending().await
}

/// Renews a lease once, and tells the follower when the release is closed. False once there is nothing left to renew.
///
/// # Errors
/// Another worker took it.
pub async fn renew(shared: &Shared, lease: &Lease, orders: &Orders) -> Result<bool> {
    match shared.store.renew(lease).await {
        Ok(GenerationState::Open) => Ok(true),
        Ok(GenerationState::Closing) => {
            orders.close();
            Ok(true)
        }
        Ok(GenerationState::Closed) => Ok(false),
        Err(StoreError::Fenced { .. }) => {
            bail!(
                "another worker took the lease of stream {}: this one is fenced and stops",
                lease.stream()
            )
        }
        Err(error) if error.is_transient() => {
            tracing::warn!(%error, "renew the lease; it is tried again");
            Ok(true)
        }
        Err(error) => Err(error).context("renew the lease"),
    }
}
