//! Records in flight as they are held: 42 bytes each. What all records of a span or of a log have in common is said once,
//! and what does not fit, has tolerant values, or is not in the sample stands apart.

use std::collections::BTreeMap;

use super::row::{Mark, Row, Sighting, Tolerant};
use super::rules::BEGIN;
use crate::model::{Digest, Fingerprint, Identity, Position, Side};

/// Milliseconds behind the begin of its span that a row has room for: 12 days.
const TIME_BITS: u32 = 30;
const SETTLED: u32 = 1 << TIME_BITS;
const BY_CONTENT: u32 = 1 << (TIME_BITS + 1);

/// Offsets of a block: a log that gets further is one log more.
const BLOCK_BITS: u32 = 35;
/// Where the side stands behind them, and where the number of the log.
const SIDE_BIT: u32 = BLOCK_BITS + 1;
const NUMBER_BITS: u32 = BLOCK_BITS + 2;
/// Logs that have a number: of the thirteen bits one is the side and one is for a slow record, and the last number says that the
/// rest stands apart.
const LOGS_MAX: u64 = 2_047;

/// A row. Bytes, so that it has no gaps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed {
    pub(super) identity: Identity,
    pub(super) digest: Digest,
    time: [u8; 4],
    place: Place,
}

/// Where a record is: the number of its log, its side, whether it is slow, its offset in the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(pub(super) [u8; 6]);

/// What does not fit into a row.
#[derive(Debug)]
pub(super) struct Apart {
    at: Sighting,
    tolerant: Tolerant,
}

/// The logs that records come from, by number.
#[derive(Debug, Default)]
pub(super) struct Logs {
    numbers: BTreeMap<(u32, u64), u64>,
    /// Partition, and which block of its offsets.
    known: Vec<(u32, u64)>,
    recent: Option<((u32, u64), u64)>,
}

impl Logs {
    #[inline(always)]
    fn place(&mut self, (side, slow): (Side, bool), partition: u32, offset: u64) -> Option<Place> {
        let log = (partition, offset >> BLOCK_BITS);
        let number = match self.recent {
            Some((recent, number)) if recent == log => number,
            _ => self.number(log)?,
        };
        Some(Place::new(number, (side, slow), offset))
    }

    #[inline(never)]
    fn number(&mut self, log: (u32, u64)) -> Option<u64> {
        let number = match self.numbers.get(&log) {
            Some(number) => *number,
            None => {
                let number = u64::try_from(self.known.len()).ok().filter(|next| *next < LOGS_MAX)?;
                self.known.push(log);
                self.numbers.insert(log, number);
                number
            }
        };
        self.recent = Some((log, number));
        Some(number)
    }

    /// By number, the rank of each log in the order of partitions and offsets.
    pub(super) fn ranks(&self) -> Vec<u64> {
        let mut ranks = vec![0; self.known.len()];
        for (rank, number) in (0..).zip(self.numbers.values()) {
            if let Some(own) = usize::try_from(*number).ok().and_then(|number| ranks.get_mut(number)) {
                *own = rank;
            }
        }
        ranks
    }

    /// Partition and offset; `None` where they stand apart.
    pub(super) fn position(&self, place: Place) -> Option<(u32, u64)> {
        let bits = place.bits();
        let number = usize::try_from(bits >> NUMBER_BITS).ok()?;
        let (partition, block) = self.known.get(number)?;
        Some((*partition, block << BLOCK_BITS | bits & ((1 << BLOCK_BITS) - 1)))
    }
}

impl Place {
    #[inline(always)]
    fn new(number: u64, (side, slow): (Side, bool), rest: u64) -> Place {
        let (side, slow) = (u64::from(side == Side::Canary), u64::from(slow));
        let bits = (number << 2 | side << 1 | slow) << BLOCK_BITS | rest & ((1 << BLOCK_BITS) - 1);
        let [a, b, c, d, e, f, ..] = bits.to_le_bytes();
        Place([a, b, c, d, e, f])
    }

    #[inline(always)]
    pub(super) fn bits(self) -> u64 {
        let Place([a, b, c, d, e, f]) = self;
        u64::from_le_bytes([a, b, c, d, e, f, 0, 0])
    }

    fn side(self) -> Side {
        if self.bits() >> SIDE_BIT & 1 == 0 {
            Side::Baseline
        } else {
            Side::Canary
        }
    }

    #[inline(always)]
    pub(super) fn is_slow(self) -> bool {
        self.bits() >> BLOCK_BITS & 1 != 0
    }

