//! What only topics have: keys, headers, tombstones, frames, partitions. On librdkafka's broker in the process.

use std::path::PathBuf;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};

use super::Told;
use super::avro::{encoded, schema};

const FIELDS: &str = "id string; v int";

/// A record of a topic.
#[derive(Clone, Copy)]
struct Row<'a> {
    key: Option<&'a str>,
    /// The values of `id` and `v`; none is a tombstone.
    value: Option<(&'a str, i64)>,
    header: Option<&'a str>,
    /// Bytes of its value that are cut off.
    cut: usize,
}

const fn row(key: &str, v: i64) -> Row<'_> {
    Row {
        key: Some(key),
        value: Some((key, v)),
        header: None,
        cut: 0,
    }
}

/// Runs each case in a world of its own, all at once: the broker in the process answers some questions by silence.
fn all<T: Sync>(cases: &[T], check: impl Fn(&World, &T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| check(&World::new("none"), case));
        }
    });
}

struct World {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
    dir: tempfile::TempDir,
    framing: &'static str,
}

impl World {
    fn new(framing: &'static str) -> Self {
        let cluster = MockCluster::new(1).unwrap();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", cluster.bootstrap_servers())
            .set("linger.ms", "1")
            .create()
            .unwrap();
        Self {
            cluster,
            producer,
            dir: tempfile::tempdir().unwrap(),
            framing,
        }
    }

    fn contract(&self) -> PathBuf {
        let path = self.dir.path().join("order.avsc");
        std::fs::write(&path, schema(FIELDS).to_string()).unwrap();
        path
    }

    fn value(&self, (id, v): (&str, i64)) -> Vec<u8> {
        let bytes = encoded(&schema(FIELDS), &serde_json::json!({"id": id, "v": v}));
        if self.framing == "none" {
            return bytes;
        }
        let parsed = crosscheck::codec::Schema::parse(&schema(FIELDS).to_string()).unwrap();
        [&[0xc3, 0x01][..], &parsed.fingerprint64(), &bytes].concat()
    }

