//! Trouble of our own with a hint: what failed, the facts, what to do.

use crate::config::RequestError;

/// An error that the command line tells with its hint.
#[must_use]
pub fn trouble(what: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    RequestError {
        what: what.into(),
        hint: Some(hint.into()),
    }
    .into()
}
