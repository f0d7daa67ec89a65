//! What an engine knows of the time before a restart: which records are settled already, and with whom.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Straddling;
use super::ledger::counted;
use super::row::{Row, Settled, Sighting};
use crate::model::{Identity, Outcome, PerSide, Position, Side, WindowCounts};

/// A stored pair, and which of its records were read again.
#[derive(Clone, Copy, Debug)]
struct Stored {
    pair: Straddling,
    identity: Option<Identity>,
    seen: PerSide<Option<Sighting>>,
    /// One of its records is lost.
    broken: bool,
}

/// What a record that is read again meets.
#[derive(Debug)]
pub(super) enum Met {
    /// Nobody that it was settled with.
    Nobody,
    /// Its partner is there again too; true where no final window counts the pair.
    Partner(Settled, bool),
    /// Its partner is lost, and no final window counts the pair: where the record is, and the time it is left out at.
    Lost(Position, i64),
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
                    broken: false,
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

    /// True where a record of this time, which pairs with none, is counted in a final window already.
    pub(super) fn is_counted(&self, time: i64) -> bool {
        self.frontier.is_some_and(|frontier| time < frontier)
    }

    /// A record of a final window was read again.
    pub(super) fn recognise(&mut self, side: Side) {
        *self.recognised.get_mut(side) += 1;
    }

    /// Records of final windows were read again, as many as are counted here.
    pub(super) fn recognise_all(&mut self, counts: &WindowCounts) {
        for side in Side::PAIR {
            *self.recognised.get_mut(side) += counted(counts, side);
        }
    }

    /// These positions will not be read again. Gives the records that were settled with one of them and that no final
    /// window counts: where they are, and the time they are left out at.
    pub(super) fn lose(&mut self, lost: &Range<Position>) -> Vec<(Position, i64)> {
        let Some(frontier) = self.frontier else {
            return Vec::new();
        };
        let places: Vec<(Position, usize)> = self
            .by_position
            .range(lost.clone())
            .map(|(at, pair)| (*at, *pair))
            .collect();
        let mut alone = Vec::new();
        for (position, at) in places {
            self.by_position.remove(&position);
            let Some(stored) = self.pairs.get_mut(&at) else {
                continue;
            };
            stored.broken = true;
            let side = position.side.other();
            if let Some(seen) = *stored.seen.get(side) {
                *self.halves.get_mut(side) -= 1;
                alone.extend(self.leave_alone(side, seen, frontier));
            }
        }
        alone
    }

    /// A record whose partner is lost. It stands on one side of the frontier and the partner on the other, and the pair
    /// counts where the baseline's is.
    fn leave_alone(&mut self, side: Side, seen: Sighting, frontier: i64) -> Option<(Position, i64)> {
        if (side == Side::Baseline) == (seen.time < frontier) {
            self.recognise(side);
            return None;
        }
        Some((seen.position(side), seen.time.max(frontier)))
    }

    /// Marks a record that is settled already.
    pub(super) fn meet(&mut self, row: &mut Row) -> Met {
        let Some(frontier) = self.frontier else {
            return Met::Nobody;
        };
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
        Met::Nobody
    }

    fn meet_stored(&mut self, at: usize, row: &Row, frontier: i64) -> Met {
        let Some(stored) = self.pairs.get_mut(&at) else {
            return Met::Nobody;
        };
        *stored.seen.get_mut(row.side) = Some(row.sighting());
        if stored.broken {
            let alone = self.leave_alone(row.side, row.sighting(), frontier);
            return alone.map_or(Met::Nobody, |(position, time)| Met::Lost(position, time));
        }
        let identity = *stored.identity.get_or_insert(row.identity);
        let PerSide {
            baseline: Some(baseline),
            canary: Some(canary),
        } = stored.seen
        else {
            *self.halves.get_mut(row.side) += 1;
            return Met::Nobody;
        };
        let outcome = if stored.pair.outcome == Outcome::Matched {
            Outcome::Matched
        } else {
            Outcome::Mismatched
        };
        let differing = stored.pair.differing;
        self.pairs.remove(&at);
        *self.halves.get_mut(row.side.other()) -= 1;
        let counts = baseline.time >= frontier;
        if !counts {
            self.recognise(Side::Baseline);
            self.recognise(Side::Canary);
        }
        let settled = Settled {
            outcome,
            identity,
            baseline: Some(baseline),
            canary: Some(canary),
            differing,
        };
        Met::Partner(settled, counts)
    }

    /// Stored pairs that were not read again whole and that must be known at a frontier: all of them where it has not moved,
    /// else those whose other record is lost and that still reach over it.
    pub(super) fn unmet(&self, frontier: i64) -> impl Iterator<Item = Straddling> {
        let stays = self.was_final(frontier);
        let reaches = move |stored: &&Stored| {
            let PerSide { baseline, canary } = stored.seen;
            stays || stored.broken && baseline.or(canary).is_none_or(|seen| seen.time >= frontier)
        };
        self.pairs.values().filter(reaches).map(|stored| stored.pair)
    }

    pub(super) fn recognised(&self, side: Side) -> u64 {
        *self.recognised.get(side)
    }

    pub(super) fn halves(&self, side: Side) -> u64 {
        *self.halves.get(side)
    }
}
