//! Where only the newest record of each identity is compared (`mode: latest`), as a compacted topic means it: of each side
//! and identity the newest by Kafka timestamp, partition and offset, and a tombstone is absence. The others are left out.
//! Which one is the newest is known when both sides are read to their ends: for bounded runs, with one window.

use std::collections::BTreeMap;

use super::ledger::Ledger;
use super::pairing::Pairing;
use super::row::Row;
use super::rules::Rules;
use crate::model::{Fingerprint, Identity, PerSide, Position, Side};

/// Bytes of a record in the map: its row, its identity again, and what the map needs of its own, measured.
const HELD_BYTES: u64 = 128;

/// A record whose time is its Kafka timestamp until it is compared.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) row: Row,
    pub(super) tombstone: bool,
}

/// The newest so far.
#[derive(Debug, Default)]
pub(super) struct Latest {
    newest: PerSide<BTreeMap<Identity, Version>>,
}

impl Version {
    pub(super) fn new(print: &Fingerprint, at: Position, timestamp_ms: Option<i64>) -> Version {
        Version {
            row: Row::new(print, at, timestamp_ms.unwrap_or(i64::MIN)),
            tombstone: print.tombstone,
        }
    }

    fn position(&self) -> Position {
        self.row.sighting().position(self.row.side)
    }
}

impl Latest {
    /// Takes a record; what is not the newest is counted. A tombstone that names nothing, because the identity is of fields,
    /// takes nothing away.
    pub(super) fn offer(&mut self, version: Version, ledger: &mut Ledger, rules: &Rules) {
        if version.tombstone && version.row.by_content {
            ledger.not_newest(version.position(), true, rules);
            return;
        }
        let older = match self.newest.get_mut(version.row.side).get_mut(&version.row.identity) {
            Some(newest) if newest.row.order() < version.row.order() => std::mem::replace(newest, version),
            Some(_) => version,
            None => {
                let newest = self.newest.get_mut(version.row.side);
                newest.insert(version.row.identity, version);
                return;
            }
        };
        ledger.not_newest(older.position(), false, rules);
    }

    /// All is read: what is the newest is compared, a tombstone with nothing.
    pub(super) fn compare(&mut self, pairing: &mut Pairing, ledger: &mut Ledger, rules: &Rules) {
        for Version { mut row, tombstone } in self.take() {
            if tombstone {
                ledger.not_newest(row.sighting().position(row.side), true, rules);
            } else {
                row.time = 0;
                pairing.push(row, rules);
            }
        }
    }

    /// All of them, in the order of their sides and identities.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Version> + use<> {
        let PerSide { baseline, canary } = std::mem::take(&mut self.newest);
        baseline.into_values().chain(canary.into_values())
    }

    /// Records of a side that may be the newest.
    pub(super) fn pending(&self, side: Side) -> u64 {
        u64::try_from(self.newest.get(side).len()).unwrap_or(u64::MAX)
    }

    pub(super) fn held_bytes(&self, rules: &Rules) -> u64 {
        let records = self.pending(Side::Baseline) + self.pending(Side::Canary);
        records.saturating_mul(HELD_BYTES + rules.tolerant_bytes())
    }
}

impl Ledger {
    /// A record that is not the newest of its identity, or the newest and a tombstone.
    fn not_newest(&mut self, position: Position, tombstone: bool, rules: &Rules) {
        let window = self.open.entry(rules.grid.window(0)).or_default();
        window.not_newest(position, tombstone);
    }
}
