//! How emitted records come to stand in a log: stalls, partitions, transactions, gaps, retention, cuts, a second life.

use crosscheck::model::Side;

use super::emit::Emitted;
use super::log::{Cut, Kind, Life, Partition, Record, Slot, Topic, opens};
use super::plan::{self, EPOCH_MS, Plan};
use super::rng::Rng;
use super::sometimes::Sometimes;

/// The topic of a side.
pub fn topic(
    rng: &mut Rng,
    plan: &Plan,
    side: Side,
    its: plan::Side,
    mut emitted: Vec<Emitted>,
    injected: &mut Sometimes,
) -> Topic {
    stall(&mut emitted, &its, injected);
    emitted.sort_by_key(|emitted| emitted.at_ms);
    if !plan.time_is_timestamp {
        // A producer stamps what it sends when it sends it.
        for emitted in &mut emitted {
            emitted.record.timestamp_ms = emitted.at_ms;
        }
    }
    let id = u128::from(rng.next());
    let reborn_at_ms = its.recreated_at_ms.unwrap_or(i64::MAX);
    let second = emitted.split_off(emitted.partition_point(|emitted| emitted.at_ms < reborn_at_ms));
    let mut lives = vec![Life {
        from_ms: i64::MIN,
        id,
        partitions: partitions(rng, side, &its, emitted, injected),
    }];
    if its.recreated_at_ms.is_some() {
        injected.reached("recreated");
        let plain = plan::Side {
            hanging: None,
            retention_ms: None,
            cut: None,
            ..its
        };
        lives.push(Life {
            from_ms: reborn_at_ms,
            id: u128::from(rng.next()),
            partitions: partitions(rng, side, &plain, second, injected),
        });
    }
    Topic { lives }
}

/// A side that stands, and goes on ten times as fast until it has caught up, or never.
fn stall(emitted: &mut Vec<Emitted>, its: &plan::Side, injected: &mut Sometimes) {
    match its.stall {
        Some((from_ms, Some(to_ms))) => {
            injected.reached("stalled");
            for emitted in emitted.iter_mut().filter(|emitted| emitted.at_ms >= from_ms) {
                emitted.at_ms = emitted.at_ms.max(to_ms + (emitted.at_ms - from_ms) / 10);
            }
        }
        Some((from_ms, None)) => {
            injected.reached("stopped");
            emitted.retain(|emitted| emitted.at_ms < from_ms);
        }
        None => {}
    }
}

/// The partitioners differ between the sides, as murmur2 and CRC32 do.
fn partition_of(side: Side, shard: u32, count: u64) -> u64 {
    let factor: u64 = if side == Side::Baseline {
        0x9e37_79b9_7f4a_7c15
    } else {
        0xc2b2_ae3d_27d4_eb4f
    };
    ((u64::from(shard) + 1).wrapping_mul(factor) >> 40) % count
}

fn partitions(
    rng: &mut Rng,
    side: Side,
    its: &plan::Side,
    emitted: Vec<Emitted>,
    injected: &mut Sometimes,
) -> Vec<Partition> {
    let added_at_ms = its.added_at_ms.unwrap_or(i64::MAX);
    let total = its.partitions + u64::from(its.added_at_ms.is_some());
    let mut queues: Vec<Vec<Emitted>> = (0..total).map(|_| Vec::with_capacity(emitted.len())).collect();
    for emitted in emitted {
        let added = emitted.at_ms >= added_at_ms;
        let count = its.partitions + u64::from(added);
        let mut to = partition_of(side, emitted.shard, count);
        if let Some((silent, from_ms, to_ms)) = its.silent
            && silent == to
            && (from_ms..to_ms).contains(&emitted.at_ms)
            && count > 1
        {
            injected.reached("silent partition");
            to = (to + 1) % count;
        }
        if to == its.partitions {
            injected.reached("added partition");
        }
        queues[usize::try_from(to).unwrap()].push(emitted);
    }
    let numbered = (0..total).zip(queues);
    numbered
        .map(|(number, queue)| {
            let mut partition = Partition {
                id: u32::try_from(number).unwrap(),
                appears_at_ms: if number == its.partitions {
                    added_at_ms
                } else {
                    i64::MIN
                },
                slots: Vec::with_capacity(queue.len() * 5 / 4),
                ..Partition::default()
            };
            let mut writer = Writer {
                slots: &mut partition.slots,
                pending: None,
            };
            writer.write(rng, its, number, queue, injected);
            cut(&mut partition, its, injected);
            partition.opens = opens(&partition.slots);
            retention(&mut partition, its, injected);
            partition
        })
        .collect()
}

/// Appends to one partition.
struct Writer<'a> {
    slots: &'a mut Vec<Slot>,
    /// When the hanging transaction's end is appended.
    pending: Option<i64>,
}

