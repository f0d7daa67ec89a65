//! The world keeps its own promises.

use std::collections::BTreeMap;

use crosscheck::codec::{Field, Progress, Reducer, Schema, SchemaRef};
use crosscheck::engine::{Range, Settings};
use crosscheck::model::{Digest, Entry, Identity, Reduction, Side, TolerantValue};

use super::World;
use super::log::{Kind, OutOfRange, Partition, Slot, Topic, batch};
use super::plan::{EPOCH_MS, IdentityFrom, Start};
use super::sometimes::Sometimes;
use super::truth::{Decoded, Order, Truth};

/// Faults that the logs of enough seeds must have.
const FAULTS: [&str; 32] = [
    "aborted",
    "added partition",
    "bad on both sides",
    "before it started",
    "compacted",
    "conflict",
    "crowd",
    "deselected",
    "duplicate",
    "extra",
    "far future",
    "far past",
    "foreign symbol",
    "hanging for ever",
    "hanging transaction",
    "late",
    "mismatch",
    "missing",
    "no time",
    "null key",
    "recreated",
    "retention",
    "second schema",
    "silent partition",
    "stalled",
    "stopped",
    "swapped ids",
    "third schema",
    "tombstone",
    "truncated",
    "undecodable",
    "empty",
];

fn all(topic: &Topic) -> impl Iterator<Item = &Partition> {
    topic.lives.iter().flat_map(|life| &life.partitions)
}

#[test]
fn every_fault_is_in_some_world() {
    let mut reached = Sometimes::default();
    for seed in 0..600 {
        let world = World::new(seed);
        reached.add(&world.injected);
        if all(world.topic(Side::Canary)).all(|partition| partition.slots.is_empty()) {
            reached.reached("empty");
        }
    }
    assert_eq!(reached.short_of(&FAULTS, 5), []);
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in [0, 1, 77, u64::MAX] {
        assert_eq!(format!("{:?}", World::new(seed)), format!("{:?}", World::new(seed)));
    }
}

#[test]
fn settings_fit_each_other() {
    for seed in 0..100 {
        let world = World::new(seed);
        let Settings {
            lateness_ms,
            grace_ms,
            range,
            ..
        } = &world.settings;
        assert_eq!(world.seed, seed);
        assert!(
            world.ahead_max_ms >= lateness_ms.unwrap() + grace_ms.unwrap(),
            "seed {seed}"
        );
        assert!(
            world.idle_ms > 0 && world.close_at_ms.is_none_or(|at_ms| at_ms > EPOCH_MS),
            "seed {seed}"
        );
        assert_eq!(
            matches!(range, Range::Discovered),
            !matches!(world.start, Start::Time(_)),
            "seed {seed}"
        );
    }
}

#[test]
fn logs_are_in_order() {
    for seed in 0..100 {
        let world = World::new(seed);
        for side in Side::PAIR {
            for partition in all(world.topic(side)) {
                for after_the_cut in [false, true] {
                    let mut before = i64::MIN;
                    for (slot, offset) in partition.branch(after_the_cut).zip(0..) {
                        assert_eq!(slot.offset, offset, "seed {seed}");
                        assert!(before <= slot.at_ms, "seed {seed}");
                        assert!(slot.stable_at_ms.is_none_or(|at_ms| slot.at_ms <= at_ms), "seed {seed}");
                        before = slot.at_ms;
                    }
                }
            }
        }
    }
}

/// What is read at any time is what is read at the end, but for what a log lost.
#[test]
fn a_reader_gets_every_committed_record_once() {
    for seed in 0..60 {
        let world = World::new(seed);
        let (begin, end) = (world.begins_at_ms, world.quiet_at_ms + 1);
        for side in Side::PAIR {
            let topic = world.topic(side);
            assert_eq!(
                topic.partition_count(end) as usize,
                topic.life(end).partitions.len(),
                "seed {seed}"
            );
            assert_eq!(topic.partition(0, end).id, 0, "seed {seed}");
            if topic.lives.len() > 1 {
                assert_ne!(topic.topic_id(i64::MIN), topic.topic_id(end), "seed {seed}");
                continue;
            }
            for partition in all(topic) {
                let mut at = partition.low(begin);
                let mut seen = Vec::new();
                let mut t = begin;
                loop {
                    if partition.cut.is_some() && at > partition.high(t) {
                        assert_eq!(partition.leader_epoch(t), 1, "seed {seed}");
                        break;
                    }
                    match partition.read(at, t, 7) {
                        Ok(slots) if slots.is_empty() && t >= end => break,
                        Ok(slots) if slots.is_empty() => t = end.min(t + (end - begin) / 50 + 1),
                        Ok(slots) => {
                            at += slots.len() as u64;
                            seen.extend(batch(partition.id, &slots).records.iter().map(|record| record.offset));
                            assert!(at <= partition.last_stable(t), "seed {seed}");
                        }
                        Err(OutOfRange { low, high }) => {
                            assert!(at < low && low <= high, "seed {seed}");
                            at = low;
                        }
                    }
                }
                assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "seed {seed}");
                let opened = partition.opens.iter().any(|open| open.stable_at_ms.is_none());
                if partition.cut.is_none() && partition.lows.is_empty() && !opened {
                    let records = partition
                        .slots
                        .iter()
                        .filter(|slot| matches!(slot.kind, Kind::Record(_)));
                    assert_eq!(records.count(), seen.len(), "seed {seed}");
                }
                assert!(
                    partition
                        .offset_for_time(i64::MIN, end)
                        .is_none_or(|offset| offset >= partition.low(end))
                );
            }
        }
    }
}

