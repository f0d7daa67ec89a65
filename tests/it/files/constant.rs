//! By hand: files of any size are reconciled in constant memory, apart from the records in flight.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const SCHEMA: &str = r#"{"type": "record", "name": "OrderEvent", "fields": [
    {"name": "order_id", "type": "string"}, {"name": "customer_id", "type": "long"}, {"name": "sku", "type": "string"},
    {"name": "quantity", "type": "int"}, {"name": "price", "type": "double"},
    {"name": "currency", "type": {"type": "enum", "name": "Ccy", "symbols": ["USD", "EUR", "GBP", "JPY"]}},
    {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "processed_at", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}"#;

fn put_long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest > 0x7f {
        out.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
        rest >>= 7;
    }
    out.push(u8::try_from(rest).unwrap());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_long(out, i64::try_from(bytes.len()).unwrap());
    out.extend_from_slice(bytes);
}

/// A thousand records a second of event time; every so many have another price.
fn write(path: &Path, records: i64, wrong_every: Option<i64>) {
    const SYNC: [u8; 16] = [7; 16];
    let mut out = BufWriter::new(File::create(path).unwrap());
    let mut head = b"Obj\x01".to_vec();
    put_long(&mut head, 1);
    put_bytes(&mut head, b"avro.schema");
    put_bytes(&mut head, SCHEMA.as_bytes());
    head.push(0);
    head.extend_from_slice(&SYNC);
    out.write_all(&head).unwrap();
    let (mut block, mut count) = (Vec::new(), 0);
    for number in 0..records {
        let time = 1_790_000_000_000 + number;
        put_bytes(&mut block, format!("order-{number:012}").as_bytes());
        put_long(&mut block, number % 50_000);
        put_bytes(&mut block, format!("sku-{:05}", number % 10_007).as_bytes());
        put_long(&mut block, 1 + number % 7);
        let wrong = wrong_every.is_some_and(|every| number % every == 0);
        block.extend_from_slice(&(f64::from(wrong) + 9.5).to_le_bytes());
        put_long(&mut block, number % 4);
        put_long(&mut block, time);
        put_long(&mut block, time + 40);
        count += 1;
        if block.len() > 64_000 || number + 1 == records {
            let mut head = Vec::new();
            put_long(&mut head, count);
            put_long(&mut head, i64::try_from(block.len()).unwrap());
            out.write_all(&[&head[..], &block, &SYNC].concat()).unwrap();
            (block, count) = (Vec::new(), 0);
        }
    }
    out.flush().unwrap();
}

/// The most that was ever resident, bytes.
fn peak(process: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}

/// Peak and seconds of one run of `$CROSSCHECK_BIN` (else of this build's), which must find what differs.
fn measured(records: i64, wrong_every: i64) -> (u64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let [baseline, canary, report] = ["b.avro", "c.avro", "r.json"].map(|name| folder.path().join(name));
    write(&baseline, records, None);
    write(&canary, records, Some(wrong_every));
    #[expect(clippy::disallowed_methods, reason = "which build is measured")]
    let program = std::env::var("CROSSCHECK_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_crosscheck").to_owned());
    let flags = "--identity field:order_id --event-time field:event_time --lateness 1m --grace 30s -q -o json";
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let began = std::time::Instant::now();
    let mut child = Command::new(program)
        .args(["reconcile", "--baseline", baseline.to_str().unwrap()])
        .args(["--canary", canary.to_str().unwrap()])
        .args(flags.split_whitespace())
        .stdout(File::create(&report).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(peak(child.id()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5)); // waits for the process: its peak is gone with it, and nothing tells of it
    }
    let seconds = began.elapsed().as_secs_f64();
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let outcomes = &report["streams"][0]["outcomes"];
    assert_eq!(
        outcomes["mismatched"],
        (records + wrong_every - 1) / wrong_every,
        "{report}"
    );
    assert_eq!(
        outcomes["matched"],
        records - (records + wrong_every - 1) / wrong_every,
        "{report}"
    );
    (most, seconds)
}

#[test]
#[ignore = "by_hand: measures with files of gigabytes"]
fn by_hand_peak_at_several_sizes() {
    for (records, wrong_every) in [(1_000_000, 1_000), (4_000_000, 1_000), (1_000_000, 1)] {
        let (peak, seconds) = measured(records, wrong_every);
        println!(
            "two files of {records} small records, one of {wrong_every} differs: {} MiB at the peak, {seconds:.1} s",
            peak >> 20
        );
    }
}
