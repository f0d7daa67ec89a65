//! Settings of the comparison of one stream. Frozen in a generation, but for the rate of the sample.

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::Checkpoint;
use super::{Named, Profile, Sample};

/// What an identity names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Names {
    /// One event: a second record that differs is a conflict.
    #[default]
    Event,
    /// A thing with many versions: such surplus is missing or extra.
    Entity,
}

/// Which event times are evidence (rule 13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Range {
    /// All of them: offset ranges are taken literally.
    #[default]
    Everything,
    /// From `start_ms` to before `end_ms`; an open end is `None`.
    Time {
        /// First millisecond that counts.
        start_ms: Option<i64>,
        /// First millisecond that no longer counts.
        end_ms: Option<i64>,
    },
    /// A worker that starts `now` or at the `earliest`: S is the greatest of the first timely event times of all
    /// partitions that are not idle, and the first window with evidence begins at or after S + lateness + grace.
    Discovered,
}

/// How one stream is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Length of a window, > 0; `None` is `event_time: none`: one window, everything settled at the end.
    pub window_ms: Option<i64>,
    /// Disorder allowed inside a partition; `None` is unbounded.
    pub lateness_ms: Option<i64>,
    /// Skew allowed between the sides; `None` is unbounded.
    pub grace_ms: Option<i64>,
    /// Untimely when this much after the Kafka timestamp (or after our clock, where the event time is that timestamp).
    pub skew_max_ms: Option<i64>,
    /// Untimely when this much before the Kafka timestamp.
    pub age_max_ms: Option<i64>,
    /// True where the event time *is* the Kafka timestamp.
    pub time_is_timestamp: bool,
    /// What an identity names.
    pub names: Names,
    /// False where records are paired by their whole content.
    pub has_identity: bool,
    /// Tolerances of the tolerant values, in the order of the fingerprint's; at most 8.
    pub tolerances: Vec<Tolerance>,
    /// Which event times are evidence.
    pub range: Range,
    /// Which identities are compared. Not frozen: another rate is a stored input (see [`Checkpoint::sampling`]).
    #[serde(skip)]
    pub sample: Sample,
    /// True where a control is compared with the baseline beside the canary.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub control: bool,
    /// Which values are profiled, and whether nothing else is done; `None` profiles nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// What is counted for checks that the stream has by its settings.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub named: Named,
    /// True where only the newest record of each identity is compared, once all is read; then there is no window.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub latest: bool,
    /// Finding candidates kept a window and outcome.
    pub findings_max: usize,
    /// Bytes that unsettled and remembered records may hold before [`crate::engine::Engine::is_full`] says so.
    pub held_max_bytes: u64,
}

impl Settings {
    /// The same, with what the sample's hash is keyed by.
    #[must_use]
    pub fn salted(&self, salt: [u8; 32]) -> Settings {
        let mut salted = self.clone();
        salted.sample.salt = salt;
        if let Some(profile) = &mut salted.profile {
            profile.salt = salt;
        }
        salted
    }

    /// The same, with what the hashes of categories are keyed by.
    #[must_use]
    pub fn keyed(mut self, key: [u8; 32]) -> Settings {
        if let Some(profile) = &mut self.profile {
            profile.key = key;
        }
        self
    }

    /// True where nothing is paired: the sides see different records.
    #[must_use]
    pub fn is_unpaired(&self) -> bool {
        self.profile.as_ref().is_some_and(|profile| profile.unpaired)
    }

    /// The share of the identities that is compared: 1 without a sample.
    #[must_use]
    pub fn sampling(&self) -> f64 {
        self.sample.rate
    }
}

/// How far two numbers may be apart. Inclusive, in exact decimals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Tolerance {
    /// At most this much, as an exact decimal text (`0.01`); for a time value the number is in milliseconds.
    Absolute(String),
    /// At most this fraction of the baseline's absolute value, as an exact decimal text (`0.01` for 1 %).
    Relative(String),
}
