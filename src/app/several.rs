//! Several topics as one log: a side's own, and those into which it puts what it cannot process. The number of a partition tells
//! which topic it is of, so that nobody else needs to know that there are several.

use std::collections::BTreeMap;
use std::time::Duration;

use super::contract::single;
use super::sides::not_too_many;
use super::topic::{Fetch, Topic};
use crate::edge::kafka::{Ends, Event, KafkaError, TopicFacts};
use crate::model::{Numbered, RecordBatch, Topics, is_dead_letter};

/// What the numbers of a topic's partitions begin at.
pub(super) fn base(dead_letter: bool, topic: usize) -> u32 {
    // There are no more than a number can tell: the config sees to that.
    let topic = u32::try_from(topic).unwrap_or(0);
    let first = Numbered {
        dead_letter,
        topic,
        partition: 0,
    };
    first.number()
}

/// How many topics are opened at one look at most: nothing is read meanwhile.
const OPENED_AT_A_LOOK: usize = 16;

/// Opens a topic by its name, and asks what it is.
type Open = dyn Fn(&str) -> Result<(Box<dyn Topic>, TopicFacts), KafkaError> + Send;

/// How the topics of a pattern become more while they are read.
pub struct Growth {
    /// The pattern.
    pub pattern: String,
    /// True for a topic that is the side's own.
    pub is_own: Box<dyn Fn(&str) -> bool + Send>,
    /// Opens one, unless it must not be read.
    pub open: Box<Open>,
}

/// One topic, and what its numbers begin at.
struct Member {
    base: u32,
    topic: Box<dyn Topic>,
}

impl Member {
    /// A partition of it by its number.
    fn own(&self, number: u32) -> Option<u32> {
        let partition = Numbered::of(number).partition;
        (self.base | partition == number).then_some(partition)
    }

    fn own_of(&self, numbers: &[u32]) -> Vec<u32> {
        numbers.iter().filter_map(|number| self.own(*number)).collect()
    }
}

/// The topics.
pub struct Several {
    members: Vec<Member>,
    partitions: Vec<u32>,
    names: Topics,
    /// Which is asked first.
    turn: usize,
    growth: Option<Growth>,
    new_facts: Vec<TopicFacts>,
}

impl Several {
    /// A side's own topics and its dead letter topics, in their order. One alone stays what it is.
    ///
    /// # Errors
    /// There is none of its own.
    pub fn of(mut own: Vec<Box<dyn Topic>>, dead_letters: Vec<Box<dyn Topic>>) -> Result<Box<dyn Topic>, KafkaError> {
        match (own.len(), dead_letters.len()) {
            (1, 0) => Ok(own.remove(0)),
            _ => Self::whole(own, dead_letters, None),
        }
    }

    /// The same of a pattern, whose topics become more.
    ///
    /// # Errors
    /// As [`Several::of`].
    pub fn growing(
        own: Vec<Box<dyn Topic>>,
        dead_letters: Vec<Box<dyn Topic>>,
        growth: Growth,
    ) -> Result<Box<dyn Topic>, KafkaError> {
        Self::whole(own, dead_letters, Some(growth))
    }

    fn whole(
        own: Vec<Box<dyn Topic>>,
        dead_letters: Vec<Box<dyn Topic>>,
        growth: Option<Growth>,
    ) -> Result<Box<dyn Topic>, KafkaError> {
        if own.is_empty() {
            return Err(KafkaError::Topics {
                what: "a side has no topic".to_owned(),
                hint: "name one".to_owned(),
            });
        }
        let names = |topics: &[Box<dyn Topic>]| topics.iter().map(|topic| topic.name().to_owned()).collect();
        let names = Topics {
            own: names(&own),
            dead_letters: names(&dead_letters),
        };
        let member = |dead_letter: bool| {
            move |(at, topic)| Member {
                base: base(dead_letter, at),
                topic,
            }
        };
        let own = own.into_iter().enumerate().map(member(false));
        let mut members: Vec<Member> = own.collect();
        members.extend(dead_letters.into_iter().enumerate().map(member(true)));
        let mut several = Self {
            members,
            partitions: Vec::new(),
            names,
            turn: 0,
            growth,
            new_facts: Vec::new(),
        };
        several.count();
        Ok(Box::new(several))
    }

