//! `calibrate`: what it proposes for noisy files, pasted into the stream, makes baseline against control pass.

use std::path::PathBuf;

const RECORDS: u64 = 3_000;

struct Files(tempfile::TempDir);

/// Bits that look random and are the same in every run.
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 27)
}

/// A record of a side: a clock field, a sum that was added up in another order, an array in any order; event times that are
/// out of order by up to 900 ms and apart by up to 300 ms.
fn line(id: u64, side: u64) -> String {
    let noise = mixed(id * 2 + side);
    let at = 1_700_000_000_000 + id * 100 + noise % 300 - if noise.is_multiple_of(7) { 600 } else { 0 };
    let sum = 1_000.1 + (id % 97) as f64 + if side == 1 { 1e-10 } else { 0.0 };
    let mut tags = ["a", "b", "c"];
    tags.rotate_left(usize::try_from(noise % 3).unwrap());
    let processed = 1_700_000_100_000 + noise % 1_000;
    let when = jiff::Timestamp::from_millisecond(i64::try_from(at).unwrap()).unwrap();
    format!(
        "{{\"id\":{id},\"at\":\"{when}\",\"sum\":{sum:?},\"tags\":{tags:?},\"meta\":{{\"processed\":{processed}}},\"v\":{}}}\n",
        id % 10
    )
}

impl Files {
    fn new(sides: [fn(u64) -> String; 2]) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        for (name, line) in ["b", "x"].into_iter().zip(sides) {
            std::fs::write(files.path(name), (0..RECORDS).map(line).collect::<String>()).unwrap();
        }
        files
    }

    fn noisy() -> Self {
        Self::new([|id| line(id, 0), |id| line(id, 1)])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(format!("{name}.jsonl"))
    }

    fn run(&self, command: &[&str], flags: &str) -> (u8, String, String) {
        let [b, x] = ["b", "x"].map(|name| self.path(name).to_str().unwrap().to_owned());
        let mut all = vec!["crosscheck"];
        all.extend(command);
        for (word, source) in [
            ("--baseline", &b),
            (
                if command[0] == "calibrate" {
                    "--control"
                } else {
                    "--canary"
                },
                &x,
            ),
        ] {
            all.extend([word, source.as_str()]);
        }
        all.extend(flags.split_whitespace());
        let (mut out, mut log) = (Vec::new(), Vec::new());
        let exit = crosscheck::cli::start(all.iter().map(Into::into), &mut out, &mut log);
        (
            exit as u8,
            String::from_utf8(out).unwrap(),
            String::from_utf8(log).unwrap(),
        )
    }

    /// A config whose stream has what was proposed.
    fn config(&self, proposed: &str) -> PathBuf {
        let indented: String = proposed.lines().map(|line| format!("    {line}\n")).collect();
        let text = format!(
            "release: {{name: r}}\nclusters:\n  main: {{brokers: [\"localhost:9\"]}}\nstreams:\n  - name: orders\n    baseline: {{topic: a}}\n    \
             canary: {{topic: b}}\n    format: json\n    identity: {{parts: [{{field: id}}]}}\n    event_time: {{field: at}}\n    budget: {{mismatched: 0, \
             missing: 0, extra: 0, duplicate: 0, untimely: 0}}\n{indented}"
        );
        let path = self.0.path().join("crosscheck.yaml");
        std::fs::write(&path, text).unwrap();
        path
    }
}

#[test]
fn with_what_it_proposes_the_same_version_passes() {
    let files = Files::noisy();
    let flags = "--identity field:id --event-time field:at";
    assert_eq!(files.run(&["reconcile", "-q"], flags).0, 1);
    let (exit, proposed, log) = files.run(&["calibrate"], flags);
    assert_eq!(exit, 0, "{log}");
    for needle in [
        "path: \"meta.processed\", reason: \"calibrated: value in ",
        "path: \"at\"",
        "path: \"sum\", rel: \"",
        "- \"tags\" # order in ",
        "lateness: 2s # ",
        "grace: 2s # ",
    ] {
        assert!(proposed.contains(needle), "{needle}\n{proposed}");
    }
    // Only what is noisy.
    assert!(
        !proposed.contains("\"v\"") && !proposed.contains("\"id\""),
        "{proposed}"
    );
    let config = files.config(&proposed);
    let config = config.to_str().unwrap();
    let (exit, out, log) = files.run(&["reconcile", "-c", config, "--stream", "orders"], "");
    assert_eq!(exit, 0, "{proposed}\n{out}\n{log}");
}

