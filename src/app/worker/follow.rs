//! Follows one stream for as long as the release lives: turn by turn, and the thread that takes the turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::setup::TELL;
use super::status::Status;
use crate::app::clock::Clock;
use crate::app::log::Log;
use crate::app::stream::Stream;
use crate::edge::kafka::{Ends, KafkaError};
use crate::engine::{Final, Input, Output, PartitionView};
use crate::model::{Side, Sides};

/// How often a stream shows itself, milliseconds.
const LOOK_MS: i64 = 250;

/// What the thread is told. Clones are one.
#[derive(Clone, Default)]
pub struct Orders {
    stop: Arc<AtomicBool>,
    close: Arc<AtomicBool>,
}

impl Orders {
    /// Stop after this turn.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Capture the ends, read to them, end.
    pub fn close(&self) {
        self.close.store(true, Ordering::Release);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

/// What goes to the committer.
pub enum Job {
    /// Windows that became final.
    Final(Box<Final>),
    /// The ends were captured: they are stored at once, and a restart reads to the same.
    Closing {
        /// The engine's.
        checkpoint: Box<crate::engine::Checkpoint>,
        /// Where each partition ends.
        ends: Sides<Vec<(u32, u64)>>,
    },
    /// Everything is read and every window is final.
    Complete,
}

/// What came of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Something moved.
    Moved,
    /// Nothing was there.
    Idle,
    /// A closed release is read to its ends, and every window is final.
    Complete,
}

/// Follows the logs of one stream. Knows no thread and no database: what is to be stored is handed out.
pub struct Follower {
    stream: Stream,
    orders: Orders,
    status: Status,
    clock: Clock,
    outputs: Vec<Output>,
    looked_ms: i64,
    /// When the ends were asked for.
    asked_ms: i64,
    closing: bool,
}

impl Follower {
    /// Goes on with a stream; `ends` are those of a release that was closed before.
    #[must_use]
    pub fn new(
        mut stream: Stream,
        ends: Option<&Sides<Vec<(u32, u64)>>>,
        orders: Orders,
        status: Status,
        clock: Clock,
    ) -> Self {
        let mut outputs = Vec::new();
        if let Some(ends) = ends.filter(|_| !stream.is_over()) {
            stream.end_at(ends, &mut outputs);
        }
        Self {
            stream,
            orders,
            status,
            clock,
            outputs,
            looked_ms: i64::MIN,
            asked_ms: i64::MIN,
            closing: ends.is_some(),
        }
    }

    /// One turn: what the logs have is read and stepped, and what became final is appended to `jobs`. Waits for nothing.
    ///
    /// # Errors
    /// A log that cannot be read any further, or a broken conservation law.
    pub fn turn(&mut self, jobs: &mut Vec<Job>) -> Result<Turn> {
        if !self.closing && self.orders.close.load(Ordering::Acquire) {
            // A log that lost its end, or is another one, is not read to any.
            self.closing = self.stream.is_over() || self.close(jobs)?;
        }
        let Self { stream, outputs, .. } = self;
        let moved = stream
            .turn(outputs)
            .with_context(|| format!("read stream {}", stream.name))?;
        self.hand_out(jobs)?;
        let now_ms = self.clock.elapsed_ms();
        if now_ms.saturating_sub(self.looked_ms) >= LOOK_MS {
            self.looked_ms = now_ms;
            self.stream.look_for_narrower_baseline();
            self.status.look(&self.stream, now_ms);
        }
        let is_over = self.stream.is_over() && !self.stream.engine.has_work();
        if self.closing && (self.stream.engine.is_complete() || is_over) {
            self.status.look(&self.stream, now_ms);
            jobs.push(Job::Complete);
            return Ok(Turn::Complete);
        }
        Ok(if moved { Turn::Moved } else { Turn::Idle })
    }

    /// Waits a little for a record, or for an answer of a registry.
    ///
    /// # Errors
    /// As [`Follower::turn`].
    pub fn wait(&mut self, jobs: &mut Vec<Job>) -> Result<()> {
        let Self { stream, outputs, .. } = self;
        stream
            .wait(outputs)
            .with_context(|| format!("read stream {}", stream.name))?;
        self.hand_out(jobs)
    }

    /// The stream, to look at.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    fn hand_out(&mut self, jobs: &mut Vec<Job>) -> Result<()> {
        if !self.outputs.is_empty() {
            // What the logs did is stored with the windows that came of it.
            self.status.tell(&self.stream);
        }
        for output in self.outputs.drain(..) {
            if let Output::Final(found) = output {
                self.stream.needed(&found.checkpoint);
                jobs.push(Job::Final(found));
            }
        }
        let conservation = self.stream.engine.conservation();
        conservation.with_context(|| format!("count stream {}", self.stream.name))
    }

