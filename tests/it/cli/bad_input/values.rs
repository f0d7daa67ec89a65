//! Values stand in no output, log, metric, answer or database, unless `show` names their path.

use super::log::{Answering, Cluster, ID, framed, order};
use super::{Program, get};

/// In every text that is planted.
const SECRET: &str = "zq9secret";
/// And a number that stands nowhere else.
const NUMBER: i64 = 7_361_945_028_374_651;

/// Pairs, differences, surplus, copies, conflicts and bytes that cannot be decoded, each with secrets everywhere.
fn plant(cluster: &Cluster) {
    let mut planted: Vec<(i64, &str, Vec<u8>)> = Vec::new();
    let mut send = |topic, bytes: &[u8], second: i64| planted.push((second, topic, bytes.to_vec()));
    let (baseline, canary) = ("orders", "orders.canary");
    let record = |id: &str, amount: i64, note: &str, tag: &str| {
        let hidden = |text: &str| format!("{SECRET}-{text}");
        framed(ID, &order(&hidden(id), amount, &hidden(note), &hidden(tag)))
    };
    for i in 0..20_i64 {
        let same = record(&format!("same-{i}"), NUMBER, "note", "tag");
        send(baseline, &same, i);
        send(canary, &same, i);
    }
    send(baseline, &record("amount", NUMBER, "note", "tag"), 3);
    send(canary, &record("amount", NUMBER + 1, "note", "tag"), 3);
    send(baseline, &record("note", 1, "note-one", "tag"), 4);
    send(canary, &record("note", 1, "note-two", "tag"), 4);
    send(baseline, &record("tag", 1, "note", "tag-one"), 5);
    send(canary, &record("tag", 1, "note", "tag-two"), 5);
    send(baseline, &record("missing", 1, "note", "tag"), 6);
    send(canary, &record("extra", NUMBER, "note", "tag"), 6);
    send(canary, &record("same-7", NUMBER, "note", "tag"), 7);
    send(canary, &record("same-8", NUMBER, "another", "tag"), 8);
    send(canary, SECRET.as_bytes(), 9);
    let good = record("bad", NUMBER, "note", "tag");
    send(canary, &good[..good.len() - 1], 9);
    send(canary, &[&good[..], SECRET.as_bytes()].concat(), 9);
    let mut wrong = good.clone();
    let last = wrong.len() - 1;
    wrong[last] = 12;
    send(canary, &wrong, 9);
    // Nothing is late.
    planted.sort_by_key(|(second, ..)| *second);
    for (second, topic, bytes) in planted {
        let (key, header) = (format!("{SECRET}-key"), format!("{SECRET}-header-{second}"));
        cluster.send_with(topic, &bytes, second, &key, &header);
    }
    cluster.flush();
}

/// Every way in which a text or the number could be written down.
fn hits(bytes: &[u8]) -> usize {
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let list: Vec<String> = SECRET.bytes().map(|byte| byte.to_string()).collect();
    let forms = [
        SECRET.to_owned(),
        hex.to_uppercase(),
        hex,
        list.join(", "),
        list.join(","),
        NUMBER.to_string(),
        (NUMBER + 1).to_string(),
    ];
    let count = |form: &String| {
        bytes
            .windows(form.len())
            .filter(|window| *window == form.as_bytes())
            .count()
    };
    forms.iter().map(count).sum()
}

#[track_caller]
fn nowhere(what: &str, text: &str) {
    let line = text.lines().find(|line| hits(line.as_bytes()) > 0);
    assert_eq!(line, None, "{what} tells a value");
}

/// Takes the shown values out of a report; how many there were.
fn take_shown(report: &mut serde_json::Value) -> usize {
    let mut shown = 0;
    let streams = report["streams"].as_array_mut().unwrap();
    for finding in streams
        .iter_mut()
        .flat_map(|stream| stream["findings"].as_array_mut().unwrap())
    {
        for field in finding["fields"].as_array_mut().into_iter().flatten() {
            if field["path"] == "note" {
                let field = field.as_object_mut().unwrap();
                for side in ["baseline", "canary"] {
                    let value = field.remove(side).map(|value| value.to_string());
                    shown += usize::from(value.is_some_and(|value| hits(value.as_bytes()) == 1));
                }
            }
        }
    }
    shown
}

