//! What else is known of a bad record: where the partner of one that is missing or extra is there and cannot be decoded (a
//! key tells), and what one looks like that is in another format than was named.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::app::findings::Rereader;
use crate::codec::{self, Settings};
use crate::engine::Candidate;
use crate::model::{Outcome, PerSide, Position, Side, Topics, UndecodableReason};

/// Records that are looked at on each side.
const LOOKED_AT_MAX: usize = 1_000;

/// What those of `kept` look like that cannot be decoded.
///
/// # Errors
/// A log that cannot be read at all.
pub(super) fn looks<'a>(
    rereader: &mut Rereader,
    sides: PerSide<&Settings>,
    kept: impl Iterator<Item = &'a Candidate>,
) -> Result<BTreeMap<Position, String>> {
    let mut broken: PerSide<Vec<Position>> = PerSide::default();
    for candidate in kept.take(LOOKED_AT_MAX) {
        let of_format = !matches!(
            candidate.reason,
            Some(UndecodableReason::Schema | UndecodableReason::Identity)
        );
        if let (Some(position), Outcome::Undecodable, true) =
            (candidate.baseline.or(candidate.canary), candidate.outcome, of_format)
        {
            broken.get_mut(position.side).push(position);
        }
    }
    let mut notes = BTreeMap::new();
    for side in Side::PAIR {
        if broken.get(side).is_empty() {
            continue;
        }
        let settings = *sides.get(side);
        let found = rereader.raw(side, broken.get(side), |batch, record| {
            codec::looks(settings, batch.value(record)?)
        })?;
        notes.extend(found.into_iter().map(|(position, text)| (position, text.to_owned())));
    }
    Ok(notes)
}

/// What to say about those of `kept` that have such a partner in `all`.
///
/// # Errors
/// A log that cannot be read at all.
pub(super) fn notes<'a>(
    rereader: &mut Rereader,
    kept: impl Iterator<Item = &'a Candidate>,
    all: impl Iterator<Item = &'a Candidate>,
    topics: &PerSide<Topics>,
) -> Result<BTreeMap<Position, String>> {
    let mut alone: PerSide<Vec<Position>> = PerSide::default();
    for candidate in kept.take(LOOKED_AT_MAX) {
        match candidate.outcome {
            Outcome::Missing => alone.baseline.extend(candidate.baseline),
            Outcome::Extra => alone.canary.extend(candidate.canary),
            _ => {}
        }
    }
    let mut broken: PerSide<Vec<(Position, UndecodableReason)>> = PerSide::default();
    for candidate in all {
        if let (Some(position), Some(reason)) = (candidate.baseline.or(candidate.canary), candidate.reason) {
            broken.get_mut(position.side).push((position, reason));
        }
    }
    let mut notes = BTreeMap::new();
    for (side, other) in [(Side::Baseline, Side::Canary), (Side::Canary, Side::Baseline)] {
        let (alone, broken) = (alone.get(side), broken.get_mut(other));
        broken.sort_unstable_by_key(|(position, _)| *position);
        broken.truncate(LOOKED_AT_MAX);
        if alone.is_empty() || broken.is_empty() {
            continue;
        }
        let places: Vec<Position> = broken.iter().map(|(position, _)| *position).collect();
        let theirs = rereader.keys(other, &places)?;
        for (position, key) in rereader.keys(side, alone)? {
            let partner = broken.iter().find(|(at, _)| theirs.get(at) == Some(&key));
            if let Some((at, reason)) = partner {
                let (topic, partition) = topics.get(other).place(at.partition);
                let topic = topic.map_or_else(String::new, |topic| format!("{topic} "));
                let text = format!(
                    "the {other}'s record with this key, at {topic}{partition}:{}, cannot be decoded ({})",
                    at.offset,
                    reason.as_str()
                );
                notes.insert(position, text);
            }
        }
    }
    Ok(notes)
}
