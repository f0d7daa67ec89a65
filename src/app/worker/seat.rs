//! What the judge knows of each stream, and the verdict that follows from it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::status::Status;
use crate::app::decisions::Decisions;
use crate::edge::store::FindingRow;
use crate::engine::RateFrom;
use crate::engine::judge::{self, Before, Criticality, Finding, Found, Judgement, StreamJudgement, Tally};
use crate::model::{DifferenceKind, Outcome, PerSide, Topics, Verdict, WindowCounts};

/// Findings of a stream that are kept in memory for the report.
const FINDINGS_MAX: usize = 5_000;

/// One stream before the judge.
pub struct Seat {
    /// Its evidence.
    pub tally: Tally,
    /// All its final windows, edges too.
    pub counts: WindowCounts,
    /// The shares of the identities that were compared, and since when.
    pub sampling: Vec<RateFrom>,
    /// How much it weighs.
    pub criticality: Criticality,
    /// Streams whose divergence explains its own.
    pub upstream: Vec<String>,
    /// Checks that failed it before in this generation.
    pub latched: BTreeSet<String>,
    /// Differing paths over the kept findings.
    pub fields: BTreeMap<(String, DifferenceKind), u64>,
    /// Differing paths of baseline and control, over pairs of noisy windows that were read again.
    pub noise: BTreeMap<(String, DifferenceKind), u64>,
    /// The latest findings.
    pub findings: VecDeque<FindingRow>,
    /// What the thread shows.
    pub status: Status,
    /// The database does not answer.
    pub store_down: bool,
    /// What the numbers of partitions stand for.
    pub topics: PerSide<Topics>,
}

impl Seat {
    /// Adds findings, and forgets the oldest.
    pub fn keep(&mut self, rows: &[FindingRow]) {
        for row in rows {
            for field in &row.body.fields {
                *self.fields.entry((field.path.clone(), field.kind)).or_default() += 1;
            }
            if self.findings.len() == FINDINGS_MAX {
                self.findings.pop_front();
            }
            self.findings.push_back(row.clone());
        }
    }
}

/// What stored findings say to the judge.
#[must_use]
pub fn found(rows: &[FindingRow]) -> Found {
    // An identity that could not be decoded is told apart by its place.
    let places: Vec<String> = rows
        .iter()
        .map(|row| format!("{:?} {:?}", row.baseline, row.canary))
        .collect();
    Found::new(rows.iter().zip(&places).map(|(row, place)| Finding {
        start_ms: row.start_ms,
        outcome: row.outcome,
        of_canary: row.canary.is_some() || row.outcome == Outcome::Missing,
        identity: row.identity.as_deref().unwrap_or(place),
        unproved: row.body.unproved,
        critical: &row.body.critical,
    }))
}

/// A verdict as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The release's.
    pub release: Judgement,
    /// The streams'.
    pub streams: BTreeMap<String, Judgement>,
    /// For each stream that diverges because of others, the first of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub causes: BTreeMap<String, Vec<String>>,
    /// What the evidence says of the release, where somebody set another verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Judgement>,
}

impl Stored {
    /// Nothing is judged yet.
    #[must_use]
    pub fn nothing() -> Self {
        Stored {
            release: judge::release(&[]),
            streams: BTreeMap::new(),
            causes: BTreeMap::new(),
            evidence: None,
        }
    }

    /// What makes it another verdict: not the figures in the sentences, which change with every window.
    #[must_use]
    pub fn gist(&self) -> Vec<(String, Verdict, Vec<String>)> {
        let gist = |name: &str, judgement: &Judgement| {
            (
                name.to_owned(),
                judgement.verdict,
                judgement.reasons.iter().map(|reason| reason.check.clone()).collect(),
            )
        };
        let streams = self.streams.iter().map(|(name, judgement)| gist(name, judgement));
        streams.chain([gist("", &self.release)]).collect()
    }
}

/// Judges every stream and the release, as people decided.
#[must_use]
pub fn judge(seats: &BTreeMap<String, Seat>, decisions: &Decisions, wall_ms: i64) -> Stored {
    judge_by(judge::judge, seats, decisions, wall_ms)
}

/// The same without sentences: whether it is another verdict shows in it.
pub(super) fn outline(seats: &BTreeMap<String, Seat>, decisions: &Decisions, wall_ms: i64) -> Stored {
    judge_by(judge::outline, seats, decisions, wall_ms)
}

/// How one stream is judged.
type Judge = fn(&str, &Tally, &judge::Conditions, Before<'_>) -> Judgement;

fn judge_by(judge_one: Judge, seats: &BTreeMap<String, Seat>, decisions: &Decisions, wall_ms: i64) -> Stored {
    let mut judged = Vec::with_capacity(seats.len());
    for (name, seat) in seats {
        let conditions = seat.status.get().conditions(wall_ms, seat.store_down);
        let muted = decisions.muted(name, wall_ms);
        let before = Before {
            latched: &seat.latched,
            muted: &muted,
        };
        let judgement = judge_one(name, &seat.tally, &conditions, before);
        judged.push(StreamJudgement {
            stream: name.clone(),
            criticality: seat.criticality,
            upstream: seat.upstream.clone(),
            judgement,
        });
    }
    decisions.over(Stored {
        release: judge::release(&judged),
        causes: judge::causes(&judged),
        streams: judged
            .into_iter()
            .map(|judged| (judged.stream, judged.judgement))
            .collect(),
        evidence: None,
    })
}
