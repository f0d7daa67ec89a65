//! Config files: every fault at once, with line and column.

mod digest;
mod effective;
mod faults;
mod samples;

use std::collections::BTreeMap;

use crosscheck::config::{Config, ConfigFaults, Purpose};

/// Reads a text as the worker would, without an environment.
fn parse(text: &str) -> Result<Config, ConfigFaults> {
    parse_with(text, &[], Purpose::Worker)
}

fn parse_with(text: &str, variables: &[(&str, &str)], purpose: Purpose) -> Result<Config, ConfigFaults> {
    let env: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Config::parse("crosscheck.yaml", text, &env, purpose)
}

/// A good config, with parts of it replaced.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = include_str!("../../../config/crosscheck.yaml").to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the sample has no `{from}`");
        text = text.replace(from, to);
    }
    text
}
