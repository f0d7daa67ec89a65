//! The oracle over whole worlds: every offset in one place, the order of the logs of no account, every rule reached.

use std::collections::BTreeSet;

use crosscheck::model::Side;

use super::{Hole, Read, Stored, Whole, inputs, whole};
use crate::simulation::world::World;
use crate::simulation::world::log::{Kind, Partition};
use crate::simulation::world::plan::{EPOCH_MS, Start};
use crate::simulation::world::sometimes::Sometimes;

/// What enough worlds must show.
const REACHED: [&str; 24] = [
    "6a",
    "6a within tolerance",
    "6a exact before older",
    "6b",
    "6c",
    "6c left to its equal",
    "6c left as a duplicate",
    "6d conflict",
    "6d missing",
    "6d extra",
    "a pair over two windows",
    "bad and judged",
    "bad and shared",
    "before any running maximum",
    "excluded (edge)",
    "excluded (select)",
    "final window",
    "hole",
    "late counted",
    "pending",
    "raised",
    "undecodable counted",
    "untimely counted",
    "window without evidence",
];

/// A reader that never crashed: it read everything that is there at the end, in one go.
pub fn read_to_the_end(world: &World) -> Stored {
    let t = world.quiet_at_ms;
    let mut reads = Vec::new();
    for side in Side::PAIR {
        for partition in &world.topic(side).lives[0].partitions {
            let low = partition.low(world.begins_at_ms);
            reads.push(Read {
                side,
                partition: partition.id,
                life: 0,
                after_the_cut: partition.cut.is_some(),
                from: low,
                to: partition.last_stable(t).max(low),
                raises: Vec::new(),
                holes: Vec::new(),
                untimely: too_new(world, partition),
                unsampled: BTreeSet::new(),
                beside: BTreeSet::new(),
            });
        }
    }
    Stored {
        reads,
        s_ms: Some(EPOCH_MS),
        watermark_ms: Some(EPOCH_MS + world.plan.span_ms / 2),
        closed: false,
    }
}

/// A clock that reads each record as soon as it is there.
fn too_new(world: &World, partition: &Partition) -> BTreeSet<u64> {
    let most = world.settings.skew_max_ms.unwrap_or(i64::MAX);
    let slots = partition.branch(partition.cut.is_some());
    let too_new =
        slots.filter(|slot| matches!(&slot.kind, Kind::Record(record) if record.timestamp_ms - slot.at_ms > most));
    too_new.map(|slot| slot.offset).collect()
}

/// Some of everything that only a run brings: raises and holes.
fn disturbed(world: &World) -> Stored {
    let mut stored = read_to_the_end(world);
    for (read, n) in stored.reads.iter_mut().zip(0..) {
        let length = read.to - read.from;
        if length > 20 && (world.seed + n).is_multiple_of(3) {
            read.raises
                .push((read.from + length / 3, EPOCH_MS + world.plan.span_ms / 3));
        }
        if length > 20 && (world.seed + n).is_multiple_of(7) {
            let from = read.from + length / 2;
            read.holes.push(Hole {
                from,
                to: from + length / 10,
                met_at_ms: None,
            });
        }
    }
    stored.closed = world.seed.is_multiple_of(5);
    stored
}

/// Records of a side that stand in some place.
fn placed(whole: &Whole, side: Side) -> u64 {
    let windows = whole.windows.values().map(|window| {
        let (counts, its) = (&window.counts, window.counts.sides.get(side));
        let surplus = if side == Side::Baseline {
            counts.missing
        } else {
            counts.extra
        };
        let named = its.duplicate + its.conflict + its.late + its.untimely + its.undecodable_total();
        counts.matched + counts.mismatched + surplus + named + its.excluded_total()
    });
    windows.sum::<u64>() + whole.pending.get(side)
}

#[test]
fn every_offset_is_in_one_place() {
    for seed in 0..150 {
        let world = World::new(seed);
        let stored = disturbed(&world);
        let whole = whole(&world, &stored);
        for side in Side::PAIR {
            assert_eq!(*whole.read.get(side), placed(&whole, side), "seed {seed}");
            let reads = stored.reads.iter().filter(|read| read.side == side);
            let offsets: u64 = reads.map(|read| read.to - read.from).sum();
            assert_eq!(offsets, whole.read.get(side) + whole.gaps.get(side), "seed {seed}");
        }
        for window in whole.windows.values() {
            let judged = window.bad.undecodable_judged + window.bad.untimely_judged;
            let shared = window.bad.undecodable_shared + window.bad.untimely_shared;
            let canary = &window.counts.sides.canary;
            assert_eq!(
                judged + shared + window.bad.edge,
                canary.undecodable_total() + canary.untimely,
                "seed {seed}"
            );
            assert!(!window.edge || window.counts.compared() == 0, "seed {seed}");
            assert!(!window.bad_is_final || window.is_final, "seed {seed}");
        }
    }
}

