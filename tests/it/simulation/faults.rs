//! How often the machine fails in a run, and what must be seen over all of them.

use super::world::rng::Rng;

/// Faults that the fast tier must reach, each at least [`LEAST`] times.
pub const FAULTS: &[&str] = &[
    // Of the machine.
    "crash",
    "database: killed before a call",
    "database: killed after a call",
    "pause longer than the lease",
    "zombie fenced",
    "resumed",
    "second worker waits",
    "restart",
    "config reload",
    "brokers down",
    "registry down",
    "registry slow",
    "wall clock jumps",
    "database: 40001",
    "database: 40P01",
    "database: 23505",
    "database: 55P03",
    "database: connection lost",
    "database: commit done, answer lost",
    "database: commit lost, not done",
    "database: 53100",
    "database: SQLITE_FULL",
    "database: SQLITE_BUSY",
    "database: 25006",
    "database: 57P01",
    "close",
    // Of the logs.
    "late counted",
    "untimely counted",
    "undecodable counted",
    "6b",
    "6d conflict",
    "compacted",
    "raised",
    "met: expired",
    "met: truncated",
    "met: repartitioned",
    "met: recreated",
    "swapped ids",
    "stalled",
    "stopped",
    "aborted",
    "hanging transaction",
    "hanging for ever",
    "far future",
    "far past",
    "before it started",
    "out of order",
    "skewed clocks",
];

/// What a fault must be reached in the fast tier.
pub const LEAST: u64 = 100;

/// Chances in ten thousand, a step of the scheduler unless said otherwise. Each is off in half of the runs.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    pub crash: u64,
    pub pause: u64,
    pub restart: u64,
    pub reload: u64,
    pub second: u64,
    pub brokers: u64,
    pub registry: u64,
    pub jump: u64,
    pub renew: u64,
    pub tick: u64,
    /// A call of the database.
    pub database: u64,
    pub silence: u64,
    /// Calls in a thousand that take their time.
    pub slow: u64,
}

impl Rates {
    pub fn new(rng: &mut Rng) -> Self {
        if rng.chance(0.1) {
            // Now and then nothing goes wrong.
            return Self {
                renew: 500,
                tick: 200,
                ..Self::default()
            };
        }
        let mut rate = |most: u64| if rng.chance(0.5) { 0 } else { 1 + rng.below(most) };
        Self {
            crash: rate(200),
            pause: rate(100),
            restart: rate(100),
            reload: rate(60),
            second: rate(100),
            brokers: rate(100),
            registry: rate(200),
            jump: rate(60),
            renew: 200 + rate(1_000),
            tick: rate(500),
            database: rate(300),
            silence: rate(60),
            slow: rate(200),
        }
    }
}
