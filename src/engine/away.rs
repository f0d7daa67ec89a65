//! A bounded run that outgrows memory: the records in flight are put away, and settled later, some identities at a time.
//!
//! Why that is exact. What a record is (late, untimely, undecodable, left out) and how far every watermark stands is
//! decided in the order of the log, once, while it is read: nothing here changes that. What is left is pairing, and
//! rules 6 to 9 settle the records of one identity by themselves: no outcome, no look-back and no conflict asks for
//! another identity. So identities may be settled in any order, as long as each one finds all its records, those that
//! have their outcome already among them. Windows are sums and samples of what is settled in them, and neither depends on
//! the order; they wait for the last identity. Bad records (rule 14) are compared apart and stay in memory.

use super::latest::{Latest, Version};
use super::ledger::{Apart, Sink};
use super::named::Beside;
use super::row::{Mark, Row};
use super::{Engine, Output};
use crate::model::{Critical, Digest, Identity, PerSide, Side, TolerantKind, TolerantValue};

/// Bits of the hash that one level of buckets takes.
const BUCKET_BITS: u32 = 6;
/// Bytes that a record may come to hold while it is settled: its row, its group, what finds them (see `Pairing`).
const SETTLED_BYTES: u64 = 256;
/// Bytes of a row without its tolerant values.
const ROW_BYTES: u64 = 64;

const CANARY: u8 = 1;
const BY_CONTENT: u8 = 2;
const SETTLED: u8 = 4;
const TOLERANT: u8 = 8;
const TOMBSTONE: u8 = 16;
const OF_CONTROL: u8 = 32;
const SLOW: u8 = 64;

/// A record that is put away: all that pairing needs of it. No payload. All of a bounded run is under one rate of the sample, so
/// each is in it.
#[derive(Clone, Debug)]
pub struct Away {
    row: Row,
    /// It belongs to the comparison of baseline and control.
    of_control: bool,
    /// Where only the newest records are compared.
    tombstone: bool,
}

impl Away {
    /// Buckets of one level.
    pub const BUCKETS: usize = 1 << BUCKET_BITS;
    /// Levels; behind the last one nothing is left of the hash.
    pub const LEVELS: u32 = u64::BITS / BUCKET_BITS;

