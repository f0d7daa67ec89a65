//! The topic behind the shares, and what is decided for all of them: from where it is read, and what of it is held.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Open;
use super::share::Share;
use crate::app::topic::Topic;
use crate::edge::kafka::{Event, KafkaError};

/// How often in a row a side waits for one that is not asked meanwhile, before it goes on alone.
const WAITS_MAX: u32 = 8;

/// A topic that is read once.
pub(super) struct Common {
    pub(super) topic: Box<dyn Topic>,
    pub(super) open: Box<Open>,
    shares: BTreeMap<u32, Share>,
    /// Shares there ever were.
    made: u32,
    /// Partitions that nobody wants for now.
    held: BTreeSet<u32>,
    /// From where it was assigned, until it is read.
    assigned: Option<Vec<(u32, u64)>>,
    /// How far it is read.
    at: BTreeMap<u32, u64>,
    kept_max: u64,
}

impl Common {
    pub(super) fn new(topic: Box<dyn Topic>, open: Box<Open>, kept_max: u64) -> Self {
        Self {
            topic,
            open,
            shares: BTreeMap::new(),
            made: 0,
            held: BTreeSet::new(),
            assigned: None,
            at: BTreeMap::new(),
            kept_max,
        }
    }

    /// A share more, by its number.
    pub(super) fn join(&mut self) -> u32 {
        let id = self.made;
        self.made += 1;
        self.shares.insert(id, Share::default());
        id
    }

    /// A share is given up: the others go on without it, from where they stand.
    ///
    /// # Errors
    /// The client refuses.
    pub(super) fn part(&mut self, id: u32) -> Result<Share, KafkaError> {
        let share = self.shares.remove(&id).unwrap_or_default();
        let needed = self.needed();
        let is_behind = |(partition, next): &(u32, u64)| self.at.get(partition).is_some_and(|at| at < next);
        if needed.iter().any(is_behind) {
            self.read_from(needed)?;
        } else {
            self.settle();
        }
        Ok(share)
    }

    pub(super) fn share(&mut self, id: u32) -> &mut Share {
        self.shares.entry(id).or_default()
    }

    /// Reads for a share from these offsets. The topic is read from the least that anybody needs.
    pub(super) fn assign(&mut self, id: u32, start: &[(u32, u64)]) -> Result<(), KafkaError> {
        self.share(id).begin(start);
        let needed = self.needed();
        // Nothing that was fetched meanwhile is thrown away where the sides begin at the same offsets.
        if self.assigned.as_ref() == Some(&needed) {
            self.settle();
            return Ok(());
        }
        self.read_from(needed)
    }

    /// The least offset of each partition that somebody reads.
    fn needed(&self) -> Vec<(u32, u64)> {
        let mut needed = BTreeMap::<u32, u64>::new();
        for share in self.shares.values() {
            for (&partition, &next) in share.next.iter().filter(|(partition, _)| share.reads(**partition)) {
                let least = needed.entry(partition).or_insert(next);
                *least = next.min(*least);
            }
        }
        needed.into_iter().collect()
    }

    fn read_from(&mut self, start: Vec<(u32, u64)>) -> Result<(), KafkaError> {
        self.topic.assign(&start)?;
        self.at = start.iter().copied().collect();
        self.assigned = Some(start);
        self.held.clear();
        self.settle();
        Ok(())
    }

    pub(super) fn hold(&mut self, id: u32, partitions: &[u32]) {
        self.share(id).hold(partitions);
        self.settle();
    }

    pub(super) fn release(&mut self, id: u32, partitions: &[u32]) {
        self.share(id).release(partitions);
        self.settle();
    }

    pub(super) fn forget(&mut self, id: u32, partition: u32) {
        self.share(id).end(partition);
        self.settle();
        if !self.shares.values().any(|share| share.reads(partition)) {
            self.topic.forget(partition);
        }
    }

