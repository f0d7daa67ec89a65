//! Rules that hold for some records only: a reducer for every set of conditions that a record met.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::api::{Field, SchemaRef};
use super::super::applied::Rule;
use super::super::half::{Half, Ready};
use super::super::identity;
use super::super::marks::Asked;
use super::super::schema::Schema;
use super::super::settings::{Condition, Part, Rules, Settings, Sign, Then};
use super::super::walk::{Form, Scratch};
use super::Reducer;
use crate::model::{Path, RecordBatch, RecordRef, Side};

/// The conditions of a stream, and what was made for those that records met.
pub(super) struct Cases {
    side: Side,
    settings: Settings,
    conditions: Vec<Condition>,
    /// Reads the fields that conditions look at; none where they look at headers only.
    probe: Option<Box<Half>>,
    memory: Scratch,
    /// By the conditions that are met, a bit each. The record that meets none has none.
    reducers: BTreeMap<u32, Box<Reducer>>,
    facts: Vec<Fact>,
}

/// What a new reducer has to be told.
enum Fact {
    Schema(Field, SchemaRef, Option<Arc<Schema>>),
    Contract(Field, Arc<Schema>),
    Sole(Field, Arc<Schema>),
}

impl Fact {
    fn tell(&self, half: &mut Half) {
        match self {
            Self::Schema(_, reference, schema) => half.add_schema(*reference, schema.clone()),
            Self::Contract(_, contract) => half.add_contract(contract.clone()),
            Self::Sole(_, contract) => half.set_sole_contract(contract.clone()),
        }
    }

    fn field(&self) -> Field {
        match self {
            Self::Schema(field, ..) | Self::Contract(field, _) | Self::Sole(field, _) => *field,
        }
    }
}

impl Cases {
    /// None where every rule holds for every record.
    pub fn new(side: Side, settings: &Settings) -> Option<Box<Self>> {
        let conditions: Vec<Condition> = settings.rules.conditions().into_iter().cloned().collect();
        if conditions.is_empty() {
            return None;
        }
        let fields = conditions.iter().filter_map(|condition| match &condition.of {
            Sign::Field(path) => Some(Part::Field(path.clone())),
            Sign::Header(_) => None,
        });
        let asked = Settings {
            identity: fields.collect(),
            rules: Rules {
                // Nothing is compared, and what is asked for is read.
                ignore: vec![Path::default()],
                rename: settings.rules.rename.clone(),
                ..Rules::default()
            },
            ..settings.clone()
        };
        let asked = Settings {
            event_time: super::EventTime::None,
            profile: Vec::new(),
            critical: Vec::new(),
            measured: Vec::new(),
            ..asked
        };
        let probe = (!asked.identity.is_empty()).then(|| {
            let asked = Asked::of_value(side, &asked, &[]);
            Box::new(Half::new(Field::Value, settings.format, settings.framing, asked))
        });
        Some(Box::new(Self {
            side,
            settings: settings.clone(),
            conditions,
            probe,
            memory: Scratch::default(),
            reducers: BTreeMap::new(),
            facts: Vec::new(),
        }))
    }

    fn learn(&mut self, fact: Fact) {
        if let (Some(probe), Field::Value) = (&mut self.probe, fact.field()) {
            fact.tell(probe);
        }
        self.reducers
            .values_mut()
            .for_each(|reducer| fact.tell(reducer.half(fact.field())));
        self.facts.push(fact);
    }

    pub fn add_schema(&mut self, field: Field, reference: SchemaRef, schema: Option<Arc<Schema>>) {
        self.learn(Fact::Schema(field, reference, schema));
    }

    pub fn add_contract(&mut self, field: Field, contract: Arc<Schema>) {
        self.learn(Fact::Contract(field, contract));
    }

    pub fn set_sole_contract(&mut self, field: Field, contract: Arc<Schema>) {
        self.learn(Fact::Sole(field, contract));
    }

    /// The conditions that a record meets.
    pub fn met(&mut self, batch: &RecordBatch, record: &RecordRef) -> Vec<bool> {
        let mut fields = self.fields(batch, record).into_iter();
        let met = |condition: &Condition| match &condition.of {
            Sign::Header(name) => {
                let named = batch.headers(record).filter(|(other, _)| *other == name.as_bytes());
                named.last().and_then(|(_, value)| value) == Some(condition.is.as_bytes())
            }
            Sign::Field(_) => fields.next().unwrap_or(false),
        };
        self.conditions.iter().map(met).collect()
    }

    /// Of each condition of a field whether it is met, in their order.
    fn fields(&mut self, batch: &RecordBatch, record: &RecordRef) -> Vec<bool> {
        let of_fields = self
            .conditions
            .iter()
            .filter(|condition| matches!(condition.of, Sign::Field(_)));
        let wanted: Vec<&str> = of_fields.map(|condition| condition.is.as_str()).collect();
        let (Some(probe), Some(value)) = (&mut self.probe, batch.value(record)) else {
            return vec![false; wanted.len()];
        };
        let Ready::Plan { at, bytes, .. } = probe.ready(batch, record, value) else {
            return vec![false; wanted.len()];
        };
        let memory = &mut self.memory;
        memory.out.clear();
        memory.reset(wanted.len(), 0);
        let around = probe.wide(batch, record.value);
        if probe.walk(at, around, bytes, memory).is_err() {
            return vec![false; wanted.len()];
        }
        let contract = &probe.prepared[at].contract;
        let says = |(place, word): (usize, &&str)| {
            let Some(part) = memory.parts[place] else { return false };
            let from = if part.form == Form::Text {
                probe.around(around.0)
            } else {
                memory.captured.as_slice()
            };
            let mut written = Vec::new();
            let put = identity::put_captured(&mut written, contract, part, &from[part.start..part.end]);
            put.is_some() && identity::says(&written, word)
        };
        wanted.iter().enumerate().map(says).collect()
    }

    /// The reducer of the records that meet these conditions, and the rules that came to apply with it. None where no
    /// condition is met.
    pub fn reducer(&mut self, met: &[bool]) -> Option<(&mut Reducer, Vec<Rule>)> {
        let bits = bits(met);
        if bits == 0 {
            return None;
        }
        let mut applied = Vec::new();
        let Self {
            side,
            settings,
            reducers,
            facts,
            ..
        } = self;
        let reducer = reducers.entry(bits).or_insert_with(|| {
            applied.extend(settings.rules.holding(met).map(|(place, _)| Rule::When(place)));
            let mut reducer = Reducer::of_case(*side, settings.clone(), met);
            facts.iter().for_each(|fact| fact.tell(reducer.half(fact.field())));
            Box::new(reducer)
        });
        Some((reducer, applied))
    }

    pub fn reducers(&self) -> impl Iterator<Item = &Reducer> {
        self.reducers.values().map(|reducer| &**reducer)
    }

    pub fn reducers_mut(&mut self) -> impl Iterator<Item = &mut Reducer> {
        self.reducers.values_mut().map(|reducer| &mut **reducer)
    }
}

/// A bit for each.
pub(super) fn bits(met: &[bool]) -> u32 {
    met.iter().rev().fold(0, |bits, met| bits << 1 | u32::from(*met))
}

/// The places of the rules that leave something out of the digest of the records that meet these conditions.
pub(super) fn leaving_out(rules: &Rules, met: &[bool]) -> Vec<usize> {
    let left_out = |(place, then): (usize, &Then)| (!matches!(then, Then::Map(_))).then_some(place);
    rules.holding(met).filter_map(left_out).collect()
}
