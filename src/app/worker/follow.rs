//! The thread of a stream: it reads and steps for as long as the release lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::status::Status;
use crate::app::clock::Clock;
use crate::app::log::Log;
use crate::app::stream::Stream;
use crate::engine::{Final, Input, Output};
use crate::model::{PerSide, Side};

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
        ends: PerSide<Vec<(u32, u64)>>,
    },
    /// Everything is read and every window is final.
    Complete,
}

/// What the thread reports with.
pub struct Wires {
    /// Its orders.
    pub orders: Orders,
    /// To the committer.
    pub jobs: mpsc::Sender<Job>,
    /// To whoever looks.
    pub status: Status,
    /// The clock.
    pub clock: Clock,
    /// The runtime, to wait for the committer.
    pub handle: Handle,
}

/// Follows the logs until it is told to stop, or a closed release is read to its ends.
///
/// # Errors
/// A log that cannot be read any further, or a broken conservation law.
pub fn follow(mut stream: Stream, ends: Option<&PerSide<Vec<(u32, u64)>>>, wires: &Wires) -> Result<()> {
    let Wires {
        orders, status, clock, ..
    } = wires;
    let mut outputs = Vec::new();
    let mut looked_ms = i64::MIN;
    let mut closing = ends.is_some();
    if let Some(ends) = ends {
        stream.end_at(ends, &mut outputs);
    }
    while !orders.stopped() {
        if !closing && orders.close.load(Ordering::Acquire) {
            closing = true;
            if !close(&mut stream, &mut outputs, wires)? {
                return Ok(());
            }
        }
        stream
            .turn(&mut outputs)
            .with_context(|| format!("read stream {}", stream.name))?;
        for output in outputs.drain(..) {
            if let Output::Final(found) = output {
                stream.needed(&found.checkpoint);
                if !send(Job::Final(found), wires) {
                    return Ok(());
                }
            }
        }
        stream
            .engine
            .conservation()
            .with_context(|| format!("count stream {}", stream.name))?;
        let now_ms = clock.elapsed_ms();
        if now_ms.saturating_sub(looked_ms) >= LOOK_MS {
            looked_ms = now_ms;
            stream.look_for_narrower_baseline();
            status.look(&stream, now_ms);
        }
        if closing && stream.engine.is_complete() {
            status.look(&stream, now_ms);
            send(Job::Complete, wires);
            return Ok(());
        }
    }
    Ok(())
}

/// Hands a job on, waiting for room as long as nobody says stop. Waiting for the database is no standing still.
fn send(job: Job, wires: &Wires) -> bool {
    let Wires {
        orders,
        jobs,
        status,
        clock,
        handle,
    } = wires;
    loop {
        let room = handle.block_on(async { tokio::time::timeout(Duration::from_millis(500), jobs.reserve()).await });
        match room {
            Ok(Ok(room)) => {
                room.send(job);
                return true;
            }
            Ok(Err(_)) => return false,
            Err(_) if orders.stopped() => return false,
            Err(_) => status.beat(clock.elapsed_ms()),
        }
    }
}

/// Captures the ends. False where nobody listens any more.
fn close(stream: &mut Stream, outputs: &mut Vec<Output>, wires: &Wires) -> Result<bool> {
    let ends_of = |side: Side| -> Result<Vec<(u32, u64)>> {
        match &stream.lanes.get(side).log {
            Log::Kafka(reader) => {
                let ends = reader.ends().context("capture the ends")?;
                Ok(ends.into_iter().map(|end| (end.partition, end.last_stable)).collect())
            }
            Log::Avro(_) => Ok(Vec::new()),
        }
    };
    let ends = PerSide {
        baseline: ends_of(Side::Baseline)?,
        canary: ends_of(Side::Canary)?,
    };
    stream.engine.step(Input::Close, outputs);
    let checkpoint = Box::new(stream.engine.checkpoint());
    if !send(
        Job::Closing {
            checkpoint,
            ends: ends.clone(),
        },
        wires,
    ) {
        return Ok(false);
    }
    stream.end_at(&ends, outputs);
    Ok(true)
}
