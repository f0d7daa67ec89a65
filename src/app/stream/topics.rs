//! Is it still the topic that we began to read? Its id, its ends, and how many partitions it has.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Stream;
use crate::app::log::Log;
use crate::edge::kafka::Ends;
use crate::model::{Inconclusive, Side, is_dead_letter};

/// How often a topic is looked at, milliseconds.
const LOOK_MS: i64 = 10_000;

impl Stream {
    /// Looks at all topics where it is time.
    pub(super) fn look_at_topics(&mut self, now_ms: i64) {
        if now_ms - self.looked_ms < LOOK_MS {
            return;
        }
        self.looked_ms = now_ms;
        for &side in self.sides() {
            self.look_at_id(side, Duration::ZERO);
            self.look_for_new_partitions(side);
        }
    }

    /// Compares the id of a topic with that of the topic that this generation began to read. An id that is not told says
    /// nothing.
    pub fn look_at_id(&mut self, side: Side, wait: Duration) {
        let Log::Kafka(topic) = &mut self.lanes.get_mut(side).log else {
            return;
        };
        let Some(id) = topic.topic_id(wait) else { return };
        let name = topic.name().to_owned();
        let known = self.topic_ids.get_mut(side);
        if known.as_ref().is_some_and(|known| *known != id) {
            let read: Vec<String> = self
                .engine
                .partitions(side)
                .iter()
                .filter(|view| !is_dead_letter(view.partition))
                .map(|view| format!("partition {} to offset {}", view.partition, view.position))
                .collect();
            let text = format!(
                "{side} topic {name} was deleted and made again: another topic of this name was read, {}",
                read.join(", ")
            );
            self.incident(Inconclusive::Recreated, side, text);
        } else {
            *known = Some(id);
        }
    }

    /// True where a partition ends below what was read of it.
    #[must_use]
    pub fn is_short(&self, side: Side, ends: &[Ends]) -> bool {
        !self.short_of(side, ends).is_empty()
    }

    /// Partitions that end below what was read of them, records that wait for a schema among it, or below where they ended when
    /// the release was closed: that offset, and where they end.
    fn short_of(&self, side: Side, ends: &[Ends]) -> BTreeMap<u32, (u64, u64)> {
        let lane = self.lanes.get(side);
        let mut short = BTreeMap::new();
        for view in self.engine.partitions(side) {
            let end = ends.iter().find(|end| end.partition == view.partition);
            let captured = lane.partitions.get(&view.partition).and_then(|partition| partition.end);
            let captured = captured.filter(|_| self.closed).unwrap_or(0);
            let read_to = view.position.max(lane.waits_to(view.partition)).max(captured);
            if let Some(end) = end.filter(|end| end.high < read_to && !view.completed) {
                short.insert(view.partition, (read_to, end.high));
            }
        }
        short
    }

    /// A log that ends below what was read of it has lost its end. A new leader may be behind for a moment: it counts when
    /// two looks in a row say so.
    pub(super) fn look_for_cuts(&mut self, side: Side, ends: &[Ends]) {
        let short = self.short_of(side, ends);
        let now = short.keys().copied().collect();
        let before = std::mem::replace(self.short.get_mut(side), now);
        for (partition, (read_to, end)) in short {
            if before.contains(&partition) {
                self.truncated(side, partition, read_to, end);
            }
        }
    }

    /// Keys move when partitions are added. The new ones are read from their begin, so nothing is lost; nothing passes.
    fn look_for_new_partitions(&mut self, side: Side) {
        let lane = self.lanes.get_mut(side);
        let Log::Kafka(topic) = &mut lane.log else {
            return;
        };
        let fresh = match topic.take_new_partitions() {
            Ok(fresh) => fresh,
            Err(error) => {
                *self.trouble.get_mut(side) = Some(error.to_string());
                return;
            }
        };
        if fresh.is_empty() {
            return;
        }
        let closed = lane.partitions.values().any(|partition| partition.end.is_some());
        for &(partition, begin) in &fresh {
            let state = lane.partitions.entry(partition).or_default();
            state.selected_at_ms = self.clock.elapsed_ms();
            // What is added after a close lies behind its ends.
            if closed {
                state.end = Some(begin);
            }
            self.engine.declare(side, partition, begin);
        }
        // Keys of dead letters say nothing.
        let fresh = fresh.into_iter().map(|(partition, _)| partition);
        let fresh: Vec<u32> = fresh.filter(|partition| !is_dead_letter(*partition)).collect();
        if !fresh.is_empty() {
            let ends = self.ends.get(side).clone();
            self.repartitioned(side, &fresh, &ends);
        }
    }

    /// Partitions were added: from these ends on keys may be elsewhere.
    pub fn repartitioned(&mut self, side: Side, fresh: &[u32], ends: &[(u32, u64)]) {
        let list = |partitions: &mut dyn Iterator<Item = String>| partitions.collect::<Vec<_>>().join(", ");
        let added = list(&mut fresh.iter().map(u32::to_string));
        let old = ends
            .iter()
            .filter(|(partition, _)| !fresh.contains(partition) && !is_dead_letter(*partition));
        let from = list(&mut old.map(|(partition, end)| format!("partition {partition} offset {end}")));
        let text = format!(
            "{side} topic {} has more partitions, {added}: keys may have moved about from {from} on",
            self.topic_name(side)
        );
        self.incident(Inconclusive::Repartitioned, side, text);
    }
}
