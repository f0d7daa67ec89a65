//! A control beside the canary (rule 15): what both show is left out, what only one shows is told apart, and a control that
//! is not quiet makes the verdict inconclusive and names what is noisy.

use std::path::PathBuf;

use serde_json::Value as Json;

use super::{Told, reconcile};

const RECORDS: u64 = 2_000;

struct Files(tempfile::TempDir);

/// A line of a record: its identity, a value, a text that differs where the side is noisy.
fn line(id: u64, v: u64, noise: &str) -> String {
    format!("{{\"id\":{id},\"v\":{v},\"t\":{},\"noise\":\"{noise}\"}}\n", id * 10)
}

impl Files {
    fn new(of: [&dyn Fn(u64) -> String; 3]) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        for (name, line) in ["b", "c", "x"].into_iter().zip(of) {
            std::fs::write(files.path(name), (0..RECORDS).map(line).collect::<String>()).unwrap();
        }
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(format!("{name}.jsonl"))
    }

    fn run(&self, flags: &str) -> Told {
        let sides = self.sides();
        let mut all: Vec<&str> = sides.iter().map(String::as_str).collect();
        all.extend(flags.split_whitespace());
        reconcile(&all)
    }

    /// The flags that name the three, and what is one event.
    fn sides(&self) -> Vec<String> {
        let named = [("--baseline", "b"), ("--canary", "c"), ("--control", "x")];
        let mut all: Vec<String> = named
            .iter()
            .flat_map(|(flag, name)| [(*flag).to_owned(), self.path(name).display().to_string()])
            .collect();
        all.extend(["--identity", "field:id"].map(str::to_owned));
        all
    }
}

fn control(told: &Told) -> &Json {
    &told.stream()["control"]
}

fn noise(told: &Told, side: &str) -> u64 {
    told.side(side)["excluded_reasons"]["noise"].as_u64().unwrap()
}

/// Eight records are noisy on both sides, one more in the control alone, and one is the canary's own fault.
fn quiet() -> Files {
    let plain = |id: u64| line(id, id, "a");
    let noisy = |id: u64, what: &str| line(id, id, if id % 250 == 7 { what } else { "a" });
    Files::new([
        &plain,
        &|id| {
            if id == 100 {
                line(id, 0, "a")
            } else {
                noisy(id, "canary")
            }
        },
        &|id| {
            if id == 200 {
                line(id, id, "x")
            } else {
                noisy(id, "control")
            }
        },
    ])
}

#[test]
fn the_canarys_own_differences_fail_and_noise_is_left_out() {
    let told = quiet().run("");
    assert_eq!(told.gist(), "1 matched 1991 mismatched 1 | v value 1");
    assert_eq!((noise(&told, "baseline"), noise(&told, "canary")), (8, 8));
    let control = control(&told);
    let counts = ["matched", "mismatched", "missing", "extra"].map(|key| control[key].as_u64().unwrap());
    assert_eq!(counts, [1991, 9, 0, 0]);
    let parts = ["compared", "canary_only", "control_only", "both"].map(|key| control["noise"][key].as_u64().unwrap());
    assert_eq!(parts, [2000, 1, 1, 8]);
    assert_eq!(told.stream()["coverage"], 0.996);
    assert_eq!(told.stream()["findings"].as_array().unwrap().len(), 1);
    // Noise is at most 1 %: nothing need be ignored, but it is told where it is.
    assert_eq!(control["proposed_ignore"], Json::Array(Vec::new()));
    assert_eq!(control["fields"][0]["path"], "noise");
}

#[test]
fn what_both_show_passes() {
    let told = quiet().run("--ignore v");
    assert_eq!(told.gist(), "0 matched 1992");
    assert_eq!(control(&told)["noise"]["both"], 8);
}

#[test]
fn windows_spilling_and_pieces_change_nothing() {
    for flags in [
        "--event-time field:t --window 1s --lateness 1s --grace 1s",
        "--held-max-bytes 64KiB",
        "--event-time field:t --window 1s --held-max-bytes 64KiB",
    ] {
        let told = quiet().run(flags);
        assert_eq!(
            told.gist(),
            "1 matched 1991 mismatched 1 | v value 1",
            "{flags}: {}",
            told.log
        );
        assert_eq!(control(&told)["noise"]["both"], 8, "{flags}");
        assert_eq!(control(&told)["left_out"], 0, "{flags}");
    }
}