#[test]
fn the_order_of_the_logs_is_of_no_account() {
    for seed in 0..60 {
        let world = World::new(seed);
        let stored = disturbed(&world);
        let mut turned = stored.clone();
        turned.reads.reverse();
        assert_eq!(
            whole(&world, &stored).windows,
            whole(&world, &turned).windows,
            "seed {seed}"
        );
    }
}

#[test]
fn every_rule_is_reached() {
    let mut reached = Sometimes::default();
    for seed in 0..300 {
        let world = World::new(seed);
        let whole = whole(&world, &disturbed(&world));
        reached.add(&whole.reached);
        reached.times("pending", whole.pending.baseline + whole.pending.canary);
        for window in whole.windows.values() {
            reached.times("final window", u64::from(window.is_final));
            reached.times("window without evidence", u64::from(window.edge));
        }
    }
    assert_eq!(reached.short_of(&REACHED, 10), []);
}

/// An honest reader is not doubted; a lie of each kind is.
#[test]
fn doubts() {
    let (mut honest, mut lies) = (0, Sometimes::default());
    for seed in 0..200 {
        let world = World::new(seed);
        let run = inputs::Circumstances {
            ended_at_ms: world.quiet_at_ms,
            idle_least_ms: world.idle_ms,
            clock_off_ms: 0,
            start_known_ms: None,
        };
        let mut stored = read_to_the_end(&world);
        stored.s_ms = None;
        stored.watermark_ms = None;
        if world.start == Start::Now {
            for read in &mut stored.reads {
                let partition = &world.topic(read.side).lives[0].partitions[read.partition as usize];
                read.from = partition.high(world.begins_at_ms);
                read.to = read.to.max(read.from);
            }
        }
        assert_eq!(
            inputs::doubts(&world, &stored, run),
            Vec::<String>::new(),
            "seed {seed}"
        );
        honest += 1;
        for at in 0..stored.reads.len() {
            let mut lie = |name: &'static str, change: &dyn Fn(&mut Stored)| {
                let mut told = stored.clone();
                change(&mut told);
                let doubted = !inputs::doubts(&world, &told, run).is_empty();
                lies.times(name, u64::from(doubted));
            };
            lie("start", &|told| told.reads[at].from += 1);
            lie("end", &|told| told.reads[at].to += 1_000);
            lie("raise", &|told| {
                let middle = told.reads[at].from.midpoint(told.reads[at].to);
                told.reads[at].raises.push((middle, EPOCH_MS));
            });
            lie("hole", &|told| {
                let (from, to) = (told.reads[at].from, told.reads[at].from + 1);
                told.reads[at].holes.push(Hole {
                    from,
                    to,
                    met_at_ms: None,
                });
            });
            lie("untimely", &|told| {
                let all = told.reads[at].from..told.reads[at].to;
                told.reads[at].untimely.extend(all);
            });
            lie("watermark", &|told| told.watermark_ms = Some(EPOCH_MS * 2));
            lie("s", &|told| told.s_ms = Some(EPOCH_MS * 2));
        }
    }
    let names = ["start", "end", "raise", "hole", "untimely", "watermark", "s"];
    assert_eq!(lies.short_of(&names, honest / 5), []);
}

#[test]
#[ignore = "a measurement, run by hand"]
#[expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]
fn by_hand_the_time_of_a_world() {
    let (mut making, mut judging, mut records, mut longest) = (0.0, 0.0, 0, 0.0_f64);
    for seed in 0..2_000 {
        let start = std::time::Instant::now();
        let world = World::new(seed);
        let made = start.elapsed().as_secs_f64();
        let whole = whole(&world, &disturbed(&world));
        let both = start.elapsed().as_secs_f64();
        making += made;
        judging += both - made;
        longest = longest.max(both - made);
        records += whole.read.baseline + whole.read.canary;
    }
    println!(
        "a world of {} records: made in {:.0} us, judged in {:.0} us, at most {:.0} us",
        records / 2_000,
        making * 500.0,
        judging * 500.0,
        longest * 1e6
    );
}
