//! Flags, and the stream of a config, to a request.

use std::collections::BTreeMap;

use crosscheck::codec::{EventTime, Format, Framing, Part};
use crosscheck::config::{Bound, Config, Contract, Purpose, ReconcileFlags, ReconcileRequest, Source, request_from};
use crosscheck::engine::{Names, Range, Tolerance};
use crosscheck::model::Path;

fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn files() -> ReconcileFlags {
    ReconcileFlags {
        baseline: Some("data/orders.avro".to_owned()),
        canary: Some("data/canary.avro".to_owned()),
        ..ReconcileFlags::default()
    }
}

fn topics() -> ReconcileFlags {
    ReconcileFlags {
        baseline: Some("kafka://a:1,b:2/orders".to_owned()),
        canary: Some("kafka://c/orders.canary".to_owned()),
        registry: list(&["https://registry:8081"]),
        ..ReconcileFlags::default()
    }
}

fn request(flags: &ReconcileFlags) -> ReconcileRequest {
    match request_from(flags, None) {
        Ok(request) => request,
        Err(error) => panic!("{error}"),
    }
}

fn config() -> Config {
    let text = include_str!("../../../config/crosscheck.yaml");
    Config::parse("crosscheck.yaml", text, &BTreeMap::new(), Purpose::Bounded).unwrap()
}

#[test]
fn two_files() {
    let request = request(&files());
    assert_eq!(request.release, "reconcile");
    assert_eq!(request.stream, "orders");
    assert_eq!(request.sides.baseline.source, Source::Avro("data/orders.avro".into()));
    assert_eq!(request.sides.baseline.codec.framing, Framing::None);
    assert_eq!(request.engine.window_ms, None);
    assert_eq!((request.engine.lateness_ms, request.engine.grace_ms), (None, None));
    assert_eq!(request.budgets, Default::default());
    assert!(!request.engine.has_identity);
}

#[test]
fn two_topics() {
    let request = request(&topics());
    let brokers = list(&["a:1", "b:2"]);
    let source = Source::Kafka {
        brokers: brokers.clone(),
        topic: "orders".to_owned(),
    };
    assert_eq!(request.sides.baseline.source, source);
    assert_eq!(request.sides.baseline.cluster.brokers, brokers);
    assert_eq!(request.sides.canary.cluster.brokers, list(&["c:9092"]));
    assert_eq!(request.sides.canary.codec.framing, Framing::Confluent);
    assert_eq!(request.sides.canary.codec.key_format, Format::Raw);
    assert_eq!(
        (request.sides.canary.from, request.sides.canary.to),
        (Bound::Beginning, Bound::End)
    );
}

#[test]
fn options_by_side() {
    let mut flags = topics();
    flags.identity = list(&["field:id", "baseline=header:h", "canary=key:k\\.x"]);
    flags.select = list(&["canary=header:pipeline=v2=x", "partition:0-3", "baseline=schema:7,8"]);
    flags.format = list(&["canary=raw"]);
    flags.from = list(&["baseline=10", "canary=-5"]);
    flags.properties = list(&["canary=client.id=x", "socket.keepalive.enable=false"]);
    let request = request(&flags);
    let (baseline, canary) = (&request.sides.baseline, &request.sides.canary);
    let field = |name: &str| Path::parse(name).unwrap();
    assert_eq!(
        baseline.codec.identity,
        [Part::Field(field("id")), Part::Header("h".to_owned())]
    );
    assert_eq!(
        canary.codec.identity,
        [Part::Field(field("id")), Part::KeyPath(field("k\\.x"))]
    );
    assert_eq!(
        canary.codec.select.headers,
        [("pipeline".to_owned(), "v2=x".to_owned())]
    );
    assert_eq!(baseline.codec.select.partitions, [(0, 3)]);
    assert_eq!(
        (&baseline.codec.select.schemas[..], &canary.codec.select.schemas[..]),
        (&[7, 8][..], &[][..])
    );
    assert_eq!(
        (baseline.codec.format, canary.codec.format),
        (Format::Avro, Format::Raw)
    );
    assert_eq!((baseline.from, canary.from), (Bound::Offset(10), Bound::BeforeEnd(5)));
    assert_eq!(baseline.cluster.properties.len(), 1);
    assert_eq!(canary.cluster.properties["client.id"], "x");
}

