//! The kept candidates of final windows become findings: their records are read again, by position, until the broker answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;

use anyhow::Result;

use super::commit::Committer;
use crate::app::findings::{Rereader, Seen};
use crate::app::world::blocking;
use crate::edge::kafka::KafkaError;
use crate::edge::store::{FindingBody, FindingRow};
use crate::engine::judge::NamedCheck;
use crate::engine::stats::Kind;
use crate::engine::{Candidate, FinalWindow};
use crate::model::{Differing, FieldDifference, Outcome, Position, Side};

/// Pairs of a noisy window that are read again.
const NOISE_LOOKED_AT_MAX: usize = 16;
/// Noisy paths that are told.
const NOISY_PATHS_MAX: usize = 100;

/// What there is to say of a candidate that was read again.
struct Told {
    candidate: Candidate,
    fields: Vec<FieldDifference>,
    note: Option<String>,
    unproved: bool,
    critical: Vec<String>,
}

/// A critical field with a budget of 0: its place among the critical fields, and its path.
type Strict = (usize, String);

impl Committer {
    /// Reads the records of the kept candidates again.
    pub(super) async fn findings(&self, windows: &[FinalWindow]) -> Result<Vec<FindingRow>> {
        let strict = self.strict();
        let mut rows = Vec::new();
        for window in windows.iter().filter(|window| !window.candidates.is_empty()) {
            let (pairs, alone): (Vec<&Candidate>, Vec<&Candidate>) = window
                .candidates
                .iter()
                .partition(|candidate| candidate.outcome == Outcome::Mismatched);
            for told in self.pairs(&pairs).await? {
                rows.push(self.row(window, told));
            }
            for told in self.alone(&alone, &strict).await? {
                rows.push(self.row(window, told));
            }
        }
        Ok(rows)
    }

    /// Looks at what differs between baseline and control where the control is not quiet, to name it.
    pub(super) async fn look_at_noise(&mut self, windows: &[FinalWindow]) -> Result<()> {
        let mut noise = self.state.noise();
        let is_noisy = |window: &&FinalWindow| window.counts.control.as_ref().is_some_and(|control| control.is_noisy());
        for window in windows.iter().filter(is_noisy) {
            let pairs = window.noise.get(..NOISE_LOOKED_AT_MAX).unwrap_or(&window.noise);
            let look = |rereader: &mut Rereader| {
                let mut found = Vec::new();
                rereader.look_at_control(pairs, |_, seen| {
                    if let Seen::Differences(differences) = seen {
                        found.extend(differences);
                    }
                })?;
                Ok(found)
            };
            for difference in self.patiently(look, Vec::new).await? {
                let place = (difference.path, difference.kind);
                // The members of documents may have endless names.
                if noise.len() < NOISY_PATHS_MAX || noise.contains_key(&place) {
                    *noise.entry(place).or_default() += 1;
                }
            }
        }
        let known = noise.iter().map(|((path, kind), pairs)| (path.clone(), *kind, *pairs));
        self.state.noise = known.collect();
        self.with_seat(|seat| seat.noise = noise);
        Ok(())
    }

    /// The outcomes whose budget is 0: one record fails the stream, so it is looked at twice.
    fn strict(&self) -> Vec<Kind> {
        let budgets = self.with_seat(|seat| seat.tally.policy().budgets.by_kind());
        let budgets = budgets.into_iter().flatten();
        budgets
            .filter(|(_, budget)| *budget == 0.0)
            .map(|(kind, _)| kind)
            .collect()
    }

    /// The critical fields of which one pair that differs fails the stream.
    fn strict_fields(&self) -> Vec<Strict> {
        let strict = |check: &NamedCheck| match check.kind {
            Kind::Field(place) if check.budget == 0.0 => Some((usize::from(place), check.path()?.to_owned())),
            _ => None,
        };
        let fields = self.with_seat(|seat| seat.tally.policy().named.iter().filter_map(strict).collect());
        fields.unwrap_or_default()
    }

    /// Where those of the pairs that differ at such a field differ when they are read again.
    async fn again(&self, pairs: &[Candidate], strict: &[Strict]) -> Result<BTreeMap<Position, Differing>> {
        let asked = |pair: &&Candidate| strict.iter().any(|(place, _)| pair.differing.at(*place));
        let asked: Vec<Candidate> = pairs.iter().filter(asked).cloned().collect();
        if asked.is_empty() {
            return Ok(BTreeMap::new());
        }
        let look = |rereader: &mut Rereader| rereader.differing(&self.settings, &asked);
        self.patiently(look, BTreeMap::new).await
    }

