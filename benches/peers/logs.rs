//! The logs: as files, as another implementation would write them, and in memory for the peers that are Rust.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use crosscheck::model::RecordBatch;

use super::data::{self, Shape, put_long};
use super::{ours, plain};

const SHAPE: Shape = Shape::Medium;
/// Records a millisecond of event time has.
const SPAN_MS_A_RECORD: u64 = 1;

fn span_ms(records: u64) -> i64 {
    i64::try_from(records * SPAN_MS_A_RECORD).unwrap_or(i64::MAX)
}

/// Writes one side, in blocks of about 64 KiB without compression.
pub fn write(path: &Path, records: u64, canary: bool) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(path)?);
    let marker = [7; 16];
    let mut head = b"Obj\x01".to_vec();
    put_long(&mut head, 2);
    for text in ["avro.codec", "null", "avro.schema", SHAPE.schema()] {
        put_long(&mut head, i64::try_from(text.len())?);
        head.extend_from_slice(text.as_bytes());
    }
    head.push(0);
    out.write_all(&[head.as_slice(), &marker].concat())?;
    let (mut block, mut count) = (Vec::new(), 0);
    for number in 0..records {
        let time_ms = data::time_of(number, records, span_ms(records));
        data::put_record(&mut block, SHAPE, number, time_ms, canary);
        count += 1;
        if block.len() > 64_000 || number + 1 == records {
            let mut head = Vec::new();
            put_long(&mut head, count);
            put_long(&mut head, i64::try_from(block.len())?);
            out.write_all(&[head.as_slice(), &block, &marker].concat())?;
            block.clear();
            count = 0;
        }
    }
    Ok(out.flush()?)
}

/// The program on both files.
pub fn command(folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let program = option_env!("CARGO_BIN_EXE_crosscheck").ok_or("the program is not built")?;
    let side = |name: &str| folder.join(name).with_extension("avro").display().to_string();
    let mut words = vec![program.to_owned(), "reconcile".to_owned()];
    words.extend([
        "--baseline".to_owned(),
        side("baseline"),
        "--canary".to_owned(),
        side("canary"),
    ]);
    let rest = "--identity field:order_id --event-time field:event_time --lateness 1m --grace 30s -o json";
    words.extend(rest.split(' ').map(str::to_owned));
    for ignored in SHAPE.ignored() {
        words.extend(["--ignore".to_owned(), (*ignored).to_owned()]);
    }
    Ok(words)
}

/// One core on logs in memory, warm: the second pass is measured.
pub fn in_memory(peer: &str, records: u64) -> Result<serde_json::Value, Box<dyn Error>> {
    let logs = [false, true].map(|canary| data::log(SHAPE, records, span_ms(records), canary));
    // The canary is 30 s behind.
    let turns = turns(&logs[0], &logs[1], (30_000 / SPAN_MS_A_RECORD / 1_000) as usize);
    let schema = apache_avro::Schema::parse_str(SHAPE.schema())?;
    let mut lanes = ours::Lanes::new(SHAPE)?;
    let mut pass = || match peer {
        "memory" => lanes.compare(&turns),
        _ => plain::compare(SHAPE, &schema, &turns),
    };
    pass()?;
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let began = std::time::Instant::now();
    let before = on_core();
    let counted = pass()?;
    let (wall, cores) = (began.elapsed(), on_core().saturating_sub(before));
    let found = counted.mismatched + (records - counted.matched - counted.mismatched);
    Ok(serde_json::json!({
        "wall": wall.as_secs_f64(),
        "cores": cores.as_secs_f64(),
        "peak": peak(),
        "found": found,
    }))
}

fn turns<'a>(baseline: &'a [RecordBatch], canary: &'a [RecordBatch], lag: usize) -> Vec<(bool, &'a RecordBatch)> {
    let mut turns = Vec::new();
    for at in 0..baseline.len() + lag {
        turns.extend(baseline.get(at).map(|batch| (false, batch)));
        let behind = at.checked_sub(lag).and_then(|at| canary.get(at));
        turns.extend(behind.map(|batch| (true, batch)));
    }
    turns
}

/// Time that this thread has had a core.
fn on_core() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// The peak of the resident bytes, the logs among them.
fn peak() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}
