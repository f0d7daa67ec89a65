//! Whether what was stored can be true: the oracle takes stored inputs as they are, so somebody must doubt them.

use crosscheck::engine::Range;

use super::partition::{usable, walk};
use super::{Hole, Log, Read, Stored, comparison};
use crate::simulation::world::World;
use crate::simulation::world::log::{Kind, Partition, Record, Slot};
use crate::simulation::world::plan::Start;
use crate::simulation::world::truth::Truth;

/// What is known of a run beside what it stored.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// When it ended, on the simulated clock.
    pub ended_at_ms: i64,
    /// The least `idle` that it ever had: a reload may change it.
    pub idle_least_ms: i64,
    /// S was known by then.
    pub start_known_ms: Option<i64>,
    /// How far the worker's wall clock may have been off.
    pub clock_off_ms: i64,
}

/// What cannot be true of the stored inputs of a run; empty where all can.
pub fn doubts(world: &World, stored: &Stored, run: Circumstances) -> Vec<String> {
    let mut doubts = Vec::new();
    for read in &stored.reads {
        let partition = &world.topic(read.side).lives[read.life].partitions[read.partition as usize];
        let one = One {
            world,
            read,
            partition,
            run,
        };
        let found = [one.start(), one.end(), one.raises(), one.holes(), one.untimely()];
        let place = format!("{} {}", read.side, read.partition);
        doubts.extend(found.into_iter().flatten().map(|doubt| format!("{place}: {doubt}")));
    }
    doubts.extend(watermark(world, stored));
    doubts.extend(start(world, stored, run));
    doubts
}

/// One partition under doubt.
struct One<'a> {
    world: &'a World,
    read: &'a Read,
    partition: &'a Partition,
    run: Circumstances,
}

impl<'a> One<'a> {
    fn slots(&self) -> impl Iterator<Item = &'a Slot> + use<'a> {
        let from = self.read.from;
        self.partition
            .branch(self.read.after_the_cut)
            .filter(move |slot| slot.offset >= from)
    }

    /// Records that the selector takes, as they were written.
    fn selected(&self) -> impl Iterator<Item = (&'a Slot, &'a Record)> + use<'a> {
        self.slots().filter_map(|slot| match &slot.kind {
            Kind::Record(record) if record.truth != Truth::Deselected => Some((slot, record)),
            _ => None,
        })
    }

    /// It was once the low offset, the high one, or what the index gives.
    fn start(&self) -> Option<String> {
        let Self {
            world,
            read,
            partition,
            run: Circumstances { ended_at_ms, .. },
            ..
        } = *self;
        let begins_ms = world.begins_at_ms.max(partition.appears_at_ms);
        let was_low = partition.low(begins_ms) == read.from || partition.lows.iter().any(|(_, low)| *low == read.from);
        // A partition that was added later is read from its begin.
        let possible = if partition.appears_at_ms > ended_at_ms {
            false
        } else if partition.appears_at_ms > world.begins_at_ms && was_low {
            true
        } else {
            match world.start {
                Start::Earliest => was_low,
                // To a reader of committed records an open transaction is the end.
                Start::Now => {
                    let cut = partition.cut.as_ref().filter(|cut| cut.at_ms > begins_ms);
                    let least = cut.map_or(u64::MAX, |cut| cut.to).min(partition.last_stable(begins_ms));
                    (least..=partition.high(ended_at_ms)).contains(&read.from)
                }
                Start::Time(start_ms) => {
                    let settings = &world.settings;
                    let before = settings.lateness_ms.unwrap_or(0) + settings.grace_ms.unwrap_or(0) + 600_000;
                    let first = partition.offset_for_time(start_ms - before, i64::MAX);
                    was_low || first.is_none_or(|first| read.from <= first)
                }
            }
        };
        (!possible).then(|| format!("it cannot begin at {}", read.from))
    }

    /// What was read was there; a captured end was once the end.
    fn end(&self) -> Option<String> {
        let Self {
            read,
            partition,
            run: Circumstances { ended_at_ms, .. },
            ..
        } = *self;
        // What a log lost at its end was there before.
        let seen_ms = match &partition.cut {
            Some(cut) if !read.after_the_cut => ended_at_ms.min(cut.at_ms - 1),
            _ => ended_at_ms,
        };
        let stable = partition.last_stable(seen_ms).max(read.from);
        (read.to > stable).then(|| format!("{} was never committed up to {}", stable, read.to))
    }

    /// True for a record with a usable event time: no other keeps a partition awake.
    fn is_timed(&self, slot: &Slot, record: &Record) -> bool {
        let Truth::Decoded(decoded) = &record.truth else {
            return false;
        };
        usable(&self.world.settings, self.read, slot.offset, record, decoded).is_some()
    }

    /// While it was idle nothing was there that was not read, and for `idle` of the clock nothing with a usable event time.
    fn raises(&self) -> Option<String> {
        let idle_ms = self.run.idle_least_ms;
        self.read.raises.iter().find_map(|(offset, _)| {
            // An end that a reader saw last could be seen from then on.
            let before = self.selected().take_while(|(slot, _)| slot.offset < *offset);
            let before = before.filter(|(slot, record)| self.is_timed(slot, record)).last();
            let since_ms = before.map_or(self.world.begins_at_ms, |(slot, _)| {
                slot.stable_at_ms.unwrap_or(slot.at_ms).max(self.world.begins_at_ms)
            });
            // A partition that appears later starts as one that was idle.
            if before.is_none() && self.partition.appears_at_ms > self.world.begins_at_ms {
                return None;
            }
            // The end grows when a record is appended, whether it is committed or not.
            let next = self
                .selected()
                .map(|(slot, _)| slot)
                .find(|slot| slot.offset >= *offset);
            let until_ms = next.map_or(self.run.ended_at_ms, |slot| slot.at_ms);
            (until_ms - since_ms < idle_ms).then(|| {
                format!(
                    "at {offset} it was silent for {} ms only, and idle is {idle_ms}",
                    until_ms - since_ms
                )
            })
        })
    }

    /// Retention was there.
    fn holes(&self) -> Option<String> {
        // It is told as far as somebody asks for it: a captured end may cut it short.
        let known = |to: u64| {
            let mut lows = self.partition.lows.iter();
            lows.any(|(at_ms, low)| (*low == to || to == self.read.to && *low > to) && *at_ms <= self.run.ended_at_ms)
        };
        let hole = self
            .read
            .holes
            .iter()
            .find(|hole| hole.from >= hole.to || !known(hole.to));
        hole.map(|hole| format!("retention never took {} to {}", hole.from, hole.to))
    }

    /// No clock could find it untimely, or every clock must.
    fn untimely(&self) -> Option<String> {
        let settings = &self.world.settings;
        let most = settings.skew_max_ms.filter(|_| settings.time_is_timestamp)?;
        self.selected().find_map(|(slot, record)| {
            let Truth::Decoded(_) = record.truth else { return None };
            let said = self.read.untimely.contains(&slot.offset);
            let lost = |hole: &Hole| (hole.from..hole.to).contains(&slot.offset);
            let was_read = slot.offset < self.read.to && !self.read.holes.iter().any(lost);
            let off_ms = self.run.clock_off_ms;
            let may = record.timestamp_ms - slot.at_ms + off_ms > most;
            let must = was_read && record.timestamp_ms - self.run.ended_at_ms - off_ms > most;
            ((said && !may) || (!said && must)).then(|| format!("untimely at {}: {said}", slot.offset))
        })
    }
}

