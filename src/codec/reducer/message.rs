//! One record to its message: its canonical bytes, its identity, its event time.

use super::super::api::Field;
use super::super::compile::{Purpose, compile};
use super::super::digest::{self, Material};
use super::super::half::Half;
use super::super::marks::Asked;
use super::super::messages::{Kind, Message, Messages, Walked};
use super::super::proto::Decoder;
use super::super::schema::Schema;
use super::super::settings::{EventTime, Part};
use super::super::walk::{Captured, Form, Scratch, walk};
use super::super::{header, identity, profiled, time};
use super::{Memory, Planned, Reducer};
use crate::model::{
    CarriedValues, Critical, Measured, Profiled, RecordBatch, RecordRef, TolerantValue, UndecodableReason,
};

impl Reducer {
    /// Appends a record that can be decoded: its message, its identity, and what else is known of it. What is written to the
    /// arena is written to the output of the values' walk, which is the arena meanwhile.
    pub(super) fn message(
        &mut self,
        batch: &RecordBatch,
        record: &RecordRef,
        (value, key): (Planned, Planned),
        messages: &mut Messages,
    ) -> Result<(), UndecodableReason> {
        let settings = &self.settings;
        let (parts, tolerances) = (
            settings.identity.len() + settings.beside().count(),
            settings.rules.tolerant.len(),
        );
        let memory = &mut self.memory;
        let from = memory.value.out.len();
        memory.value.reset(parts, tolerances);
        if key.is_some() {
            memory.key.reset(parts, 0);
        }
        let mut flags = 0u8;
        if let Some((at, _, bytes)) = value {
            // The canonical bytes are written where they are hashed.
            memory.value.base = from;
            let walked = self
                .value
                .walk(at, self.value.wide(batch, record.value), bytes, &mut memory.value);
            flags |= u8::from(walked?.tagged);
        }
        if let Some((at, _, bytes)) = key {
            let walked = self
                .key
                .walk(at, self.key.wide(batch, record.key), bytes, &mut memory.key);
            let walked = walked.map_err(|_| UndecodableReason::Identity)?;
            if self.key_compared {
                flags |= u8::from(walked.tagged) << 1;
                memory.value.out.push(1);
                memory.value.out.extend_from_slice(&memory.key.out);
            }
        } else if self.key_compared {
            memory.value.out.push(0);
        }
        for name in &self.headers {
            header::put(&mut memory.value.out, batch, record, name);
        }
        if flags != 0 {
            memory.value.out.insert(from, flags);
        }
        digest::pad(&mut memory.value.out, from);
        let to = memory.value.out.len();
        let named = self.identity(batch, record, (value, key));
        let arena = &mut self.memory.value.out;
        match named {
            Some(()) => digest::pad(arena, to),
            None => arena.truncate(to),
        }
        let spans = [from, to, arena.len()];
        let kind = (
            value.map(|(at, ..)| at),
            key.filter(|_| self.key_compared).map(|(at, ..)| at),
            flags != 0,
            self.case,
        );
        let key = match messages.last_key(kind) {
            Some(number) => number,
            None => messages.number_key(kind, self.key_of(kind)),
        };
        let values = &mut self.memory.value.tolerant;
        let tolerant = (tolerances > 0).then(|| values.drain(..).map(TolerantValue).collect());
        messages.push(Walked::Decoded(Message {
            spans,
            time_ms: self.time(batch, record),
            tolerant,
            carried: self.beside(batch, record, value),
            tombstone: value.is_none(),
            key,
        }));
        Ok(())
    }

