//! A verdict with its reasons.

use serde::{Deserialize, Serialize};

use crate::model::{Inconclusive, Verdict};

/// Why a verdict is not `pass`. Never holds a value of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which stream; empty where it is the release's own.
    pub stream: String,
    /// The check that failed, or the word of the closed list.
    pub check: String,
    /// The word of the closed list, unless the reason is one of a `fail`.
    pub inconclusive: Option<Inconclusive>,
    /// One sentence for a reader: the facts, or what is missing.
    pub text: String,
}

impl Reason {
    pub(super) fn failed(stream: &str, check: &str, text: String) -> Self {
        Reason {
            stream: stream.to_owned(),
            check: check.to_owned(),
            inconclusive: None,
            text,
        }
    }

    pub(super) fn inconclusive(stream: &str, kind: Inconclusive, text: String) -> Self {
        Reason {
            stream: stream.to_owned(),
            check: kind.as_str().to_owned(),
            inconclusive: Some(kind),
            text,
        }
    }
}

/// The judgement on a stream or a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not `pass`; empty where it is.
    pub reasons: Vec<Reason>,
}

impl Judgement {
    /// The first reason, and how many more there are, in one sentence for a controller's log.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Some(first) = self.reasons.first() else {
            return "every check is within its budget".to_owned();
        };
        let whose = if first.stream.is_empty() {
            String::new()
        } else {
            format!("{}: ", first.stream)
        };
        let more = match self.reasons.len() - 1 {
            0 => String::new(),
            1 => " (and 1 more reason)".to_owned(),
            more => format!(" (and {more} more reasons)"),
        };
        format!("{whose}{}{more}", first.text)
    }
}
