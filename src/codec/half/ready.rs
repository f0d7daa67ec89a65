//! From the bytes of a record to the plan that they are walked by: its frame or its headers, its envelope, its schema.

use std::sync::Arc;

use super::super::api::SchemaRef;
use super::super::frame;
use super::super::schema::Schema;
use super::super::settings::Framing;
use super::{Half, Known};
use crate::model::{Bytes, RecordBatch, RecordRef, UndecodableReason};

/// What there is to do with the bytes of a record.
pub(in super::super) enum Ready<'b> {
    /// Walk them by this plan.
    Plan {
        at: usize,
        known: usize,
        bytes: &'b [u8],
    },
    NeedsSchema(SchemaRef),
    NeedsContract {
        schema: Arc<Schema>,
        bytes: &'b [u8],
    },
    Bad(UndecodableReason),
    /// There is an envelope and no row in it.
    Tombstone,
}

impl Half {
    /// Finds the plan for the bytes of a record.
    #[inline(always)]
    pub fn ready<'b>(&mut self, batch: &'b RecordBatch, record: &RecordRef, bytes: &'b [u8]) -> Ready<'b> {
        let Some((schema, bytes)) = frame::open(self.framing, bytes) else {
            return self.by_headers(batch, record, bytes);
        };
        let (indexes, bytes) = if self.indexed {
            let Some(found) = frame::indexes(bytes) else {
                return Ready::Bad(UndecodableReason::Framing);
            };
            found
        } else {
            (&bytes[..0], bytes)
        };
        if self.unwrap {
            return self.in_envelope(schema, bytes);
        }
        if let Some((last, at, known)) = self.last
            && last == schema
            && (!self.indexed || self.last_indexes == indexes)
        {
            return Ready::Plan { at, known, bytes };
        }
        self.find(schema, indexes, bytes)
    }

    /// The same where the headers name the schema; where they do not, and where there is no such frame, it is framed wrong.
    #[inline(never)]
    fn by_headers<'b>(&mut self, batch: &'b RecordBatch, record: &RecordRef, bytes: &'b [u8]) -> Ready<'b> {
        let named = (self.framing == Framing::Header).then(|| frame::of_headers(self.field, batch, record));
        let Some((schema, rest)) = named.flatten() else {
            return Ready::Bad(UndecodableReason::Framing);
        };
        let indexes = match frame::indexes(rest).filter(|_| self.indexed) {
            Some((indexes, [])) => indexes,
            None if !self.indexed && rest.is_empty() => rest,
            _ => return Ready::Bad(UndecodableReason::Framing),
        };
        match self.last {
            _ if self.unwrap => self.in_envelope(schema, bytes),
            Some((last, at, known)) if last == schema && self.last_indexes == indexes => {
                Ready::Plan { at, known, bytes }
            }
            _ => self.find(schema, indexes, bytes),
        }
    }

    /// The same where the value is an envelope.
    #[inline(never)]
    fn in_envelope<'b>(&mut self, schema: SchemaRef, bytes: &'b [u8]) -> Ready<'b> {
        let Some(&place) = self.known.get(&schema) else {
            return Ready::NeedsSchema(schema);
        };
        let known = &self.schemas[place];
        let Some(envelope) = &known.envelope else {
            return Ready::Bad(if known.is_given_up {
                UndecodableReason::Schema
            } else {
                UndecodableReason::Framing
            });
        };
        match envelope.row(bytes) {
            Ok(Some(row)) => {
                self.behind = bytes.len() - row.end;
                self.plan(place, &bytes[row])
            }
            Ok(None) => Ready::Tombstone,
            Err(reason) => Ready::Bad(reason),
        }
    }

    /// The memory that the value of a record stands in, and where it ends there: of an envelope the row that was found last.
    pub fn wide<'b>(&self, batch: &'b RecordBatch, span: Option<Bytes>) -> (&'b [u8], usize) {
        let (memory, end) = span.map_or((&[][..], 0), |span| batch.around(span));
        (memory, end - self.behind)
    }

    /// The schema is not that of the last record.
    #[inline(never)]
    fn find<'b>(&mut self, schema: SchemaRef, indexes: &[u8], bytes: &'b [u8]) -> Ready<'b> {
        let Some(&place) = self.known.get(&schema) else {
            return Ready::NeedsSchema(schema);
        };
        let message = match &self.schemas[place].schema {
            None => return Ready::Bad(UndecodableReason::Schema),
            Some(file) if file.is_file() => file.message_at(&frame::path(indexes)),
            Some(_) => return self.plan(place, bytes),
        };
        let Some(place) = message.and_then(|message| self.message(place, message)) else {
            return Ready::Bad(UndecodableReason::Schema);
        };
        self.last_indexes.clear();
        self.last_indexes.extend_from_slice(indexes);
        self.plan(place, bytes)
    }

    /// The place of a message of a Protobuf schema.
    pub(super) fn message(&mut self, file: usize, message: u32) -> Option<usize> {
        if let Some(place) = self.messages.get(&(file, message)) {
            return Some(*place);
        }
        let Known { reference, schema, .. } = &self.schemas[file];
        let known = Known::new(*reference, Some(message), Some(schema.as_ref()?.message(message)?));
        self.schemas.push(known);
        let place = self.schemas.len() - 1;
        self.messages.insert((file, message), place);
        Some(place)
    }

    /// The plan of a known schema for the bytes of a record.
    pub(super) fn plan<'b>(&mut self, place: usize, bytes: &'b [u8]) -> Ready<'b> {
        let known = &self.schemas[place];
        let Some(writer) = known.schema.clone() else {
            return Ready::Bad(UndecodableReason::Schema);
        };
        let at = match known.prepared {
            Some(at) => at,
            None => {
                let Some(contract) = self.contract(&writer) else {
                    return Ready::NeedsContract { schema: writer, bytes };
                };
                self.prepare(writer, contract)
            }
        };
        let known = &mut self.schemas[place];
        known.prepared = Some(at);
        known.met = true;
        self.last = Some((known.reference, at, place));
        Ready::Plan {
            at,
            known: place,
            bytes,
        }
    }
}
