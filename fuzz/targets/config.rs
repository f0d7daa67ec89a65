//! Config files. All faults of one are told, each with something said; what is taken once is taken again the same.

use std::collections::BTreeMap;

use crosscheck::config::{Config, Purpose};

use crate::seeds;

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let environment: BTreeMap<String, String> = BTreeMap::new();
    let parse = || Config::parse("fuzz.yaml", text, &environment, Purpose::WorkerOffline);
    match (parse(), parse()) {
        (Ok(_), Ok(_)) => {}
        (Err(one), Err(two)) => {
            assert!(!one.faults.is_empty() && one.faults.iter().all(|fault| !fault.what.is_empty()));
            assert_eq!(one.to_string(), two.to_string());
        }
        _ => panic!("taken and not taken"),
    }
}

pub fn seeds(write: &mut dyn FnMut(&[u8])) {
    seeds::files("config").iter().for_each(|bytes| write(bytes));
}