    /// Its bucket on a level, from 0: one identity is in one bucket, and those of one bucket are spread over all buckets
    /// of the next level.
    #[must_use]
    pub fn bucket(&self, level: u32) -> usize {
        let Identity(bytes) = self.row.identity;
        let [low, high] = super::window::halves(u128::from_le_bytes(bytes));
        // An identity is a hash already; those of a test are not.
        let mut hash = low ^ high.rotate_left(32);
        for _ in 0..2 {
            hash = (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        let shifted = hash >> (u64::BITS - BUCKET_BITS * (level % Self::LEVELS + 1));
        usize::try_from(shifted).unwrap_or(0) % Self::BUCKETS
    }

    /// Whose it is.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.row.identity
    }

    /// Appends it as bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let Row {
            identity,
            digest,
            time,
            offset,
            tolerant,
            partition,
            side,
            by_content,
            settled,
            mark,
        } = &self.row;
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(*side == Side::Canary, CANARY)
            | flag(*by_content, BY_CONTENT)
            | flag(*settled, SETTLED)
            | flag(tolerant.is_some(), TOLERANT)
            | flag(self.tombstone, TOMBSTONE)
            | flag(self.of_control, OF_CONTROL)
            | flag(mark.is_slow(), SLOW);
        let mut fixed = [0; 53];
        fixed[..16].copy_from_slice(&identity.0);
        fixed[16..32].copy_from_slice(&digest.0);
        fixed[32..40].copy_from_slice(&time.to_le_bytes());
        fixed[40..48].copy_from_slice(&offset.to_le_bytes());
        fixed[48..52].copy_from_slice(&partition.to_le_bytes());
        fixed[52] = flags;
        out.extend_from_slice(&fixed);
        if let Some(beside) = tolerant {
            let Beside { tolerant, critical } = &**beside;
            out.extend_from_slice(&length(tolerant.len()));
            tolerant.iter().for_each(|value| write_value(value, out));
            out.extend_from_slice(&length(critical.len()));
            critical.iter().for_each(|value| write_critical(*value, out));
        }
    }

    /// Takes one from the begin of the bytes; `None` where they are not what [`Away::write`] wrote.
    pub fn read(bytes: &mut &[u8]) -> Option<Away> {
        let identity = Identity(take(bytes)?);
        let digest = Digest(take(bytes)?);
        let time = i64::from_le_bytes(take(bytes)?);
        let offset = u64::from_le_bytes(take(bytes)?);
        let partition = u32::from_le_bytes(take(bytes)?);
        let [flags] = take(bytes)?;
        let tolerant = if flags & TOLERANT == 0 {
            None
        } else {
            let count = u32::from_le_bytes(take(bytes)?);
            let tolerant: Option<Vec<TolerantValue>> = (0..count).map(|_| read_value(bytes)).collect();
            let count = u32::from_le_bytes(take(bytes)?);
            let critical: Option<Vec<Critical>> = (0..count).map(|_| read_critical(bytes)).collect();
            Some(Box::new(Beside {
                tolerant: tolerant?.into_boxed_slice(),
                critical: critical?.into_boxed_slice(),
            }))
        };
        let row = Row {
            identity,
            digest,
            time,
            offset,
            tolerant,
            partition,
            side: if flags & CANARY == 0 {
                Side::Baseline
            } else {
                Side::Canary
            },
            by_content: flags & BY_CONTENT != 0,
            settled: flags & SETTLED != 0,
            mark: Mark::slow(flags & SLOW != 0),
        };
        (flags < SLOW << 1).then_some(Away {
            row,
            of_control: flags & OF_CONTROL != 0,
            tombstone: flags & TOMBSTONE != 0,
        })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

fn length(length: usize) -> [u8; 4] {
    // A tolerant value is a part of a record, and no record has 4 GiB.
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

fn write_value(TolerantValue(kind): &TolerantValue, out: &mut Vec<u8>) {
    match kind {
        TolerantKind::Nothing => out.push(0),
        TolerantKind::Decimal { unscaled, scale } => {
            out.push(1);
            out.extend_from_slice(&scale.to_le_bytes());
            out.extend_from_slice(&length(unscaled.len()));
            out.extend_from_slice(unscaled);
        }
        TolerantKind::NotANumber => out.push(2),
        TolerantKind::Infinite { negative } => out.push(3 + u8::from(*negative)),
    }
}

fn read_value(bytes: &mut &[u8]) -> Option<TolerantValue> {
    let [kind] = take(bytes)?;
    let kind = match kind {
        0 => TolerantKind::Nothing,
        1 => {
            let scale = i32::from_le_bytes(take(bytes)?);
            let length = usize::try_from(u32::from_le_bytes(take(bytes)?)).ok()?;
            let (unscaled, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            TolerantKind::Decimal {
                unscaled: unscaled.to_vec(),
                scale,
            }
        }
        2 => TolerantKind::NotANumber,
        3 | 4 => TolerantKind::Infinite { negative: kind == 4 },
        _ => return None,
    };
    Some(TolerantValue(kind))
}

fn write_critical(value: Critical, out: &mut Vec<u8>) {
    match value {
        Critical::Absent => out.push(0),
        Critical::Null => out.push(1),
        Critical::Value { kind, hash } => {
            out.push(2);
            out.extend_from_slice(&kind.to_le_bytes());
            out.extend_from_slice(&hash.to_le_bytes());
        }
        Critical::Foreign { hash } => {
            out.push(3);
            out.extend_from_slice(&hash.to_le_bytes());
        }
    }
}

fn read_critical(bytes: &mut &[u8]) -> Option<Critical> {
    let [kind] = take(bytes)?;
    Some(match kind {
        0 => Critical::Absent,
        1 => Critical::Null,
        2 => Critical::Value {
            kind: u16::from_le_bytes(take(bytes)?),
            hash: u64::from_le_bytes(take(bytes)?),
        },
        3 => Critical::Foreign {
            hash: u64::from_le_bytes(take(bytes)?),
        },
        _ => return None,
    })
}

impl Engine {
    /// Puts away every record that is in flight or remembered. From now on nothing is settled and no window becomes final
    /// before [`Engine::come_back`]. For bounded runs only: the range of evidence must not move any more.
    ///
    /// # Errors
    /// What `each` says; then some are lost and the comparison is over.
    pub fn put_away<E>(&mut self, mut each: impl FnMut(Away) -> Result<(), E>) -> Result<(), E> {
        let away = self.away.get_or_insert_default();
        if let Some(control) = &mut self.control {
            control.put_away(|row| {
                each(Away {
                    row,
                    of_control: true,
                    tombstone: false,
                })
            })?;
        }
        let Engine {
            rules,
            pairing,
            ledger,
            latest,
            ..
        } = self;
        for Version { row, tombstone } in latest.iter_mut().flat_map(Latest::take) {
            *away.get_mut(row.side) += 1;
            each(Away {
                row,
                of_control: false,
                tombstone,
            })?;
        }
        // They serve a restart only, and a bounded run has none.
        ledger.forget(i64::MAX);
        ledger.undecided.decide();
        let mut sink = Apart(Sink { ledger, rules });
        pairing.put_away(rules, &mut sink, |row| {
            if !row.settled {
                *away.get_mut(row.side) += 1;
            }
            each(Away {
                row,
                of_control: false,
                tombstone: false,
            })
        })
    }

    /// True once something was put away.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.away.is_some()
    }

    /// Takes a record back, to be settled with the others of its identity by [`Engine::settle_away`].
    pub fn take_back(
        &mut self,
        Away {
            row,
            of_control,
            tombstone,
        }: Away,
    ) {
        if let (Some(control), true) = (&mut self.control, of_control) {
            return control.take_back(row);
        }
        if let Some(away) = self.away.as_mut().filter(|_| !row.settled) {
            let away = away.get_mut(row.side);
            *away = away.saturating_sub(1);
        }
        match &mut self.latest {
            Some(latest) => latest.offer(Version { row, tombstone }, &mut self.ledger, &self.rules),
            None => self.pairing.push(row, &self.rules),
        }
    }

    /// Settles what was taken back, as far as the watermark allows: everything, once all is read. All records of their
    /// identities must be there.
    pub fn settle_away(&mut self) {
        self.compare_newest();
        let Some((watermark, away)) = self.watermark().zip(self.away.as_mut()) else {
            return;
        };
        let Engine {
            rules,
            pairing,
            ledger,
            control,
            frontier,
            ..
        } = self;
        if let Some(control) = control {
            control.settle_away(watermark, &ledger.evidence, *frontier);
        }
        let mut pairing = std::mem::take(pairing);
        pairing.advance(
            watermark,
            rules,
            &mut u64::MAX.clone(),
            &mut Apart(Sink { ledger, rules }),
        );
        for side in Side::PAIR {
            *away.get_mut(side) += pairing.pending().get(side);
        }
    }

    /// Everything that was put away is settled: windows become final, oldest first.
    pub fn come_back(&mut self, outputs: &mut Vec<Output>) {
        if let (Some(_), Some(watermark)) = (&self.away, self.watermark()) {
            self.finish(watermark, outputs);
        }
    }

    /// How many records may be taken back at once within `held_max_bytes`: of many identities, and of a single one, for
    /// which there is no other way.
    #[must_use]
    pub fn at_once(&self) -> (u64, u64) {
        let tolerant = self.rules.tolerant_bytes();
        let of = |bytes: u64| self.settings.held_max_bytes / (bytes + tolerant);
        (of(SETTLED_BYTES).max(1), of(ROW_BYTES).max(1))
    }

    pub(super) fn put_away_of(&self, side: Side) -> u64 {
        self.away.as_ref().map_or(0, |away: &PerSide<u64>| *away.get(side))
    }
}
