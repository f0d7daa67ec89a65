//! Faults and states that were really reached. What should happen sometimes and never does fails a run.

use std::collections::BTreeMap;

/// How often each was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sometimes(BTreeMap<&'static str, u64>);

impl Sometimes {
    pub fn reached(&mut self, name: &'static str) {
        self.times(name, 1);
    }

    pub fn times(&mut self, name: &'static str, times: u64) {
        if times > 0 {
            *self.0.entry(name).or_default() += times;
        }
    }

    pub fn add(&mut self, other: &Self) {
        for (name, times) in &other.0 {
            self.times(name, *times);
        }
    }

    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Those of a list that were reached less often than asked for, with how often.
    pub fn short_of(&self, names: &[&'static str], least: u64) -> Vec<(&'static str, u64)> {
        let all = names.iter().map(|name| (*name, self.get(name)));
        all.filter(|(_, times)| *times < least).collect()
    }
}