/// Evidence is how many records and which kinds: no value, wherever it is looked for.
#[test]
fn it_tells_no_value() {
    let files = Files::new([
        |id| format!("{{\"id\":{id},\"secret\":\"sesame-{id}\",\"sum\":{}.5}}\n", 7_000 + id),
        |id| {
            format!(
                "{{\"id\":{id},\"secret\":\"simsim-{id}\",\"sum\":{}.50001}}\n",
                7_000 + id
            )
        },
    ]);
    let (exit, proposed, log) = files.run(&["calibrate", "-vv"], "--identity field:id");
    assert_eq!(exit, 0);
    for word in ["sesame", "simsim", "7000", "7001.5"] {
        assert!(
            !proposed.contains(word) && !log.contains(word),
            "{word}: {proposed}{log}"
        );
    }
    assert!(proposed.contains("value in 3,000 pairs of 3,000"), "{proposed}");
}

/// Items that differ in whatever order leave the array no rule but to be ignored.
#[test]
fn an_array_whose_items_differ_is_ignored_as_a_whole() {
    let files = Files::new([
        |id| format!("{{\"id\":{id},\"a\":[1,2,{}]}}\n", mixed(id) % 50),
        |id| format!("{{\"id\":{id},\"a\":[2,{},1]}}\n", mixed(id + 1) % 50),
    ]);
    let (exit, proposed, _) = files.run(&["calibrate"], "--identity field:id");
    assert_eq!(exit, 0);
    let compare = proposed.split("compare:").nth(1).unwrap();
    assert!(proposed.contains("mismatched 0"), "{proposed}");
    assert!(
        compare.contains("ignore") && !compare.contains("unordered"),
        "{proposed}"
    );
}

#[test]
fn nothing_is_proposed_where_nothing_differs_and_what_no_rule_takes_out_is_told() {
    let files = Files::new([
        |id| format!("{{\"id\":{id}}}\n"),
        |id| {
            if id == 7 {
                String::new()
            } else {
                format!("{{\"id\":{id}}}\n")
            }
        },
    ]);
    let (exit, proposed, _) = files.run(&["calibrate"], "--identity field:id");
    assert_eq!(exit, 0);
    assert!(proposed.lines().all(|line| line.starts_with('#')), "{proposed}");
    assert!(
        proposed.contains("missing 1") && proposed.contains("what is left no rule takes out"),
        "{proposed}"
    );
    let (exit, proposed, _) = files.run(&["calibrate"], "");
    assert_eq!(exit, 0);
    assert!(proposed.contains("without an identity"), "{proposed}");
}

#[test]
fn without_a_control_it_says_what_it_needs() {
    let all = ["crosscheck", "calibrate", "--baseline", "b.jsonl"];
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let exit = crosscheck::cli::start(all.iter().map(Into::into), &mut out, &mut log);
    assert_eq!((exit as u8, out.len()), (2, 0));
    let log = String::from_utf8(log).unwrap();
    assert!(log.contains("nothing to calibrate with"), "{log}");
}

#[test]
fn a_stream_of_a_config_has_its_own_control() {
    let files = Files::noisy();
    let config = files.config("control: {topic: c}");
    let [b, x] = ["b", "x"].map(|name| files.path(name).to_str().unwrap().to_owned());
    let all = [
        "crosscheck",
        "calibrate",
        "-c",
        config.to_str().unwrap(),
        "--baseline",
        &b,
        "--control",
        &x,
    ];
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let exit = crosscheck::cli::start(all.iter().map(Into::into), &mut out, &mut log);
    assert_eq!(exit as u8, 0, "{}", String::from_utf8(log).unwrap());
    let out = String::from_utf8(out).unwrap();
    assert!(out.starts_with("# stream orders: 3,000 pairs"), "{out}");
}
