//! Who is in the sample of a run: each record is reduced by itself, and its identity is asked for. When it was read, what else
//! became of it, and where it counts is the oracle's to say.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crosscheck::app::keyed::salt;
use crosscheck::codec::{Field, Reducer, Schema, SchemaRef};
use crosscheck::engine::{RateFrom, Sample};
use crosscheck::model::{PerSide, RecordBatch, RecordRef, Reduction, Side};

use super::driver::Ran;
use super::oracle::{self, Read};
use super::world::World;
use super::world::log::{Kind, Record};
use super::world::plan::IdentityFrom;
use super::world::truth::Truth;

/// Knows it.
pub struct Sampled {
    salt: [u8; 32],
    /// The rates, as they are stored with the last commit.
    rates: Vec<RateFrom>,
    grace_ms: i64,
    reducers: PerSide<RefCell<Reducer>>,
}

impl Sampled {
    /// Of the generation that a run stored; `None` where every identity is compared.
    pub fn of(ran: &Ran) -> Option<Self> {
        let rates = ran.committed.last()?.checkpoint.sampling.clone();
        if rates.iter().all(|of| of.rate >= 1.0) {
            return None;
        }
        let row = ran.releases.last()?;
        let reducer = |side: Side| {
            let mut reducer = Reducer::new(side, ran.world.codec());
            let contract = Schema::parse(ran.world.contract()).unwrap();
            reducer.set_sole_contract(Field::Value, contract);
            for (id, text) in ran.world.registries.get(side) {
                let schema = Schema::parse(text).unwrap();
                reducer.add_schema(Field::Value, SchemaRef::Id(*id), schema);
            }
            RefCell::new(reducer)
        };
        Some(Self {
            salt: salt(&row.id, row.started_ms),
            rates,
            grace_ms: ran.world.settings.grace_ms.unwrap_or(0),
            reducers: PerSide {
                baseline: reducer(Side::Baseline),
                canary: reducer(Side::Canary),
            },
        })
    }

    /// Marks the records of a partition whose identities are not in it: those that nothing is asked of, and those that are
    /// there for a partner on the other side of a change.
    pub fn leave_out(&self, world: &World, read: &mut Read) {
        let (mut out, mut beside) = (BTreeSet::new(), BTreeSet::new());
        for (offset, record) in decodable(world, read) {
            let time_ms = match &record.truth {
                Truth::Decoded(decoded) => decoded.time_ms.unwrap_or(0),
                _ => 0,
            };
            let takes = |rate: f64| self.takes(read.side, record, rate);
            if takes(self.rate_at(time_ms)) {
                continue;
            }
            let (from, to) = (time_ms - 2 * self.grace_ms, time_ms + 2 * self.grace_ms);
            let begun = self
                .rates
                .iter()
                .filter_map(|of| of.from_ms.filter(|at| (from..=to).contains(at)));
            let mut near = begun.map(|at| self.rate_at(at)).chain([self.rate_at(from)]);
            let place = if near.any(takes) { &mut beside } else { &mut out };
            place.insert(offset);
        }
        (read.unsampled, read.beside) = (out, beside);
    }

    fn rate_at(&self, time_ms: i64) -> f64 {
        let begun = |of: &&RateFrom| of.from_ms.is_none_or(|from_ms| from_ms <= time_ms);
        self.rates.iter().rfind(begun).map_or(1.0, |of| of.rate)
    }

    fn takes(&self, side: Side, record: &Record, rate: f64) -> bool {
        let mut batch = RecordBatch::new(0);
        let key = record.key.as_ref().map(|key| batch.push_bytes(key));
        let value = record.value.as_ref().map(|value| batch.push_bytes(value));
        batch.records.push(RecordRef {
            offset: 0,
            timestamp_ms: Some(record.timestamp_ms),
            key,
            value,
            headers: (0, 0),
        });
        let mut out = Vec::new();
        self.reducers.get(side).borrow_mut().reduce(&batch, 0, &mut out);
        match out.first().map(|entry| &entry.body) {
            Some(Reduction::Decoded(print)) => Sample { rate, salt: self.salt }.takes(print.identity),
            _ => true,
        }
    }
}

/// The records that can be decoded, with their offsets.
fn decodable<'a>(world: &'a World, read: &Read) -> impl Iterator<Item = (u64, &'a Record)> + use<'a> {
    let partition = &world.topic(read.side).lives[read.life].partitions[read.partition as usize];
    partition
        .branch(read.after_the_cut)
        .filter_map(|slot| match &slot.kind {
            Kind::Record(record) if matches!(record.truth, Truth::Decoded(_)) => Some((slot.offset, record)),
            _ => None,
        })
}

/// Under one rate the records of one identity are all in the sample or none is, on both sides: else a pair would be split.
pub fn split(world: &World, stored: &oracle::Stored, rates: &[RateFrom]) -> Option<String> {
    if rates.len() != 1 {
        return None;
    }
    let mut seen: BTreeMap<u32, bool> = BTreeMap::new();
    for read in &stored.reads {
        for (offset, record) in decodable(world, read) {
            let Truth::Decoded(decoded) = &record.truth else {
                continue;
            };
            let identity = match world.plan.identity {
                IdentityFrom::Field => decoded.order.map(|order| order.id),
                IdentityFrom::Key => decoded.key,
                IdentityFrom::Nothing => None,
            };
            let taken = !read.unsampled.contains(&offset);
            if let Some(identity) = identity
                && *seen.entry(identity).or_insert(taken) != taken
            {
                return Some(format!(
                    "records of identity {identity} are in the sample, and others are not"
                ));
            }
        }
    }
    None
}
