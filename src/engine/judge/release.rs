//! The verdict on a release, from those on its streams.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cause::causes;
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

impl Criticality {
    /// What a stream weighs where the release's chance of a wrong `fail` is shared out.
    fn weight(self) -> f64 {
        match self {
            Criticality::Critical => 3.0,
            Criticality::Standard => 1.0,
            Criticality::Informational => 0.0,
        }
    }
}

/// Each stream's share of the release's chance of a wrong `fail`, by weight: critical 3, standard 1, informational 0, which
/// never fails a release. Between streams the union bound holds: the shares sum to `alpha` at most.
#[must_use]
pub fn shares(alpha: f64, streams: &[Criticality]) -> Vec<f64> {
    let total: f64 = streams.iter().map(|stream| stream.weight()).sum();
    let share = |stream: &Criticality| {
        if total > 0.0 {
            alpha * stream.weight() / total
        } else {
            0.0
        }
    };
    streams.iter().map(share).collect()
}

/// One stream's part in a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamJudgement {
    /// Which stream.
    pub stream: String,
    /// How much it weighs.
    pub criticality: Criticality,
    /// Streams whose divergence explains its own.
    pub upstream: Vec<String>,
    /// Its judgement.
    pub judgement: Judgement,
}

/// Fails if a stream that decides fails, passes only if there is one and all of them pass, is else inconclusive.
/// The reasons are those of the streams that have the release's verdict; of a `fail` the first hops that diverge come first,
/// and each stream that they explain counts once.
#[must_use]
pub fn release(streams: &[StreamJudgement]) -> Judgement {
    let deciding = || {
        streams
            .iter()
            .filter(|stream| stream.criticality != Criticality::Informational)
    };
    let Some(verdict) = deciding().map(|stream| stream.judgement.verdict).max() else {
        let reason = Reason::inconclusive("", Inconclusive::Evidence, text::NO_STREAM.to_owned());
        return Judgement {
            verdict: Verdict::Inconclusive,
            reasons: vec![reason],
        };
    };
    let same = deciding().filter(|stream| stream.judgement.verdict == verdict);
    let causes = match verdict {
        Verdict::Fail => causes(streams),
        Verdict::Pass | Verdict::Inconclusive => BTreeMap::new(),
    };
    let (explained, first): (Vec<&StreamJudgement>, Vec<&StreamJudgement>) =
        same.partition(|stream| causes.contains_key(&stream.stream));
    let mut reasons: Vec<Reason> = first
        .iter()
        .flat_map(|stream| stream.judgement.reasons.iter().cloned())
        .collect();
    for stream in explained {
        let above = causes.get(&stream.stream).map_or(&[][..], Vec::as_slice);
        reasons.extend(stream.judgement.reasons.first().map(|reason| Reason {
            text: text::explained(above, &stream.judgement.reasons),
            ..reason.clone()
        }));
    }
    Judgement { verdict, reasons }
}

/// The verdict before a stage of the rollout: a `pass` needs that of the streams that the stage asks for, `informational` ones
/// among them where they are named; a release that fails passes no stage.
#[must_use]
pub fn stage(streams: &[StreamJudgement], asks: impl Fn(&StreamJudgement) -> bool) -> Judgement {
    let all = release(streams);
    if all.verdict == Verdict::Fail {
        return all;
    }
    let asked: Vec<&StreamJudgement> = streams.iter().filter(|stream| asks(stream)).collect();
    if asked.is_empty() {
        let reason = Reason::inconclusive("", Inconclusive::Evidence, text::NO_STREAM.to_owned());
        return Judgement {
            verdict: Verdict::Inconclusive,
            reasons: vec![reason],
        };
    }
    let open = asked.iter().filter(|stream| stream.judgement.verdict != Verdict::Pass);
    let reasons: Vec<Reason> = open
        .flat_map(|stream| stream.judgement.reasons.iter().cloned())
        .collect();
    let passed = asked.iter().all(|stream| stream.judgement.verdict == Verdict::Pass);
    Judgement {
        verdict: if passed { Verdict::Pass } else { Verdict::Inconclusive },
        reasons,
    }
}
