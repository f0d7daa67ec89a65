//! Files of JSON lines, plain and compressed, against each other and against Avro; standard input.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Told;
use super::avro;

const BASELINE: &str =
    "{\"id\":1,\"v\":1.0,\"at\":\"x\"}\n\n{\"id\":2,\"v\":[1,2]}\r\n  \t\n{\"id\":3,\"v\":\"a\"}\n{\"id\":4,\"v\":1}";
const CANARY: &str =
    "{\"id\":4,\"v\":1}\n{\"v\":1,\"id\":1}\n{\"id\":2,\"v\":[2,1]}\n{\"id\":3,\"v\":\"b\"}\n{\"id\":5,\n";
const GIST: &str = "1 matched 2 mismatched 2 | v value 1 | v order 1";

fn compare(baseline: &Path, canary: &Path, flags: &str) -> Told {
    let mut all = vec![
        "--baseline",
        baseline.to_str().unwrap(),
        "--canary",
        canary.to_str().unwrap(),
    ];
    all.extend(flags.split_whitespace());
    super::reconcile(&all)
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

type Pack = fn(&[u8]) -> Vec<u8>;

/// Two members, as `cat a.gz b.gz` makes them.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let (left, right) = bytes.split_at(bytes.len() / 2);
    let mut all = Vec::new();
    for (part, flags, extra) in [(left, 0u8, &b""[..]), (right, 8 | 4, b"\x02\0zzname\0")] {
        all.extend([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255]);
        all.extend(extra);
        all.extend(miniz_oxide::deflate::compress_to_vec(part, 6));
        all.extend(crc32fast::hash(part).to_le_bytes());
        all.extend(u32::try_from(part.len()).unwrap().to_le_bytes());
    }
    all
}

#[test]
fn of_lines_plain_and_compressed() {
    let dir = tempfile::tempdir().unwrap();
    let pack: [Pack; 3] = [<[u8]>::to_vec, gzip, |bytes| zstd::encode_all(bytes, 3).unwrap()];
    for (i, name) in ["jsonl", "ndjson.gz", "jsonl.zst"].into_iter().enumerate() {
        let baseline = write(dir.path(), &format!("b.{name}"), &pack[i](BASELINE.as_bytes()));
        let canary = write(dir.path(), &format!("c.{name}"), &pack[i](CANARY.as_bytes()));
        let told = compare(&baseline, &canary, "--identity field:id --ignore at");
        assert_eq!(told.gist(), GIST, "{name}: {}", told.log);
        assert_eq!(told.side("baseline")["read"], 4, "blank lines are no records");
        assert_eq!(told.side("canary")["undecodable_reasons"]["truncated"], 1);
        assert_eq!(told.stream()["stream"], "b");
        let whole = compare(&baseline, &baseline, "");
        assert_eq!(whole.gist(), "0 matched 4", "{name}");
        let some = compare(&baseline, &baseline, "--from -2");
        assert_eq!(some.gist(), "0 matched 2", "{name}");
    }
}

#[test]
fn of_many_lines_that_are_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let lines = |odd: usize| -> String {
        let line = |i: usize| format!("{{\"id\":{i},\"v\":{}}}\n", if i % 1_000 == 7 { odd } else { i });
        (0..20_000).map(line).collect()
    };
    let baseline = write(dir.path(), "b.jsonl", lines(1).as_bytes());
    let canary = write(dir.path(), "c.jsonl", lines(2).as_bytes());
    let told = compare(&baseline, &canary, "--identity field:id --show v");
    assert_eq!(told.gist(), "1 matched 19980 mismatched 20 | v value 20");
    let shown = &told.stream()["findings"][19]["fields"][0];
    assert_eq!((&shown["baseline"], &shown["canary"]), (&"1".into(), &"2".into()));
}

#[test]
fn of_avro_and_lines_either_way() {
    let dir = tempfile::tempdir().unwrap();
    let rows = r#"[{"id":"a","v":1},{"id":"b","v":2},{"id":"c","v":3}]"#;
    let avro = avro::file(dir.path(), "a", "id string; v int", rows);
    let lines = "{\"v\":1e0,\"id\":\"a\",\"more\":1}\n{\"id\":\"b\",\"v\":3}\n{\"id\":\"c\",\"v\":\"3\"}\n";
    let lines = write(dir.path(), "c.jsonl", lines.as_bytes());
    let expect = "1 matched 1 mismatched 2 | v value 1 | v type 1";
    assert_eq!(compare(&avro, &lines, "--identity field:id").gist(), expect);
    assert_eq!(compare(&lines, &avro, "--identity field:id").gist(), expect);
    let packed = write(dir.path(), "a.avro.gz", &gzip(&std::fs::read(&avro).unwrap()));
    assert_eq!(compare(&packed, &lines, "--identity field:id").gist(), expect);
    assert_eq!(compare(&packed, &avro, "").gist(), "0 matched 3");
    let wrong = compare(&lines, &avro, "--identity field:idd").log;
    assert!(wrong.contains("idd"), "{wrong}");
}

