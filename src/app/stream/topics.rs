//! Is it still the topic that we began to read? Its id, its ends, and how many partitions it has.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Result;

use super::Stream;
use crate::app::log::Log;
use crate::app::sides::are_apart;
use crate::edge::kafka::{Ends, KafkaError};
use crate::model::{Inconclusive, Numbered, Side, is_dead_letter, topic_of};

/// How often a topic is looked at, milliseconds.
const LOOK_MS: i64 = 10_000;

impl Stream {
    /// Looks at all topics where it is time.
    ///
    /// # Errors
    /// A pattern came to a topic that must not be read with the others, or to too many.
    pub(super) fn look_at_topics(&mut self, now_ms: i64) -> Result<()> {
        if now_ms - self.looked_ms < LOOK_MS {
            return Ok(());
        }
        self.looked_ms = now_ms;
        for &side in self.sides() {
            self.look_at_id(side, Duration::ZERO);
            self.look_for_new_partitions(side)?;
        }
        Ok(())
    }

    /// Compares the id of each topic with that of the topic that this generation began to read. An id that is not told says
    /// nothing.
    pub fn look_at_id(&mut self, side: Side, wait: Duration) {
        let Log::Kafka(topic) = &mut self.lanes.get_mut(side).log else {
            return;
        };
        let first = topic.topic_id(wait).map(|id| (0, id));
        let told = first.into_iter().chain(topic.other_ids(wait));
        for (at, id) in told.collect::<Vec<(u32, String)>>() {
            let known = match at {
                0 => self.topic_ids.get(side).as_ref(),
                at => self.other_ids.get(side).get(&at),
            };
            match known {
                Some(known) if *known != id => self.recreated(side, at),
                Some(_) => {}
                None if at == 0 => *self.topic_ids.get_mut(side) = Some(id),
                None => drop(self.other_ids.get_mut(side).insert(at, id)),
            }
        }
    }

    /// A topic is another one of the same name.
    fn recreated(&mut self, side: Side, at: u32) {
        let place = |number: u32| own_place(number, at);
        let views = self.engine.partitions(side).into_iter();
        let read = views.filter_map(|view| {
            Some(format!(
                "partition {} to offset {}",
                place(view.partition)?,
                view.position
            ))
        });
        let text = format!(
            "{side} topic {} was deleted and made again: another topic of this name was read, {}",
            self.own_name(side, at),
            read.collect::<Vec<_>>().join(", ")
        );
        self.incident(Inconclusive::Recreated, side, text);
    }

    /// The name of one of a side's own topics.
    fn own_name(&self, side: Side, at: u32) -> String {
        let topics = self.lanes.get(side).log.topics();
        let name = topics.own.get(usize::try_from(at).unwrap_or(usize::MAX));
        name.map_or_else(|| self.topic_name(side).to_owned(), Clone::clone)
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

    /// Keys move when partitions are added to a topic. The new ones are read from their begin, so nothing is lost; nothing
    /// passes. A topic that is new itself moves none.
    fn look_for_new_partitions(&mut self, side: Side) -> Result<()> {
        let lane = self.lanes.get_mut(side);
        let Log::Kafka(topic) = &mut lane.log else {
            return Ok(());
        };
        let fresh = match topic.take_new_partitions() {
            Ok(fresh) => fresh,
            Err(error @ KafkaError::Topics { .. }) => return Err(error.into()),
            Err(error) => {
                *self.trouble.get_mut(side) = Some(error.to_string());
                return Ok(());
            }
        };
        if fresh.is_empty() {
            return Ok(());
        }
        let kept = topic.new_facts().into_iter().filter_map(|facts| facts.kept_ms());
        let least = self.retention_ms.get_mut(side);
        *least = kept.chain(*least).min();
        let known: BTreeSet<u32> = lane.partitions.keys().map(|partition| topic_of(*partition)).collect();
        let closed = lane.partitions.values().any(|partition| partition.end.is_some());
        for &(partition, begin) in &fresh {
            let state = lane.partitions.entry(partition).or_default();
            state.timed_at_ms = self.clock.elapsed_ms();
            // What is added after a close lies behind its ends.
            if closed {
                state.end = Some(begin);
            }
            self.engine.declare(side, partition, begin);
        }
        let (added, of_new): (Vec<u32>, Vec<u32>) = fresh
            .into_iter()
            .map(|(partition, _)| partition)
            .partition(|partition| known.contains(&topic_of(*partition)));
        // Keys of dead letters say nothing.
        let added: Vec<u32> = added
            .into_iter()
            .filter(|partition| !is_dead_letter(*partition))
            .collect();
        if !added.is_empty() {
            let ends = self.ends.get(side).clone();
            self.repartitioned(side, &added, &ends);
        }
        self.met(side, &of_new)
    }

    /// A pattern came to topics that were not there before.
    fn met(&self, side: Side, partitions: &[u32]) -> Result<()> {
        let topics: BTreeSet<u32> = partitions.iter().map(|partition| topic_of(*partition)).collect();
        for number in &topics {
            let topic = self.own_name(side, Numbered::of(*number).topic);
            tracing::info!(
                stream = self.name,
                side = side.as_str(),
                topic,
                "a topic more is followed"
            );
        }
        if topics.is_empty() {
            return Ok(());
        }
        let own = self.topics().map(|topics| topics.own);
        Ok(are_apart(&self.alike, &own)?)
    }

    /// Partitions were added to topics: from these ends on keys may be elsewhere.
    pub fn repartitioned(&mut self, side: Side, fresh: &[u32], ends: &[(u32, u64)]) {
        let topics: BTreeSet<u32> = fresh.iter().map(|partition| Numbered::of(*partition).topic).collect();
        for at in topics {
            let list = |partitions: &mut dyn Iterator<Item = String>| partitions.collect::<Vec<_>>().join(", ");
            let added = fresh.iter().filter_map(|partition| own_place(*partition, at));
            let added = list(&mut added.map(|partition| partition.to_string()));
            let old = ends.iter().filter(|(partition, _)| !fresh.contains(partition));
            let old = old.filter_map(|(partition, end)| Some((own_place(*partition, at)?, end)));
            let from = list(&mut old.map(|(partition, end)| format!("partition {partition} offset {end}")));
            let text = format!(
                "{side} topic {} has more partitions, {added}: keys may have moved about from {from} on",
                self.own_name(side, at)
            );
            self.incident(Inconclusive::Repartitioned, side, text);
        }
    }
}

/// Which partition it is of one of a side's own topics.
fn own_place(number: u32, at: u32) -> Option<u32> {
    let Numbered {
        dead_letter,
        topic,
        partition,
    } = Numbered::of(number);
    (topic == at && !dead_letter).then_some(partition)
}