    /// Reads topics that the pattern names and that are not read yet from their begin, each behind those that are there.
    fn grow(&mut self, fresh: &mut Vec<(u32, u64)>) -> Result<(), KafkaError> {
        let Some(growth) = &self.growth else { return Ok(()) };
        let names = self.first().names()?;
        let is_new = |name: &String| (growth.is_own)(name) && !self.names.own.contains(name);
        let new: Vec<String> = names.into_iter().filter(is_new).collect();
        not_too_many(&growth.pattern, self.names.own.len() + new.len())?;
        for name in new.into_iter().take(OPENED_AT_A_LOOK) {
            let (mut topic, facts) = (growth.open)(&name)?;
            let mut start = Vec::with_capacity(topic.partitions().len());
            for &partition in topic.partitions() {
                start.push((partition, topic.watermarks(partition)?.0));
            }
            topic.assign(&start)?;
            let base = base(false, self.names.own.len());
            fresh.extend(start.into_iter().map(|(partition, begin)| (base | partition, begin)));
            self.members.push(Member { base, topic });
            self.names.own.push(name);
            self.new_facts.push(facts);
        }
        Ok(())
    }

    /// The side's own.
    fn own(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| !is_dead_letter(member.base))
    }

    fn count(&mut self) {
        let all = self.members.iter();
        let all = all.flat_map(|Member { base, topic }| topic.partitions().iter().map(move |of| base | of));
        self.partitions = all.collect();
        self.partitions.sort_unstable();
    }

    /// The topic of a partition, and its number there.
    fn member(&self, number: u32) -> Result<(&Member, u32), KafkaError> {
        let mut found = self
            .members
            .iter()
            .filter_map(|member| Some((member, member.own(number)?)));
        found.next().ok_or_else(|| KafkaError::Fatal {
            topic: self.name().to_owned(),
            reason: "a partition that is of none of its topics".to_owned(),
        })
    }

    fn first(&self) -> &dyn Topic {
        // There is always the side's own.
        &*self.members[0].topic
    }
}

impl Topic for Several {
    fn name(&self) -> &str {
        self.first().name()
    }

    fn topics(&self) -> Topics {
        self.names.clone()
    }

    fn partitions(&self) -> &[u32] {
        &self.partitions
    }

    fn partition_count(&self) -> Result<usize, KafkaError> {
        self.members.iter().map(|member| member.topic.partition_count()).sum()
    }

