//! Requests by result, for a metric.

use std::sync::atomic::{AtomicU64, Ordering};

use super::RegistryError;

/// The results, in the order of the numbers.
const RESULTS: [&str; 9] = [
    "ok",
    "not_found",
    "unauthorised",
    "unreachable",
    "unavailable",
    "not_registry",
    "redirect",
    "refused",
    "changed",
];

/// How many requests ended how. Every result is there from the start, at 0.
#[derive(Debug, Default)]
pub struct Requests([AtomicU64; RESULTS.len()]);

impl Requests {
    /// Result and number of requests, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        RESULTS
            .iter()
            .zip(&self.0)
            .map(|(result, count)| (*result, count.load(Ordering::Relaxed)))
    }

    pub(super) fn add<T>(&self, outcome: &Result<T, RegistryError>) {
        let result = match outcome {
            Ok(_) => "ok",
            Err(RegistryError::NotFound { .. }) => "not_found",
            Err(RegistryError::Unauthorised { .. }) => "unauthorised",
            Err(RegistryError::Unreachable { .. }) => "unreachable",
            Err(RegistryError::Unavailable { .. }) => "unavailable",
            Err(RegistryError::NotRegistry { .. }) => "not_registry",
            Err(RegistryError::Redirect { .. }) => "redirect",
            Err(_) => "refused",
        };
        self.count(result);
    }

    /// An id that means another schema now.
    pub(super) fn changed(&self) {
        self.count("changed");
    }

    fn count(&self, result: &str) {
        for (name, count) in RESULTS.iter().zip(&self.0) {
            if *name == result {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}
