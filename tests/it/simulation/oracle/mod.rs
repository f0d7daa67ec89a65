//! The oracle: the whole truth of a comparison, from whole logs in memory, nested loops and sorts.
//!
//! Written from the design's rules 5 to 14 and from nothing of the engine. It works on what records really are, never on
//! bytes. Slow is fine, clear is not optional.

mod bad;
mod edges;
mod equal;
mod examples;
pub mod inputs;
pub mod noise;
mod pairing;
mod partition;
mod worlds;

use std::collections::{BTreeMap, BTreeSet};

use crosscheck::engine::Settings;
use crosscheck::model::{BadCounts, Outcome, PerSide, Position, Side, WindowCounts};

use partition::Walked;

use super::world::World;
use super::world::log::Slot;
use super::world::plan::IdentityFrom;
use super::world::sometimes::Sometimes;

/// What was stored of a run: the inputs that are no part of the logs, and how far they were read.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// One for each partition that was read.
    pub reads: Vec<Read>,
    /// S of a range that was discovered; `None` is not known yet.
    pub s_ms: Option<i64>,
    /// The engine's watermark at the end; `None` is none.
    pub watermark_ms: Option<i64>,
    /// `close` was asked for, and every partition was read to its captured end, which is its `to`.
    pub closed: bool,
}

/// What was read of a partition.
#[derive(Clone, Debug)]
pub struct Read {
    pub side: Side,
    pub partition: u32,
    /// Which of the topic's lives.
    pub life: usize,
    /// The log as it is after its end was cut.
    pub after_the_cut: bool,
    /// The start offset.
    pub from: u64,
    /// One past the last offset that was read, gaps included.
    pub to: u64,
    /// (offset, value): the running maximum was raised to this while the partition was idle, for records at or after the offset.
    pub raises: Vec<(u64, i64)>,
    /// What retention took, in the order in which it was met.
    pub holes: Vec<Hole>,
    /// Offsets that our clock found untimely, where the event time is the Kafka timestamp.
    pub untimely: BTreeSet<u64>,
    /// Offsets of records that are not in the sample, whatever else they are: who decides that is none of the oracle.
    pub unsampled: BTreeSet<u64>,
    /// Offsets of such records that are there for a partner which may be in the sample: at a change of its rate.
    pub beside: BTreeSet<u64>,
}

/// A range of offsets that will never be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    pub from: u64,
    pub to: u64,
    /// The engine's watermark, after a crash the stored frontier, when it was met: what was final by then stays final.
    pub met_at_ms: Option<i64>,
}

/// The whole truth.
#[derive(Clone, Debug, Default)]
pub struct Whole {
    /// By their first millisecond; one that is not here counts nothing.
    pub windows: BTreeMap<i64, Window>,
    /// Offsets read that are records.
    pub read: PerSide<u64>,
    /// Offsets that are none.
    pub gaps: PerSide<u64>,
    /// Records that are not settled.
    pub pending: PerSide<u64>,
    /// What was met on the way.
    pub reached: Sometimes,
}

/// One window. What it counts is right for good only once it is final.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    pub counts: WindowCounts,
    pub bad: BadCounts,
    /// Nothing in it is evidence.
    pub edge: bool,
    /// So near to a hole that nothing is said about which bad records are shared.
    pub bad_is_open: bool,
    /// Everything in it that differs and is evidence.
    pub differing: BTreeSet<Difference>,
    pub is_final: bool,
    /// The evidence of its bad records is taken.
    pub bad_is_final: bool,
}

/// What differs, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    pub outcome: Outcome,
    pub baseline: Option<Position>,
    pub canary: Option<Position>,
}

/// What is compared, without a world around it.
pub struct Comparison<'a> {
    pub settings: &'a Settings,
    pub identity: IdentityFrom,
    /// The key is a part of the content.
    pub key_compared: bool,
    /// The field of the event time is no part of the content.
    pub ignore_time: bool,
    pub logs: Vec<Log<'a>>,
    pub s_ms: Option<i64>,
    pub watermark_ms: Option<i64>,
    pub closed: bool,
}

/// The slots of a partition from its start offset to where it was read, with what is stored of it.
pub struct Log<'a> {
    pub read: &'a Read,
    pub slots: Vec<&'a Slot>,
}

/// The whole truth of a world, as far as it was read.
pub fn whole(world: &World, stored: &Stored) -> Whole {
    judge(&comparison(world, stored))
}

fn comparison<'a>(world: &'a World, stored: &'a Stored) -> Comparison<'a> {
    let compared = stored.reads.iter().filter(|read| read.side != Side::Control);
    let logs = compared.map(|read| log(world, read));
    with(world, stored, logs.collect())
}

