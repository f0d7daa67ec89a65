//! `CROSSCHECK_BENCH_BROKERS=host:port cargo bench --bench kafka`: two topics of a million records each on a real broker,
//! read and verified, against a bare `BaseConsumer` poll loop that verifies nothing; in turns, median of seven. Prints
//! `NAME VALUE TARGET ok|short`, and ends non-zero where a figure falls short; without the variable these rows are `skipped`,
//! and the same is measured on the broker that librdkafka has within itself, without a target: it takes its share of the same
//! cores and of the same process. The topics are made and removed. `CROSSCHECK_BENCH_RECORDS` is another number of records a
//! side of the real broker.

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
/// A side of the embedded broker, which holds them in memory.
const RECORDS_EMBEDDED: u64 = 200_000;
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
        return on_the_embedded(&Topics::embedded(RECORDS_EMBEDDED)?);
    };
    let records: u64 = variable(RECORDS).map_or(Ok(RECORDS_DEFAULT), |text| text.parse())?;
    let topics = Topics::make(&brokers, records)?;
    let measured = on_a_real_one(&topics);
    topics.remove()?;
    measured
}

/// One turn of the three readers.
struct Turn {
    bare: (Duration, Duration),
    ours: (Duration, Duration),
    /// The bare loop with the wait of a full queue as short as ours.
    ready: (Duration, Duration),
}

impl Turn {
    fn walls(&self, bare: Duration) -> f64 {
        bare.as_secs_f64() / self.ours.0.as_secs_f64()
    }
}

/// Seven turns; once each before, for the broker's page cache and ours. Prints what each reader took a record.
fn measure(topics: &Topics, prefix: &str) -> Result<Vec<Turn>, Box<dyn Error>> {
    bare::read(topics, None)?;
    verify::read(topics)?;
    let mut turns = Vec::new();
    for _ in 0..REPETITIONS {
        turns.push(Turn {
            bare: timed(|| bare::read(topics, None))?,
            ours: timed(|| verify::read(topics))?,
            ready: timed(|| bare::read(topics, Some(bare::READY)))?,
        });
    }
    let count = 2.0 * topics.records as f64;
    type Time = fn(&Turn) -> Duration;
    let figures: [(&str, Time); 6] = [
        ("bare-loop-wall", |turn| turn.bare.0),
        ("bare-loop-cpu", |turn| turn.bare.1),
        ("verified-wall", |turn| turn.ours.0),
        ("verified-cpu", |turn| turn.ours.1),
        ("bare-loop-that-waits-2-ms-wall", |turn| turn.ready.0),
        ("bare-loop-that-waits-2-ms-cpu", |turn| turn.ready.1),
    ];
    for (name, time) in figures {
        let mut times: Vec<f64> = turns
            .iter()
            .map(|turn| time(turn).as_secs_f64() * 1e9 / count)
            .collect();
        let name = format!("{prefix}-{name}");
        writeln!(stdout(), "{name:<44} {:>10.0}ns {:>8} -", middle(&mut times), "-")?;
    }
    let mut ready: Vec<f64> = turns.iter().map(|turn| turn.walls(turn.ready.0)).collect();
    untargeted(&format!("{prefix}-against-one-that-waits-2-ms-wall"), &mut ready)?;
    Ok(turns)
}

/// The line of a ratio that has no target.
fn untargeted(name: &str, ratios: &mut [f64]) -> std::io::Result<()> {
    let ratio = middle(ratios);
    writeln!(stdout(), "{name:<44} {ratio:>11.2}x {:>8} -", "-")
}

/// End to end with nothing else running. Time on the cores holds the broker's share too, so there is no ratio of it.
fn on_the_embedded(topics: &Topics) -> Result<(), Box<dyn Error>> {
    let turns = measure(topics, "embedded")?;
    let mut walls: Vec<f64> = turns.iter().map(|turn| turn.walls(turn.bare.0)).collect();
    Ok(untargeted("embedded-against-a-bare-loop-wall", &mut walls)?)
}

fn on_a_real_one(topics: &Topics) -> Result<(), Box<dyn Error>> {
    let turns = measure(topics, "kafka")?;
    let walls = turns.iter().map(|turn| turn.walls(turn.bare.0)).collect();
    let cpus = turns
        .iter()
        .map(|turn| turn.ours.1.as_secs_f64() / turn.bare.1.as_secs_f64())
        .collect();
    let mut short = 0;
    for (name, mut values, target, least) in [(WALL, walls, 0.85, true), (CPU, cpus, 1.5, false)] {
        let values: &mut Vec<f64> = &mut values;
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
