//! Two files reconciled by the program itself.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::data::{self, Shape, put_long};
use super::{each, line};

/// Records of a file.
const COUNT: u64 = 1_000_000;

/// A size in bytes that the system tells of a process.
pub fn status(process: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1_024)
}

/// Two files of a million records: 60 s of event time open and 30 s remembered, of 1,000 s.
pub fn reconcile() -> Result<(), Box<dyn Error>> {
    let Some(program) = option_env!("CARGO_BIN_EXE_crosscheck") else {
        return Ok(());
    };
    let directory = tempfile::tempdir()?;
    for shape in [Shape::Small, Shape::Medium] {
        let paths = [false, true].map(|canary| directory.path().join(format!("{}-{canary}.avro", shape.name())));
        for (path, canary) in paths.iter().zip([false, true]) {
            write(path, shape, canary)?;
        }
        let (time, bytes) = run(Command::new(program), shape, &paths[0], &paths[1])?;
        let name = format!("{}: two files of {COUNT} records", shape.name());
        line(&name, time.as_secs_f64(), " s", None, false)?;
        line(
            &format!("{name}, wall a record"),
            each(time, 2 * COUNT),
            " ns",
            None,
            false,
        )?;
        let mib = bytes.map_or(0.0, |bytes| {
            f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1_024.0
        });
        line(&format!("{name}, peak resident"), mib, " MiB", None, false)?;
        if shape == Shape::Medium {
            cores(
                &name,
                |command| Ok(run(command, shape, &paths[0], &paths[1])?.0),
                program,
            )?;
        }
    }
    Ok(())
}

/// What a second core is worth, as the system gives the program one or two: the median of five pairs of runs.
fn cores(
    name: &str,
    run: impl Fn(Command) -> Result<Duration, Box<dyn Error>>,
    program: &str,
) -> Result<(), Box<dyn Error>> {
    let on = |cores: &str| {
        let mut command = Command::new("taskset");
        command.args(["-c", cores, program]);
        command
    };
    let name = format!("{name}, two cores against one");
    if !on("0,1")
        .arg("--version")
        .output()
        .is_ok_and(|told| told.status.success())
    {
        return super::skipped(&name);
    }
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let one = run(on("0"))?;
        let two = run(on("0,1"))?;
        ratios.push(one.as_secs_f64() / two.as_secs_f64());
    }
    Ok(line(&name, super::median(&mut ratios), "x", Some(1.8), true)?)
}

/// An object container as another implementation would write it, blocks of about 64 KiB, no compression.
fn write(path: &Path, shape: Shape, canary: bool) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(path)?);
    let sync = [7; 16];
    let mut head = b"Obj\x01".to_vec();
    put_long(&mut head, 2);
    for (name, value) in [("avro.codec", "null"), ("avro.schema", shape.schema())] {
        for text in [name, value] {
            put_long(&mut head, i64::try_from(text.len())?);
            head.extend_from_slice(text.as_bytes());
        }
    }
    head.push(0);
    out.write_all(&head)?;
    out.write_all(&sync)?;
    let (mut block, mut count) = (Vec::new(), 0);
    for number in 0..COUNT {
        let time_ms = data::time_of(number, COUNT, 1_000_000);
        data::put_record(&mut block, shape, number, time_ms, canary);
        count += 1;
        if block.len() > 64_000 || number + 1 == COUNT {
            let mut head = Vec::new();
            put_long(&mut head, count);
            put_long(&mut head, i64::try_from(block.len())?);
            out.write_all(&head)?;
            out.write_all(&block)?;
            out.write_all(&sync)?;
            (block, count) = (Vec::new(), 0);
        }
    }
    out.flush()?;
    Ok(())
}

/// Wall time and peak resident bytes of one run of the program, which must find what differs.
fn run(
    mut command: Command,
    shape: Shape,
    baseline: &Path,
    canary: &Path,
) -> Result<(Duration, Option<u64>), Box<dyn Error>> {
    command
        .arg("reconcile")
        .arg("--baseline")
        .arg(baseline)
        .arg("--canary")
        .arg(canary);
    command.args(["--identity", "field:order_id", "--event-time", "field:event_time"]);
    command.args(["--lateness", "1m", "--grace", "30s", "-o", "json"]);
    for ignored in shape.ignored() {
        command.args(["--ignore", ignored]);
    }
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let start = std::time::Instant::now();
    let report = baseline.with_extension("json");
    let mut child = command.stdout(File::create(&report)?).stderr(Stdio::null()).spawn()?;
    let process = child.id().to_string();
    let mut peak = None;
    // The peak only grows: the last look before the end is the peak, but for what the report adds.
    let ended = loop {
        if let Some(code) = child.try_wait()? {
            break code;
        }
        peak = peak.max(status(&process, "VmHWM"));
        std::thread::sleep(Duration::from_millis(5));
    };
    let time = start.elapsed();
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(report)?)?;
    let found = report
        .pointer("/streams/0/outcomes/mismatched")
        .and_then(serde_json::Value::as_u64);
    if ended.code() != Some(1) || found != Some(COUNT / 1_000) {
        return Err(format!("the report is wrong: {found:?}, {ended}").into());
    }
    Ok((time, peak))
}
