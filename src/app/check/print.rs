//! What a check found, as lines or as JSON.

use std::io::Write;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::app::command::Output;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// As it should be.
    Ok,
    /// Worth a look.
    Warn,
    /// It will not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// How bad it is.
    pub mark: Mark,
    /// What was looked at: a stream, a registry, the store.
    pub what: String,
    /// The facts.
    pub text: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Found {
    /// As it should be.
    #[must_use]
    pub fn ok(what: &str, text: impl Into<String>) -> Self {
        Self {
            mark: Mark::Ok,
            what: what.to_owned(),
            text: text.into(),
            hint: None,
        }
    }

    /// Worth a look.
    #[must_use]
    pub fn warn(what: &str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            mark: Mark::Warn,
            what: what.to_owned(),
            text: text.into(),
            hint: Some(hint.into()),
        }
    }

    /// It will not work.
    #[must_use]
    pub fn bad(what: &str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            mark: Mark::Bad,
            what: what.to_owned(),
            text: text.into(),
            hint: Some(hint.into()),
        }
    }

    /// An error of an edge.
    #[must_use]
    pub fn error(what: &str, error: &anyhow::Error, hint: Option<String>) -> Self {
        Self {
            mark: Mark::Bad,
            what: what.to_owned(),
            text: format!("{error:#}"),
            hint,
        }
    }
}

/// Prints all of it.
pub(super) fn print(found: &[Found], output: Output, out: &mut dyn Write) -> Result<()> {
    if output == Output::Json {
        serde_json::to_writer_pretty(&mut *out, found).context("write the findings")?;
        writeln!(out)?;
        return Ok(());
    }
    for Found { mark, what, text, hint } in found {
        let mark = match mark {
            Mark::Ok => "ok  ",
            Mark::Warn => "warn",
            Mark::Bad => "BAD ",
        };
        writeln!(out, "{mark}  {what}: {text}")?;
        if let Some(hint) = hint {
            writeln!(out, "      hint: {hint}")?;
        }
    }
    Ok(())
}
