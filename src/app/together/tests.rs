//! Sides that share a topic, against a topic of numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::edge::kafka::{Ends, Event, TopicFacts};
use crate::model::RecordBatch;

/// Each record's value.
const VALUE: [u8; 488] = [7; 488];
/// Its bytes.
const SIZE: u64 = VALUE.len() as u64;

/// What a cluster has, and what was asked of it.
#[derive(Default)]
struct Cluster {
    /// Partitions that there are, how many records each.
    ends: Vec<u64>,
    /// What retention took.
    begin: u64,
    opened: usize,
    fetched: u64,
    assigned: usize,
    fails: bool,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Cluster>>);

impl Shared {
    fn of(ends: &[u64]) -> Self {
        let shared = Self::default();
        shared.get().ends = ends.to_vec();
        shared
    }

    fn get(&self) -> std::sync::MutexGuard<'_, Cluster> {
        self.0.lock().unwrap()
    }

    /// How many readers there were, and what they fetched.
    fn counts(&self) -> (usize, u64) {
        let cluster = self.get();
        (cluster.opened, cluster.fetched)
    }

    fn open(&self) -> Box<Open> {
        let shared = self.clone();
        Box::new(move || {
            shared.get().opened += 1;
            let partitions = (0..).take(shared.get().ends.len()).collect();
            Ok(Box::new(Numbers {
                shared: shared.clone(),
                partitions,
                places: BTreeMap::new(),
                held: BTreeSet::new(),
                told: BTreeSet::new(),
            }))
        })
    }

    /// So many sides, from these offsets of each partition.
    fn sides(&self, kept_max: u64, starts: &[u64]) -> Vec<Side> {
        let together = Together::<u8>::new(kept_max * PART_OF_HELD);
        let mut sides = Vec::new();
        for &start in starts {
            let topic = together.topic(0, self.open()).unwrap();
            let places: Vec<(u32, u64)> = topic.partitions().iter().map(|partition| (*partition, start)).collect();
            sides.push((topic, places));
        }
        let begun = sides.into_iter().map(|(mut topic, start)| {
            topic.assign(&start).unwrap();
            Side {
                topic,
                next: start.into_iter().collect(),
                ends: BTreeMap::new(),
                lost: 0,
            }
        });
        begun.collect()
    }
}

/// A topic whose records are their offsets.
struct Numbers {
    shared: Shared,
    partitions: Vec<u32>,
    places: BTreeMap<u32, u64>,
    held: BTreeSet<u32>,
    told: BTreeSet<u32>,
}

impl Topic for Numbers {
    fn name(&self) -> &str {
        "numbers"
    }

    fn partitions(&self) -> &[u32] {
        &self.partitions
    }

    fn partition_count(&self) -> Result<usize, KafkaError> {
        Ok(self.shared.get().ends.len())
    }

    fn take_new_partitions(&mut self) -> Result<Vec<(u32, u64)>, KafkaError> {
        let now = self.shared.get().ends.len();
        let fresh: Vec<u32> = (0..).take(now).skip(self.partitions.len()).collect();
        self.partitions.extend(&fresh);
        self.places.extend(fresh.iter().map(|partition| (*partition, 0)));
        Ok(fresh.into_iter().map(|partition| (partition, 0)).collect())
    }

    fn describe(&self) -> TopicFacts {
        TopicFacts::default()
    }

    fn ends(&self) -> Result<Vec<Ends>, KafkaError> {
        Ok(Vec::new())
    }

    fn watermarks(&self, _partition: u32) -> Result<(u64, u64), KafkaError> {
        Ok((0, 0))
    }

    fn offsets_at(&self, _time_ms: i64) -> Result<Vec<(u32, Option<u64>)>, KafkaError> {
        Ok(Vec::new())
    }

    fn assign(&mut self, start: &[(u32, u64)]) -> Result<(), KafkaError> {
        self.shared.get().assigned += 1;
        self.places = start.iter().copied().collect();
        self.held.clear();
        self.told.clear();
        Ok(())
    }

    fn hold(&mut self, partitions: &[u32]) {
        self.held.extend(partitions);
    }