#[test]
fn that_cannot_be_inflated() {
    let dir = tempfile::tempdir().unwrap();
    let good = write(dir.path(), "a.jsonl", BASELINE.as_bytes());
    let whole = gzip(BASELINE.as_bytes());
    let mut wrong = whole.clone();
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    for (bytes, expect) in [
        (&whole[..whole.len() - 9], "ends too early"),
        (&whole[..5], "ends too early"),
        (&wrong, "wrong CRC or length"),
        (BASELINE.as_bytes(), "not a gzip stream"),
        (b"", "ends too early"),
    ] {
        let bad = write(dir.path(), "b.jsonl.gz", bytes);
        let told = compare(&good, &bad, "");
        assert_eq!(told.exit, 2);
        assert!(
            told.log.contains("broken gzip compression") && told.log.contains(expect),
            "{}",
            told.log
        );
    }
    let bad = write(dir.path(), "b.jsonl.zst", b"no frame at all");
    assert_eq!(compare(&good, &bad, "").exit, 2);
}

#[test]
fn of_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "b.jsonl", BASELINE.as_bytes());
    let rows = r#"[{"id":"a","v":1}]"#;
    let avro = avro::file(dir.path(), "a.avro", "id string; v int", rows);
    let run = |flags: &str, input: &[u8]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosscheck"));
        command
            .args(["reconcile", "-o", "json"])
            .args(flags.split_whitespace())
            .current_dir(dir.path());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may end before it reads.
        drop(child.stdin.take().unwrap().write_all(input));
        let output = child.wait_with_output().unwrap();
        Told {
            exit: u8::try_from(output.status.code().unwrap()).unwrap(),
            report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            log: String::from_utf8(output.stderr).unwrap(),
        }
    };
    let flags = "--identity field:id --ignore at --baseline b.jsonl --canary - --format json";
    assert_eq!(run(flags, CANARY.as_bytes()).gist(), GIST);
    let container = std::fs::read(&avro).unwrap();
    assert_eq!(
        run(
            &format!("--baseline {} --canary - --format canary=avro", avro.display()),
            &container
        )
        .gist(),
        "0 matched 1"
    );
    for (flags, expect) in [
        ("--baseline b.jsonl --canary -", "--format is missing"),
        ("--baseline - --canary - --format json", "both standard input"),
    ] {
        let told = run(flags, b"");
        assert_eq!(told.exit, 2);
        assert!(told.log.contains(expect), "{}", told.log);
    }
}

#[test]
fn a_line_that_is_too_long_is_out_of_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let long = |fill: &str| format!("{{\"id\":1}}\n\"{}\"\n{{\"id\":2}}\n", fill.repeat(64 << 20));
    let baseline = write(dir.path(), "b.jsonl", long("a").as_bytes());
    let canary = write(dir.path(), "c.jsonl", b"{\"id\":1}\n{\"id\":2}\n");
    let told = compare(&baseline, &canary, "");
    assert_eq!(told.side("baseline")["undecodable_reasons"]["bounds"], 1);
    assert_eq!(told.stream()["outcomes"]["matched"], 2);
}

#[test]
fn values_are_told_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let secret = "hunter2-in-a-value";
    let baseline = format!("{{\"id\":1,\"v\":\"{secret}\"}}\n{{\"id\":2,\"v\":\"{secret}\n");
    let baseline = write(dir.path(), "b.jsonl", baseline.as_bytes());
    let canary = write(dir.path(), "c.jsonl", b"{\"id\":1,\"v\":2}\n");
    for output in ["json", "table", "markdown"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosscheck"));
        let output = command
            .args(["reconcile", "--identity", "field:id", "-vv", "-o", output])
            .args([
                "--baseline".as_ref(),
                baseline.as_os_str(),
                "--canary".as_ref(),
                canary.as_os_str(),
            ])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let all = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8(all).unwrap().contains(secret));
    }
}
