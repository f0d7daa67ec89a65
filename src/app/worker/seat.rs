//! What the judge knows of each stream, and the verdict that follows from it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::status::Status;
use crate::edge::store::FindingRow;
use crate::engine::judge::{self, Criticality, Finding, Found, Judgement, StreamJudgement, Tally};
use crate::model::{DifferenceKind, Outcome, Verdict, WindowCounts};

/// Findings of a stream that are kept in memory for the report.
const FINDINGS_MAX: usize = 5_000;

/// One stream before the judge.
pub struct Seat {
    /// Its evidence.
    pub tally: Tally,
    /// All its final windows, edges too.
    pub counts: WindowCounts,
    /// The share of the identities that is compared.
    pub sampling: f64,
    /// How much it weighs.
    pub criticality: Criticality,
    /// It failed before in this generation.
    pub latched: bool,
    /// Differing paths over the kept findings.
    pub fields: BTreeMap<(String, DifferenceKind), u64>,
    /// The latest findings.
    pub findings: VecDeque<FindingRow>,
    /// What the thread shows.
    pub status: Status,
    /// The database does not answer.
    pub store_down: bool,
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
    }))
}

/// A verdict as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The release's.
    pub release: Judgement,
    /// The streams'.
    pub streams: BTreeMap<String, Judgement>,
}

impl Stored {
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

/// Judges every stream and the release.
pub fn judge(seats: &BTreeMap<String, Seat>, wall_ms: i64) -> Stored {
    judge_by(judge::judge, seats, wall_ms)
}

/// The same without sentences: whether it is another verdict shows in it.
pub(super) fn outline(seats: &BTreeMap<String, Seat>, wall_ms: i64) -> Stored {
    judge_by(judge::outline, seats, wall_ms)
}

/// How one stream is judged.
type Judge = fn(&str, &Tally, &judge::Conditions, bool) -> Judgement;

fn judge_by(judge_one: Judge, seats: &BTreeMap<String, Seat>, wall_ms: i64) -> Stored {
    let mut judged = Vec::with_capacity(seats.len());
    for (name, seat) in seats {
        let conditions = seat.status.get().conditions(wall_ms, seat.store_down);
        let judgement = judge_one(name, &seat.tally, &conditions, seat.latched);
        judged.push(StreamJudgement {
            stream: name.clone(),
            criticality: seat.criticality,
            judgement,
        });
    }
    let release = judge::release(&judged);
    Stored {
        release,
        streams: judged
            .into_iter()
            .map(|judged| (judged.stream, judged.judgement))
            .collect(),
    }
}