#[test]
fn what_equal_means() {
    let mut flags = files();
    flags.tolerance = list(&["amount=0.01", "total=1%", "at=5ms"]);
    flags.ignore = list(&["items[*].seen"]);
    flags.rename = list(&["customer=customer_id"]);
    flags.budget = list(&["1e-3", "extra=0", "conflict=1%"]);
    flags.contract = Some("orders-value:3".to_owned());
    flags.names = Some("entity".to_owned());
    let request = request(&flags);
    let (baseline, canary) = (&request.sides.baseline.codec.rules, &request.sides.canary.codec.rules);
    assert_eq!(baseline.tolerant.len(), 3);
    assert_eq!(
        request.engine.tolerances,
        [
            Tolerance::Absolute("0.01".to_owned()),
            Tolerance::Relative("0.01".to_owned()),
            Tolerance::Absolute("5".to_owned()),
        ]
    );
    assert_eq!(baseline.ignore, canary.ignore);
    assert!(baseline.rename.is_empty() && canary.rename.len() == 1);
    let budgets = request.budgets;
    assert_eq!(
        (budgets.mismatched, budgets.missing, budgets.extra, budgets.duplicate),
        (1e-3, 1e-3, 0.0, 1e-3)
    );
    assert_eq!((budgets.conflict, budgets.undecodable), (0.01, 0.0));
    assert_eq!(
        request.contract,
        Some(Contract::Subject {
            name: "orders-value".to_owned(),
            version: 3
        })
    );
    assert_eq!(request.engine.names, Names::Entity);
}

#[test]
fn a_range_in_time_bounds_lateness_and_grace() {
    let mut flags = topics();
    flags.event_time = list(&["field:at"]);
    assert_eq!(request(&flags).engine.lateness_ms, None);
    flags.from = list(&["-1h"]);
    flags.to = list(&["2026-01-01T00:00:00Z"]);
    let mut made = request(&flags);
    assert_eq!(
        (made.engine.lateness_ms, made.engine.grace_ms),
        (Some(60_000), Some(30_000))
    );
    assert_eq!(made.engine.window_ms, Some(30_000));
    let end_ms = 1_767_225_600_000;
    made.fix_times(end_ms + 1_000).unwrap();
    let start_ms = end_ms + 1_000 - 3_600_000;
    assert_eq!(
        made.engine.range,
        Range::Time {
            start_ms: Some(start_ms),
            end_ms: Some(end_ms)
        }
    );
    assert!(request(&flags).fix_times(end_ms + 3_600_001).is_err());
    // Without an event time it is literal.
    flags.event_time.clear();
    let mut made = request(&flags);
    made.fix_times(end_ms).unwrap();
    assert_eq!(made.engine.range, Range::Everything);
    assert_eq!(made.engine.lateness_ms, None);
}

#[test]
fn flags_override_a_config_and_lists_add_to_it() {
    let flags = ReconcileFlags {
        stream: Some("orders".to_owned()),
        ignore: list(&["note"]),
        window: Some("1m".to_owned()),
        budget: list(&["mismatched=0"]),
        canary: Some("kafka://other:9092/orders.v3".to_owned()),
        lateness: Some("10m".to_owned()),
        ..ReconcileFlags::default()
    };
    let request = request_from(&flags, Some(&config())).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (request.release.as_str(), request.stream.as_str()),
        ("checkout-v42", "orders")
    );
    assert_eq!(request.sides.baseline.codec.rules.ignore.len(), 2);
    assert_eq!(request.engine.window_ms, Some(60_000));
    assert_eq!(
        (request.engine.lateness_ms, request.engine.grace_ms),
        (Some(600_000), Some(30_000))
    );
    assert_eq!(request.limits.ahead_max_ms, 630_000);
    assert_eq!((request.budgets.mismatched, request.budgets.missing), (0.0, 1e-4));
    assert_eq!(request.sides.baseline.cluster.brokers, list(&["kafka:9092"]));
    assert_eq!(request.sides.canary.cluster.brokers, list(&["other:9092"]));
    assert_eq!(
        request.sides.canary.codec.event_time,
        EventTime::Field(Path::parse("created_at").unwrap())
    );
    assert_eq!(request.engine.range, Range::Everything);
}

#[test]
fn a_stream_that_the_config_has_not() {
    let flags = ReconcileFlags {
        stream: Some("order".to_owned()),
        ..ReconcileFlags::default()
    };
    let error = request_from(&flags, Some(&config())).err().unwrap();
    assert_eq!(error.what, "--stream order: the config has no such stream");
    assert_eq!(error.hint.as_deref(), Some("did you mean `orders`?"));
}