    fn release(&mut self, partitions: &[u32]) {
        self.held.retain(|partition| !partitions.contains(partition));
    }

    fn poll(&mut self, max_records: usize, _wait: Duration) -> Result<Event, KafkaError> {
        let mut cluster = self.shared.get();
        if cluster.fails {
            return Err(KafkaError::Fatal {
                topic: "numbers".to_owned(),
                reason: "it is gone".to_owned(),
            });
        }
        for (&partition, at) in &mut self.places {
            if self.held.contains(&partition) {
                continue;
            }
            if *at < cluster.begin {
                let from = std::mem::replace(at, cluster.begin);
                return Ok(Event::Expired {
                    partition,
                    from,
                    to: *at,
                });
            }
            let end = cluster.ends[partition as usize];
            let mut batch = RecordBatch::new(partition);
            while *at < end && batch.records.len() < max_records {
                batch.push_value(*at, &VALUE);
                *at += 1;
            }
            if !batch.records.is_empty() {
                cluster.fetched += batch.records.len() as u64;
                self.told.remove(&partition);
                return Ok(Event::Records(batch));
            }
            if self.told.insert(partition) {
                return Ok(Event::End {
                    partition,
                    position: end,
                });
            }
        }
        Ok(Event::Idle)
    }
}

/// A side, and what it was told: every offset once, in order.
struct Side {
    topic: Box<dyn Topic>,
    next: BTreeMap<u32, u64>,
    ends: BTreeMap<u32, u64>,
    lost: u64,
}

impl Side {
    /// One read; false where nothing came.
    fn read(&mut self) -> bool {
        match self.topic.poll(10, Duration::ZERO).unwrap() {
            Event::Records(batch) => {
                for record in &batch.records {
                    let next = self.next.get_mut(&batch.partition).unwrap();
                    assert_eq!(record.offset, *next, "partition {}", batch.partition);
                    *next += 1;
                }
            }
            Event::End { partition, position } => {
                assert_eq!(self.next[&partition], position);
                self.ends.insert(partition, position);
            }
            Event::Expired { partition, from, to } => {
                assert_eq!(self.next.insert(partition, to), Some(from));
                self.lost += to - from;
            }
            Event::Idle => return false,
            other => panic!("{other:?}"),
        }
        true
    }

    fn read_all(&mut self) {
        while self.read() {}
    }
}

/// Until there has been nothing for a while: what is read for nobody is nothing.
fn read_in_turns(sides: &mut [Side]) {
    let mut quiet = 0;
    while quiet < 20 {
        let any = sides.iter_mut().fold(false, |any, side| side.read() | any);
        quiet = if any { 0 } else { quiet + 1 };
    }
}

#[test]
fn what_is_fetched_once_is_told_to_each() {
    let shared = Shared::of(&[100, 57, 0]);
    let mut sides = shared.sides(1 << 20, &[0, 0, 0]);
    read_in_turns(&mut sides);
    for side in &sides {
        assert_eq!(side.next, BTreeMap::from([(0, 100), (1, 57), (2, 0)]));
        assert_eq!(side.ends, side.next);
    }
    let cluster = shared.get();
    assert_eq!((cluster.opened, cluster.fetched, cluster.assigned), (1, 157, 1));
}

#[test]
fn who_is_ahead_skips_what_he_has() {
    let shared = Shared::of(&[100]);
    let mut sides = shared.sides(1 << 20, &[70, 20]);
    read_in_turns(&mut sides);
    assert!(sides.iter().all(|side| side.ends[&0] == 100));
    assert_eq!(shared.get().fetched, 80);
}

/// It was held where it began, far behind: nobody reads the way between for nobody.
#[test]
fn once_the_one_behind_goes_on_alone_the_others_are_read_from_where_they_stand() {
    let shared = Shared::of(&[1_000]);
    let mut sides = shared.sides(30 * (SIZE + RECORD_BYTES), &[900, 0]);
    sides[1].topic.hold(&[0]);
    while !sides[0].ends.contains_key(&0) {
        for side in &mut sides {
            side.read();
        }
    }
    let (opened, fetched) = shared.counts();
    assert_eq!(opened, 2);
    assert!(fetched <= 160, "{fetched}");
}

