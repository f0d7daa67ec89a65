//! Simulated time: tokio's paused clock, and a wall clock beside it that may jump.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crosscheck::app::clock::{Clock, Time};
use tokio::time::Instant;

/// The time of one run.
pub struct SimTime {
    origin: Instant,
    begins_at_ms: i64,
    /// How far the worker's wall clock is off.
    off_ms: AtomicI64,
}

impl SimTime {
    /// Begins at a time, on the runtime of the run.
    pub fn new(begins_at_ms: i64) -> Arc<Self> {
        Arc::new(Self {
            origin: Instant::now(),
            begins_at_ms,
            off_ms: AtomicI64::new(0),
        })
    }

    /// What time it really is: the logs go by it, and the database.
    pub fn now_ms(&self) -> i64 {
        self.begins_at_ms + self.elapsed_ms()
    }

    /// The worker's wall clock is off by this much from now on.
    pub fn jump(&self, off_ms: i64) {
        self.off_ms.store(off_ms, Ordering::Relaxed);
    }

    /// The worker's clock.
    pub fn clock(self: &Arc<Self>) -> Clock {
        Clock::of(self.clone())
    }
}

impl Time for SimTime {
    fn wall_ms(&self) -> i64 {
        self.now_ms() + self.off_ms.load(Ordering::Relaxed)
    }

    fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.origin.elapsed().as_millis()).unwrap()
    }
}
