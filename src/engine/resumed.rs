//! What an engine knows of the time before a restart: which records are settled already, and with whom.

use std::collections::BTreeMap;

use super::Straddling;
use super::row::{Row, Settled, Sighting};
use crate::model::{Identity, Outcome, PerSide, Position, Side};

/// A stored pair, and which of its records were read again.
#[derive(Clone, Copy, Debug)]
struct Stored {
    pair: Straddling,
    identity: Option<Identity>,
    seen: PerSide<Option<Sighting>>,
}

/// The time before a restart.
#[derive(Debug, Default)]
pub(super) struct Resumed {
    frontier: Option<i64>,
    pairs: BTreeMap<usize, Stored>,
    by_position: BTreeMap<Position, usize>,
    /// Records that final windows count already.
    recognised: PerSide<u64>,
    /// Records of stored pairs whose other record was not read again yet.
    halves: PerSide<u64>,
}

impl Resumed {
    pub(super) fn new(frontier: Option<i64>, straddling: &[Straddling]) -> Resumed {
        let mut resumed = Resumed {
            frontier,
            ..Resumed::default()
        };
        for (at, pair) in straddling.iter().enumerate() {
            resumed.by_position.insert(pair.baseline, at);
            resumed.by_position.insert(pair.canary, at);
            resumed.pairs.insert(
                at,
                Stored {
                    pair: *pair,
                    identity: None,
                    seen: PerSide::default(),
                },
            );
        }
        resumed
    }

    /// True where a window was final before the restart.
    pub(super) fn was_final(&self, window_end: i64) -> bool {
        self.frontier.is_some_and(|frontier| window_end <= frontier)
    }

    /// True where records may be read again that were settled before the restart.
    pub(super) fn expects_records(&self) -> bool {
        self.frontier.is_some()
    }

    /// A record of a final window was read again.
    pub(super) fn recognise(&mut self, side: Side) {
        *self.recognised.get_mut(side) += 1;
    }

    /// Marks a record that is settled already. A stored pair is handed out when both its records are there again: with
    /// true if no final window counts it.
    pub(super) fn meet(&mut self, row: &mut Row) -> Option<(Settled, bool)> {
        let frontier = self.frontier?;
        if !self.by_position.is_empty() {
            let position = row.sighting().position(row.side);
            if let Some(at) = self.by_position.remove(&position) {
                row.settled = true;
                return self.meet_stored(at, row, frontier);
            }
        }
        if row.time < frontier {
            row.settled = true;
            self.recognise(row.side);
        }
        None
    }

    fn meet_stored(&mut self, at: usize, row: &Row, frontier: i64) -> Option<(Settled, bool)> {
        let stored = self.pairs.get_mut(&at)?;
        *stored.seen.get_mut(row.side) = Some(row.sighting());
        let identity = *stored.identity.get_or_insert(row.identity);
        let PerSide {
            baseline: Some(baseline),
            canary: Some(canary),
        } = stored.seen
        else {
            *self.halves.get_mut(row.side) += 1;
            return None;
        };
        let outcome = if stored.pair.outcome == Outcome::Matched {
            Outcome::Matched
        } else {
            Outcome::Mismatched
        };
        self.pairs.remove(&at);
        *self.halves.get_mut(row.side.other()) -= 1;
        let counts = baseline.time >= frontier;
        if !counts {
            self.recognise(Side::Baseline);
            self.recognise(Side::Canary);
        }
        Some((
            Settled {
                outcome,
                identity,
                baseline: Some(baseline),
                canary: Some(canary),
            },
            counts,
        ))
    }

    /// Stored pairs that were not read again whole.
    pub(super) fn unmet(&self) -> impl Iterator<Item = Straddling> {
        self.pairs.values().map(|stored| stored.pair)
    }

    pub(super) fn recognised(&self, side: Side) -> u64 {
        *self.recognised.get(side)
    }

    pub(super) fn halves(&self, side: Side) -> u64 {
        *self.halves.get(side)
    }
}