    /// The values at the profiled and critical paths; `None` where there are none.
    fn beside(&mut self, batch: &RecordBatch, record: &RecordRef, value: Planned) -> Option<Box<CarriedValues>> {
        let (first, profiled) = (self.settings.identity.len(), self.settings.profile.len());
        let (critical, measured) = (self.settings.critical.len(), self.settings.measured.len());
        if profiled + critical + measured == 0 {
            return None;
        }
        let Some((at, ..)) = value else {
            // A tombstone.
            return Some(Box::new(CarriedValues {
                profiled: vec![Profiled::Absent; profiled],
                critical: vec![Critical::Absent; critical],
                measured: vec![Measured::Nothing; measured],
            }));
        };
        let Memory {
            value: own, written, ..
        } = &mut self.memory;
        let contract = &self.value.prepared[at].contract;
        let bytes_of = |part: Option<Captured>| match part.map(|part| part.form) {
            Some(Form::Text) => self.value.around(self.value.wide(batch, record.value).0),
            Some(Form::Plain | Form::Tagged) | None => own.captured.as_slice(),
        };
        let parts = own.parts.get(first..).unwrap_or_default();
        let (of_profile, parts) = parts.split_at_checked(profiled).unwrap_or_default();
        let (of_critical, of_measured) = parts.split_at_checked(critical).unwrap_or_default();
        let mut values = CarriedValues {
            profiled: Vec::with_capacity(profiled),
            critical: Vec::with_capacity(critical),
            measured: Vec::with_capacity(measured),
        };
        for part in of_profile {
            let value = profiled::of(contract, *part, bytes_of(*part), written);
            values.profiled.push(value);
        }
        for part in of_critical {
            let value = profiled::critical(contract, *part, bytes_of(*part), written);
            values.critical.push(value);
        }
        for part in of_measured {
            let value = profiled::measured(contract, *part, bytes_of(*part), written);
            values.measured.push(value);
        }
        Some(Box::new(values))
    }

    /// The key of the digests of these plans.
    #[inline(never)]
    pub(super) fn key_of(&mut self, (value, key, tagged, _): Kind) -> [u8; 32] {
        let keys = *self.keys.entry((value, key)).or_insert_with(|| {
            let mut absent = Vec::new();
            let mut digest_of = |field: Field, half: &Half, at: Option<usize>| {
                let prepared = &half.prepared[at?];
                let paths = prepared.plan.iter().flat_map(|plan| &plan.absent);
                absent.extend(paths.map(|path| (field, path.clone())));
                Some(prepared.contract.digest())
            };
            let value = digest_of(Field::Value, &self.value, value);
            let key = digest_of(Field::Key, &self.key, key);
            let material = Material {
                value,
                key_compared: self.key_compared,
                key,
                headers: &self.headers,
                absent,
                when: &self.when,
            };
            material.keys()
        });
        if tagged { keys.tagged } else { keys.plain }
    }

    /// Encodes the identity; `None` where there is none, or a part of it is null or absent.
    pub(super) fn identity(
        &mut self,
        batch: &RecordBatch,
        record: &RecordRef,
        (value, key): (Planned, Planned),
    ) -> Option<()> {
        let parts = &self.settings.identity;
        if parts.is_empty() {
            return None;
        }
        let Memory {
            value: own, key: other, ..
        } = &mut self.memory;
        let arena = &mut own.out;
        identity::begin(arena, parts.len());
        for (place, part) in parts.iter().enumerate() {
            let (half, planned, span, walked) = match part {
                Part::Header(name) => {
                    let last = batch
                        .headers(record)
                        .filter(|(other, _)| *other == name.as_bytes())
                        .last();
                    identity::put(arena, identity::TEXT, last?.1?);
                    continue;
                }
                Part::Field(_) => (&self.value, value, record.value, (&own.parts, &own.captured)),
                Part::Key | Part::KeyPath(_) => (&self.key, key, record.key, (&other.parts, &other.captured)),
            };
            let (at, ..) = planned?;
            let part = walked.0[place]?;
            let bytes = match part.form {
                Form::Plain | Form::Tagged => walked.1.as_slice(),
                Form::Text => half.around(half.wide(batch, span).0),
            };
            identity::put_captured(arena, &half.prepared[at].contract, part, &bytes[part.start..part.end])?;
        }
        Some(())
    }

    /// The event time of a record that has no contract yet, by its own schema.
    pub(super) fn own_time(
        &self,
        batch: &RecordBatch,
        record: &RecordRef,
        schema: &Schema,
        bytes: &[u8],
    ) -> Option<i64> {
        if !matches!(self.settings.event_time, EventTime::Field(_)) {
            return self.time(batch, record);
        }
        let asked = Asked::time_only(self.side, &self.settings);
        let plan = compile(schema, schema, &asked, Purpose::Digest).ok()?;
        let (mut scratch, mut decoder) = (Scratch::default(), Decoder::default());
        let bytes = if schema.is_protobuf() {
            schema.decode(bytes, &mut decoder).ok()?;
            decoder.binary()
        } else {
            bytes
        };
        walk(&plan, schema, bytes, &mut scratch, false).ok()?;
        scratch.time
    }

    #[inline]
    pub(super) fn time(&self, batch: &RecordBatch, record: &RecordRef) -> Option<i64> {
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
}
