//! Fuzz targets, one a parser that takes foreign bytes, in one binary: `FUZZ_TARGET` names it. `fuzz/run` builds and runs
//! them. An input may take neither more memory nor more time than is bounded here, and what is checked beside panics
//! stands in the file of each.

#![no_main]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a fuzz target finds by panics")]

#[path = "../tests/it/codec/memory.rs"]
mod memory;
mod seeds;
mod tape;
mod targets;

use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;

/// What an input may make us allocate, beyond what stood before.
const PEAK_MAX_BYTES: usize = 8 << 20;
/// What an input may take. The bound is 10 ms; this build is slower, by counters and checks, and its time is that of all that a
/// target does.
const TIME_MAX: Duration = Duration::from_millis(40);

/// Writes inputs to begin with, one a call of what it is given.
type Seeds = fn(&mut dyn FnMut(&[u8]));

/// A target.
struct Target {
    name: &'static str,
    run: fn(&[u8]),
    /// What to begin with.
    seeds: Seeds,
    /// What an input may make us allocate.
    peak_max_bytes: usize,
    /// What time an input may take.
    time_max: Duration,
}

static TARGET: OnceLock<&Target> = OnceLock::new();

/// Chooses the target, and writes its seeds where `FUZZ_SEEDS` says.
fn init() {
    let name = variable("FUZZ_TARGET");
    let known = || targets::ALL.iter().map(|target| target.name).collect::<Vec<_>>();
    let Some(target) = targets::ALL.iter().find(|target| target.name == name) else {
        panic!("FUZZ_TARGET is `{name}`, not one of {}", known().join(", "));
    };
    let _ = TARGET.set(target);
    let folder = variable("FUZZ_SEEDS");
    if !folder.is_empty() {
        let mut count = 0;
        (target.seeds)(&mut |bytes| {
            std::fs::write(format!("{folder}/seed-{count}"), bytes).unwrap();
            count += 1;
        });
    }
}

fn variable(name: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "libFuzzer has the arguments")]
    std::env::var(name).unwrap_or_default()
}

fn run(bytes: &[u8]) {
    let Some(target) = TARGET.get() else { return };
    let timed = || {
        let began = on_core();
        let ((), peak) = memory::peak_of(|| (target.run)(bytes));
        (on_core().saturating_sub(began), peak)
    };
    let (mut time, peak) = timed();
    assert!(peak <= target.peak_max_bytes, "an input took {peak} bytes");
    // The first one may have been the unlucky one.
    for _ in 0..4 {
        if time > target.time_max {
            time = time.min(timed().0);
        }
    }
    assert!(time <= target.time_max, "an input took {time:?}");
}

/// Time that this thread has had a core, which others on the machine do not disturb; nothing where the system does not tell.
fn on_core() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

fuzz_target!(init: init(), |bytes: &[u8]| run(bytes));
