//! `cargo bench`: how fast and how lean, as ratios inside one run. One line a figure: name, value, target, ok or short.

mod data;
mod files;
mod ours;
mod plain;

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Duration;

use crosscheck::model::{RecordBatch, Side};
use data::Shape;

/// Event time that a log in memory spans: 400 s, of which 60 s are open and 30 s remembered.
const SPAN_MS: i64 = 400_000;
const REPETITIONS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(held) = files::asked_to_hold() {
        return files::hold(&held);
    }
    writeln!(stdout(), "{:<44} {:>12} {:>8}", "name", "value", "target")?;
    for shape in Shape::ALL {
        in_memory(shape)?;
    }
    files::resident()?;
    files::reconcile()
}

/// One line of the table.
fn line(name: &str, value: f64, unit: &str, target: Option<f64>, least: bool) -> std::io::Result<()> {
    let verdict = match target {
        Some(target) if (value >= target) == least => "ok",
        Some(_) => "short",
        None => "",
    };
    let target = target.map_or_else(|| "-".to_owned(), |target| target.to_string());
    let value = format!("{value:.2}{unit}");
    writeln!(stdout(), "{name:<44} {value:>12} {target:>8} {verdict}")
}

/// Time on a core, which other processes disturb less than time on the wall; where the system does not tell, the latter.
fn timed<T>(work: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<(T, Duration), Box<dyn Error>> {
    let on_core = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
    };
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let start = std::time::Instant::now();
    let before = on_core();
    let done = work()?;
    let time = before.and_then(|before| on_core()?.checked_sub(before));
    Ok((done, time.unwrap_or_else(|| start.elapsed())))
}

/// Nanoseconds a record.
fn each(time: Duration, records: u64) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(u32::try_from(records).unwrap_or(u32::MAX))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Decode, digest and pair two logs: the plain path and ours, one after the other, seven times.
fn in_memory(shape: Shape) -> Result<(), Box<dyn Error>> {
    let count: u64 = match shape {
        Shape::Small => 400_000,
        Shape::Medium => 150_000,
        Shape::Large => 30_000,
    };
    let schema = apache_avro::Schema::parse_str(shape.schema())?;
    let baseline = data::log(shape, count, SPAN_MS, false);
    let canary = data::log(shape, count, SPAN_MS, true);
    // The canary is a quarter of the log behind.
    let turns = interleaved(&baseline, &canary, baseline.len() / 4);
    let bytes: usize = baseline.iter().map(|batch| batch.arena.len()).sum();
    let mut lanes = ours::Lanes::new(shape)?;
    let mut reducer = ours::reducer(shape, Side::Baseline, shape.schema(), shape.schema())?;
    let (mut ratios, mut times) = (Vec::new(), [(); 4].map(|()| Vec::new()));
    for _ in 0..REPETITIONS {
        let (plain, plain_time) = timed(|| plain::compare(shape, &schema, &turns))?;
        let (ours, our_time) = timed(|| lanes.compare(&turns))?;
        if plain != ours || ours.mismatched != count / 1_000 {
            return Err(format!("the paths disagree: {plain:?}, {ours:?}").into());
        }
        let (_, plain_digest) = timed(|| plain::digest(shape, &schema, &baseline))?;
        let (_, our_digest) = timed(|| ours::digest(&mut reducer, &baseline))?;
        ratios.push(plain_time.as_secs_f64() / our_time.as_secs_f64());
        let found = [
            each(plain_time, 2 * count),
            each(our_time, 2 * count),
            each(plain_digest, count),
            each(our_digest, count),
        ];
        times.iter_mut().zip(found).for_each(|(times, time)| times.push(time));
    }
    let name = shape.name();
    let size = bytes as f64 / f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    line(&format!("{name}: bytes a record"), size, "", None, true)?;
    for (what, times) in ["plain path", "ours", "plain path, digest only", "ours, digest only"]
        .iter()
        .zip(&mut times)
    {
        line(&format!("{name}: {what}"), median(times), " ns", None, true)?;
    }
    ratios.sort_by(f64::total_cmp);
    let (low, high) = (ratios[0], ratios[ratios.len() - 1]);
    line(
        &format!("{name}: times as fast, {low:.1} to {high:.1}"),
        median(&mut ratios),
        "x",
        Some(3.0),
        true,
    )?;
    Ok(())
}

/// Batches of both sides in turns, the canary a little behind.
fn interleaved<'a>(baseline: &'a [RecordBatch], canary: &'a [RecordBatch], lag: usize) -> Vec<(bool, &'a RecordBatch)> {
    let mut turns = Vec::new();
    for at in 0..baseline.len() + lag {
        turns.extend(baseline.get(at).map(|batch| (false, batch)));
        turns.extend(
            at.checked_sub(lag)
                .and_then(|at| canary.get(at))
                .map(|batch| (true, batch)),
        );
    }
    turns
}
