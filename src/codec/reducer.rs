//! Reduces the records of one side of a stream to fingerprints.

mod cases;
mod diverted;
mod lean;
mod message;
mod uses;

use std::collections::HashMap;
use std::sync::Arc;

use cases::Cases;

use super::api::{Field, Progress, Rendered, SchemaRef};
use super::digest::Keys;
use super::half::{Half, Ready};
use super::hashes::Hashes;
use super::marks::{Asked, header_path};
use super::messages::{Messages, Pair, Walked, identity_key};
use super::schema::Schema;
use super::select::selected;
use super::settings::{EventTime, Part, Settings};
use super::walk::Scratch;
use super::writers::Writers;
use crate::model::{Entry, RecordBatch, RecordRef, Side, UndecodableReason, Value, is_dead_letter};

/// One for each stream and side; keeps a plan for each writer schema.
pub struct Reducer {
    side: Side,
    settings: Settings,
    key: Half,
    value: Half,
    /// The key is compared.
    key_compared: bool,
    /// The key is decoded: it is compared, or a part of the identity.
    key_needed: bool,
    headers: Vec<String>,
    /// The conditional rules that leave something out of the digest.
    when: Vec<usize>,
    /// The conditions that its records met, a bit each.
    case: u32,
    /// For records that meet conditions; none where all rules hold always.
    cases: Option<Box<Cases>>,
    identity_key: [u8; 32],
    /// By the plans of value and key.
    keys: HashMap<(Option<usize>, Option<usize>), Keys>,
    /// Who wrote the records that it walked.
    writers: Writers,
    memory: Memory,
    /// Memory that is used again, as is what follows.
    messages: Messages,
    hashes: Hashes,
    pairs: Vec<Pair>,
}

#[derive(Default)]
struct Memory {
    key: Scratch,
    value: Scratch,
    /// A profiled value as an identity has it.
    written: Vec<u8>,
}

/// Where a half of a record is to be walked: a place of `Half::prepared`, one of its known schemas, its bytes.
type Planned<'b> = Option<(usize, usize, &'b [u8])>;

/// Both halves of a record, or what is in the way.
enum Prepared<'b> {
    Halves { value: Planned<'b>, key: Planned<'b> },
    Bad(UndecodableReason),
    Wait(Progress),
}

impl Reducer {
    /// A reducer that knows no schema yet.
    #[must_use]
    pub fn new(side: Side, settings: Settings) -> Self {
        let cases = Cases::new(side, &settings);
        Self {
            cases,
            ..Self::of_case(side, settings, &[])
        }
    }

    /// One for the records that meet these conditions.
    fn of_case(side: Side, settings: Settings, met: &[bool]) -> Self {
        let rules = &settings.rules;
        let key_compared = settings.compares_key();
        let in_key = |part: &Part| matches!(part, Part::Key | Part::KeyPath(_));
        let ignored = |name: &String| rules.ignore.iter().any(|path| header_path(path) == Some(name));
        let mut value = Half::new(
            Field::Value,
            settings.format,
            settings.framing,
            Asked::of_value(side, &settings, met),
        );
        if settings.unwrap.is_some() {
            value.unwrap();
        }
        Self {
            side,
            key: Half::new(
                Field::Key,
                settings.key_format,
                settings.key_framing,
                Asked::of_key(side, &settings, met),
            ),
            value,
            key_compared,
            key_needed: key_compared || settings.identity.iter().any(in_key),
            headers: rules.headers.iter().filter(|name| !ignored(name)).cloned().collect(),
            when: cases::leaving_out(rules, met),
            case: cases::bits(met),
            cases: None,
            identity_key: identity_key(),
            keys: HashMap::new(),
            writers: Writers::default(),
            memory: Memory::default(),
            messages: Messages::default(),
            hashes: Hashes::default(),
            pairs: Vec::new(),
            settings,
        }
    }

    fn half(&mut self, field: Field) -> &mut Half {
        self.keys.clear();
        match field {
            Field::Key => &mut self.key,
            Field::Value => &mut self.value,
        }
    }

    /// The writer schema that records name so.
    pub fn add_schema(&mut self, field: Field, r: SchemaRef, schema: Arc<Schema>) {
        if let Some(cases) = &mut self.cases {
            cases.add_schema(field, r, Some(schema.clone()));
        }
        self.half(field).add_schema(r, Some(schema));
    }

    /// The schema was given up: records that name it are undecodable.
    pub fn unknown_schema(&mut self, field: Field, r: SchemaRef) {
        if let Some(cases) = &mut self.cases {
            cases.add_schema(field, r, None);
        }
        self.half(field).add_schema(r, None);
    }

    /// The contract of the record type of its name, of an alias, or of the only type with that unqualified name.
    pub fn add_contract(&mut self, field: Field, contract: Arc<Schema>) {
        if let Some(cases) = &mut self.cases {
            cases.add_contract(field, contract.clone());
        }
        self.half(field).add_contract(contract);
    }

