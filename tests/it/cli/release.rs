//! The life of a release from the command line, on SQLite: outputs and exit codes.

use std::path::{Path, PathBuf};

use super::run_all;

const CONFIG: &str = "release: {name: checkout-v42, start: earliest}
clusters: {main: {brokers: [\"127.0.0.1:1\"]}}
registries: {main: {url: \"http://127.0.0.1:1\"}}
streams:
  - name: orders
    upstream: [carts]
    baseline: {topic: orders}
    canary: {topic: orders.canary}
    identity: {parts: [{field: id}]}
    event_time: {field: at}
    grace: GRACE
    compare: {ignore: [{path: note, owner: team-a, until: 2020-01-31}]}
store: {url: \"sqlite://DATABASE\"}
";

struct Bed {
    folder: tempfile::TempDir,
}

impl Bed {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn config(&self, grace: &str) -> PathBuf {
        let path = self.folder.path().join(format!("grace-{grace}.yaml"));
        let database = self.folder.path().join("crosscheck.db");
        let text = CONFIG
            .replace("GRACE", grace)
            .replace("DATABASE", &database.display().to_string());
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn told(arguments: &[&str], config: &Path) -> (u8, String, String) {
    let config = config.display().to_string();
    let arguments: Vec<&str> = arguments.iter().copied().chain(["-c", &config]).collect();
    let (exit, out, log) = run_all(&arguments);
    (exit as u8, out, log)
}

fn states(config: &Path) -> Vec<(i64, String)> {
    let (exit, out, log) = told(&["release", "list", "-o", "json"], config);
    assert_eq!(exit, 0, "{log}");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    let state = |row: &serde_json::Value| {
        assert_eq!(row["release"], "checkout-v42");
        (
            row["generation"].as_i64().unwrap(),
            row["state"].as_str().unwrap().to_owned(),
        )
    };
    rows.iter().map(state).collect()
}

#[test]
fn start_begins_a_generation_whether_or_not_there_is_one() {
    let bed = Bed::new();
    let config = bed.config("30s");
    assert_eq!(states(&config), []);
    let start = ["release", "start", "--reason", "new build"];
    let (exit, out, log) = told(&start, &config);
    assert_eq!((exit, out.as_str()), (0, "checkout-v42 generation 1: open\n"), "{log}");
    let (exit, out, log) = told(&start, &bed.config("20s"));
    assert_eq!((exit, out.as_str()), (0, "checkout-v42 generation 2: open\n"), "{log}");
    assert_eq!(states(&config), [(2, "open".to_owned()), (1, "closed".to_owned())]);
}

#[test]
fn close_is_asked_for_once_and_may_be_asked_for_again() {
    let bed = Bed::new();
    let config = bed.config("30s");
    let close = ["release", "close", "--reason", "done"];
    let (exit, out, log) = told(&close, &config);
    assert_eq!((exit, out.as_str()), (2, ""), "nothing to close: {log}");
    told(&["release", "start", "--reason", "begin"], &config);
    for _ in 0..2 {
        let (exit, out, log) = told(&close, &config);
        assert_eq!(
            (exit, out.as_str()),
            (0, "checkout-v42 generation 1: closing\n"),
            "{log}"
        );
    }
}

#[test]
fn a_reason_is_needed_and_says_something() {
    let bed = Bed::new();
    let config = bed.config("30s");
    for action in ["start", "close", "override"] {
        for reason in [&[][..], &["--reason", ""], &["--reason", "  "]] {
            let verdict: &[&str] = if action == "override" {
                &["--verdict", "pass"]
            } else {
                &[]
            };
            let arguments = [&["release", action], verdict, reason].concat();
            let (exit, out, log) = told(&arguments, &config);
            assert_eq!((exit, out.as_str()), (2, ""), "{arguments:?}");
            assert!(log.contains("--reason"), "{log}");
        }
    }
    assert_eq!(states(&config), [], "nothing was begun");
}

#[test]
fn the_verdict_explains_every_check_with_its_budget() {
    let bed = Bed::new();
    let config = bed.config("30s");
    told(&["release", "start", "--reason", "begin"], &config);
    let verdict = ["verdict", "--release", "checkout-v42"];
    for (map, expect) in [(None, 3), (Some("pass"), 0), (Some("fail"), 1)] {
        let map: Vec<&str> = map.into_iter().flat_map(|to| ["--inconclusive", to]).collect();
        let (exit, out, log) = told(&[&verdict[..], &map].concat(), &config);
        assert_eq!(exit, expect, "{log}");
        assert!(out.starts_with("inconclusive\n"), "{out}");
    }
    let (_, out, _) = told(&[&verdict[..], &["--explain"]].concat(), &config);
    for check in [
        "mismatched",
        "missing",
        "extra",
        "duplicate",
        "conflict",
        "undecodable",
        "untimely",
    ] {
        assert!(
            out.lines().any(|line| line.trim().starts_with(check)),
            "{check} in\n{out}"
        );
    }
    let (exit, out, log) = told(&["verdict", "--release", "another"], &config);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(log.contains("another") && log.contains("checkout-v42"), "{log}");
}

fn verdict_of(config: &Path) -> (u8, String) {
    let (exit, out, _) = told(&["verdict", "--release", "checkout-v42"], config);
    (exit, out)
}

#[test]
fn an_override_is_the_verdict_until_it_is_lifted() {
    let bed = Bed::new();
    let config = bed.config("30s");
    told(&["release", "start", "--reason", "begin"], &config);
    let to = |verdict: &str| {
        let order = [
            "release",
            "override",
            "--verdict",
            verdict,
            "--reason",
            "seen by hand",
            "--by",
            "ops",
        ];
        let (exit, out, log) = told(&order, &config);
        let expect = format!("checkout-v42 generation 1: overridden to {verdict}; the verdict is {verdict}\n");
        assert_eq!((exit, out), (0, expect), "{log}");
    };
    for (verdict, expect) in [("fail", 1), ("pass", 0), ("inconclusive", 3)] {
        to(verdict);
        let (exit, out) = verdict_of(&config);
        assert_eq!(exit, expect);
        let says = format!("{verdict}\n  checkout-v42: overridden to {verdict} by ops at ");
        assert!(out.starts_with(&says), "{out}");
        assert!(out.contains("seen by hand (the evidence says inconclusive: "), "{out}");
        let (_, list, _) = told(&["release", "list", "-o", "json"], &config);
        assert!(list.contains(&format!("\"verdict\": \"{verdict}\"")), "{list}");
    }
    let (exit, out, log) = told(&["release", "override", "--lift", "--reason", "judge again"], &config);
    let expect = "checkout-v42 generation 1: override lifted; the verdict is inconclusive\n";
    assert_eq!((exit, out.as_str()), (0, expect), "{log}");
    assert!(!verdict_of(&config).1.contains("override"));
}

#[test]
fn a_stage_is_asked_about_alone() {
    let bed = Bed::new();
    let config = bed.config("30s");
    let text = std::fs::read_to_string(&config).unwrap();
    let stages = "policy: {stages: [{name: first, streams: [orders]}]}\n";
    std::fs::write(&config, format!("{text}{stages}")).unwrap();
    told(&["release", "start", "--reason", "begin"], &config);
    let verdict = ["verdict", "--release", "checkout-v42", "--stage"];
    let (exit, out, log) = told(&[&verdict[..], &["first"]].concat(), &config);
    assert_eq!(exit, 3, "{log}");
    assert!(
        out.starts_with("inconclusive\n  orders: no window with evidence is final yet"),
        "{out}"
    );
    let (exit, out, log) = told(&[&verdict[..], &["second"]].concat(), &config);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(
        log.contains("no stage `second`") && log.contains("there are: first"),
        "{log}"
    );
    // What people decide holds for the stages too.
    told(&["release", "override", "--verdict", "pass", "--reason", "r"], &config);
    assert_eq!(told(&[&verdict[..], &["first"]].concat(), &config).0, 0);
}

#[test]
fn a_mute_is_told_with_who_and_until_when() {
    let bed = Bed::new();
    let config = bed.config("30s");
    told(&["release", "start", "--reason", "begin"], &config);
    let mute = |more: &[&str]| {
        let mute = [
            "mute", "--reason", "known", "--by", "ops", "--stream", "orders", "--check", "missing",
        ];
        told(&[&mute[..], more].concat(), &config)
    };
    let (exit, out, log) = mute(&["--until", "2099-12-31"]);
    let expect = "checkout-v42 generation 1: orders: missing is muted until 2100-01-01T00:00:00Z\n";
    assert_eq!((exit, out.as_str()), (0, expect), "{log}");
    let warning = "warning: orders: the check missing is muted until 2100-01-01T00:00:00Z by ops: known";
    assert!(verdict_of(&config).1.contains(warning));
    assert_eq!(mute(&["--until", "2h"]).0, 0);
    assert_eq!(
        mute(&["--lift"]).1,
        "checkout-v42 generation 1: orders: missing is not muted\n"
    );
    assert!(!verdict_of(&config).1.contains("muted"));
}

#[test]
fn the_timeline_has_what_was_done_and_by_whom() {
    let bed = Bed::new();
    let config = bed.config("30s");
    told(&["release", "start", "--reason", "new build", "--by", "alice"], &config);
    let mute = [
        "mute", "--stream", "orders", "--check", "missing", "--by", "bob", "--reason",
    ];
    told(
        &[&mute[..], &["known | odd", "--until", "2099-12-31"]].concat(),
        &config,
    );
    told(&[&mute[..], &["over", "--lift"]].concat(), &config);
    told(
        &[
            "release",
            "override",
            "--verdict",
            "pass",
            "--reason",
            "seen",
            "--by",
            "carol",
        ],
        &config,
    );
    let (exit, out, log) = told(&["timeline", "--release", "checkout-v42", "-o", "json"], &config);
    assert_eq!(exit, 0, "{log}");
    let events: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    let gist: Vec<String> = events
        .iter()
        .map(|event| {
            ["what", "by", "detail", "reason"]
                .map(|key| event[key].as_str().unwrap_or("-").to_owned())
                .join(" ")
        })
        .collect();
    assert!(gist[0].starts_with("begin alice settings "), "{gist:?}");
    let rest = [
        "mute bob orders: missing until 2100-01-01T00:00:00Z known | odd",
        "mute bob orders: missing no longer over",
        "override carol to pass seen",
    ];
    assert_eq!(gist[1..], rest);
    let (_, out, _) = told(&["timeline", "--release", "checkout-v42"], &config);
    assert!(
        out.starts_with("checkout-v42 generation 1\n") && out.contains("carol"),
        "{out}"
    );
    let (_, out, _) = told(&["timeline", "--release", "checkout-v42", "-o", "markdown"], &config);
    assert!(out.contains("known \\| odd"), "{out}");
    assert_eq!(told(&["timeline", "--release", "another"], &config).0, 2);
}

#[test]
fn an_order_that_makes_no_sense_is_refused() {
    let bed = Bed::new();
    let config = bed.config("30s");
    told(&["release", "start", "--reason", "begin"], &config);
    let mute = ["mute", "--reason", "r", "--stream", "orders", "--check", "missing"];
    let table: [(&[&str], &str); 9] = [
        (&["release", "override", "--reason", "r"], "--verdict"),
        (&["release", "override", "--verdict", "maybe", "--reason", "r"], "maybe"),
        (&["release", "override", "--verdict", "pass"], "--reason"),
        (
            &[
                "release",
                "override",
                "--verdict",
                "pass",
                "--reason",
                "r",
                "--release",
                "another",
            ],
            "another",
        ),
        (&[&mute[..], &["--until", "2020-01-01"]].concat(), "has passed already"),
        (&[&mute[..], &["--until", "soon"]].concat(), "--until soon"),
        (&mute, "--until"),
        (
            &[
                "mute", "--reason", "r", "--stream", "order", "--check", "missing", "--until", "2h",
            ],
            "there are: orders",
        ),
        (
            &[
                "mute", "--reason", "r", "--stream", "orders", "--check", "mising", "--until", "2h",
            ],
            "missing",
        ),
    ];
    for (arguments, what) in table {
        let (exit, out, log) = told(arguments, &config);
        assert_eq!((exit, out.as_str()), (2, ""), "{arguments:?}");
        assert!(log.contains(what), "{arguments:?}: {log}");
    }
}

#[test]
fn a_worker_is_not_asked_with_a_password_in_its_address() {
    for (url, what) in [
        ("http://reader:hunter2@127.0.0.1:1", "user info"),
        ("ftp://127.0.0.1", "http"),
        ("worker", "no URL"),
    ] {
        let (exit, out, log) = run_all(&["verdict", "--release", "r", "--url", url]);
        assert_eq!((exit as u8, out.as_str()), (2, ""));
        assert!(
            log.contains(what) && log.contains("hint: ") && !log.contains("hunter2"),
            "{log}"
        );
    }
}

#[test]
fn a_rule_that_expired_is_found_and_an_upstream_elsewhere_is_a_warning() {
    let bed = Bed::new();
    let (exit, out, log) = told(&["check", "--offline"], &bed.config("30s"));
    assert_eq!(exit, 1, "{log}");
    assert!(
        out.contains("BAD   orders: the ignore of note expired on 2020-01-31; team-a owns it"),
        "{out}"
    );
    assert!(
        out.contains("warn  orders: its upstream `carts` is not a stream of this config"),
        "{out}"
    );
}
