//! What the command line of a bounded run says, as text; `request_from` makes a request of it.

use std::path::PathBuf;

use super::RequestError;
use crate::model::Side;

/// The flags. Those that may differ by side take `baseline=`, `canary=` or `control=` before the value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReconcileFlags {
    /// `--baseline SOURCE`.
    pub baseline: Option<String>,
    /// `--canary SOURCE`.
    pub canary: Option<String>,
    /// `--control SOURCE`.
    pub control: Option<String>,
    /// `--dead-letter SOURCE`, by side.
    pub dead_letter: Vec<String>,
    /// `-c FILE`.
    pub config: Option<PathBuf>,
    /// `--stream NAME`.
    pub stream: Option<String>,
    /// `--identity PART`, by side.
    pub identity: Vec<String>,
    /// `--mode paired|latest`.
    pub mode: Option<String>,
    /// `--names event|entity`.
    pub names: Option<String>,
    /// `--ignore PATH`.
    pub ignore: Vec<String>,
    /// `--only PATH`.
    pub only: Vec<String>,
    /// `--unordered PATH`.
    pub unordered: Vec<String>,
    /// `--map PATH=FROM:TO`.
    pub map: Vec<String>,
    /// `--tolerance PATH=AMOUNT`.
    pub tolerance: Vec<String>,
    /// `--rename CANARY_NAME=CONTRACT_NAME`.
    pub rename: Vec<String>,
    /// `--absent-equals-default`.
    pub absent_equals_default: bool,
    /// `--select`, by side.
    pub select: Vec<String>,
    /// `--format`, by side.
    pub format: Vec<String>,
    /// `--framing`, by side.
    pub framing: Vec<String>,
    /// `--unwrap debezium`, by side.
    pub unwrap: Vec<String>,
    /// `--key-format`, by side.
    pub key_format: Vec<String>,
    /// `--key-framing`, by side.
    pub key_framing: Vec<String>,
    /// `--registry URL`, by side.
    pub registry: Vec<String>,
    /// `--event-time`, by side.
    pub event_time: Vec<String>,
    /// `--from`, by side.
    pub from: Vec<String>,
    /// `--to`, by side.
    pub to: Vec<String>,
    /// `-X key=value`, by side.
    pub properties: Vec<String>,
    /// `--window`.
    pub window: Option<String>,
    /// `--lateness`.
    pub lateness: Option<String>,
    /// `--grace`.
    pub grace: Option<String>,
    /// `--skew-max`.
    pub skew_max: Option<String>,
    /// `--age-max`.
    pub age_max: Option<String>,
    /// `--late-max`.
    pub late_max: Option<String>,
    /// `--held-max-bytes`.
    pub held_max_bytes: Option<String>,
    /// `--sample RATE`.
    pub sample: Option<String>,
    /// `--budget RATE` or `CHECK=RATE`.
    pub budget: Vec<String>,
    /// `--contract FILE|SUBJECT:VERSION`.
    pub contract: Option<String>,
    /// `--findings-max N`.
    pub findings_max: Option<usize>,
    /// `--show PATH`.
    pub show: Vec<String>,
    /// `--dry-run`.
    pub dry_run: bool,
}

/// Which sides a value is for, and the value.
pub(super) fn sided<'a>(
    flag: &str,
    text: &'a str,
    present: &'static [Side],
) -> Result<(&'static [Side], &'a str), RequestError> {
    match text.split_once('=') {
        Some(("baseline", value)) => Ok((&[Side::Baseline], value)),
        Some(("canary", value)) => Ok((&[Side::Canary], value)),
        Some(("control", value)) if present.contains(&Side::Control) => Ok((&[Side::Control], value)),
        Some(("control", _)) => Err(RequestError {
            what: format!("{flag} {text}: there is no control"),
            hint: Some("say --control SOURCE, or `control:` in the stream".to_owned()),
        }),
        _ => Ok((present, text)),
    }
}

/// What a flag says that cannot be.
pub(super) fn wrong(flag: &str, text: &str, must: &str) -> RequestError {
    RequestError {
        what: format!("{flag} {text}: must be {must}"),
        hint: None,
    }
}
