//! The one clock. Everything below this floor is told what time it is.

use std::sync::Arc;
use std::time::Instant;

/// What tells the time: the machine, or a simulation.
pub trait Time: Send + Sync {
    /// Wall clock: milliseconds since the Unix epoch.
    fn wall_ms(&self) -> i64;

    /// Monotonic clock: milliseconds since the start.
    fn elapsed_ms(&self) -> i64;
}

/// Wall clock and monotonic clock. Clones are one.
#[derive(Clone)]
pub struct Clock(Arc<dyn Time>);

impl Clock {
    /// The machine's; starts the monotonic clock at zero.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub fn start() -> Self {
        Self::of(Arc::new(Machine { origin: Instant::now() }))
    }

    /// Of something else that tells the time.
    #[must_use]
    pub fn of(time: Arc<dyn Time>) -> Self {
        Self(time)
    }

    /// Wall clock: milliseconds since the Unix epoch.
    #[must_use]
    pub fn wall_ms(&self) -> i64 {
        self.0.wall_ms()
    }

    /// Today in UTC.
    #[must_use]
    pub fn today(&self) -> jiff::civil::Date {
        let now = jiff::Timestamp::from_millisecond(self.wall_ms()).unwrap_or_default();
        now.to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// Monotonic clock: milliseconds since the start. Timers use it, so that a jump of the wall clock changes nothing.
    #[must_use]
    pub fn elapsed_ms(&self) -> i64 {
        self.0.elapsed_ms()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

struct Machine {
    origin: Instant,
}

impl Time for Machine {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    fn wall_ms(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond()
    }

    fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.origin.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}