    fn take_new_partitions(&mut self) -> Result<Vec<(u32, u64)>, KafkaError> {
        let (mut fresh, mut failed) = (Vec::new(), None);
        for Member { base, topic } in &mut self.members {
            match topic.take_new_partitions() {
                Ok(found) => fresh.extend(found.into_iter().map(|(partition, begin)| (*base | partition, begin))),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        let grown = self.grow(&mut fresh);
        failed = failed.or(grown.err());
        self.count();
        // What was taken is read from now on, and has to be told. What failed is met again at the next look.
        match failed {
            Some(error) if fresh.is_empty() => Err(error),
            _ => Ok(fresh),
        }
    }

    fn names(&self) -> Result<Vec<String>, KafkaError> {
        self.first().names()
    }

    fn topic_id(&mut self, wait: Duration) -> Option<String> {
        // What is diverted pairs with nothing: a dead letter topic may be another one.
        self.members.first_mut()?.topic.topic_id(wait)
    }

    fn other_ids(&mut self, wait: Duration) -> Vec<(u32, String)> {
        let others = self.own().count().saturating_sub(1);
        let share = wait / u32::try_from(others).unwrap_or(u32::MAX).max(1);
        let mut told = BTreeMap::new();
        // All are asked before one is waited for.
        for wait in [Duration::ZERO, share] {
            for Member { base, topic } in &mut self.members {
                let Numbered {
                    dead_letter, topic: at, ..
                } = Numbered::of(*base);
                if at > 0 && !dead_letter && !told.contains_key(&at) {
                    told.extend(topic.topic_id(wait).map(|id| (at, id)));
                }
            }
            if share.is_zero() {
                break;
            }
        }
        told.into_iter().collect()
    }

    fn describe(&self) -> TopicFacts {
        self.first().describe()
    }

    fn facts(&self) -> Vec<(String, TopicFacts)> {
        self.own().flat_map(|member| member.topic.facts()).collect()
    }

    fn new_facts(&mut self) -> Vec<TopicFacts> {
        std::mem::take(&mut self.new_facts)
    }

    fn ends(&self) -> Result<Vec<Ends>, KafkaError> {
        let mut all = Vec::with_capacity(self.partitions.len());
        for Member { base, topic } in &self.members {
            let ends = topic.ends()?.into_iter();
            all.extend(ends.map(|end| Ends {
                partition: base | end.partition,
                ..end
            }));
        }
        Ok(all)
    }

    fn watermarks(&self, partition: u32) -> Result<(u64, u64), KafkaError> {
        let (member, partition) = self.member(partition)?;
        member.topic.watermarks(partition)
    }

    fn offsets_at(&self, time_ms: i64) -> Result<Vec<(u32, Option<u64>)>, KafkaError> {
        let mut all = Vec::with_capacity(self.partitions.len());
        for Member { base, topic } in &self.members {
            let found = topic.offsets_at(time_ms)?.into_iter();
            all.extend(found.map(|(partition, offset)| (base | partition, offset)));
        }
        Ok(all)
    }

    fn assign(&mut self, start: &[(u32, u64)]) -> Result<(), KafkaError> {
        for member in &mut self.members {
            let own = start.iter();
            let own = own.filter_map(|(number, offset)| Some((member.own(*number)?, *offset)));
            let own: Vec<(u32, u64)> = own.collect();
            member.topic.assign(&own)?;
        }
        Ok(())
    }

    fn hold(&mut self, partitions: &[u32]) {
        for member in &mut self.members {
            let own = member.own_of(partitions);
            member.topic.hold(&own);
        }
    }

    fn release(&mut self, partitions: &[u32]) {
        for member in &mut self.members {
            let own = member.own_of(partitions);
            member.topic.release(&own);
        }
    }

    fn kept_bytes(&self) -> u64 {
        self.members.iter().map(|member| member.topic.kept_bytes()).sum()
    }

    fn forget(&mut self, partition: u32) {
        for member in &mut self.members {
            if let Some(partition) = member.own(partition) {
                member.topic.forget(partition);
            }
        }
    }

    fn poll(&mut self, max_records: usize, wait: Duration) -> Result<Event, KafkaError> {
        let all = self.members.len();
        // Whoever has something is not kept waiting by one that has not.
        let share = wait / u32::try_from(all).unwrap_or(1).max(1);
        for wait in [Duration::ZERO, share] {
            for at in 0..all {
                let at = (self.turn + at) % all;
                let Member { base, topic } = &mut self.members[at];
                let event = topic.poll(max_records, wait)?;
                if !matches!(event, Event::Idle) {
                    self.turn = (at + 1) % all;
                    return Ok(numbered(event, *base));
                }
            }
            if share.is_zero() {
                break;
            }
        }
        Ok(Event::Idle)
    }
}

/// What a topic told, with the numbers of its partitions.
fn numbered(mut event: Event, base: u32) -> Event {
    match &mut event {
        Event::Records(batch) => batch.partition |= base,
        Event::End { partition, .. }
        | Event::Expired { partition, .. }
        | Event::Truncated { partition, .. }
        | Event::Corrupt { partition, .. } => *partition |= base,
        Event::Trouble(_) | Event::Idle => {}
    }
    event
}

/// Reads records of several topics again.
pub struct SeveralAgain(Vec<(u32, Box<dyn Fetch>)>);

impl SeveralAgain {
    /// A side's own topics, and its dead letter topics, in their order. One alone stays what it is.
    #[must_use]
    pub fn of(own: Vec<Box<dyn Fetch>>, dead_letters: Vec<Box<dyn Fetch>>) -> Box<dyn Fetch> {
        let numbered = |dead_letter: bool| move |(at, fetch)| (base(dead_letter, at), fetch);
        let mut all: Vec<(u32, Box<dyn Fetch>)> = own.into_iter().enumerate().map(numbered(false)).collect();
        all.extend(dead_letters.into_iter().enumerate().map(numbered(true)));
        if all.len() == 1 {
            return all.remove(0).1;
        }
        Box::new(Self(all))
    }
}

impl Fetch for SeveralAgain {
    fn fetch(
        &mut self,
        positions: &[(u32, u64)],
        visit: &mut dyn FnMut(&RecordBatch, usize),
    ) -> Result<Vec<(u32, u64)>, KafkaError> {
        let mut gone = Vec::new();
        for (base, fetch) in &mut self.0 {
            let own = positions.iter().filter_map(|(number, offset)| {
                let partition = Numbered::of(*number).partition;
                (*base | partition == *number).then_some((partition, *offset))
            });
            let own: Vec<(u32, u64)> = own.collect();
            if own.is_empty() {
                continue;
            }
            let lacking = fetch.fetch(&own, &mut |batch, at| {
                if *base == 0 {
                    return visit(batch, at);
                }
                let (_, mut one) = single(batch, at);
                one.partition |= *base;
                visit(&one, 0);
            })?;
            gone.extend(
                lacking
                    .into_iter()
                    .map(|(partition, offset)| (*base | partition, offset)),
            );
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests;
