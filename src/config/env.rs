//! The only place that reads the process environment.

use std::collections::BTreeMap;

/// Where variables come from; tests need no process environment.
pub trait Env {
    /// The value of a variable; `None` where it is not set, or is not UTF-8.
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnv;

impl Env for ProcessEnv {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var_os(name).and_then(|value| value.into_string().ok())
    }
}

impl Env for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        BTreeMap::get(self, name).cloned()
    }
}

/// Where temporary files go; a variable of the system says so.
#[must_use]
pub fn temporary_directory() -> std::path::PathBuf {
    std::env::temp_dir()
}