    /// Holds what nobody wants for now, and nothing else.
    fn settle(&mut self) {
        let all: BTreeSet<u32> = self
            .shares
            .values()
            .flat_map(|share| share.next.keys().copied())
            .collect();
        let wanted = |partition: &u32| self.shares.values().any(|share| share.wants(*partition));
        let held: BTreeSet<u32> = all.into_iter().filter(|partition| !wanted(partition)).collect();
        let hold: Vec<u32> = held.difference(&self.held).copied().collect();
        let release: Vec<u32> = self.held.difference(&held).copied().collect();
        if !hold.is_empty() {
            self.topic.hold(&hold);
        }
        if !release.is_empty() {
            self.topic.release(&release);
        }
        self.held = held;
    }

    /// What is kept for a share; the topic's own is told with the first.
    pub(super) fn kept_bytes(&self, id: u32) -> u64 {
        let own = self.shares.get(&id).map_or(0, Share::kept_bytes);
        let is_first = self.shares.keys().next() == Some(&id);
        own + if is_first { self.topic.kept_bytes() } else { 0 }
    }

    /// Partitions that were added, as a share has not been told yet.
    pub(super) fn take_new_partitions(&mut self, id: u32) -> Result<Vec<(u32, u64)>, KafkaError> {
        let found = self.topic.take_new_partitions();
        if let Ok(fresh) = &found {
            self.shares.values_mut().for_each(|share| share.met(fresh));
        }
        let told = self.share(id).tell_fresh();
        self.settle();
        match found {
            Err(error) if told.is_empty() => Err(error),
            _ => Ok(told),
        }
    }

    /// The next thing for a share. One read of the topic at most, and none while somebody else has not taken what was put by for him.
    pub(super) fn poll(&mut self, id: u32, max_records: usize, wait: Duration) -> Result<Event, KafkaError> {
        let share = self.share(id);
        share.asked += 1;
        if let Some(event) = share.next_event()? {
            share.waited = None;
            return Ok(event);
        }
        if self.waits(id) {
            return Ok(Event::Idle);
        }
        self.assigned = None;
        match self.topic.poll(max_records, wait) {
            Ok(event) => {
                self.at.extend(event.reached());
                self.hand_out(event);
            }
            // It ends for all of them.
            Err(error) => {
                let all = self.shares.values_mut();
                all.for_each(|share| share.failed = share.failed.take().or_else(|| Some(error.clone())));
            }
        }
        Ok(self.share(id).next_event()?.unwrap_or(Event::Idle))
    }

    /// True while another share has as much as may be kept for it. Who is not asked for what he has is not waited for.
    fn waits(&mut self, id: u32) -> bool {
        let full = |share: &Share| !share.leaves && share.waiting_bytes() >= self.kept_max.max(1);
        let mut others = self.shares.iter().filter(|(other, _)| **other != id);
        let slow = others
            .find(|(_, share)| full(share))
            .map(|(other, share)| (*other, share.asked));
        let share = self.share(id);
        let Some((other, asked)) = slow else {
            share.waited = None;
            return false;
        };
        let times = match share.waited {
            Some((before, then, times)) if (before, then) == (other, asked) => times + 1,
            _ => 1,
        };
        share.waited = Some((other, asked, times));
        share.leaves = times >= WAITS_MAX;
        if share.leaves {
            self.settle();
        }
        true
    }

    fn hand_out(&mut self, event: Event) {
        if matches!(event, Event::Idle) {
            return;
        }
        let is_for = |share: &&mut Share| match &event {
            Event::Records(batch) => share.reads(batch.partition),
            _ => !share.leaves,
        };
        let mut concerned: Vec<&mut Share> = self.shares.values_mut().filter(is_for).collect();
        let last = concerned.pop();
        for share in concerned {
            share.take(event.clone(), self.kept_max);
        }
        if let Some(share) = last {
            share.take(event, self.kept_max);
        }
        if self.shares.values().any(|share| share.leaves) {
            self.settle();
        }
    }
}
