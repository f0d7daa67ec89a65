//! `CROSSCHECK_*` variables win over the file; what is in force can be printed, and is a config again.

use std::collections::BTreeMap;
use std::path::Path;

use super::{parse, parse_with};
use crosscheck::config::{Config, Purpose};

const MINIMAL: &str = include_str!("../../../config/minimal.yaml");

#[test]
fn variables_win() {
    let variables = [
        ("CROSSCHECK_STORE_URL", "postgres://db/crosscheck"),
        ("CROSSCHECK_RELEASE_NAME", "v43"),
        ("CROSSCHECK_POLICY_SILENT_AFTER", "2m"),
        // What Kubernetes sets beside a service of this name is not ours.
        ("CROSSCHECK_PORT", "tcp://10.0.0.1:9600"),
    ];
    let config = parse_with(MINIMAL, &variables, Purpose::Worker).unwrap();
    assert_eq!(config.store.url, "postgres://db/crosscheck");
    assert_eq!(config.release.name, "v43");
    assert_eq!(config.policy.silent_after_ms, 120_000);
}

#[test]
fn what_is_in_force() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config/minimal.yaml"));
    let text = Config::effective(path, &BTreeMap::new()).unwrap();
    assert_eq!(parse(&text).unwrap().digest(), parse(MINIMAL).unwrap().digest());
    insta::assert_snapshot!(text);
}