    /// Captures the ends: they are stored before anything that follows from them. False where no broker tells them yet.
    fn close(&mut self, jobs: &mut Vec<Job>) -> Result<bool> {
        let now_ms = self.clock.elapsed_ms();
        if now_ms.saturating_sub(self.asked_ms) < LOOK_MS {
            return Ok(false);
        }
        self.asked_ms = now_ms;
        let Self { stream, outputs, .. } = self;
        let ends_of = |side: Side| -> Result<Vec<Ends>> {
            match &stream.lanes.get(side).log {
                Log::Kafka(topic) => topic.ends().context("capture the ends"),
                Log::File(_) => Ok(Vec::new()),
            }
        };
        // Nobody waits for a control: where its end is not told, it ends where it was read to.
        let read_to = || -> Vec<Ends> {
            let views = stream.engine.partitions(Side::Control).into_iter();
            let ends = |view: PartitionView| Ends {
                partition: view.partition,
                low: view.from,
                high: view.position,
                last_stable: view.position,
            };
            views.map(ends).collect()
        };
        let ends_of = |side: Side| match (side, ends_of(side)) {
            (Side::Control, Err(_)) => Ok(read_to()),
            (_, ends) => ends,
        };
        let found = match stream.lanes.each(ends_of).whole() {
            Ok(found) => found,
            Err(error) if error.downcast_ref().is_some_and(KafkaError::is_transient) => {
                let error = format!("{error:#}");
                tracing::warn!(stream = stream.name, error, "close; it is tried again");
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        // These are the ends of what was read, not of a log that was cut or made again meanwhile.
        let sides = stream.sides();
        for &side in sides {
            stream.look_at_id(side, TELL);
        }
        let is_short = |side: &Side| *side != Side::Control && stream.is_short(*side, found.get(*side));
        if stream.is_over() || sides.iter().any(is_short) {
            return Ok(false);
        }
        let end = |ends: &Ends| {
            if mutant!(CloseAtHighWatermark) {
                ends.high
            } else {
                ends.last_stable
            }
        };
        let places = |found: Vec<Ends>| found.iter().map(|ends| (ends.partition, end(ends))).collect();
        let ends: Sides<Vec<(u32, u64)>> = found.map(places);
        stream.engine.step(Input::Close, outputs);
        // The step may have ended work that was waiting: windows that became final stand before the checkpoint, and are stored
        // before it.
        self.hand_out(jobs)?;
        self.status.tell(&self.stream);
        let Self { stream, outputs, .. } = self;
        jobs.push(Job::Closing {
            checkpoint: Box::new(stream.engine.checkpoint()),
            ends: ends.clone(),
        });
        stream.end_at(&ends, outputs);
        Ok(true)
    }
}

/// What the thread hands its jobs on with.
pub struct Wires {
    /// To the committer.
    pub jobs: mpsc::Sender<Job>,
    /// The runtime, to wait for the committer.
    pub handle: Handle,
}

/// The thread: turns until it is told to stop, or a closed release is read to its ends.
///
/// # Errors
/// As [`Follower::turn`].
pub fn follow(mut follower: Follower, wires: &Wires) -> Result<()> {
    let mut jobs = Vec::new();
    while !follower.orders.stopped() {
        let turn = follower.turn(&mut jobs)?;
        if !jobs.is_empty() {
            may_panic!("stream");
        }
        if turn == Turn::Idle {
            follower.wait(&mut jobs)?;
        }
        for job in jobs.drain(..) {
            if !send(job, &follower, wires) {
                return Ok(());
            }
        }
        if turn == Turn::Complete {
            return Ok(());
        }
    }
    Ok(())
}

/// Hands a job on, waiting for room as long as nobody says stop. Waiting for the database is no standing still.
fn send(job: Job, follower: &Follower, wires: &Wires) -> bool {
    let Wires { jobs, handle } = wires;
    loop {
        let room = handle.block_on(async { tokio::time::timeout(Duration::from_millis(500), jobs.reserve()).await });
        match room {
            Ok(Ok(room)) => {
                room.send(job);
                return true;
            }
            Ok(Err(_)) => return false,
            Err(_) if follower.orders.stopped() => return false,
            Err(_) => follower.status.beat(follower.clock.elapsed_ms()),
        }
    }
}