/// No watermark is ahead of the slowest partition, and S is where some partition begins.
fn watermark(world: &World, stored: &Stored) -> Vec<String> {
    let comparison = comparison(world, stored);
    let mut doubts = Vec::new();
    let walked: Vec<_> = comparison
        .logs
        .iter()
        .map(|log: &Log| walk(&comparison, log, i64::MAX))
        .collect();
    if let (false, Some(watermark_ms)) = (stored.closed, stored.watermark_ms) {
        for walked in &walked {
            let its = walked.max_ms.map(|max_ms| max_ms - comparison.lateness());
            if its.is_none_or(|its| its < watermark_ms) {
                doubts.push(format!(
                    "the watermark {watermark_ms} is ahead of a partition of the {}: {its:?}",
                    walked.side
                ));
            }
        }
    }
    if let (Range::Discovered, Some(s_ms)) = (world.settings.range, stored.s_ms) {
        let begins = |walked: &super::Walked| walked.first_ms == Some(s_ms);
        // It may have been lost later.
        let whole = comparison.logs.iter().map(|log: &Log| walk(&comparison, log, i64::MIN));
        if !walked.iter().any(begins) && !whole.into_iter().any(|walked| begins(&walked)) {
            doubts.push(format!("no partition begins at S, {s_ms}"));
        }
    }
    doubts
}

/// S is no earlier than where any partition begins that cannot have been idle until S was known.
fn start(world: &World, stored: &Stored, run: Circumstances) -> Option<String> {
    let s_ms = stored.s_ms.filter(|_| world.settings.range == Range::Discovered)?;
    let known_ms = run.start_known_ms?;
    let comparison = comparison(world, stored);
    // What was lost may have been its first record.
    let whole = comparison.logs.iter().filter(|log| log.read.holes.is_empty());
    whole.into_iter().find_map(|log| {
        let first_ms = walk(&comparison, log, i64::MAX).first_ms?;
        let selected = log.slots.iter().filter(|slot| match &slot.kind {
            Kind::Record(record) => record.truth != Truth::Deselected,
            _ => false,
        });
        let appended = selected.map(|slot| slot.at_ms.max(world.begins_at_ms));
        let mut last_ms = world.begins_at_ms;
        let mut idle = false;
        for at_ms in appended.take_while(|at_ms| *at_ms <= known_ms).chain([known_ms]) {
            idle |= at_ms - last_ms >= run.idle_least_ms;
            last_ms = at_ms;
        }
        (!idle && first_ms > s_ms).then(|| {
            format!(
                "{} {} begins at {}, and S is {s_ms}",
                log.read.side, log.read.partition, first_ms
            )
        })
    })
}
