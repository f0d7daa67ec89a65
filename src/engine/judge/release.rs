//! The verdict on a release, from those on its streams.

use serde::{Deserialize, Serialize};

use super::{Judgement, Reason, text};
use crate::model::{Inconclusive, Verdict};

/// How much a stream weighs in the verdict on its release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Criticality {
    /// It decides, and weighs more.
    Critical,
    /// It decides.
    #[default]
    Standard,
    /// It is reported and decides nothing.
    Informational,
}

/// One stream's part in a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamJudgement {
    /// Which stream.
    pub stream: String,
    /// How much it weighs.
    pub criticality: Criticality,
    /// Its judgement.
    pub judgement: Judgement,
}

/// Fails if a stream that decides fails, passes only if there is one and all of them pass, is else inconclusive.
/// The reasons are those of the streams that have the release's verdict.
#[must_use]
pub fn release(streams: &[StreamJudgement]) -> Judgement {
    let deciding = || {
        let decides = |stream: &&StreamJudgement| stream.criticality != Criticality::Informational;
        streams.iter().filter(decides).map(|stream| &stream.judgement)
    };
    let Some(verdict) = deciding().map(|judgement| judgement.verdict).max() else {
        let reason = Reason::inconclusive("", Inconclusive::Evidence, text::NO_STREAM.to_owned());
        return Judgement {
            verdict: Verdict::Inconclusive,
            reasons: vec![reason],
        };
    };
    let reasons = deciding()
        .filter(|judgement| judgement.verdict == verdict)
        .flat_map(|judgement| judgement.reasons.iter().cloned())
        .collect();
    Judgement { verdict, reasons }
}