impl Writer<'_> {
    fn last_ms(&self) -> i64 {
        self.slots.last().map_or(i64::MIN, |slot| slot.at_ms)
    }

    /// Appends a slot, at the earliest when the one before it was; says when.
    fn push(&mut self, at_ms: i64, kind: Kind) -> i64 {
        if let Some(end_ms) = self.pending.filter(|end_ms| *end_ms <= at_ms) {
            self.pending = None;
            self.push(end_ms, Kind::Control);
        }
        let at_ms = at_ms.max(self.last_ms());
        self.slots.push(Slot {
            offset: self.slots.len() as u64,
            at_ms,
            stable_at_ms: Some(at_ms),
            kind,
        });
        at_ms
    }

    /// The slots from a place on are decided together, by a control record.
    fn decide(&mut self, from: usize, at_ms: i64) {
        let at_ms = self.push(at_ms, Kind::Control);
        for slot in &mut self.slots[from..] {
            slot.stable_at_ms = Some(at_ms);
        }
    }

    fn write(&mut self, rng: &mut Rng, its: &plan::Side, number: u64, queue: Vec<Emitted>, injected: &mut Sometimes) {
        let mut hanging = its.hanging.filter(|(partition, ..)| *partition == number);
        // Slots of the transaction that is open, from here on, and how many records it will have.
        let mut open: Option<(usize, u64)> = None;
        for Emitted { at_ms, record, .. } in queue {
            if let Some((_, from_ms, until_ms)) = hanging.filter(|(_, from_ms, _)| *from_ms <= at_ms && open.is_none())
            {
                hanging = None;
                self.hang(rng, at_ms.max(from_ms), until_ms, &record, injected);
            }
            if rng.chance(its.gap) {
                injected.reached("compacted");
                self.push(at_ms, Kind::Compacted);
            }
            if its.transactions && open.is_none() {
                if rng.chance(its.abort) {
                    injected.reached("aborted");
                    let from = self.slots.len();
                    for _ in 0..rng.below(4) {
                        self.push(at_ms, Kind::Aborted);
                    }
                    self.decide(from, at_ms + rng.between(0, 30));
                }
                open = Some((self.slots.len(), 1 + rng.below(6)));
            }
            self.push(at_ms, Kind::Record(record));
            if let Some((from, left)) = open.take() {
                if left == 1 {
                    let end_ms = self.last_ms() + rng.between(0, 30);
                    self.decide(from, end_ms);
                } else {
                    open = Some((from, left - 1));
                }
            }
        }
        if let Some((from, _)) = open {
            let end_ms = self.last_ms() + 30;
            self.decide(from, end_ms);
        }
        if let Some(end_ms) = self.pending.take() {
            self.push(end_ms, Kind::Control);
        }
    }

    /// A transaction that stands open, then is committed, aborted, or neither for ever.
    fn hang(&mut self, rng: &mut Rng, at_ms: i64, until_ms: Option<i64>, like: &Record, injected: &mut Sometimes) {
        injected.reached(if until_ms.is_some() {
            "hanging transaction"
        } else {
            "hanging for ever"
        });
        let kind = if rng.chance(0.5) {
            Kind::Record(like.clone())
        } else {
            Kind::Aborted
        };
        let at_ms = self.push(at_ms, kind);
        let until_ms = until_ms.map(|until_ms| until_ms.max(at_ms + 1));
        self.slots.last_mut().unwrap().stable_at_ms = until_ms;
        self.pending = until_ms;
    }
}

/// An election that loses the end: what came later stands where the lost records stood.
fn cut(partition: &mut Partition, its: &plan::Side, injected: &mut Sometimes) {
    let Some((_, at_ms, lost)) = its.cut.filter(|(number, ..)| *number == u64::from(partition.id)) else {
        return;
    };
    let until = partition.slots.partition_point(|slot| slot.at_ms < at_ms);
    let to = (until as u64).saturating_sub(lost);
    let mut slots = partition.slots.split_off(until);
    if to == until as u64 {
        partition.slots.append(&mut slots);
        return;
    }
    injected.reached("truncated");
    for (slot, offset) in slots.iter_mut().zip(to..) {
        slot.offset = offset;
    }
    let opens = opens(&slots);
    partition.cut = Some(Cut {
        at_ms,
        to,
        slots,
        opens,
    });
}

fn retention(partition: &mut Partition, its: &plan::Side, injected: &mut Sometimes) {
    let Some(retention_ms) = its.retention_ms.filter(|_| partition.cut.is_none()) else {
        return;
    };
    let last_ms = partition.slots.last().map_or(EPOCH_MS, |slot| slot.at_ms);
    for step in 1..=12 {
        let t = EPOCH_MS + (last_ms - EPOCH_MS + retention_ms) * step / 12;
        let low = partition.slots.partition_point(|slot| slot.at_ms < t - retention_ms) as u64;
        if low > partition.lows.last().map_or(0, |(_, low)| *low) {
            injected.reached("retention");
            partition.lows.push((t, low));
        }
    }
}

impl Topic {
    /// When the last thing happens in it.
    pub fn quiet_at_ms(&self) -> i64 {
        let partitions = self.lives.iter().flat_map(|life| &life.partitions);
        let times = partitions.flat_map(|partition| {
            let slots = partition
                .slots
                .last()
                .into_iter()
                .chain(partition.cut.iter().flat_map(|cut| cut.slots.last()));
            let ends = partition.opens.iter().filter_map(|open| open.stable_at_ms);
            let lows = partition.lows.iter().map(|(at_ms, _)| *at_ms);
            slots.map(|slot| slot.at_ms).chain(ends).chain(lows)
        });
        times.max().unwrap_or(EPOCH_MS)
    }
}