#[test]
fn are_not_told_by_reconcile() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    plant(&cluster);
    let program = Program::new();
    let base = format!("reconcile {} --registry {} -vv", cluster.sources(), registry.url);
    let identities = [
        "--identity field:order_id",
        "--identity key",
        "--identity header:trace",
        "--identity field:order_id --select header:trace=other",
        "",
    ];
    // Side by side: the mock cluster takes its time.
    std::thread::scope(|scope| {
        for identity in identities {
            let (base, program) = (&base, &program);
            scope.spawn(move || {
                for output in ["table", "json", "markdown"] {
                    let line = format!("{base} {identity} -o {output}");
                    let ran = program.run(&line);
                    assert!(matches!(ran.code, Some(1 | 3)), "{line}: {}", ran.log);
                    nowhere(&line, &ran.out);
                    nowhere(&line, &ran.log);
                }
            });
        }
    });
    let line = format!("{base} --identity field:order_id --show note");
    let ran = program.run(&format!("{line} -o json"));
    let mut report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert!(
        report["streams"][0]["outcomes"]["mismatched"].as_u64() >= Some(3),
        "{report}"
    );
    assert!(take_shown(&mut report) >= 2, "{report}");
    nowhere(&line, &report.to_string());
    nowhere(&line, &ran.log);
    for output in ["table", "markdown"] {
        let ran = program.run(&format!("{line} -o {output}"));
        let with: Vec<&str> = ran.out.lines().filter(|line| hits(line.as_bytes()) > 0).collect();
        assert!(
            !with.is_empty() && with.iter().all(|line| line.contains("note")),
            "{}",
            ran.out
        );
        nowhere(&line, &ran.log);
    }
}

#[test]
fn are_not_told_by_a_worker() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    plant(&cluster);
    for (more, may_show) in [("", false), ("    show: [note]\n", true)] {
        let program = Program::new();
        program.write("r.yaml", cluster.config(&registry.url, more));
        let mut worker = program.start("run -vv -c r.yaml");
        let address = worker.address();
        worker.until(&address, "/metrics", |metrics| super::lease::finals(metrics) >= 12);
        worker.until(&address, "/api/v1/releases/r/report", |report| {
            report.contains("\"outcome\"")
        });
        let pages = ["/metrics", "/readyz", "/gates/argo/r"].map(|path| (path, get(&address, path)));
        let report = get(&address, "/api/v1/releases/r/report");
        let (code, log) = worker.terminate();
        assert_eq!(code, Some(0), "{log}");
        nowhere("the log", &log);
        for (path, page) in pages {
            assert!(page.starts_with("HTTP/1.1 "), "{path}");
            nowhere(path, &page);
        }
        let (_, body) = report.split_once("\r\n\r\n").unwrap();
        let mut report: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_ne!(report["streams"][0]["findings"], serde_json::json!([]), "{report}");
        let shown = take_shown(&mut report);
        assert_eq!(shown > 0, may_show, "{report}");
        nowhere("the report", &report.to_string());
        for command in [
            "verdict --explain --release r -c r.yaml",
            "release list -c r.yaml",
            "check -c r.yaml",
        ] {
            let ran = program.run(&format!("{command} -vv"));
            if !may_show {
                nowhere(command, &ran.out);
            }
            nowhere(command, &ran.log);
        }
        let mut stored = 0;
        for name in ["cc.db", "cc.db-wal"] {
            stored += std::fs::read(program.path(name)).map_or(0, |bytes| hits(&bytes));
        }
        assert_eq!(stored > 0, may_show, "{stored} values in the database");
    }
}
