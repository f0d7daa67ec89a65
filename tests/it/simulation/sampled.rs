//! Who is in the sample of a run: each record is reduced by itself, and its identity is asked for. When it was read, what else
//! became of it, and where it counts is the oracle's to say.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crosscheck::app::keyed::salt;
use crosscheck::codec::{Field, Reducer, Schema, SchemaRef};
use crosscheck::engine::Sample;
use crosscheck::model::{PerSide, RecordBatch, RecordRef, Reduction, Side};

use super::driver::Ran;
use super::oracle::{self, Read};
use super::world::World;
use super::world::log::{Kind, Record};
use super::world::plan::IdentityFrom;
use super::world::truth::Truth;

/// Knows it.
pub struct Sampled {
    sample: Sample,
    reducers: PerSide<RefCell<Reducer>>,
}

impl Sampled {
    /// Of the generation that a run stored; `None` where every identity is compared.
    pub fn of(ran: &Ran) -> Option<Self> {
        let sample = ran.world.settings.sample?;
        let row = ran.releases.last()?;
        let salt = salt(&row.id, row.started_ms);
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
            sample: Sample { salt, ..sample },
            reducers: PerSide {
                baseline: reducer(Side::Baseline),
                canary: reducer(Side::Canary),
            },
        })
    }

    /// The offsets of a partition whose identities are not in it.
    pub fn leaves_out(&self, world: &World, read: &Read) -> BTreeSet<u64> {
        let records = decodable(world, read);
        records
            .filter(|(_, record)| !self.takes(read.side, record))
            .map(|(offset, _)| offset)
            .collect()
    }

    fn takes(&self, side: Side, record: &Record) -> bool {
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
            Some(Reduction::Decoded(print)) => self.sample.takes(print.identity),
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

/// The records of one identity are all in the sample or none is, on both sides: else a pair would be split.
pub fn split(world: &World, stored: &oracle::Stored) -> Option<String> {
    world.settings.sample?;
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