/// Every record of a world, as the real codec reduces it.
fn reduced(world: &World, side: Side, partition: &Partition) -> Vec<Entry> {
    let mut reducer = Reducer::new(side, world.codec());
    reducer.set_sole_contract(Field::Value, Schema::parse(world.contract()).unwrap());
    for (id, text) in world.registries.get(side) {
        reducer.add_schema(Field::Value, SchemaRef::Id(*id), Schema::parse(text).unwrap());
    }
    let slots: Vec<&Slot> = partition.branch(false).collect();
    let batch = batch(partition.id, &slots);
    let (mut from, mut out) = (0, Vec::new());
    loop {
        match reducer.reduce(&batch, from, &mut out) {
            Progress::Done => return out,
            Progress::NeedsSchema { at, field, schema } => {
                reducer.unknown_schema(field, schema);
                from = at;
            }
            Progress::NeedsContract { .. } => panic!("it has a contract"),
        }
    }
}

/// What the codec must hold apart, as the truth says it.
fn content(world: &World, decoded: &Decoded) -> String {
    let plan = &world.plan;
    let order = decoded.order.map(|order| Order {
        created_ms: order.created_ms.filter(|_| !plan.ignore_time),
        amount: if world.settings.tolerances.is_empty() {
            order.amount
        } else {
            0
        },
        ..order
    });
    let key_compared =
        plan.identity == IdentityFrom::Nothing || plan.compare_key && plan.identity == IdentityFrom::Field;
    format!("{order:?} {:?}", decoded.key.filter(|_| key_compared))
}

/// One to one: what it was seen with first must stay what it is seen with.
fn agrees<K: Ord + Clone + std::fmt::Debug, V: Ord + Clone + std::fmt::Debug>(
    seen: &mut BTreeMap<K, V>,
    key: K,
    value: &V,
    seed: u64,
) {
    let first = seen.entry(key.clone()).or_insert_with(|| value.clone());
    assert_eq!(first, value, "seed {seed}, {key:?}");
}

#[test]
fn the_codec_sees_the_truth() {
    for seed in 0..60 {
        let world = World::new(seed);
        let (mut digests, mut contents) = (BTreeMap::<String, Digest>::new(), BTreeMap::<Digest, String>::new());
        let (mut names, mut numbers) = (BTreeMap::<u32, Identity>::new(), BTreeMap::<Identity, u32>::new());
        let mut amounts = BTreeMap::<i64, String>::new();
        for side in Side::PAIR {
            for partition in all(world.topic(side)) {
                let records = partition.branch(false).filter_map(|slot| match &slot.kind {
                    Kind::Record(record) => Some((slot.offset, record)),
                    _ => None,
                });
                for ((offset, record), reduced) in records.zip(reduced(&world, side, partition)) {
                    assert_eq!(
                        (offset, Some(record.timestamp_ms)),
                        (reduced.offset, reduced.timestamp_ms)
                    );
                    let (decoded, print) = match (&record.truth, reduced.body) {
                        (Truth::Decoded(decoded), Reduction::Decoded(print)) => (decoded, print),
                        (Truth::Undecodable(reason), Reduction::Undecodable(found, _)) => {
                            assert_eq!(*reason, found, "seed {seed}");
                            continue;
                        }
                        (Truth::Deselected, Reduction::Deselected) => continue,
                        (truth, reduction) => panic!("seed {seed}: {truth:?} is {reduction:?}"),
                    };
                    assert_eq!(decoded.time_ms, print.time_ms, "seed {seed}");
                    let content = content(&world, decoded);
                    agrees(&mut digests, content.clone(), &print.digest, seed);
                    agrees(&mut contents, print.digest, &content, seed);
                    let number = match world.plan.identity {
                        IdentityFrom::Field => decoded.order.map(|order| order.id),
                        IdentityFrom::Key => decoded.key,
                        IdentityFrom::Nothing => None,
                    };
                    assert_eq!(number.is_none(), print.by_content, "seed {seed}");
                    if let Some(number) = number {
                        agrees(&mut names, number, &print.identity, seed);
                        agrees(&mut numbers, print.identity, &number, seed);
                    } else {
                        assert_eq!(print.identity.0, print.digest.0, "seed {seed}");
                    }
                    if let (Some(order), Some(values)) = (decoded.order, &print.tolerant) {
                        let values: &[TolerantValue] = values;
                        agrees(&mut amounts, order.amount, &format!("{values:?}"), seed);
                    }
                }
            }
        }
    }
}
