//! A sample of the identities: both sides take the same ones, the rest is counted, and the report says what may be missed.

use std::path::PathBuf;

use serde_json::Value as Json;

use super::{Told, reconcile};

/// Identities; of every hundredth the canary has another value, every 250th it lacks.
const IDENTITIES: u64 = 20_000;

struct Files {
    dir: tempfile::TempDir,
}

impl Files {
    fn new(baseline: impl Iterator<Item = String>, canary: impl Iterator<Item = String>) -> Self {
        let files = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        std::fs::write(files.path("b.jsonl"), baseline.collect::<String>()).unwrap();
        std::fs::write(files.path("c.jsonl"), canary.collect::<String>()).unwrap();
        files
    }

    /// Twice a record an identity; the canary's in another order.
    fn with_faults() -> Self {
        let line = |id: u64, v: u64| format!("{{\"id\":{id},\"v\":{v}}}\n");
        let baseline = (0..IDENTITIES * 2).map(|at| line(at % IDENTITIES, at));
        let canary = (0..IDENTITIES * 2).rev().filter_map(|at| {
            let id = at % IDENTITIES;
            (id % 250 != 1).then(|| line(id, if id % 100 == 7 { at + 1 } else { at }))
        });
        Self::new(baseline, canary)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, flags: &str) -> Told {
        let (baseline, canary) = (self.path("b.jsonl"), self.path("c.jsonl"));
        let (baseline, canary) = (baseline.to_str().unwrap(), canary.to_str().unwrap());
        let mut all = vec!["--baseline", baseline, "--canary", canary];
        all.extend(flags.split_whitespace());
        reconcile(&all)
    }
}

fn outcome(told: &Told, name: &str) -> u64 {
    told.stream()["outcomes"][name].as_u64().unwrap()
}

fn left_out(told: &Told, side: &str) -> u64 {
    told.side(side)["excluded_reasons"]["sample"].as_u64().unwrap()
}

#[test]
fn both_records_of_a_pair_are_in_it_or_none_is() {
    let files = Files::with_faults();
    let told = files.run("--identity field:id --names entity --sample 0.1");
    // Conservation is a part of it.
    assert!(told.gist().starts_with("1 matched"), "{}", told.gist());
    let sampled = 2 * IDENTITIES - left_out(&told, "baseline");
    // Six standard deviations of the 20,000 identities, twice a record.
    assert!(
        (3_490..4_510).contains(&sampled) && sampled.is_multiple_of(2),
        "{sampled}"
    );
    assert_eq!(outcome(&told, "extra"), 0, "nobody's partner was left out");
    let (mismatched, missing) = (outcome(&told, "mismatched"), outcome(&told, "missing"));
    assert_eq!(outcome(&told, "matched") + mismatched + missing, sampled);
    assert!(
        (10..80).contains(&mismatched) && mismatched.is_multiple_of(2),
        "{mismatched}"
    );
    assert!((2..45).contains(&missing) && missing.is_multiple_of(2), "{missing}");
    let stream = told.stream();
    assert_eq!(
        (stream["sampling"].as_f64(), stream["coverage"].as_f64()),
        (Some(0.1), Some(1.0))
    );
    let measured = stream["sampled"]["baseline"].as_f64().unwrap();
    assert!((measured - sampled as f64 / (2 * IDENTITIES) as f64).abs() < 1e-12);
    // The denominator is what was compared.
    let reason = told.report["reasons"][0]["text"].as_str().unwrap();
    let compared = sampled.to_string();
    let (thousands, rest) = compared.split_at(1);
    assert!(reason.contains(&format!(" of {thousands},{rest} compared")), "{reason}");
}

#[test]
fn all_is_what_it_was_without_a_sample() {
    let files = Files::with_faults();
    let (whole, all) = (
        files.run("--identity field:id"),
        files.run("--identity field:id --sample 1"),
    );
    assert_eq!(whole.gist(), all.gist());
    assert_eq!(all.stream()["sampled"], Json::Null);
    let refused = files.run("--identity field:id --sample 0");
    assert_eq!(refused.exit, 2);
    assert!(refused.log.contains("--sample 0: must be above 0"), "{}", refused.log);
}