#[test]
fn what_is_held_is_kept_up_to_a_bound_and_then_it_goes_on_alone() {
    for (limit, opened, fetched) in [(60, 1, 100), (30, 2, 170)] {
        let shared = Shared::of(&[100]);
        let mut sides = shared.sides(limit * (SIZE + RECORD_BYTES), &[0, 0]);
        sides[0].read();
        sides[1].read();
        sides[0].topic.hold(&[0]);
        for _ in 0..5 {
            assert!(!sides[0].read(), "it is held");
            sides[1].read();
        }
        let kept = sides[0].topic.kept_bytes();
        assert!(kept > 0 && kept <= limit * SIZE, "{kept}");
        sides[0].topic.hold(&[0]);
        sides[1].read();
        sides[0].topic.release(&[0]);
        read_in_turns(&mut sides);
        assert!(sides.iter().all(|side| side.ends[&0] == 100));
        let cluster = shared.get();
        assert_eq!(cluster.opened, opened, "{limit}");
        assert!(cluster.fetched <= fetched, "{limit}: {}", cluster.fetched);
    }
}

#[test]
fn what_all_hold_is_not_read_and_what_nobody_wants_any_more_neither() {
    let shared = Shared::of(&[50, 50]);
    let mut sides = shared.sides(1 << 20, &[0, 0]);
    sides.iter_mut().for_each(|side| side.topic.hold(&[0, 1]));
    read_in_turns(&mut sides);
    assert_eq!(shared.get().fetched, 0);
    sides[0].topic.forget(0);
    sides[1].topic.release(&[1]);
    read_in_turns(&mut sides);
    assert_eq!(shared.get().fetched, 50);
    assert_eq!(sides[0].topic.kept_bytes(), 50 * SIZE);
    sides[0].topic.release(&[1]);
    sides[1].topic.release(&[0]);
    read_in_turns(&mut sides);
    assert_eq!((sides[0].next[&1], sides[0].next[&0], sides[1].next[&0]), (50, 0, 50));
    assert_eq!(shared.counts(), (1, 100));
}

/// The control is read alone for a moment: it waits, and then goes on with a reader of its own.
#[test]
fn who_is_not_asked_keeps_nobody_and_nothing_without_bound() {
    let shared = Shared::of(&[1_000]);
    let mut sides = shared.sides(100 * (SIZE + RECORD_BYTES), &[0, 0]);
    for _ in 0..200 {
        sides[0].read();
    }
    assert_eq!(sides[0].ends[&0], 1_000);
    assert_eq!(shared.get().opened, 2);
    let before = shared.get().fetched;
    assert!(before <= 1_000 + 110, "{before}");
    sides[1].read_all();
    assert_eq!(sides[1].ends[&0], 1_000);
}

#[test]
fn a_slow_one_is_waited_for_as_long_as_it_is_asked() {
    let shared = Shared::of(&[1_000]);
    let mut sides = shared.sides(20 * (SIZE + RECORD_BYTES), &[0, 0]);
    while sides[1].next[&0] < 1_000 {
        for side in [0, 0, 0, 0, 0, 1] {
            sides[side].read();
        }
    }
    read_in_turns(&mut sides);
    assert!(sides.iter().all(|side| side.ends[&0] == 1_000));
    assert_eq!(shared.counts(), (1, 1_000));
}

#[test]
fn what_ends_the_topic_ends_it_for_each_behind_what_it_has() {
    let shared = Shared::of(&[30]);
    let mut sides = shared.sides(1 << 20, &[0, 0]);
    sides[0].read();
    sides[0].read();
    shared.get().fails = true;
    assert!(sides[0].topic.poll(10, Duration::ZERO).is_err());
    assert!(sides[1].read() && sides[1].read());
    shared.get().fails = false;
    assert!(
        sides[1].topic.poll(10, Duration::ZERO).is_err(),
        "it was told once, and to all"
    );
}