/// The slots of what was read.
fn log<'a>(world: &'a World, read: &'a Read) -> Log<'a> {
    slots(world, read, read.side)
}

/// The same of a side's log, whatever side it is read for.
fn slots<'a>(world: &'a World, read: &'a Read, side: Side) -> Log<'a> {
    let partition = &world.topic(side).lives[read.life].partitions[read.partition as usize];
    let slots = partition.branch(read.after_the_cut);
    Log {
        read,
        slots: slots
            .filter(|slot| (read.from..read.to).contains(&slot.offset))
            .collect(),
    }
}

fn with<'a>(world: &'a World, stored: &Stored, logs: Vec<Log<'a>>) -> Comparison<'a> {
    let plan = &world.plan;
    Comparison {
        settings: &world.settings,
        identity: plan.identity,
        key_compared: match plan.identity {
            IdentityFrom::Nothing => true,
            IdentityFrom::Field => plan.compare_key,
            IdentityFrom::Key => false,
        },
        ignore_time: plan.ignore_time,
        logs,
        s_ms: stored.s_ms,
        watermark_ms: stored.watermark_ms,
        closed: stored.closed,
    }
}

/// The whole truth. What was final before a hole was met is what it was without the hole.
pub fn judge(comparison: &Comparison) -> Whole {
    let holes = comparison.logs.iter().flat_map(|log| &log.read.holes);
    let mut met: Vec<i64> = holes.map(|hole| hole.met_at_ms.unwrap_or(i64::MIN)).collect();
    met.sort_unstable();
    met.dedup();
    let mut whole = judge_with_holes(comparison, i64::MAX);
    for met_at_ms in met.into_iter().rev() {
        let before = judge_with_holes(comparison, met_at_ms);
        let was_final = |start_ms: i64| met_at_ms > comparison.end_of(start_ms).saturating_add(comparison.grace());
        // Its bad records are settled later, when the hole is known.
        let near: BTreeSet<i64> = whole
            .windows
            .iter()
            .filter(|(_, window)| window.bad_is_open)
            .map(|(start_ms, _)| *start_ms)
            .collect();
        whole.windows.retain(|start_ms, _| !was_final(*start_ms));
        let kept = before.windows.into_iter().filter(|(start_ms, _)| was_final(*start_ms));
        whole.windows.extend(kept.map(|(start_ms, mut window)| {
            window.bad_is_open |= near.contains(&start_ms);
            (start_ms, window)
        }));
    }
    whole
}

/// The truth with the holes that were met before a watermark.
fn judge_with_holes(comparison: &Comparison, met_before_ms: i64) -> Whole {
    let mut whole = Whole::default();
    let logs = comparison.logs.iter();
    let walked: Vec<Walked> = logs
        .map(|log| partition::walk(comparison, log, met_before_ms))
        .collect();
    let edges = edges::Edges::of(comparison, &walked);
    for walked in &walked {
        *whole.read.get_mut(walked.side) += walked.read;
        *whole.gaps.get_mut(walked.side) += walked.gaps;
        whole.reached.add(&walked.reached);
    }
    pairing::settle(comparison, &edges, &walked, &mut whole);
    partition::count_unsampled(comparison, &edges, &walked, &mut whole);
    let oldest = partition::count(comparison, &walked, &mut whole);
    bad::share(comparison, &edges, &walked, oldest, &mut whole);
    let watermark = comparison.watermark();
    for (start_ms, window) in &mut whole.windows {
        let end_ms = comparison.end_of(*start_ms);
        window.edge = edges.is_whole(*start_ms);
        window.bad_is_open = edges.near_a_hole(*start_ms);
        window.is_final = watermark > end_ms.saturating_add(comparison.grace());
        window.bad_is_final = watermark > end_ms.saturating_add(comparison.grace().saturating_mul(5));
    }
    whole
}

impl Comparison<'_> {
    /// Greater than everything once the ends that `close` captured are read.
    fn watermark(&self) -> i64 {
        if self.closed {
            i64::MAX
        } else {
            self.watermark_ms.unwrap_or(i64::MIN)
        }
    }

    /// Unbounded is greater than any difference of two times.
    fn grace(&self) -> i64 {
        self.settings.grace_ms.unwrap_or(i64::MAX / 16)
    }

    fn lateness(&self) -> i64 {
        self.settings.lateness_ms.unwrap_or(i64::MAX / 16)
    }

    /// First millisecond of the window of a time.
    fn window_of(&self, time_ms: i64) -> i64 {
        self.settings
            .window_ms
            .map_or(0, |length| time_ms - time_ms.rem_euclid(length))
    }

    /// One past its last millisecond.
    fn end_of(&self, start_ms: i64) -> i64 {
        self.settings.window_ms.map_or(i64::MAX / 2, |length| start_ms + length)
    }
}