    /// The contract of every record type. For a raw key it may be any type that holds text or bytes.
    pub fn set_sole_contract(&mut self, field: Field, contract: Arc<Schema>) {
        if let Some(cases) = &mut self.cases {
            cases.set_sole_contract(field, contract.clone());
        }
        self.half(field).set_sole_contract(contract);
    }

    /// Reduces the records from `from` on and appends one entry each; stops where a schema or a contract is needed.
    pub fn reduce(&mut self, batch: &RecordBatch, mut from: usize, out: &mut Vec<Entry>) -> Progress {
        let mut messages = std::mem::take(&mut self.messages);
        loop {
            let progress = self.walk(batch, from, &mut messages);
            from += messages.len();
            self.digest(batch, from - messages.len(), &mut messages, out);
            if from >= batch.records.len() || !matches!(progress, Progress::Done) {
                self.messages = messages;
                return progress;
            }
        }
    }

    /// Walks the records from `from` on: as many as stay in a core's cache, to be hashed at once, so that there may be
    /// more behind them though it is done. Stops where a schema or a contract is needed. What was there is forgotten.
    pub fn walk(&mut self, batch: &RecordBatch, from: usize, messages: &mut Messages) -> Progress {
        messages.clear();
        std::mem::swap(&mut messages.arena, &mut self.memory.value.out);
        let progress = self.walk_into(batch, from, messages);
        std::mem::swap(&mut messages.arena, &mut self.memory.value.out);
        self.count_writers(batch, from, messages);
        progress
    }

    /// The same while the output of the values' walk is the arena.
    fn walk_into(&mut self, batch: &RecordBatch, from: usize, messages: &mut Messages) -> Progress {
        if is_dead_letter(batch.partition) {
            return self.divert(batch, from, messages);
        }
        let lean = self.is_lean();
        for (at, record) in batch.records.iter().enumerate().skip(from) {
            if !(lean && self.lean(batch, record, messages))
                && let Err(wait) = self.one(batch, at, record, messages)
            {
                return wait;
            }
            if messages.is_full(self.memory.value.out.len()) {
                break;
            }
        }
        Progress::Done
    }

    /// Hashes records that were walked from `from` on, and appends one entry each. Then they are forgotten.
    pub fn digest(&mut self, batch: &RecordBatch, from: usize, messages: &mut Messages, out: &mut Vec<Entry>) {
        messages.hash(&mut self.hashes, &self.identity_key, &mut self.pairs);
        let records = batch.records.get(from..).unwrap_or_default();
        messages.append(batch, records, &self.pairs, out);
    }

    /// Appends what becomes of a record.
    #[inline(always)]
    fn one(
        &mut self,
        batch: &RecordBatch,
        at: usize,
        record: &RecordRef,
        messages: &mut Messages,
    ) -> Result<(), Progress> {
        if !selected(&self.settings, batch, record) || (mutant!(TombstoneIsNothing) && batch.value(record).is_none()) {
            messages.push(Walked::Deselected);
            return Ok(());
        }
        if self.cases.is_some() {
            return self.by_case(batch, at, record, messages);
        }
        self.decode(batch, at, record, messages)
    }

    /// A selected record, by the rules that hold for it.
    #[inline(never)]
    fn by_case(
        &mut self,
        batch: &RecordBatch,
        at: usize,
        record: &RecordRef,
        messages: &mut Messages,
    ) -> Result<(), Progress> {
        let mut arena = std::mem::take(&mut self.memory.value.out);
        let Some(reducer) = self.case_of(batch, record) else {
            self.memory.value.out = arena;
            return self.decode(batch, at, record, messages);
        };
        // What it writes goes where the others write.
        std::mem::swap(&mut reducer.memory.value.out, &mut arena);
        let done = reducer.decode(batch, at, record, messages);
        std::mem::swap(&mut reducer.memory.value.out, &mut arena);
        self.memory.value.out = arena;
        done
    }

    /// A record, by the rules of this reducer.
    #[inline(always)]
    fn decode(
        &mut self,
        batch: &RecordBatch,
        at: usize,
        record: &RecordRef,
        messages: &mut Messages,
    ) -> Result<(), Progress> {
        let (value, key) = match self.prepare(batch, at, record) {
            Prepared::Halves { value, key } => (value, key),
            Prepared::Bad(reason) => {
                messages.push(Walked::Undecodable(reason));
                return Ok(());
            }
            Prepared::Wait(progress) => return Err(progress),
        };
        let begin = self.memory.value.out.len();
        match self.message(batch, record, (value, key), messages) {
            Ok(()) => {
                for (half, planned) in [(&mut self.value, value), (&mut self.key, key)] {
                    if let Some((_, known, _)) = planned {
                        half.count(known);
                    }
                }
            }
            Err(reason) => {
                self.memory.value.out.truncate(begin);
                messages.push(Walked::Undecodable(reason));
            }
        }
        Ok(())
    }

