//! A side's topic over simulated time, and the questions that a reader asks of it.
//!
//! Times named `t` or `_at_ms` are of the simulated clock, not of events. An offset is the slot's place from 0.

use crosscheck::model::RecordBatch;

use super::truth::Truth;

/// A topic's lives: it has another id and other logs after it was deleted and made again.
#[derive(Clone, Debug, Default)]
pub struct Topic {
    /// The first begins before everything; the others in order.
    pub lives: Vec<Life>,
}

#[derive(Clone, Debug, Default)]
pub struct Life {
    pub from_ms: i64,
    pub id: u128,
    pub partitions: Vec<Partition>,
}

#[derive(Clone, Debug, Default)]
pub struct Partition {
    pub id: u32,
    pub appears_at_ms: i64,
    /// In the order of offsets, from 0 without a gap (a gap is a kind), and of `at_ms`.
    pub slots: Vec<Slot>,
    /// Its transactions that were once undecided, by first offset. From [`opens`].
    pub opens: Vec<Open>,
    /// Retention: from this time on this is the low offset. Both grow.
    pub lows: Vec<(i64, u64)>,
    /// An unclean election that loses the end of the log.
    pub cut: Option<Cut>,
}

/// From `at_ms` on the log is its slots before `to`, then these; the leader's epoch grows by one.
#[derive(Clone, Debug)]
pub struct Cut {
    pub at_ms: i64,
    pub to: u64,
    pub slots: Vec<Slot>,
    pub opens: Vec<Open>,
}

/// A transaction that stands undecided from `at_ms` to before `stable_at_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    pub offset: u64,
    pub at_ms: i64,
    pub stable_at_ms: Option<i64>,
}

/// One offset.
#[derive(Clone, Debug)]
pub struct Slot {
    pub offset: u64,
    /// When it was appended.
    pub at_ms: i64,
    /// When its transaction is decided, at the earliest `at_ms`; `None` is never.
    pub stable_at_ms: Option<i64>,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Record(Record),
    /// Of an aborted transaction: nobody reads it.
    Aborted,
    /// The end of a transaction.
    Control,
    /// A record that compaction took.
    Compacted,
}

#[derive(Clone, Debug)]
pub struct Record {
    /// The Kafka timestamp.
    pub timestamp_ms: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub truth: Truth,
}

/// The offset is not in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    pub low: u64,
    pub high: u64,
}

impl Topic {
    /// The life at a time.
    pub fn life(&self, t: i64) -> &Life {
        self.lives
            .iter()
            .rev()
            .find(|life| life.from_ms <= t)
            .unwrap_or(&self.lives[0])
    }

    /// Its id, which a topic that was made again does not share.
    pub fn topic_id(&self, t: i64) -> u128 {
        self.life(t).id
    }

    pub fn partition_count(&self, t: i64) -> u32 {
        let there = self
            .life(t)
            .partitions
            .iter()
            .take_while(|partition| partition.appears_at_ms <= t);
        u32::try_from(there.count()).unwrap()
    }

    pub fn partition(&self, id: u32, t: i64) -> &Partition {
        &self.life(t).partitions[id as usize]
    }
}

impl Partition {
    /// Every slot that is ever there before or after the cut.
    pub fn branch(&self, after_the_cut: bool) -> impl Iterator<Item = &Slot> {
        let cut = self.cut.as_ref().filter(|_| after_the_cut);
        let kept = cut.map_or(self.slots.len(), |cut| usize::try_from(cut.to).unwrap());
        let rest = cut.map_or(&[][..], |cut| &cut.slots);
        self.slots[..kept].iter().chain(rest)
    }

    /// The slot at an offset, whether it is readable yet or not.
    fn slot(&self, offset: u64, t: i64) -> Option<&Slot> {
        let at = usize::try_from(offset).unwrap();
        match &self.cut {
            Some(cut) if cut.at_ms <= t && cut.to <= offset => cut.slots.get(at - usize::try_from(cut.to).unwrap()),
            _ => self.slots.get(at),
        }
        .filter(|slot| slot.at_ms <= t)
    }

    pub fn low(&self, t: i64) -> u64 {
        let low = self
            .lows
            .iter()
            .rev()
            .find(|(at_ms, _)| *at_ms <= t)
            .map_or(0, |(_, low)| *low);
        low.min(self.high(t))
    }

    /// One past the last offset.
    pub fn high(&self, t: i64) -> u64 {
        let appended = |slots: &[Slot]| slots.partition_point(|slot| slot.at_ms <= t) as u64;
        match &self.cut {
            Some(cut) if cut.at_ms <= t => cut.to + appended(&cut.slots),
            _ => appended(&self.slots),
        }
    }

    /// One past the last offset before the first undecided transaction: what `read_committed` reads up to.
    pub fn last_stable(&self, t: i64) -> u64 {
        let cut = self.cut.as_ref().filter(|cut| cut.at_ms <= t);
        let kept = self
            .opens
            .iter()
            .filter(|open| cut.is_none_or(|cut| open.offset < cut.to));
        kept.chain(cut.iter().flat_map(|cut| &cut.opens))
            .find(|open| open.at_ms <= t && open.stable_at_ms.is_none_or(|at_ms| at_ms > t))
            .map_or_else(|| self.high(t), |open| open.offset)
    }

    pub fn leader_epoch(&self, t: i64) -> i32 {
        i32::from(self.cut.as_ref().is_some_and(|cut| cut.at_ms <= t))
    }

    /// At most `max` slots from an offset on, gaps among them, as a reader of committed records sees them.
    pub fn read(&self, from: u64, t: i64, max: usize) -> Result<Vec<&Slot>, OutOfRange> {
        let (low, high) = (self.low(t), self.high(t));
        if from < low || from > high {
            return Err(OutOfRange { low, high });
        }
        Ok((from..self.last_stable(t))
            .take(max)
            .map_while(|offset| self.slot(offset, t))
            .collect())
    }

    /// The first offset whose Kafka timestamp is at or after a time, as the broker's index says it.
    pub fn offset_for_time(&self, timestamp_ms: i64, t: i64) -> Option<u64> {
        (self.low(t)..self.high(t)).find(|offset| {
            let slot = self.slot(*offset, t);
            matches!(slot.map(|slot| &slot.kind), Some(Kind::Record(record)) if record.timestamp_ms >= timestamp_ms)
        })
    }
}

/// The transactions among slots that were once undecided.
pub fn opens(slots: &[Slot]) -> Vec<Open> {
    let undecided = slots.iter().filter(|slot| slot.stable_at_ms != Some(slot.at_ms));
    let mut opens: Vec<Open> = Vec::new();
    for slot in undecided {
        // Its first slot stands for all of it.
        if opens.last().is_none_or(|open| open.stable_at_ms != slot.stable_at_ms) {
            opens.push(Open {
                offset: slot.offset,
                at_ms: slot.at_ms,
                stable_at_ms: slot.stable_at_ms,
            });
        }
    }
    opens
}

/// The records among slots, as the codec takes them; what are gaps is left out.
pub fn batch(partition: u32, slots: &[&Slot]) -> RecordBatch {
    let mut batch = RecordBatch::new(partition);
    for slot in slots {
        if let Kind::Record(record) = &slot.kind {
            let key = record.key.as_deref().map(|bytes| batch.push_bytes(bytes));
            let value = record.value.as_deref().map(|bytes| batch.push_bytes(bytes));
            batch.records.push(crosscheck::model::RecordRef {
                offset: slot.offset,
                timestamp_ms: Some(record.timestamp_ms),
                key,
                value,
                headers: (0, 0),
            });
        }
    }
    batch
}
