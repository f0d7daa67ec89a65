//! `cargo bench --bench ratios`: how fast and how lean, as ratios inside one run. One line a figure, `NAME VALUE TARGET
//! ok|short`, with `-` where a figure has no target; it ends non-zero where one falls short.

mod codec;
mod data;
mod files;
mod formats;
mod ours;
mod plain;
mod ruled;
mod settle;

use std::error::Error;
use std::io::{Write, stdout};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crosscheck::model::{RecordBatch, Side};
use data::Shape;

/// Event time that a log in memory spans: 400 s, of which 60 s are open and 30 s remembered.
const SPAN_MS: i64 = 400_000;
const REPETITIONS: usize = 7;
/// Takes some figures and prints them.
type Measure = fn() -> Result<(), Box<dyn Error>>;
/// Rows of the table, by the word that asks for them alone: `cargo bench --bench ratios -- phases evolution`.
const ROWS: [(&str, Measure); 10] = [
    ("memory", || Shape::ALL.into_iter().try_for_each(in_memory)),
    ("small", || in_memory(Shape::Small)),
    ("rules", with_the_rules),
    ("phases", codec::phases),
    ("evolution", codec::evolution),
    ("protobuf", formats::of_protobuf),
    ("json", formats::of_json),
    ("resident", settle::resident),
    ("steps", settle::steps),
    ("files", files::reconcile),
];
/// Figures that fell short so far.
static SHORT: AtomicUsize = AtomicUsize::new(0);

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(held) = settle::asked_to_hold() {
        return settle::hold(&held);
    }
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for (name, rows) in &ROWS {
        let all = asked.is_empty() && *name != "small";
        if all || asked.iter().any(|word| word == name) {
            rows()?;
        }
    }
    match SHORT.load(Ordering::Relaxed) {
        0 => Ok(()),
        short => Err(format!("{short} figures fell short").into()),
    }
}

/// One line of the table; `least` where the target is the least that it may be, else it is the most. The name is given as
/// words and written without spaces.
fn line(name: &str, value: f64, unit: &str, target: Option<f64>, least: bool) -> std::io::Result<()> {
    let verdict = match target {
        Some(target) if (value >= target && least) || (value <= target && !least) => "ok",
        Some(_) => {
            SHORT.fetch_add(1, Ordering::Relaxed);
            "short"
        }
        None => "-",
    };
    let words = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let name: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let target = target.map_or_else(|| "-".to_owned(), |target| target.to_string());
    let value = format!("{value:.2}{}", unit.trim());
    writeln!(stdout(), "{:<44} {value:>12} {target:>8} {verdict}", name.join("-"))
}

/// The line of a figure that cannot be taken here.
fn skipped(name: &str) -> Result<(), Box<dyn Error>> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let name: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    Ok(writeln!(
        stdout(),
        "{:<44} {:>12} {:>8} skipped",
        name.join("-"),
        "-",
        "-"
    )?)
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
    let target = match shape {
        Shape::Small => 5.0,
        Shape::Medium => 8.0,
        Shape::Large => 10.0,
    };
    line(&format!("{name}: times as fast, least"), low, "x", None, true)?;
    line(&format!("{name}: times as fast, most"), high, "x", None, true)?;
    line(
        &format!("{name}: times as fast"),
        median(&mut ratios),
        "x",
        Some(target),
        true,
    )?;
    Ok(())
}

/// The small shape against a path that keeps our rules; first with all that can go wrong, then timed.
fn with_the_rules() -> Result<(), Box<dyn Error>> {
    let shape = Shape::Small;
    let schema = apache_avro::Schema::parse_str(shape.schema())?;
    let mut lanes = ours::Lanes::new(shape)?;
    let mut same = |turns: &[(bool, &RecordBatch)]| -> Result<[Duration; 2], Box<dyn Error>> {
        let (expected, ruled_time) = timed(|| ruled::compare(shape, &schema, turns))?;
        let mut found = ruled::Windows::new();
        let (_, our_time) = timed(|| {
            lanes.each_window(turns, |window| {
                found.insert(window.start_ms.unwrap_or(0), ruled::counts(window));
            })
        })?;
        found.retain(|_, counts| counts.iter().any(|count| *count > 0));
        if found != expected {
            return Err("the path that keeps the rules finds other outcomes".into());
        }
        Ok([ruled_time, our_time])
    };
    for (count, span_ms) in [(50_000, SPAN_MS), (40_000, SPAN_MS / 4)] {
        let [baseline, canary] = [false, true].map(|canary| data::troubled(shape, count, span_ms, canary));
        for lag in [0, baseline.len() / 4] {
            same(&interleaved(&baseline, &canary, lag))?;
        }
    }
    let count = 400_000;
    let [baseline, canary] = [false, true].map(|canary| data::log(shape, count, SPAN_MS, canary));
    let turns = interleaved(&baseline, &canary, baseline.len() / 4);
    let (mut times, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let [ruled, ours] = same(&turns)?;
        times.push(each(ruled, 2 * count));
        ratios.push(ruled.as_secs_f64() / ours.as_secs_f64());
    }
    line("small: path with all rules", median(&mut times), " ns", None, true)?;
    line(
        "small: times as fast as that",
        median(&mut ratios),
        "x",
        Some(11.0),
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
