//! Bounded runs over files, as a user sees them: flags in, the JSON report and the exit code out.

mod avro;
mod bad;
mod by_config;
mod calibrate;
mod cases;
mod census;
mod conditions;
mod contract;
mod control;
mod dataset;
mod dead_letter;
mod envelopes;
mod headers_topics;
mod json_files;
mod json_topics;
mod latest;
mod many_topics;
mod once;
mod protobuf_topics;
mod range;
mod rules;
mod sampled;
mod secrets;
mod shaped;
mod times;
mod topics;

use serde_json::Value as Json;

/// What a run told: exit code, the report (null where there is none), stderr.
pub(super) struct Told {
    pub exit: u8,
    pub report: Json,
    pub log: String,
}

/// Runs `crosscheck reconcile -o json`.
pub(super) fn reconcile(arguments: &[&str]) -> Told {
    let all = ["crosscheck", "reconcile", "-o", "json"];
    let all = all.iter().chain(arguments).map(Into::into);
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let exit = crosscheck::cli::start(all, &mut out, &mut log);
    let report = serde_json::from_slice(&out).unwrap_or(Json::Null);
    if !report.is_null() {
        crate::docs::report::is_valid(&report);
    }
    Told {
        exit: exit as u8,
        report,
        log: String::from_utf8(log).unwrap(),
    }
}

impl Told {
    /// What stood on stderr, without colour.
    pub fn plain_log(&self) -> String {
        anstream::adapter::strip_str(&self.log).to_string()
    }

    /// The one stream.
    pub fn stream(&self) -> &Json {
        &self.report["streams"][0]
    }

    /// A side of it.
    pub fn side(&self, side: &str) -> &Json {
        &self.stream()["sides"][side]
    }

    /// Exit code, outcomes that are not 0 (baseline/canary where a side has its own), `| path kind count`,
    /// `| path change`, with `!` where it breaks.
    pub fn gist(&self) -> String {
        if self.report.is_null() {
            return format!("{} {}", self.exit, self.log.trim());
        }
        self.law();
        let stream = self.stream();
        let mut text = self.exit.to_string();
        for name in [
            "matched",
            "mismatched",
            "missing",
            "extra",
            "duplicate",
            "conflict",
            "pending",
        ] {
            match &stream["outcomes"][name] {
                Json::Number(count) if count.as_u64() != Some(0) => text += &format!(" {name} {count}"),
                Json::Object(of) if of.values().any(|count| count.as_u64() != Some(0)) => {
                    text += &format!(" {name} {}/{}", of["baseline"], of["canary"]);
                }
                _ => {}
            }
        }
        for field in stream["fields"].as_array().unwrap() {
            let of = |key: &str| field[key].as_str().unwrap();
            text += &format!(" | {} {} {}", of("path"), of("kind"), field["count"]);
        }
        for change in stream["schema_changes"].as_array().unwrap() {
            let of = |key: &str| change[key].as_str().unwrap();
            let breaks = if change["breaking"] == true { "!" } else { "" };
            text += &format!(" | {} {}{breaks}", of("path"), of("change"));
        }
        text
    }

    /// What holds in every report: conservation, and offsets are records or gaps.
    fn law(&self) {
        let outcomes = &self.stream()["outcomes"];
        let number = |value: &Json| value.as_u64().unwrap();
        for (name, alone) in [("baseline", "missing"), ("canary", "extra")] {
            let side = self.side(name);
            let pairs = ["matched", "mismatched", alone, "profiled"].map(|key| number(&outcomes[key]));
            let own = ["duplicate", "conflict", "pending"].map(|key| number(&outcomes[key][name]));
            let apart = ["late", "untimely", "undecodable", "diverted", "excluded"].map(|key| number(&side[key]));
            let placed: u64 = pairs.iter().chain(&own).chain(&apart).sum();
            assert_eq!(number(&side["read"]), placed, "{name}: {}", self.report);
            let sum = |key: &str| side[key].as_object().unwrap().values().map(number).sum::<u64>();
            assert_eq!(number(&side["undecodable"]), sum("undecodable_reasons"), "{name}");
            assert_eq!(number(&side["excluded"]), sum("excluded_reasons"), "{name}");
            let ranges = side["partitions"].as_array().unwrap().iter();
            let offsets: u64 = ranges.map(|range| number(&range["to"]) - number(&range["from"])).sum();
            assert_eq!(offsets, number(&side["read"]) + number(&side["gaps"]), "{name}");
        }
    }
}
