//! `cargo bench --bench spill`: a bounded run that spills against the same run in memory, engine and files alone, wall time.
//! One line a figure: name, value, target, ok or short. `SPILL_RECORDS` is the number of records a side, 20 million unless
//! set; the run in memory needs about 250 bytes for each.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Duration;

use crosscheck::app::reconcile::spill::Spill;
use crosscheck::engine::{Engine, Entry, Input, Named, Names, Output, Range, Sample, Settings};
use crosscheck::model::{Digest, Fingerprint, Identity, Reduction, Side};

const RECORDS: u64 = 20_000_000;
const HELD_MAX_BYTES: u64 = 256 << 20;
const REPETITIONS: usize = 3;
const BATCH: u64 = 1_000;
/// One of so many differs, one is missing.
const ODD: u64 = 10_000;
const TARGET: f64 = 3.0;

fn main() -> Result<(), Box<dyn Error>> {
    let records = match std::env::var_os("SPILL_RECORDS") {
        Some(text) => text.to_str().ok_or("SPILL_RECORDS is not a number")?.parse()?,
        None => RECORDS,
    };
    let (mut ratios, mut spilling, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    let (mut resident, mut written) = (0, 0);
    for _ in 0..REPETITIONS {
        let spilled = run(records, HELD_MAX_BYTES)?;
        if resident == 0 {
            // Before anything was held in memory.
            (resident, written) = (peak_bytes()?, spilled.written);
        }
        let held = run(records, u64::MAX)?;
        if spilled.windows != held.windows {
            return Err("the windows differ".into());
        }
        ratios.push(spilled.time.as_secs_f64() / held.time.as_secs_f64());
        spilling.push(spilled.time.as_secs_f64());
        memory.push(held.time.as_secs_f64());
    }
    let each = |seconds: f64| format!("{:.0}ns", seconds * 1e9 / (2 * records) as f64);
    let (spilling, memory) = (median(&mut spilling), median(&mut memory));
    let ratio = median(&mut ratios);
    let verdict = if ratio <= TARGET { "ok" } else { "short" };
    line("spill-records-a-side", &records.to_string(), "-", "-")?;
    line("spill-in-memory", &each(memory), "-", "-")?;
    line("spill-within-256MiB", &each(spilling), "-", "-")?;
    line("spill-written", &format!("{}MiB", written >> 20), "-", "-")?;
    line("spill-peak-resident", &format!("{}MiB", resident >> 20), "-", "-")?;
    line("spill-times-as-long-least", &format!("{:.2}x", ratios[0]), "-", "-")?;
    let most = format!("{:.2}x", ratios[REPETITIONS - 1]);
    line("spill-times-as-long-most", &most, "-", "-")?;
    line("spill-times-as-long", &format!("{ratio:.2}x"), "3", verdict)?;
    if ratio > TARGET {
        return Err("a figure is short of its target".into());
    }
    Ok(())
}

fn line(name: &str, value: &str, target: &str, verdict: &str) -> std::io::Result<()> {
    writeln!(stdout(), "{name:<44} {value:>12} {target:>8} {verdict}")
}

struct Ran {
    time: Duration,
    written: u64,
    /// Starts and digests.
    windows: Vec<(Option<i64>, Digest)>,
}

/// Both sides, batch by batch, without bounds on lateness and grace: nothing is settled before the end.
fn run(records: u64, held_max_bytes: u64) -> Result<Ran, Box<dyn Error>> {
    let mut engine = Engine::new(Settings {
        window_ms: Some(30_000),
        lateness_ms: None,
        grace_ms: None,
        skew_max_ms: None,
        age_max_ms: None,
        time_is_timestamp: false,
        names: Names::Event,
        has_identity: true,
        tolerances: Vec::new(),
        range: Range::Everything,
        sample: Sample::default(),
        control: false,
        profile: None,
        named: Named::default(),
        latest: false,
        findings_max: 100,
        held_max_bytes,
    });
    Side::PAIR.into_iter().for_each(|side| engine.declare(side, 0, 0));
    let (mut outputs, mut entries) = (Vec::new(), Vec::new());
    let mut spill = None;
    let mut written = 0;
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let start = std::time::Instant::now();
    for first in (0..records).step_by(usize::try_from(BATCH)?) {
        for side in Side::PAIR {
            entries.clear();
            entries.extend((first..records.min(first + BATCH)).filter_map(|number| entry(side, number)));
            engine.step(
                Input::Records {
                    side,
                    partition: 0,
                    entries: &entries,
                    read_at_ms: 0,
                },
                &mut outputs,
            );
        }
        // As `app::reconcile::drive` does.
        let most = if spill.is_some() {
            held_max_bytes / 2
        } else {
            held_max_bytes
        };
        if engine.held_bytes() >= most {
            let spill = match &mut spill {
                Some(spill) => spill,
                None => spill.insert(Spill::make(&std::env::temp_dir(), held_max_bytes)?),
            };
            spill.put_away(&mut engine)?;
        }
    }
    for side in Side::PAIR {
        engine.step(Input::Completed { side, partition: 0 }, &mut outputs);
    }
    if let Some(spill) = spill {
        written = spill.written();
        spill.settle(&mut engine, &mut outputs, &|| false)?;
    }
    let time = start.elapsed();
    engine.conservation()?;
    let mut windows = Vec::new();
    for output in outputs {
        if let Output::Final(found) = output {
            windows.extend(found.windows.iter().map(|window| (window.start_ms, window.digest)));
        }
    }
    Ok(Ran { time, written, windows })
}

/// The canary's log is shuffled a little, lacks some and has some that differ.
fn entry(side: Side, place: u64) -> Option<Entry> {
    let number = if side == Side::Canary { place ^ 7 } else { place };
    if side == Side::Canary && number % ODD == 1 {
        return None;
    }
    let differs = side == Side::Canary && number % ODD == 2;
    let [high, low] = [number, number ^ 0x5555].map(|seed| mix(seed).to_le_bytes());
    let mut identity = [0; 16];
    identity[..8].copy_from_slice(&high);
    identity[8..].copy_from_slice(&low);
    let mut digest = identity;
    digest[0] ^= u8::from(differs);
    Some(Entry {
        offset: place,
        bytes: 73,
        timestamp_ms: None,
        body: Reduction::Decoded(Fingerprint {
            identity: Identity(identity),
            by_content: false,
            tombstone: false,
            digest: Digest(digest),
            time_ms: i64::try_from(number / 20).ok(),
            tolerant: None,
            carried: None,
        }),
    })
}

fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The most that this process held.
fn peak_bytes() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .ok_or("no VmHWM")?;
    let kib: u64 = line.split_whitespace().nth(1).ok_or("no VmHWM")?.parse()?;
    Ok(kib << 10)
}
