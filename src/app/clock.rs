//! The one clock. Everything below this floor is told what time it is.

use std::time::Instant;

/// Wall clock and monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// Starts the monotonic clock at zero.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// Wall clock: milliseconds since the Unix epoch.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub fn wall_ms(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond()
    }

    /// Today in UTC.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub fn today(&self) -> jiff::civil::Date {
        jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// Monotonic clock: milliseconds since the start. Timers use it, so that a jump of the wall clock changes nothing.
    #[must_use]
    pub fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.origin.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}
