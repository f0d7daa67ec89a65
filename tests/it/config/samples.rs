//! Sample configs are test inputs.

use super::{parse, parse_with};
use crosscheck::config::{Budgets, Limits, Purpose, Start};
use crosscheck::engine::Range;

#[test]
fn every_sample_is_a_config() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if let Err(faults) = parse_with(&text, &[], Purpose::WorkerOffline) {
            panic!("{}: {}", path.display(), faults.lines().join("\n"));
        }
        count += 1;
    }
    assert!(count >= 2);
}

#[test]
fn the_starting_point_states_the_defaults() {
    let (full, minimal) = (
        include_str!("../../../config/crosscheck.yaml"),
        include_str!("../../../config/minimal.yaml"),
    );
    let (full, minimal) = (parse(full).unwrap(), parse(minimal).unwrap());
    assert_eq!(full.release.start, minimal.release.start);
    assert_eq!(full.policy, minimal.policy);
    assert_eq!(full.store.url, minimal.store.url);
    assert_eq!(full.serve, minimal.serve);
    let (full, minimal) = (&full.streams[0], &minimal.streams[0]);
    assert_eq!(full.engine, minimal.engine);
    assert_eq!(full.budgets, minimal.budgets);
    let said = Limits {
        skew_max_ms: minimal.engine.skew_max_ms,
        age_max_ms: minimal.engine.age_max_ms,
        ..minimal.limits
    };
    assert_eq!(full.limits, said);
    assert_eq!(full.sides.baseline.cluster, minimal.sides.baseline.cluster);
    assert_eq!(full.sides.baseline.registry, minimal.sides.baseline.registry);
    let mut codec = full.sides.canary.codec.clone();
    codec.rules.ignore.clear();
    assert_eq!(codec, minimal.sides.canary.codec);
}

#[test]
fn defaults_are_those_of_the_contract() {
    let config = parse(include_str!("../../../config/minimal.yaml")).unwrap();
    assert_eq!(config.release.start, Start::Now);
    assert_eq!(config.store.url, "sqlite://crosscheck.db");
    assert_eq!(config.serve.address.to_string(), "127.0.0.1:9600");
    let stream = &config.streams[0];
    assert_eq!(stream.engine.window_ms, Some(30_000));
    assert_eq!(stream.engine.lateness_ms, Some(60_000));
    assert_eq!(stream.engine.grace_ms, Some(30_000));
    assert_eq!(stream.engine.skew_max_ms, Some(600_000));
    assert_eq!(stream.engine.age_max_ms, Some(604_800_000));
    assert_eq!(stream.engine.range, Range::Discovered);
    assert_eq!(stream.engine.findings_max, 100);
    assert_eq!(stream.engine.held_max_bytes, 268_435_456);
    assert_eq!((stream.limits.idle_ms, stream.limits.ahead_max_ms), (30_000, 300_000));
    let budgets = Budgets {
        mismatched: 1e-4,
        missing: 1e-4,
        extra: 1e-4,
        duplicate: 1e-3,
        conflict: 0.0,
        undecodable: 0.0,
        untimely: 1e-4,
        diverted: 1e-4,
    };
    assert_eq!(stream.budgets, budgets);
}
