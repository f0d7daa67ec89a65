//! Reduces the records of one side of a stream to fingerprints.

use std::collections::HashMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::api::{Field, Met, Progress, Reduced, Rendered, SchemaRef, SchemaUse};
use super::changes::SchemaChange;
use super::compile::{Purpose, compile};
use super::digest::{self, Keys, Material};
use super::half::{Half, Ready};
use super::hashes::{Hashes, Slot, What};
use super::identity;
use super::marks::{Asked, header_path};
use super::print::{Print, Walked, digest_header, fill};
use super::schema::Schema;
use super::select::selected;
use super::settings::{EventTime, Part, Settings};
use super::time;
use super::walk::{Scratch, walk};
use crate::model::{Bytes, Path, RecordBatch, RecordRef, Segment, Side, TolerantValue, UndecodableReason, Value};

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
    identity_key: [u8; 32],
    /// By the plans of value and key.
    keys: HashMap<Plans, Keys>,
    last_keys: Option<(Plans, Keys)>,
    memory: Memory,
    hashes: Hashes,
}

/// The plans of value and key of a record.
type Plans = (Option<usize>, Option<usize>);

#[derive(Default)]
struct Memory {
    key: Scratch,
    value: Scratch,
    /// Where the message begins in the arena of the hashes.
    at: usize,
    /// The message is in the tagged form.
    tagged: bool,
    identity: Vec<u8>,
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
        let rules = &settings.rules;
        let whole_key = Path(vec![Segment::Field("$key".to_owned())]);
        let key_named = settings.identity.contains(&Part::Key);
        let key_compared =
            !rules.ignore.contains(&whole_key) && !key_named && (rules.compare_key || settings.identity.is_empty());
        let in_key = |part: &Part| matches!(part, Part::Key | Part::KeyPath(_));
        let ignored = |name: &String| rules.ignore.iter().any(|path| header_path(path) == Some(name));
        Self {
            side,
            key: Half::new(
                Field::Key,
                settings.key_format,
                settings.key_framing,
                Asked::of_key(side, &settings),
            ),
            value: Half::new(
                Field::Value,
                settings.format,
                settings.framing,
                Asked::of_value(side, &settings),
            ),
            key_compared,
            key_needed: key_compared || settings.identity.iter().any(in_key),
            headers: rules.headers.iter().filter(|name| !ignored(name)).cloned().collect(),
            identity_key: blake3::derive_key(digest::IDENTITY, &[]),
            keys: HashMap::new(),
            last_keys: None,
            memory: Memory::default(),
            hashes: Hashes::default(),
            settings,
        }
    }

    fn half(&mut self, field: Field) -> &mut Half {
        self.keys.clear();
        self.last_keys = None;
        match field {
            Field::Key => &mut self.key,
            Field::Value => &mut self.value,
        }
    }

    /// The writer schema that records name so.
    pub fn add_schema(&mut self, field: Field, r: SchemaRef, schema: Arc<Schema>) {
        self.half(field).add_schema(r, Some(schema));
    }

    /// The schema was given up: records that name it are undecodable.
    pub fn unknown_schema(&mut self, field: Field, r: SchemaRef) {
        self.half(field).add_schema(r, None);
    }

    /// The contract of the record type of its name, of an alias, or of the only type with that unqualified name.
    pub fn add_contract(&mut self, field: Field, contract: Arc<Schema>) {
        self.half(field).add_contract(contract);
    }

    /// The contract of every record type. For a raw key it may be any type that holds text or bytes.
    pub fn set_sole_contract(&mut self, field: Field, contract: Arc<Schema>) {
        self.half(field).set_sole_contract(contract);
    }

    /// Reduces the records from `from` on and appends one entry each; stops where a schema or a contract is needed.
    pub fn reduce(&mut self, batch: &RecordBatch, from: usize, out: &mut Vec<Reduced>) -> Progress {
        let mut progress = Progress::Done;
        for (at, record) in batch.records.iter().enumerate().skip(from) {
            let walked = match self.one(batch, at, record) {
                Ok(walked) => walked,
                Err(wait) => {
                    progress = wait;
                    break;
                }
            };
            let hashed = match &walked {
                Walked::Decoded(print) => Some(print.by_content),
                Walked::Undecodable(_) | Walked::Deselected => None,
            };
            walked.append(batch, record, out);
            if let Some(by_content) = hashed {
                self.hash(by_content, out);
            }
        }
        self.hashes.finish(&mut |slot, hash| fill(out, slot, hash));
        progress
    }

    /// Has the last record hashed, at once or with others.
    #[inline(always)]
    fn hash(&mut self, by_content: bool, out: &mut [Reduced]) {
        let Some(at) = out.len().checked_sub(1) else { return };
        let memory = &mut self.memory;
        let Some((_, keys)) = &self.last_keys else { return };
        let key = if memory.tagged { &keys.tagged } else { &keys.plain };
        let done = &mut |slot: Slot, hash: [u8; 16]| fill(out, slot, hash);
        let what = What::Digest;
        self.hashes.push(key, memory.at, Slot { at, what }, done);
        if !by_content {
            let (arena, what) = (&mut self.hashes.arena, What::Identity);
            let from = arena.len();
            arena.extend_from_slice(&memory.identity);
            digest::pad(arena, from);
            self.hashes.push(&self.identity_key, from, Slot { at, what }, done);
        }
    }

    /// What becomes of a record; its hashes are not filled in yet.
    #[inline(always)]
    fn one(&mut self, batch: &RecordBatch, at: usize, record: &RecordRef) -> Result<Walked, Progress> {
        if !selected(&self.settings, batch, record) || (mutant!(TombstoneIsNothing) && batch.value(record).is_none()) {
            return Ok(Walked::Deselected);
        }
        let reason = match self.prepare(batch, at, record) {
            Prepared::Halves { value, key } => match self.fingerprint(batch, record, value, key) {
                Ok(print) => {
                    for (half, planned) in [(&mut self.value, value), (&mut self.key, key)] {
                        if let Some((_, known, _)) = planned {
                            half.count(known);
                        }
                    }
                    return Ok(Walked::Decoded(print));
                }
                Err(reason) => {
                    self.hashes.arena.truncate(self.memory.at);
                    reason
                }
            },
            Prepared::Bad(reason) => reason,
            Prepared::Wait(progress) => return Err(progress),
        };
        Ok(Walked::Undecodable(reason))
    }

    #[inline]
    fn prepare<'b>(&mut self, batch: &'b RecordBatch, at: usize, record: &RecordRef) -> Prepared<'b> {
        let value = match batch.value(record) {
            Some(bytes) => match self.value.ready(bytes) {
                Ready::Plan { at, known, bytes } => Some((at, known, bytes)),
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
            Some(bytes) => match self.key.ready(bytes) {
                Ready::Plan { at, known, bytes } => Some((at, known, bytes)),
                Ready::Bad(_) => return Prepared::Bad(UndecodableReason::Identity),
                Ready::NeedsSchema(schema) => return needs_schema(at, Field::Key, schema),
                Ready::NeedsContract { schema, .. } => return needs_contract(at, Field::Key, None, schema),
            },
            None => None,
        };
        Prepared::Halves { value, key }
    }

    /// Leaves the padded message at the end of the arena and the identity's bytes in the memory, to be hashed.
    fn fingerprint(
        &mut self,
        batch: &RecordBatch,
        record: &RecordRef,
        value: Planned,
        key: Planned,
    ) -> Result<Print, UndecodableReason> {
        let (parts, tolerances) = (self.settings.identity.len(), self.settings.rules.tolerant.len());
        let (memory, arena) = (&mut self.memory, &mut self.hashes.arena);
        memory.at = arena.len();
        memory.value.reset(parts, tolerances);
        if key.is_some() {
            memory.key.reset(parts, 0);
        }
        let mut flags = 0u8;
        if let Some((at, _, bytes)) = value {
            // The canonical bytes are written where they are hashed.
            memory.value.base = memory.at;
            std::mem::swap(arena, &mut memory.value.out);
            let walked = self.value.walk(at, wide(batch, record.value), bytes, &mut memory.value);
            std::mem::swap(arena, &mut memory.value.out);
            flags |= u8::from(walked?.tagged);
        }
        if let Some((at, _, bytes)) = key {
            let walked = self.key.walk(at, wide(batch, record.key), bytes, &mut memory.key);
            let walked = walked.map_err(|_| UndecodableReason::Identity)?;
            if self.key_compared {
                flags |= u8::from(walked.tagged) << 1;
                arena.push(1);
                arena.extend_from_slice(&memory.key.out);
            }
        } else if self.key_compared {
            arena.push(0);
        }
        for name in &self.headers {
            digest_header(arena, batch, record, name);
        }
        let time_ms = self.time(batch, record);
        self.look_up_keys(value.map(|(at, ..)| at), key.map(|(at, ..)| at));
        let (memory, arena) = (&mut self.memory, &mut self.hashes.arena);
        memory.tagged = flags != 0;
        if memory.tagged {
            arena.insert(memory.at, flags);
        }
        digest::pad(arena, memory.at);
        let by_content = self.identity(batch, record, value, key).is_none();
        let values = std::mem::take(&mut self.memory.value.tolerant);
        Ok(Print {
            by_content,
            time_ms,
            tolerant: (tolerances > 0).then(|| values.into_iter().map(TolerantValue).collect()),
        })
    }

    /// Makes the keys of these plans the last ones.
    fn look_up_keys(&mut self, value: Option<usize>, key: Option<usize>) {
        let pair = (value, key.filter(|_| self.key_compared));
        if self.last_keys.as_ref().is_some_and(|(last, _)| *last == pair) {
            return;
        }
        let keys = match self.keys.get(&pair) {
            Some(keys) => *keys,
            None => {
                let mut absent = Vec::new();
                let mut digest_of = |field: Field, half: &Half, at: Option<usize>| {
                    let prepared = &half.prepared[at?];
                    let paths = prepared.plan.iter().flat_map(|plan| &plan.absent);
                    absent.extend(paths.map(|path| (field, path.clone())));
                    Some(prepared.contract.digest())
                };
                let value = digest_of(Field::Value, &self.value, pair.0);
                let key = digest_of(Field::Key, &self.key, pair.1);
                let material = Material {
                    value,
                    key_compared: self.key_compared,
                    key,
                    headers: &self.headers,
                    absent,
                };
                let keys = material.keys();
                self.keys.insert(pair, keys);
                keys
            }
        };
        self.last_keys = Some((pair, keys));
    }

    /// Encodes the identity; `None` where there is none, or a part of it is null or absent.
    fn identity(&mut self, batch: &RecordBatch, record: &RecordRef, value: Planned, key: Planned) -> Option<()> {
        let parts = &self.settings.identity;
        if parts.is_empty() {
            return None;
        }
        let memory = &mut self.memory;
        identity::begin(&mut memory.identity, parts.len());
        for (place, part) in parts.iter().enumerate() {
            let (half, scratch, planned) = match part {
                Part::Header(name) => {
                    let last = batch
                        .headers(record)
                        .filter(|(other, _)| *other == name.as_bytes())
                        .last();
                    identity::put(&mut memory.identity, identity::TEXT, last?.1?);
                    continue;
                }
                Part::Field(_) => (&self.value, &memory.value, value),
                Part::Key | Part::KeyPath(_) => (&self.key, &memory.key, key),
            };
            let (at, ..) = planned?;
            let captured = scratch.parts[place]?;
            let bytes = &scratch.captured[captured.start..captured.end];
            identity::put_captured(&mut memory.identity, &half.prepared[at].contract, captured, bytes)?;
        }
        Some(())
    }

    fn time(&self, batch: &RecordBatch, record: &RecordRef) -> Option<i64> {
        match &self.settings.event_time {
            EventTime::None => Some(0),
            EventTime::Timestamp => record.timestamp_ms,
            EventTime::Field(_) => self.memory.value.time,
            EventTime::Header(name) => {
                let last = batch
                    .headers(record)
                    .filter(|(other, _)| *other == name.as_bytes())
                    .last();
                time::of_header(last?.1?)
            }
        }
    }

    /// The event time of a record that has no contract yet, by its own schema.
    fn own_time(&self, batch: &RecordBatch, record: &RecordRef, schema: &Schema, bytes: &[u8]) -> Option<i64> {
        if !matches!(self.settings.event_time, EventTime::Field(_)) {
            return self.time(batch, record);
        }
        let asked = Asked::time_only(self.side, &self.settings);
        let plan = compile(schema, schema, &asked, Purpose::Digest).ok()?;
        let mut scratch = Scratch::default();
        walk(&plan, schema, bytes, &mut scratch, false).ok()?;
        scratch.time
    }

    /// A record as the contract's type, for findings. Its schemas and contracts must be known.
    ///
    /// # Errors
    /// Why it cannot be decoded; `schema` too where a schema or contract is not known.
    pub fn value(&mut self, batch: &RecordBatch, record: usize) -> Result<Rendered, UndecodableReason> {
        let record = batch.records.get(record).ok_or(UndecodableReason::Schema)?;
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
            headers: headers.collect(),
        })
    }

    /// The bytes that the digest of a record is taken of, before the padding, and whether they are in the tagged form.
    /// To check another implementation by.
    ///
    /// # Errors
    /// As for [`Reducer::value`].
    pub fn canonical(&mut self, batch: &RecordBatch, record: usize) -> Result<(Vec<u8>, bool), UndecodableReason> {
        let record = batch.records.get(record).ok_or(UndecodableReason::Schema)?;
        let found = match self.prepare(batch, 0, record) {
            Prepared::Halves { value, key } => self.fingerprint(batch, record, value, key),
            Prepared::Bad(reason) => return Err(reason),
            Prepared::Wait(_) => return Err(UndecodableReason::Schema),
        };
        let mut message = self.hashes.arena.split_off(self.memory.at);
        found?;
        let length = message.last_chunk().map_or(0, |length| u64::from_le_bytes(*length));
        message.truncate(usize::try_from(length).unwrap_or(0));
        Ok((message, self.memory.tagged))
    }

    /// The writer schemas that are known, keys' first, each with the records that were decoded by it.
    #[must_use]
    pub fn schema_uses(&self) -> Vec<SchemaUse> {
        let mut uses = self.key.uses();
        uses.extend(self.value.uses());
        uses
    }

    /// What was met since this was last asked, as if a new reducer had met it. It is for another reducer to count.
    pub fn take_uses(&mut self) -> Vec<Met> {
        let mut met = Vec::new();
        self.key.take_uses(&mut met);
        self.value.take_uses(&mut met);
        met
    }

    /// Counts what another reducer met that knows the same schemas, contracts and settings.
    pub fn add_uses(&mut self, met: &[Met]) {
        for met in met {
            match met.field {
                Field::Key => self.key.add_use(met),
                Field::Value => self.value.add_use(met),
            }
        }
    }

    /// How the writer schemas differ from their contracts, each change once; paths of the key begin with `$key`.
    #[must_use]
    pub fn schema_changes(&self) -> Vec<SchemaChange> {
        let of_key = self.key.changes().cloned().map(SchemaChange::of_key);
        let found: BTreeSet<SchemaChange> = self.value.changes().cloned().chain(of_key).collect();
        found.into_iter().collect()
    }
}

/// The memory that a span stands in, and where it ends there.
fn wide(batch: &RecordBatch, span: Option<Bytes>) -> (&[u8], usize) {
    (&batch.arena, span.map_or(0, |span| span.end))
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