    fn produce(&self, topic: &str, rows: &[Row]) {
        self.cluster.create_topic(topic, 1, 1).unwrap();
        for row in rows {
            let value = row.value.map(|value| {
                let mut value = self.value(value);
                value.truncate(value.len() - row.cut);
                value
            });
            let mut record: BaseRecord<str, [u8]> = BaseRecord::to(topic).partition(0);
            if let Some(key) = row.key {
                record = record.key(key);
            }
            if let Some(value) = &value {
                record = record.payload(value);
            }
            if let Some(header) = row.header {
                record = record.headers(OwnedHeaders::new().insert(Header {
                    key: "h",
                    value: Some(header),
                }));
            }
            self.producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        self.producer.flush(Duration::from_secs(20)).unwrap();
    }

    fn reconcile(&self, baseline: &[Row], canary: &[Row], flags: &str) -> Told {
        let run = uuid::Uuid::now_v7();
        let topic = |side: &str| format!("{side}-{run}");
        self.produce(&topic("b"), baseline);
        self.produce(&topic("c"), canary);
        let source = |side: &str| format!("kafka://{}/{}", self.cluster.bootstrap_servers(), topic(side));
        let (baseline, canary, contract) = (source("b"), source("c"), self.contract());
        let mut all = vec!["--baseline", &baseline, "--canary", &canary, "--framing", self.framing];
        all.extend(["--contract", contract.to_str().unwrap()]);
        all.extend(flags.split_whitespace());
        super::reconcile(&all)
    }
}

/// Topics that do not fit in memory: the same report, but for what is another in every run.
#[test]
fn that_do_not_fit_in_memory() {
    let names: Vec<String> = (0..600).map(|number| format!("k{}", number % 550)).collect();
    let rows = |odd: i64| -> Vec<Row> {
        let numbered = (0..).zip(&names).filter(|(number, _)| number % 7 != odd);
        numbered
            .map(|(number, name)| Row {
                cut: usize::from(number % 90 == 4) * 2,
                ..row(name, if number % 11 == odd { -1 } else { number })
            })
            .collect()
    };
    let told = ["", "--held-max-bytes 24KiB"].map(|limit| {
        let world = World::new("none");
        let mut told = world.reconcile(&rows(1), &rows(2), &format!("--identity key {limit}"));
        let gist = told.gist();
        told.report["streams"][0]["stream"].take();
        let findings = told.report["streams"][0]["findings"].as_array_mut().unwrap();
        assert!(!findings.is_empty(), "{gist}");
        findings.iter_mut().for_each(|finding| drop(finding["identity"].take()));
        (gist, told.report["streams"].clone())
    });
    assert!(told[0].0.contains("conflict"), "{}", told[0].0);
    assert_eq!(told[0], told[1]);
}

/// A value that names no schema, or the contract's fingerprint, is read by the contract.
#[test]
fn frames_without_a_registry() {
    for framing in ["none", "single-object"] {
        let world = World::new(framing);
        let told = world.reconcile(
            &[row("a", 1), row("b", 1)],
            &[row("a", 2), row("b", 1)],
            "--identity key",
        );
        assert_eq!(
            told.gist(),
            "1 matched 1 mismatched 1 | v value 1",
            "{framing}: {}",
            told.log
        );
    }
}

#[test]
fn keys_headers_and_tombstones() {
    let a = row("a", 1);
    let rekeyed = Row { key: Some("z"), ..a };
    let keyless = Row { key: None, ..a };
    let tombstone = Row { value: None, ..a };
    let with = |header| Row {
        header: Some(header),
        ..a
    };
    let (key, field) = ("--identity key", "--identity field:id");
    let cases = [
        (
            "the key is compared",
            a,
            rekeyed,
            field,
            "1 mismatched 1 | $key value 1",
        ),
        ("a null key", a, keyless, field, "1 mismatched 1 | $key null 1"),
        (
            "but not if ignored",
            a,
            rekeyed,
            "--identity field:id --ignore $key",
            "0 matched 1",
        ),
        ("a tombstone", a, tombstone, key, "1 mismatched 1 | $value null 1"),
        ("two of them", tombstone, tombstone, key, "0 matched 1"),
        ("by content", tombstone, tombstone, field, "0 matched 1"),
        ("headers are not compared", with("1"), with("2"), key, "0 matched 1"),
        (
            "headers identify",
            with("1"),
            with("2"),
            "--identity header:h",
            "1 missing 1 extra 1",
        ),
        ("null keys pair by content", keyless, keyless, key, "0 matched 1"),
        (
            "a select of one side",
            a,
            with("x"),
            "--identity key --select canary=header:h=x",
            "0 matched 1",
        ),
        (
            "and of what is not there",
            a,
            with("x"),
            "--identity key --select canary=header:h=y",
            "3 missing 1",
        ),
    ];
    all(&cases, |world, (name, baseline, canary, flags, expect)| {
        let told = world.reconcile(&[*baseline], &[*canary], flags);
        assert_eq!(told.gist(), *expect, "{name}: {}", told.log);
    });
}

#[test]
fn a_key_tells_where_the_partner_is() {
    let world = World::new("none");
    let cut = Row { cut: 1, ..row("b", 1) };
    let told = world.reconcile(&[row("a", 1), row("b", 1)], &[row("a", 1), cut], "--identity key");
    assert_eq!(told.gist(), "1 matched 1 missing 1");
    assert_eq!(told.side("canary")["undecodable_reasons"]["truncated"], 1);
    let findings = told.stream()["findings"].as_array().unwrap();
    let missing = findings.iter().find(|finding| finding["outcome"] == "missing").unwrap();
    let note = missing["note"].as_str().unwrap();
    assert_eq!(
        note,
        "the canary's record with this key, at 0:1, cannot be decoded (truncated)"
    );
}

#[test]
fn offsets() {
    let ids: Vec<String> = (0..10).map(|id| id.to_string()).collect();
    let rows: Vec<Row> = ids.iter().map(|id| row(id, 1)).collect();
    let cases = [
        ("", "0 matched 10"),
        ("--from 5", "0 matched 5"),
        ("--to -3", "0 matched 7"),
        ("--from -5 --to -3", "0 matched 2"),
        ("--from end", "3"),
        ("--to 500", "0 matched 10"),
        ("--from baseline=5", "1 matched 5 extra 5"),
    ];
    all(&cases, |world, (flags, expect)| {
        let told = world.reconcile(&rows, &rows, &format!("--identity key {flags}"));
        assert_eq!(told.gist(), *expect, "{flags}: {}", told.log);
    });
}
