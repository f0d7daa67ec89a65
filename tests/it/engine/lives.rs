//! What a crash leaves settled: a life after it does not pair again what the one before has paired.

use std::collections::BTreeMap;

use crosscheck::model::{Outcome, Position, Side};

use super::oracle::{Fates, Truth};

/// What was settled before a crash: everything before the frontier, and what was paired over it.
#[derive(Debug)]
pub struct Prior {
    pub frontier: i64,
    pub fates: Fates,
    pub times: BTreeMap<Position, i64>,
    /// Where each partition is read again from.
    pub resume: BTreeMap<(Side, u32), u64>,
}

/// What a crash at a frontier leaves settled.
pub fn settled_before(truth: &Truth, frontier: i64, resume: BTreeMap<(Side, u32), u64>) -> Prior {
    let times = &truth.times;
    let before = |position: &Position| times.get(position).is_some_and(|time| *time < frontier);
    let fates = truth
        .fates
        .iter()
        .filter(|(position, (_, partner))| before(position) || partner.as_ref().is_some_and(before));
    // A record whose partner is lost is settled for good once the frontier has passed it.
    let settled = |position: &Position, (outcome, partner)| {
        let over = truth.alone.contains(position) && before(position);
        if over {
            (Outcome::Missing, None)
        } else {
            (outcome, partner)
        }
    };
    Prior {
        frontier,
        fates: fates
            .map(|(position, fate)| (*position, settled(position, *fate)))
            .collect(),
        times: times.clone(),
        resume,
    }
}
