//! Which differences of a bounded run are told: of each outcome a sample by where the records are, so that no pattern is read into
//! it which is only that of the first ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Candidate;
use crate::model::Outcome;

/// What is told.
pub(super) struct Kept<'a> {
    /// Places of pairs that differ.
    pub(super) pairs: BTreeSet<usize>,
    /// Everything else, with the begin of its window, in the order of outcomes and positions.
    pub(super) others: Vec<&'a (Option<i64>, Candidate)>,
}

/// At most `max` findings, shared out evenly over the outcomes that there are. Of pairs those are told first that are not `borne`.
pub(super) fn keep<'a>(
    (pairs, borne): (&[Candidate], impl Fn(&Candidate) -> bool),
    others: &'a [(Option<i64>, Candidate)],
    max: usize,
) -> Kept<'a> {
    let mut by_outcome: BTreeMap<Outcome, Vec<&(Option<i64>, Candidate)>> = BTreeMap::new();
    for other in others {
        by_outcome.entry(other.1.outcome).or_default().push(other);
    }
    let mut sizes: Vec<(Option<Outcome>, usize)> = by_outcome
        .iter()
        .map(|(outcome, all)| (Some(*outcome), all.len()))
        .collect();
    sizes.push((None, pairs.len()));
    sizes.retain(|(_, size)| *size > 0);
    // The smallest first, so that what they leave goes to the larger ones.
    sizes.sort_by_key(|(_, size)| *size);
    let (mut left, mut outcomes) = (max, sizes.len());
    let mut granted: BTreeMap<Option<Outcome>, usize> = BTreeMap::new();
    for (outcome, size) in sizes {
        let share = size.min(left / outcomes);
        left -= share;
        outcomes -= 1;
        granted.insert(outcome, share);
    }
    let share = |outcome: Option<Outcome>| granted.get(&outcome).copied().unwrap_or(0);
    let mut of_outcomes = Vec::new();
    for (outcome, all) in by_outcome {
        let mut told = drawn(all, share(Some(outcome)), |(_, candidate)| (false, drawing(candidate)));
        told.sort_by_key(|(_, candidate)| (candidate.baseline, candidate.canary));
        of_outcomes.extend(told);
    }
    let places = (0..pairs.len()).collect();
    let rank = |at: &usize| pairs.get(*at).map(|pair| (borne(pair), drawing(pair)));
    Kept {
        pairs: drawn(places, share(None), rank).into_iter().collect(),
        others: of_outcomes,
    }
}

/// As many as are told, those with the least keys.
fn drawn<T, K: Ord>(mut all: Vec<T>, told: usize, key: impl Fn(&T) -> K) -> Vec<T> {
    if all.len() > told {
        all.sort_by_cached_key(key);
        all.truncate(told);
    }
    all
}

/// Says nothing of where the records are, and the same of the same ones.
fn drawing(candidate: &Candidate) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    for position in [candidate.baseline, candidate.canary] {
        let (partition, offset) = position.map_or((u32::MAX, u64::MAX), |at| (at.partition, at.offset));
        hasher.update(&partition.to_le_bytes());
        hasher.update(&offset.to_le_bytes());
    }
    let mut hash = [0; 8];
    hasher.finalize_xof().fill(&mut hash);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Differing, Position, Side};

    fn candidate(outcome: Outcome, number: u64) -> Candidate {
        Candidate {
            outcome,
            baseline: Some(Position {
                side: Side::Baseline,
                partition: u32::from(number >= 1_000),
                offset: number % 1_000,
            }),
            canary: None,
            identity: None,
            time_ms: None,
            reason: None,
            differing: Differing::default(),
        }
    }

    #[test]
    fn what_is_told_is_a_sample_and_not_what_came_first() {
        let pairs: Vec<Candidate> = (0..2_000)
            .map(|number| candidate(Outcome::Mismatched, number))
            .collect();
        let others: Vec<_> = (0..2_000)
            .map(|number| (None, candidate(Outcome::Missing, number)))
            .collect();
        let kept = keep((&pairs, |_: &Candidate| true), &others, 200);
        assert_eq!((kept.pairs.len(), kept.others.len()), (100, 100));
        let second = kept.pairs.iter().filter(|at| **at >= 1_000).count();
        assert!((25..75).contains(&second), "{second}");
        assert!(kept.others.is_sorted_by_key(|(_, candidate)| candidate.baseline));
        let partitions: BTreeSet<_> = kept
            .others
            .iter()
            .map(|(_, candidate)| candidate.baseline.unwrap().partition)
            .collect();
        assert_eq!(partitions.len(), 2);
        // The same ones again.
        assert_eq!(keep((&pairs, |_: &Candidate| true), &others, 200).pairs, kept.pairs);
        // What is not borne is told first, and all of few is told.
        let strict = |pair: &Candidate| pair.baseline.is_some_and(|at| at.offset != 7);
        let kept = keep((&pairs, strict), &others[..3], 10);
        assert!(kept.pairs.contains(&7) && kept.pairs.contains(&1_007));
        assert_eq!((kept.pairs.len(), kept.others.len()), (7, 3));
    }
}