#[test]
fn partitions_that_are_added_are_told_to_each() {
    let shared = Shared::of(&[10]);
    let mut sides = shared.sides(1 << 20, &[0, 5]);
    read_in_turns(&mut sides);
    shared.get().ends.push(20);
    assert_eq!(sides[0].topic.take_new_partitions().unwrap(), [(1, 0)]);
    sides[0].next.insert(1, 0);
    assert!(!sides[1].topic.partitions().contains(&1));
    read_in_turns(&mut sides);
    assert_eq!(sides[1].topic.take_new_partitions().unwrap(), [(1, 0)]);
    assert_eq!(sides[1].topic.take_new_partitions().unwrap(), []);
    sides[1].next.insert(1, 0);
    read_in_turns(&mut sides);
    assert!(sides.iter().all(|side| side.ends[&1] == 20));
    assert_eq!(shared.get().fetched, 30);
}

/// A partition that was made while a side opened its own reader is new to the side all the same.
#[test]
fn partitions_that_come_while_a_side_goes_on_alone_are_told() {
    let shared = Shared::of(&[100]);
    let mut sides = shared.sides(10 * (SIZE + RECORD_BYTES), &[0, 0]);
    sides[0].topic.hold(&[0]);
    sides[1].read_all();
    shared.get().ends.push(20);
    assert!(!sides[0].read());
    assert_eq!(shared.get().opened, 2);
    assert_eq!(sides[0].topic.take_new_partitions().unwrap(), [(1, 0)]);
    sides[0].next.insert(1, 0);
    sides[0].topic.release(&[0]);
    sides[0].read_all();
    assert_eq!(sides[0].ends, BTreeMap::from([(0, 100), (1, 20)]));
}

#[test]
fn what_retention_took_is_told_to_each_from_where_it_stands() {
    let shared = Shared::of(&[100]);
    let mut sides = shared.sides(1 << 20, &[10, 40]);
    shared.get().begin = 50;
    read_in_turns(&mut sides);
    assert_eq!((sides[0].lost, sides[1].lost), (40, 10));
    assert!(sides.iter().all(|side| side.ends[&0] == 100));
}

#[test]
fn a_side_that_is_given_up_holds_nobody() {
    let shared = Shared::of(&[1_000]);
    let mut sides = shared.sides(10 * (SIZE + RECORD_BYTES), &[0, 0]);
    sides[0].read();
    drop(sides.remove(0));
    sides[0].read_all();
    assert_eq!(sides[0].ends[&0], 1_000);
    assert_eq!(shared.get().opened, 1);
}

/// Whatever is held, released, asked and appended: each gets every offset from its start on, once and in order.
#[test]
fn whatever_happens_each_gets_all_of_it_in_order() {
    let mut alone = 0;
    for seed in 0..400_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut draw = |most: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % most
        };
        let shared = Shared::of(&[draw(200), draw(200), draw(50)]);
        let starts: Vec<u64> = (0..2 + draw(2)).map(|_| draw(40)).collect();
        shared.get().ends.iter_mut().for_each(|end| *end += 40);
        let mut sides = shared.sides((1 + draw(80)) * (SIZE + RECORD_BYTES), &starts);
        for _ in 0..300 {
            let mut below = |most: usize| usize::try_from(draw(most as u64)).unwrap();
            let (side, partition) = (below(sides.len()), below(3));
            let number = u32::try_from(partition).unwrap();
            let Side { topic, .. } = &mut sides[side];
            match draw(10) {
                0 => topic.hold(&[number]),
                1 => topic.release(&[number]),
                2 => shared.get().ends[partition] += draw(20),
                _ => {
                    sides[side].read();
                }
            }
        }
        sides.iter_mut().for_each(|side| side.topic.release(&[0, 1, 2]));
        read_in_turns(&mut sides);
        for side in &sides {
            let ends = shared.get().ends.clone();
            assert!(
                (0..).zip(ends).all(|(partition, end)| side.ends[&partition] == end),
                "{seed}"
            );
        }
        alone += shared.get().opened - 1;
    }
    assert!(alone > 100, "{alone}");
}
