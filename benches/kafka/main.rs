//! `CROSSCHECK_BENCH_BROKERS=host:port cargo bench --bench kafka`: two topics of a million records each on a real broker,
//! read and verified, against a bare `BaseConsumer` poll loop that verifies nothing; in turns, median of seven. Prints
//! `NAME VALUE TARGET ok|short`, and ends non-zero where a figure falls short; without the variable the rows are `skipped`.
//! The topics are made and removed. `CROSSCHECK_BENCH_RECORDS` is another number of records a side.

mod bare;
#[path = "../ratios/data.rs"]
#[expect(dead_code, reason = "the other bench uses all of it")]
mod data;
mod topics;
mod verify;

use std::error::Error;
use std::io::{Write, stdout};
use std::time::{Duration, Instant};

use topics::Topics;

const BROKERS: &str = "CROSSCHECK_BENCH_BROKERS";
const RECORDS: &str = "CROSSCHECK_BENCH_RECORDS";
const RECORDS_DEFAULT: u64 = 1_000_000;
const REPETITIONS: usize = 7;

const WALL: &str = "kafka-against-a-bare-loop-wall";
const CPU: &str = "kafka-against-a-bare-loop-cpu-a-record";

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the bench has no other arguments")]
    std::env::var(name).ok()
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(brokers) = variable(BROKERS) else {
        for name in [WALL, CPU] {
            writeln!(stdout(), "{name:<44} {:>12} {:>8} skipped", "-", "-")?;
        }
        return Ok(());
    };
    let records: u64 = variable(RECORDS).map_or(Ok(RECORDS_DEFAULT), |text| text.parse())?;
    let topics = Topics::make(&brokers, records)?;
    let measured = measure(&topics);
    topics.remove()?;
    measured
}

fn measure(topics: &Topics) -> Result<(), Box<dyn Error>> {
    // Once each for the broker's page cache and ours.
    bare::read(topics, None)?;
    verify::read(topics)?;
    let [mut walls, mut cpus, mut ready_walls] = [(); 3].map(|()| Vec::new());
    let mut each = [(); 6].map(|()| Vec::new());
    for _ in 0..REPETITIONS {
        let bare = timed(|| bare::read(topics, None))?;
        let ours = timed(|| verify::read(topics))?;
        let ready = timed(|| bare::read(topics, Some(bare::READY)))?;
        ready_walls.push(ready.0.as_secs_f64() / ours.0.as_secs_f64());
        walls.push(bare.0.as_secs_f64() / ours.0.as_secs_f64());
        cpus.push(ours.1.as_secs_f64() / bare.1.as_secs_f64());
        let count = 2.0 * topics.records as f64;
        for (times, time) in each.iter_mut().zip([bare.0, bare.1, ours.0, ours.1, ready.0, ready.1]) {
            times.push(time.as_secs_f64() * 1e9 / count);
        }
    }
    let names = [
        "kafka-bare-loop-wall",
        "kafka-bare-loop-cpu",
        "kafka-verified-wall",
        "kafka-verified-cpu",
        "kafka-bare-loop-that-waits-2-ms-wall",
        "kafka-bare-loop-that-waits-2-ms-cpu",
    ];
    for (name, times) in names.iter().zip(&mut each) {
        writeln!(stdout(), "{name:<44} {:>10.0}ns {:>8} -", middle(times), "-")?;
    }
    let ready = middle(&mut ready_walls);
    writeln!(
        stdout(),
        "{:<44} {ready:>11.2}x {:>8} -",
        "kafka-against-one-that-waits-2-ms-wall",
        "-"
    )?;
    let mut short = 0;
    for (name, values, target, least) in [(WALL, &mut walls, 0.85, true), (CPU, &mut cpus, 1.5, false)] {
        let value = middle(values);
        let (low, high) = (values[0], values[values.len() - 1]);
        writeln!(stdout(), "{name}-range {low:>31.2} to {high:.2}")?;
        let ok = if least { value >= target } else { value <= target };
        short += usize::from(!ok);
        let verdict = if ok { "ok" } else { "short" };
        writeln!(stdout(), "{name:<44} {value:>11.2}x {target:>8} {verdict}")?;
    }
    match short {
        0 => Ok(()),
        short => Err(format!("{short} figures fell short").into()),
    }
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Time on the wall, and on all cores for all threads of this process, librdkafka's among them.
fn timed(work: impl FnOnce() -> Result<Duration, Box<dyn Error>>) -> Result<(Duration, Duration), Box<dyn Error>> {
    let before = on_cores()?;
    let wall = work()?;
    Ok((wall, on_cores()?.saturating_sub(before)))
}

/// The system counts in ticks of 10 ms.
fn on_cores() -> Result<Duration, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let rest = text.rsplit_once(')').ok_or("no such line")?.1;
    let ticks: Result<Vec<u64>, _> = rest.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(Duration::from_millis(10 * ticks?.iter().sum::<u64>()))
}

/// A clock for what is measured.
fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    Instant::now()
}
