//! What is kept of the differences of a window, to be read again: a sample of each outcome, and of each critical field that
//! bears no difference some for itself.
//!
//! A sample may miss the one pair that differs in a critical field, where thousands differ in others. So each pair that is
//! counted at such a field is offered to the field, too, which keeps those with the smallest hashes of their positions: no
//! order of arrival shows, and where one is counted one is kept.

use std::collections::{BTreeMap, BTreeSet};

use super::Candidate;
use super::codes::{code, key};
use super::rules::Rules;
use super::window::{SEEDS, mix};
use crate::model::Outcome;

/// Pairs that a critical field which bears no difference keeps for itself, a window: one that differs again is proof, and
/// where one record is gone others may be there.
const OWN_MAX: usize = 4;

/// Candidates with the hashes of their positions.
type Hashed = BTreeSet<(u64, Candidate)>;

/// The candidates of a window.
#[derive(Debug, Default)]
pub(super) struct Kept {
    by_outcome: BTreeMap<Outcome, Hashed>,
    /// By the place of the critical field.
    own: BTreeMap<usize, Hashed>,
}

impl Kept {
    /// How many there are of an outcome.
    pub(super) fn len(&self, outcome: Outcome) -> usize {
        self.by_outcome.get(&outcome).map_or(0, BTreeSet::len)
    }

    /// Something that differs and counts, as far as the rules keep it.
    pub(super) fn keep(&mut self, candidate: &Candidate, rules: &Rules) {
        self.sample(candidate.clone(), rules.findings_max);
        if candidate.differing.is_none() || mutant!(StrictOfSample) {
            return;
        }
        for (place, _) in candidate.differing.iter() {
            if rules.strict.contains(&place) {
                offer(self.own.entry(place).or_default(), candidate.clone(), OWN_MAX);
            }
        }
    }

    /// The same for the sample alone.
    pub(super) fn sample(&mut self, candidate: Candidate, most: usize) {
        offer(self.by_outcome.entry(candidate.outcome).or_default(), candidate, most);
    }

    /// Takes the sample of an outcome.
    pub(super) fn take(&mut self, outcome: Outcome) -> impl Iterator<Item = Candidate> + use<> {
        let taken = self.by_outcome.remove(&outcome).unwrap_or_default();
        taken.into_iter().map(|(_, candidate)| candidate)
    }

    /// The sample of what takes no part in pairing: no critical field differs there.
    pub(super) fn into_sample(self) -> impl Iterator<Item = Candidate> {
        let sample = self.by_outcome.into_values().flatten();
        sample.map(|(_, candidate)| candidate)
    }

    /// What counts does not any more; what takes no part in pairing keeps its place.
    pub(super) fn leave_out(&mut self) {
        let bad = |outcome: &Outcome| matches!(outcome, Outcome::Undecodable | Outcome::Untimely | Outcome::Diverted);
        self.by_outcome.retain(|outcome, _| bad(outcome));
        self.own.clear();
    }

    /// All of them, each once, in the order of the positions.
    pub(super) fn finish(self) -> Vec<Candidate> {
        let own = self.own.into_values();
        let all = self.by_outcome.into_values().chain(own).flatten();
        let mut candidates: Vec<Candidate> = all.map(|(_, candidate)| candidate).collect();
        candidates.sort_by_key(|candidate| {
            (
                candidate.baseline.or(candidate.canary),
                candidate.canary,
                candidate.outcome,
            )
        });
        candidates.dedup();
        candidates
    }
}

/// Keeps those with the smallest hashes. Both sides may have a record of one number: their order of arrival must not show
/// either.
fn offer(kept: &mut Hashed, candidate: Candidate, most: usize) {
    let hashed = (hash(&candidate), candidate);
    if kept.len() < most {
        kept.insert(hashed);
    } else if kept.last().is_some_and(|largest| hashed < *largest) && kept.insert(hashed) {
        kept.pop_last();
    }
}

fn hash(candidate: &Candidate) -> u64 {
    let mut hash = mix(code(candidate.outcome), SEEDS[2]);
    for position in [candidate.baseline, candidate.canary].into_iter().flatten() {
        hash = mix(hash ^ key(position.partition), SEEDS[3]);
        hash = mix(hash ^ position.offset, SEEDS[4]);
    }
    hash
}