    async fn pairs(&self, pairs: &[&Candidate]) -> Result<Vec<Told>> {
        let pairs: Vec<Candidate> = pairs.iter().map(|pair| (*pair).clone()).collect();
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let strict = self.strict_fields();
        let again = self.again(&pairs, &strict).await?;
        let look = |rereader: &mut Rereader| {
            let mut seen = Vec::with_capacity(pairs.len());
            let mut visit = |candidate: &Candidate, what| seen.push((candidate.clone(), what));
            rereader.look(&pairs, &mut visit).map(|()| seen)
        };
        let gone = || {
            let gone = |pair: &Candidate| (pair.clone(), Seen::Gone("the records could not be read again"));
            pairs.iter().map(gone).collect()
        };
        let looked = self.patiently(look, gone).await?;
        let told = |(candidate, seen): (Candidate, Seen)| {
            let (fields, note) = match seen {
                Seen::Differences(fields) => (fields, None),
                Seen::Gone(text) => (Vec::new(), Some(text.to_owned())),
            };
            let seen_again = candidate
                .canary
                .and_then(|at| again.get(&at))
                .copied()
                .unwrap_or_default();
            let asked = strict.iter().filter(|(place, _)| candidate.differing.at(*place));
            let (critical, lost): (Vec<&Strict>, Vec<&Strict>) = asked.partition(|(place, _)| seen_again.at(*place));
            Told {
                unproved: fields.is_empty(),
                note: note.or_else(|| not_again(&lost)),
                critical: critical.into_iter().map(|(_, path)| path.clone()).collect(),
                candidate,
                fields,
            }
        };
        Ok(looked.into_iter().map(told).collect())
    }

    async fn alone(&self, alone: &[&Candidate], strict: &[Kind]) -> Result<Vec<Told>> {
        let mut confirmed: BTreeSet<Position> = BTreeSet::new();
        for side in Side::PAIR {
            let asked = |candidate: &&&Candidate| is_strict(candidate.outcome, strict) && shows(candidate, side);
            let asked: Vec<&Candidate> = alone.iter().filter(asked).copied().collect();
            if !asked.is_empty() {
                let confirm = |rereader: &mut Rereader| rereader.confirm(side, &asked);
                confirmed.extend(self.patiently(confirm, BTreeSet::new).await?);
            }
        }
        let told = |candidate: &&Candidate| {
            let seen = [candidate.baseline, candidate.canary].into_iter().flatten();
            let unproved =
                is_strict(candidate.outcome, strict) && !seen.into_iter().any(|position| confirmed.contains(&position));
            let note = unproved.then(|| "the record could not be confirmed by reading it again".to_owned());
            Told {
                candidate: (*candidate).clone(),
                fields: Vec::new(),
                note,
                unproved,
                critical: Vec::new(),
            }
        };
        Ok(alone.iter().map(told).collect())
    }

    /// Tries until the broker answers: our own trouble is no property of a record, and a finding is stored for good. `gone` is
    /// what holds where it never will.
    async fn patiently<T>(&self, read: impl Fn(&mut Rereader) -> Result<T>, gone: impl FnOnce() -> T) -> Result<T> {
        let mut pause = Duration::from_millis(100);
        loop {
            let looked = blocking(|| read(&mut self.rereader.lock().unwrap_or_else(PoisonError::into_inner)));
            let error = match looked {
                Ok(seen) => return Ok(seen),
                Err(error) => error,
            };
            let stream = &self.stream;
            if !error.downcast_ref().is_some_and(KafkaError::is_transient) {
                // The counts stand without it; the finding says what it lacks.
                tracing::warn!(stream, error = format!("{error:#}"), "records could not be read again");
                return Ok(gone());
            }
            tracing::warn!(
                stream,
                error = format!("{error:#}"),
                "read records again; it is tried again"
            );
            tokio::select! {
                biased;
                () = self.shared.shutdown.cancelled() => return Err(error),
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    fn row(&self, window: &FinalWindow, told: Told) -> FindingRow {
        let Told {
            candidate,
            fields,
            note,
            unproved,
            critical,
        } = told;
        FindingRow {
            stream: self.stream.clone(),
            start_ms: window.start_ms,
            outcome: candidate.outcome,
            baseline: candidate.baseline.map(|at| (at.partition, at.offset)),
            canary: candidate.canary.map(|at| (at.partition, at.offset)),
            identity: candidate.identity.map(|identity| self.key.of(identity)),
            body: FindingBody {
                time_ms: candidate.time_ms,
                reason: candidate.reason,
                fields,
                note,
                unproved,
                critical,
            },
        }
    }
}

/// What is said of critical fields that differed once and were not seen to differ again.
fn not_again(lost: &[&Strict]) -> Option<String> {
    let paths: Vec<&str> = lost.iter().map(|(_, path)| path.as_str()).collect();
    let paths = paths.join(" and ");
    (!lost.is_empty()).then(|| format!("a difference at {paths} could not be confirmed by reading the records again"))
}

fn is_strict(outcome: Outcome, strict: &[Kind]) -> bool {
    strict.iter().any(|kind| kind.as_str() == outcome.as_str())
}

fn shows(candidate: &Candidate, side: Side) -> bool {
    match side {
        Side::Canary => candidate.canary.is_some(),
        _ => candidate.baseline.is_some() && candidate.canary.is_none(),
    }
}