    #[inline]
    fn prepare<'b>(&mut self, batch: &'b RecordBatch, at: usize, record: &RecordRef) -> Prepared<'b> {
        let value = match batch.value(record) {
            Some(bytes) => match self.value.ready(batch, record, bytes) {
                Ready::Plan { at, known, bytes } => Some((at, known, bytes)),
                Ready::Tombstone => None,
                Ready::Bad(reason) => return Prepared::Bad(reason),
                Ready::NeedsSchema(schema) => return needs_schema(at, Field::Value, schema),
                Ready::NeedsContract { schema, bytes } => {
                    let time_ms = self.own_time(batch, record, &schema, bytes);
                    return needs_contract(at, Field::Value, time_ms, schema);
                }
            },
            None => None,
        };
        let key = match batch.key(record).filter(|_| self.key_needed) {
            Some(bytes) => match self.key.ready(batch, record, bytes) {
                Ready::Plan { at, known, bytes } => Some((at, known, bytes)),
                Ready::Bad(_) | Ready::Tombstone => return Prepared::Bad(UndecodableReason::Identity),
                Ready::NeedsSchema(schema) => return needs_schema(at, Field::Key, schema),
                Ready::NeedsContract { schema, .. } => return needs_contract(at, Field::Key, None, schema),
            },
            None => None,
        };
        Prepared::Halves { value, key }
    }

    /// The reducer for the conditions that a record meets; none where it meets none.
    fn case_of(&mut self, batch: &RecordBatch, record: &RecordRef) -> Option<&mut Reducer> {
        let cases = self.cases.as_mut()?;
        let met = cases.met(batch, record);
        let (reducer, applied) = cases.reducer(&met)?;
        self.memory.value.applied.extend(applied);
        Some(reducer)
    }

    /// A record as the contract's type, for findings. Its schemas and contracts must be known.
    ///
    /// # Errors
    /// Why it cannot be decoded; `schema` too where a schema or contract is not known.
    pub fn value(&mut self, batch: &RecordBatch, record: usize) -> Result<Rendered, UndecodableReason> {
        let at = record;
        let record = batch.records.get(at).ok_or(UndecodableReason::Schema)?;
        if let Some(reducer) = self.case_of(batch, record) {
            return reducer.value(batch, at);
        }
        let (value, key) = match self.prepare(batch, 0, record) {
            Prepared::Halves { value, key } => (value, key),
            Prepared::Bad(reason) => return Err(reason),
            Prepared::Wait(_) => return Err(UndecodableReason::Schema),
        };
        let mut scratch = Scratch::default();
        let rendered = match value {
            Some((at, _, bytes)) => self.value.show(at, bytes, &mut scratch)?,
            None => Value::Null,
        };
        let key = match key {
            _ if !self.key_compared => None,
            Some((at, _, bytes)) => {
                let shown = self.key.show(at, bytes, &mut scratch);
                Some(shown.map_err(|_| UndecodableReason::Identity)?)
            }
            None => Some(Value::Null),
        };
        let headers = self.headers.iter().map(|name| {
            let values = batch.headers(record).filter(|(other, _)| *other == name.as_bytes());
            (
                name.clone(),
                values.map(|(_, value)| value.map(<[u8]>::to_vec)).collect(),
            )
        });
        Ok(Rendered {
            key,
            value: rendered,
            tombstone: value.is_none(),
            when: self.when.clone(),
            headers: headers.collect(),
        })
    }

    /// The bytes that the digest of a record is taken of, before the padding, and whether they are in the tagged form.
    /// To check another implementation by.
    ///
    /// # Errors
    /// As for [`Reducer::value`].
    pub fn canonical(&mut self, batch: &RecordBatch, record: usize) -> Result<(Vec<u8>, bool), UndecodableReason> {
        let at = record;
        let record = batch.records.get(at).ok_or(UndecodableReason::Schema)?;
        if let Some(reducer) = self.case_of(batch, record) {
            return reducer.canonical(batch, at);
        }
        let halves = match self.prepare(batch, 0, record) {
            Prepared::Halves { value, key } => (value, key),
            Prepared::Bad(reason) => return Err(reason),
            Prepared::Wait(_) => return Err(UndecodableReason::Schema),
        };
        let mut messages = Messages::default();
        self.memory.value.out.clear();
        let message = self.message(batch, record, halves, &mut messages);
        std::mem::swap(&mut messages.arena, &mut self.memory.value.out);
        message?;
        let canonical = messages.canonical(0).unwrap_or_default();
        Ok((canonical.to_vec(), messages.is_tagged()))
    }

    /// The settings of its side.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

#[cold]
fn needs_schema<'b>(at: usize, field: Field, schema: SchemaRef) -> Prepared<'b> {
    Prepared::Wait(Progress::NeedsSchema { at, field, schema })
}

#[cold]
fn needs_contract<'b>(at: usize, field: Field, time_ms: Option<i64>, schema: Arc<Schema>) -> Prepared<'b> {
    Prepared::Wait(Progress::NeedsContract {
        at,
        field,
        type_name: schema.name().to_owned(),
        time_ms,
        schema,
    })
}
