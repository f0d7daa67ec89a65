//! What stands in the tables, as the rest of the program sees it.

use serde::{Deserialize, Serialize};

use crate::model::{BadCounts, FieldDifference, Outcome, UndecodableReason, Verdict, WindowCounts, WindowProfile};

/// A release and which of its generations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GenerationId {
    /// Name of the release.
    pub release: String,
    /// Counted from 1.
    pub generation: i64,
}

impl std::fmt::Display for GenerationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} #{}", self.release, self.generation)
    }
}

/// What a worker stored beside the checkpoint of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateRow {
    /// Which stream.
    pub stream: String,
    /// As the worker wrote it.
    pub state: String,
}

/// How far a generation's life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GenerationState {
    /// Under judgement.
    Open,
    /// `close` was asked for: what lies before the ends is still read.
    Closing,
    /// Ended.
    Closed,
}

impl GenerationState {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            GenerationState::Open => "open",
            GenerationState::Closing => "closing",
            GenerationState::Closed => "closed",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Closing, Self::Closed]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A generation of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRow {
    /// Which.
    pub id: GenerationId,
    /// How far its life is.
    pub state: GenerationState,
    /// Its frozen comparison settings, JSON.
    pub settings: String,
    /// Their digest.
    pub settings_digest: String,
    /// When it began, by the database's clock, milliseconds since the epoch.
    pub started_ms: i64,
    /// When `close` was asked for.
    pub closing_ms: Option<i64>,
    /// When it ended.
    pub closed_ms: Option<i64>,
    /// Its newest verdict.
    pub verdict: Option<StoredVerdict>,
}

/// The contract of a record type, frozen with the generation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContractRow {
    /// Which stream.
    pub stream: String,
    /// Full name of the record type; for keys whatever the caller calls them.
    pub type_name: String,
    /// The schema and where it comes from, as the caller writes it.
    pub contract: String,
    /// Digest of it.
    pub digest: String,
}

/// Who works on a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRow {
    /// Which stream.
    pub stream: String,
    /// Times that it was acquired.
    pub epoch: i64,
    /// Whose it is, or was.
    pub owner: String,
    /// How long it still holds, by the database's clock; 0 or less where it has ended.
    pub expires_in_ms: i64,
    /// Commits so far.
    pub commits: i64,
    /// End of the last final window.
    pub frontier_ms: Option<i64>,
}

/// A final window. Equal, byte for byte, whoever computed it and however often it crashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowRow {
    /// Which stream.
    pub stream: String,
    /// First millisecond; `None` for the one window of `event_time: none`.
    pub start_ms: Option<i64>,
    /// First millisecond after it.
    pub end_ms: Option<i64>,
    /// True where no part of it is evidence.
    pub edge: bool,
    /// What it counts.
    pub counts: WindowCounts,
    /// Hex of its digest.
    pub digest: String,
    /// What it has at the profiled paths, where the stream has any.
    pub profile: Option<WindowProfile>,
}

/// The settled sharing of undecodable and untimely records of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Which stream.
    pub stream: String,
    /// Which window.
    pub start_ms: Option<i64>,
    /// Its counts.
    pub counts: BadCounts,
}

/// One stored difference. Values are in it only where a path may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingRow {
    /// Which stream; at a commit the lease's, whatever stands here.
    pub stream: String,
    /// Its window.
    pub start_ms: Option<i64>,
    /// What became of it.
    pub outcome: Outcome,
    /// Partition and offset of the baseline's record.
    pub baseline: Option<(u32, u64)>,
    /// Partition and offset of the canary's record.
    pub canary: Option<(u32, u64)>,
    /// Keyed hash of its identity, hex.
    pub identity: Option<String>,
    /// The rest.
    pub body: FindingBody,
}

/// What a finding says beside its key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingBody {
    /// Event time of the record that decides the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<i64>,
    /// Why it cannot be decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<UndecodableReason>,
    /// Where the two differ.
    #[serde(default)]
    pub fields: Vec<FieldDifference>,
    /// Why the fields are not known, or what else is to say: never a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// True where the records, read again, did not show the difference, or could not be read: it fails no budget of 0.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unproved: bool,
    /// Critical fields with a budget of 0 at which the records, read again, differ still: each fails its check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical: Vec<String>,
}

/// A verdict to be stored, whenever it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictRow {
    /// The release's.
    pub verdict: Verdict,
    /// Reasons, checks and streams, JSON.
    pub body: String,
}

/// A stored verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVerdict {
    /// Counted from 1 in the generation.
    pub sequence: i64,
    /// When, by the database's clock.
    pub at_ms: i64,
    /// The release's.
    pub verdict: Verdict,
    /// Reasons, checks and streams, JSON.
    pub body: String,
}

/// A command that somebody gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRow {
    /// When, by the database's clock.
    pub at_ms: i64,
    /// `begin`, `supersede`, `start`, `close`, `finish`, `override`.
    pub action: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// What else it says; for `override` the verdict.
    pub detail: String,
}

/// The key of the findings' hashes, made in the database where the config names none. No `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct FindingsKey(pub [u8; 32]);

/// How the one window of `event_time: none` stands in a key that may not be null.
pub(super) const NO_TIME: i64 = i64::MIN;

pub(super) fn verdict(text: &str) -> Option<Verdict> {
    Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == text)
}