    fn is_apart(self) -> bool {
        self.bits() >> NUMBER_BITS == LOGS_MAX
    }
}

/// The time from which a span's rows count theirs.
pub(super) fn base(span_start: i64) -> i64 {
    if span_start == BEGIN { 0 } else { span_start }
}

impl Packed {
    #[inline(always)]
    pub(super) fn new(row: Row, base: i64, logs: &mut Logs, apart: &mut Vec<Apart>) -> Packed {
        let flags = if row.settled { SETTLED } else { 0 } | if row.by_content { BY_CONTENT } else { 0 };
        let mut place = || logs.place((row.side, row.mark.is_slow()), row.partition, row.offset);
        let plain = row.tolerant.is_none() && !row.mark.is_unsampled();
        let fits = |time: &u32| *time < 1 << TIME_BITS && plain;
        let time = row.time.checked_sub(base).and_then(|time| u32::try_from(time).ok());
        match time.filter(fits).and_then(|time| Some((time, place()?))) {
            Some((time, place)) => Packed {
                identity: row.identity,
                digest: row.digest,
                time: (time | flags).to_le_bytes(),
                place,
            },
            None => Packed::apart(row, flags, apart),
        }
    }

    /// Where a row will be written.
    pub(super) const NOTHING: Packed = Packed {
        identity: Identity([0; 16]),
        digest: Digest([0; 16]),
        time: [0; 4],
        place: Place([0; 6]),
    };

    /// Time with its flags, and place, of a record that was just read. None where it must stand apart.
    #[inline(always)]
    pub(super) fn of(
        print: &Fingerprint,
        at: Position,
        (time, slow): (i64, bool),
        logs: &mut Logs,
    ) -> Option<(u32, Place)> {
        let time = u32::try_from(time).ok().filter(|time| *time < 1 << TIME_BITS)?;
        if print.tolerant.is_some() || print.has_critical() {
            return None;
        }
        let flags = u32::from(print.by_content) << (TIME_BITS + 1);
        Some((time | flags, logs.place((at.side, slow), at.partition, at.offset)?))
    }

    /// Writes the row in its place, piece by piece. Put together first, it would be copied by loads that span two stores
    /// of a moment ago, and such a load waits until both have left the core: half of the time of a step was that.
    #[inline(always)]
    pub(super) fn fill(&mut self, print: &Fingerprint, (time, place): (u32, Place)) {
        self.identity = print.identity;
        self.digest = print.digest;
        self.time = time.to_le_bytes();
        self.place = place;
    }

    #[inline(never)]
    fn apart(row: Row, flags: u32, apart: &mut Vec<Apart>) -> Packed {
        let at = u64::try_from(apart.len()).unwrap_or(u64::MAX);
        let packed = Packed {
            identity: row.identity,
            digest: row.digest,
            time: flags.to_le_bytes(),
            place: Place::new(LOGS_MAX, (row.side, row.mark.is_slow()), at),
        };
        apart.push(Apart {
            at: row.sighting(),
            tolerant: row.tolerant,
        });
        packed
    }

    /// The row as it was; its tolerant values are taken out.
    pub(super) fn unpack(self, base: i64, logs: &Logs, apart: &mut [Apart]) -> Row {
        let (at, tolerant) = match logs.position(self.place) {
            Some((partition, offset)) => {
                let time = base.saturating_add(i64::from(self.time()));
                let at = Sighting {
                    time,
                    offset,
                    partition,
                    mark: Mark::slow(self.place.is_slow()),
                };
                (at, None)
            }
            None => {
                let apart = self.number_apart().and_then(|at| apart.get_mut(at));
                apart.map_or((NOWHERE, None), |apart| (apart.at, apart.tolerant.take()))
            }
        };
        Row {
            identity: self.identity,
            digest: self.digest,
            time: at.time,
            offset: at.offset,
            tolerant,
            partition: at.partition,
            side: self.side(),
            by_content: self.is_by_content(),
            settled: self.is_settled(),
            mark: at.mark,
        }
    }

    /// Identity and place in the order of settling.
    pub(super) fn look(&self, base: i64, logs: &Logs, apart: &[Apart]) -> (Identity, (i64, Side, u32, u64)) {
        let at = match logs.position(self.place) {
            Some((partition, offset)) => Sighting {
                time: base.saturating_add(i64::from(self.time())),
                offset,
                partition,
                mark: Mark::slow(self.place.is_slow()),
            },
            None => self
                .number_apart()
                .and_then(|at| apart.get(at))
                .map_or(NOWHERE, |apart| apart.at),
        };
        (self.identity, (at.time, self.side(), at.partition, at.offset))
    }