#[test]
fn a_field_that_differs_in_every_record_is_noise_that_hides_everything() {
    let files = Files::new([
        &|id| line(id, id, &format!("b{id}")),
        &|id| line(id, if id % 10 == 0 { 0 } else { id }, &format!("c{id}")),
        &|id| line(id, id, &format!("x{id}")),
    ]);
    let told = files.run("");
    assert_eq!(told.exit, 3, "{}", told.report);
    assert_eq!(told.report["reasons"][0]["check"], "noise");
    let text = told.report["reasons"][0]["text"].as_str().unwrap();
    assert!(text.ends_with("; ignore noise"), "{text}");
    assert_eq!(control(&told)["proposed_ignore"][0], "noise");
    // With what it proposes the fault is there.
    let told = files.run("--ignore noise");
    assert_eq!(told.gist(), "1 matched 1801 mismatched 199 | v value 199");
    assert_eq!(control(&told)["noise"]["both"], 0);
}

/// An identity that canary and control have and the baseline lacks; one that both lack.
#[test]
fn missing_and_extra_that_both_show() {
    let gone = |id: u64, who: u64| if id == who { String::new() } else { line(id, id, "a") };
    let files = Files::new([
        &|id| gone(id, 3),
        &|id| if id == 6 { String::new() } else { gone(id, 5) },
        &|id| gone(id, 5),
    ]);
    let told = files.run("");
    assert_eq!(told.gist(), "1 matched 1997 missing 1");
    assert_eq!((noise(&told, "baseline"), noise(&told, "canary")), (1, 1));
    assert_eq!(control(&told)["extra"], 1);
}

#[test]
fn an_option_for_the_control_alone() {
    let told = quiet().run("--to control=100");
    assert_eq!(told.exit, 3, "{}", told.report);
    assert_eq!(
        (&control(&told)["read"], &control(&told)["missing"]),
        (&100.into(), &1_900.into())
    );
    assert_eq!(told.side("canary")["read"], RECORDS);
}

#[test]
fn every_face_tells_of_it() {
    let files = quiet();
    let sides = files.sides();
    for output in ["table", "markdown", "html", "junit"] {
        let all = ["crosscheck", "reconcile", "-o", output].into_iter();
        let all = all.chain(sides.iter().map(String::as_str)).map(Into::into);
        let (mut out, mut log) = (Vec::new(), Vec::new());
        let _ = crosscheck::cli::start(all, &mut out, &mut log);
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("control: matched 1,991, mismatched 9, missing 0, extra 0"),
            "{output}: {text}"
        );
        assert!(
            text.contains("1 differ in the canary only, 1 in the control only, 8 in both"),
            "{output}: {text}"
        );
    }
}

#[test]
fn a_control_that_cannot_be_read_is_trouble() {
    let files = quiet();
    std::fs::remove_file(files.path("x")).unwrap();
    let told = files.run("");
    assert_eq!(told.exit, 2);
    assert!(told.log.contains("open the control"), "{}", told.log);
}

/// Over topics, in windows of event time, with a range of its own clusters and an option that is the control's alone.
#[test]
fn of_topics() {
    let world = super::json_topics::World::new();
    let produce = |topic: &str, note: &dyn Fn(u64) -> &'static str| {
        let lines: Vec<(String, String)> = (0..600)
            .map(|id| (format!("k{id}"), line(id, id, note(id)).trim_end().to_owned()))
            .collect();
        let rows: Vec<(&str, Option<&[u8]>)> = lines
            .iter()
            .map(|(key, line)| (key.as_str(), Some(line.as_bytes())))
            .collect();
        world.produce(topic, &rows);
    };
    produce("b", &|_| "a");
    produce("c", &|id| match id {
        100 => "own",
        300 | 301 => "c",
        _ => "a",
    });
    produce("x", &|id| if matches!(id, 300 | 301) { "x" } else { "a" });
    let control = format!("kafka://{}/x", world.brokers());
    for flags in ["", "--event-time field:t --window 1s --lateness 1s --grace 1s"] {
        let told = world.reconcile(&format!(
            "--format json --identity key --control {control} --select control=partition:0 {flags}"
        ));
        assert_eq!(
            told.gist(),
            "1 matched 597 mismatched 1 | noise value 1",
            "{flags}: {}",
            told.log
        );
        let stream = &told.stream()["control"];
        assert_eq!(
            (&stream["noise"]["both"], &stream["read"]),
            (&2.into(), &600.into()),
            "{flags}"
        );
    }
}
