//! Config blocks of the docs are configs.

use std::collections::BTreeMap;

use crosscheck::config::{Config, Purpose};

use super::blocks::blocks;

#[test]
fn every_block_that_is_a_config_is_read() {
    let env: BTreeMap<String, String> = BTreeMap::new();
    let mut count = 0;
    for block in blocks() {
        if block.language == "yaml" && block.text.starts_with("release:") {
            if let Err(faults) = Config::parse(&block.at, &block.text, &env, Purpose::WorkerOffline) {
                panic!("{}", faults.lines().join("\n"));
            }
            count += 1;
        }
    }
    assert!(count >= 2, "{count}");
}

#[test]
fn a_name_to_be_called_by() {
    let text = concat!(
        include_str!("../../../config/minimal.yaml"),
        "\nserve: {hosts: [gate.example.org]}\n"
    );
    let env: BTreeMap<String, String> = BTreeMap::new();
    let config = Config::parse("crosscheck.yaml", text, &env, Purpose::WorkerOffline).unwrap();
    assert_eq!(config.serve.hosts, ["gate.example.org"]);
}