    /// The same for rows of which none stands apart, of one prefix: what that leaves of the identity; time, side and rank of
    /// the log; offset in its block, whose number is in the rank.
    #[inline]
    pub(super) fn short(&self, ranks: &[u64]) -> (u64, u64, u64) {
        let Identity([.., a, b, c, d, e, f, g, h]) = self.identity;
        let bits = self.place.bits();
        let number = usize::try_from(bits >> NUMBER_BITS).ok();
        let rank = number.and_then(|number| ranks.get(number)).copied().unwrap_or(0);
        let side = bits >> SIDE_BIT & 1;
        (
            u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            u64::from(self.time()) << 32 | side << 31 | rank,
            bits & ((1 << BLOCK_BITS) - 1),
        )
    }

    fn number_apart(&self) -> Option<usize> {
        usize::try_from(self.place.bits() & ((1 << BLOCK_BITS) - 1)).ok()
    }

    fn word(&self) -> u32 {
        u32::from_le_bytes(self.time)
    }

    /// Milliseconds behind the begin of the span, unless it stands apart.
    pub(super) fn time(&self) -> u32 {
        self.word() & (SETTLED - 1)
    }

    pub(super) fn is_settled(&self) -> bool {
        self.word() & SETTLED != 0
    }

    pub(super) fn is_by_content(&self) -> bool {
        self.word() & BY_CONTENT != 0
    }

    pub(super) fn is_apart(&self) -> bool {
        self.place.is_apart()
    }

    pub(super) fn side(&self) -> Side {
        self.place.side()
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }
}

/// Of a row that was never there.
const NOWHERE: Sighting = Sighting {
    time: 0,
    offset: 0,
    partition: 0,
    mark: Mark::slow(false),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::named::Beside;
    use crate::model::{TolerantKind, TolerantValue};

    fn back(row: &Row, base: i64, logs: &mut Logs) -> (Row, bool) {
        let mut apart = Vec::new();
        let packed = Packed::new(row.clone(), base, logs, &mut apart);
        (packed.unpack(base, logs, &mut apart), packed.is_apart())
    }

    #[test]
    fn a_row_is_42_bytes() {
        assert_eq!(size_of::<Packed>(), 42);
        assert_eq!(size_of::<Apart>(), 32);
    }

    #[test]
    fn every_row_comes_back_as_it_was() {
        let mut logs = Logs::default();
        let values = || {
            Some(Box::new(Beside {
                tolerant: vec![TolerantValue(TolerantKind::NotANumber)].into_boxed_slice(),
                ..Beside::default()
            }))
        };
        let far = 1 << TIME_BITS;
        for (time, base, fits) in [
            (-7, -7, true),
            (-8, -7, false),
            (far - 1, 0, true),
            (far, 0, false),
            (i64::MAX, i64::MIN, false),
            (-377_705_023_201_000, -377_705_023_201_500, true),
        ] {
            for offset in [0, 1, (1 << 36) - 1, 1 << 36, (1 << 62) + 9] {
                for (partition, side) in [(0, Side::Baseline), (u32::MAX, Side::Canary), (77, Side::Canary)] {
                    for (tolerant, unsampled) in [(None, false), (values(), false), (None, true)] {
                        let row = Row {
                            identity: Identity([3; 16]),
                            digest: Digest([0xfe; 16]),
                            time,
                            offset,
                            tolerant,
                            partition,
                            side,
                            by_content: offset == 1,
                            settled: partition == 77,
                            mark: Mark::slow(offset == 0 || partition == 77).or_unsampled(unsampled),
                        };
                        let (again, apart) = back(&row, base, &mut logs);
                        assert_eq!(format!("{again:?}"), format!("{row:?}"));
                        assert_eq!(apart, !fits || row.tolerant.is_some() || unsampled);
                    }
                }
            }
        }
    }

    #[test]
    fn what_has_no_number_stands_apart() {
        let mut logs = Logs::default();
        for partition in 0..3_000_u32 {
            let row = Row {
                identity: Identity([3; 16]),
                digest: Digest([4; 16]),
                time: 5,
                offset: u64::from(partition) << 30,
                tolerant: None,
                partition,
                side: Side::Canary,
                by_content: false,
                settled: false,
                mark: Mark::default(),
            };
            let (again, apart) = back(&row, 0, &mut logs);
            assert_eq!(format!("{again:?}"), format!("{row:?}"));
            assert_eq!(apart, u64::from(partition) >= LOGS_MAX);
        }
    }
}