/// The config's key decides who is in it: a run can be made again, and one under another key looks at others.
#[test]
fn a_key_of_the_config_gives_the_same_sample_again() {
    let files = Files::with_faults();
    let config = |name: &str, key: &str| {
        std::fs::write(files.path(key), key).unwrap();
        let text = format!(
            "release: {{name: r}}\ntrust: {{key: {{file: {}}}}}\nclusters:\n  main: {{brokers: [\"localhost:1\"]}}\nstreams:\n  \
             - name: orders\n    baseline: {{topic: b}}\n    canary: {{topic: c}}\n    format: json\n    \
             identity: {{parts: [{{field: id}}]}}\n    sample: {{rate: 0.2}}\n",
            files.path(key).display()
        );
        std::fs::write(files.path(name), text).unwrap();
        files.path(name).display().to_string()
    };
    let (one, other) = (config("one.yaml", "a-key"), config("other.yaml", "another"));
    let run = |config: &str, flags: &str| files.run(&format!("-c {config} {flags}"));
    let first = run(&one, "");
    assert_eq!(first.stream()["sampling"], 0.2);
    assert_eq!(first.gist(), run(&one, "").gist());
    assert_ne!(first.gist(), run(&other, "").gist());
    // A flag overrides the config's.
    assert_eq!(run(&one, "--sample 1").side("baseline")["excluded"], 0);
}

/// Late and undecodable records are counted before it is asked who is in the sample: of those that are not, none is judged, and
/// none is missing from the coverage either.
#[test]
fn a_sample_takes_nothing_from_the_coverage() {
    let line = |at: u64, id: u64| format!("{{\"id\":{id},\"at\":{}}}\n", 1_700_000_000_000 + at * 100);
    let late = |at: u64| at % 100 == 50;
    let lines = || (0..30_000_u64).map(move |at| if late(at) { line(at - 40, at) } else { line(at, at) });
    let files = Files::new(lines(), lines());
    let flags = "--identity field:id --event-time field:at --lateness 1s --grace 1s --late-max 0.1";
    let (whole, some) = (files.run(flags), files.run(&format!("{flags} --sample 0.05")));
    assert_eq!(
        (
            whole.side("canary")["late"].as_u64(),
            some.side("canary")["late"].as_u64()
        ),
        (Some(300), Some(300))
    );
    let coverage = |told: &Told| told.stream()["coverage"].as_f64().unwrap();
    assert!((coverage(&whole) - 0.99).abs() < 1e-9, "{}", coverage(&whole));
    assert!((coverage(&some) - 0.99).abs() < 1e-3, "{}", coverage(&some));
    assert!(some.gist().starts_with("0 matched"), "{}", some.gist());
}

/// What is outside the range is outside it before it is outside the sample.
#[test]
fn an_edge_comes_before_the_sample() {
    let line = |at: u64| format!("{{\"id\":{at},\"at\":{}}}\n", 1_700_000_000_000 + at * 1_000);
    let files = Files::new((0..2_000).map(line), (0..2_000).map(line));
    let flags = "--identity field:id --event-time field:at --from 2023-11-14T22:30:00Z --sample 0.5";
    let told = files.run(flags);
    assert!(told.gist().starts_with("0 matched"), "{}", told.gist());
    let reasons = &told.side("canary")["excluded_reasons"];
    let (edge, sample) = (reasons["edge"].as_u64().unwrap(), reasons["sample"].as_u64().unwrap());
    // 22:13:20 is the first; what is before 22:30 is read from the first lateness, grace and ten minutes before it on.
    assert_eq!(outcome(&told, "matched") + sample, 1_000);
    assert!((400..600).contains(&sample) && edge > 0, "{sample} {edge}");
}

#[test]
fn the_faces_say_the_rate_and_what_may_be_missed() {
    let files = Files::with_faults();
    for (output, begin) in [
        ("table", "  sampled: 10 %"),
        ("markdown", "`b`: sampled: 10 %"),
        ("html", "<p>sampled: 10 %"),
        ("junit", "sampled: 10 %"),
    ] {
        let (baseline, canary) = (files.path("b.jsonl"), files.path("c.jsonl"));
        let arguments = [
            "crosscheck",
            "reconcile",
            "--identity",
            "field:id",
            "--sample",
            "0.1",
            "-o",
            output,
        ];
        let sources = [
            "--baseline",
            baseline.to_str().unwrap(),
            "--canary",
            canary.to_str().unwrap(),
        ];
        let (mut out, mut log) = (Vec::new(), Vec::new());
        crosscheck::cli::start(arguments.iter().chain(&sources).map(Into::into), &mut out, &mut log);
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains(begin), "{output}: {out}");
        let missed = "a fault that touches one identity is missed with probability 90 %, one that touches 29 or more with at most 5 %";
        assert!(out.contains(missed), "{output}: {out}");
    }
}
