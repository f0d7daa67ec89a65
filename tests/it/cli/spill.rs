//! A bounded run that passes `held_max_bytes`: the same report as in memory, and a directory that is always gone.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use super::bad_input::Program;
use super::bad_input::log::{ORDER, long, order, sized};

const MARKER: [u8; 16] = *b"crosscheck tests";

/// An object container of orders, a hundred a block; a negative number stands for bytes that are no order.
fn container(orders: &[(i64, i64)]) -> Vec<u8> {
    let mut out = b"Obj\x01".to_vec();
    out.extend(long(1));
    out.extend([sized(b"avro.schema"), sized(ORDER.as_bytes()), long(0), MARKER.to_vec()].concat());
    for block in orders.chunks(100) {
        let records: Vec<u8> = block
            .iter()
            .flat_map(|(id, amount)| match id {
                // A text that claims to be longer than all that is left.
                ..0 => long(1 << 40),
                _ => order(&format!("o{id}"), *amount, "note", "tag"),
            })
            .collect();
        out.extend(
            [
                long(i64::try_from(block.len()).unwrap()),
                sized(&records),
                MARKER.to_vec(),
            ]
            .concat(),
        );
    }
    out
}

/// Two logs with some of everything, and a directory for temporary files.
fn program(records: i64) -> Program {
    let program = Program::new();
    let (mut baseline, mut canary) = (Vec::new(), Vec::new());
    for id in 0..records {
        // The times go on by a second each; some orders come again and again.
        let who = if id % 50 == 3 { id % 7 } else { id };
        baseline.push((who, id));
        match id % 97 {
            0 => {}
            1 => canary.push((who, id + 1_000_000)),
            2 => canary.extend([(who, id), (who, id)]),
            3 => canary.push((who + records, id)),
            _ => canary.push((who, id)),
        }
    }
    canary.chunks_mut(64).for_each(<[_]>::reverse);
    let bad = (-1, 0);
    baseline.insert(baseline.len() - 250, bad);
    canary.insert(canary.len() - 120, bad);
    program.write("baseline.avro", container(&baseline));
    program.write("canary.avro", container(&canary));
    std::fs::create_dir(program.path("tmp")).unwrap();
    let temporary = program.path("tmp").to_str().unwrap().to_owned();
    program.with("TMPDIR", &temporary)
}

fn left(program: &Program) -> usize {
    std::fs::read_dir(program.path("tmp")).unwrap().count()
}

const LINE: &str = "reconcile --baseline baseline.avro --canary canary.avro -o json -q";

/// The report without what is another in every run: identities are told as hashes with a key of the run.
fn report(program: &Program, flags: &str, code: i32) -> String {
    let ran = program.run(&format!("{LINE} {flags}"));
    assert_eq!(ran.code, Some(code), "{flags}: {}{}", ran.log, ran.out);
    assert_eq!((ran.log.as_str(), left(program)), ("", 0), "{flags}");
    let lines = ran.out.lines().filter(|line| !line.trim().starts_with("\"identity\":"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_same_report_as_in_memory() {
    let program = program(3_000);
    for flags in [
        "--identity field:order_id",
        "--identity field:order_id --names entity --findings-max 7",
        "--identity field:order_id --tolerance amount=5",
        "--identity field:order_id --event-time none",
        "",
        // All in flight at once, although bounded.
        "--identity field:order_id --event-time field:amount --lateness 100ms --grace 10m",
        "--identity field:order_id --event-time field:amount --lateness 100ms --grace 50ms",
    ] {
        let memory = report(&program, flags, 1);
        // 64 KiB: each bucket fits. 16 KiB: buckets are split again.
        for limit in ["64KiB", "16KiB"] {
            let spilled = report(&program, &format!("{flags} --held-max-bytes {limit}"), 1);
            assert!(memory == spilled, "{flags} {limit}:\n{memory}\n{spilled}");
        }
    }
}

#[test]
fn it_is_private_and_gone_after_sigint_and_sigterm() {
    for sigterm in [false, true] {
        let program = program(60_000);
        let line = "reconcile --baseline baseline.avro --canary canary.avro -o json --identity field:order_id -vv";
        let mut running = program.start(&format!("{line} --held-max-bytes 64KiB"));
        running.says("held_max_bytes is reached");
        let folder = std::fs::read_dir(program.path("tmp")).unwrap().next().unwrap().unwrap();
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let code = if sigterm {
            running.terminate().0
        } else {
            let (code, out) = running.interrupt();
            let report: serde_json::Value = serde_json::from_str(&out).unwrap();
            assert_eq!(report["interrupted"], true);
            assert_eq!(report["verdict"], "inconclusive");
            code
        };
        assert_eq!((code, left(&program)), (Some(130), 0), "SIGTERM {sigterm}");
    }
}

#[test]
fn gone_after_an_error() {
    let program = program(3_000);
    let mut torn = std::fs::read(program.path("canary.avro")).unwrap();
    let marker = torn.len() - 3;
    torn[marker] ^= 0xff;
    program.write("canary.avro", torn);
    program.told(&format!("{LINE} --identity field:order_id --held-max-bytes 64KiB"), &[]);
    assert_eq!(left(&program), 0);
}

#[test]
fn one_identity_that_does_not_fit() {
    let program = Program::new();
    let same: Vec<(i64, i64)> = (0..500).map(|amount| (1, amount)).collect();
    program.write("baseline.avro", container(&same));
    program.write("canary.avro", container(&same));
    std::fs::create_dir(program.path("tmp")).unwrap();
    let temporary = program.path("tmp").to_str().unwrap().to_owned();
    let program = program.with("TMPDIR", &temporary);
    let told = program.told(&format!("{LINE} --identity field:order_id --held-max-bytes 16KiB"), &[]);
    let what = "one identity has 1000 records in flight, and held_max_bytes allows no more than 256";
    assert!(told.contains(what), "{told}");
    assert_eq!(left(&program), 0);
}

#[test]
fn no_directory_to_write_to() {
    let program = program(500).with("TMPDIR", "nowhere");
    let told = program.told(&format!("{LINE} --held-max-bytes 4KiB"), &[]);
    assert!(told.contains("make a directory in nowhere: No such file"), "{told}");
}

/// A limit on the size of a file stands for a disk that is full: the system calls differ in the error alone.
#[test]
fn a_full_disk_is_told() {
    let program = program(20_000);
    let line = format!("{LINE} --identity field:order_id --held-max-bytes 64KiB");
    let full = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_crosscheck"),
        ])
        .args(line.split_whitespace())
        .current_dir(program.path(""))
        .env_clear()
        .env("TMPDIR", program.path("tmp"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let log = String::from_utf8(full.stderr).unwrap();
    assert_eq!((full.status.code(), full.stdout.len()), (Some(2), 0), "{log}");
    assert!(log.starts_with("error: no room is left in "), "{log}");
    assert!(
        log.contains("hint: records that do not fit into held_max_bytes are written there: make room"),
        "{log}"
    );
    assert_eq!(left(&program), 0);
}
