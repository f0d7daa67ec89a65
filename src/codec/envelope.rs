//! Envelopes of change data capture, as Debezium writes them: what a row is after a change stands in `after`, and it is null
//! where the row was deleted. The row is compared, as if it stood alone, and a deletion is a tombstone. `before`, `source`
//! and what else the envelope tells are of the change, and not compared; their bytes are checked all the same.

use std::ops::Range;
use std::sync::Arc;

use super::canonical::Reader;
use super::json::row_of_document;
use super::schema::{Kind, Schema};
use super::skip::Skipper;
use crate::model::UndecodableReason::{self, Framing, Malformed};

/// The field that has the row.
pub(super) const AFTER: &str = "after";

/// Finds the row in the bytes of an envelope.
pub(super) enum Envelope {
    /// Of a document there is nothing to know.
    Document,
    Avro(Box<Avro>),
}

/// An envelope that was written with a schema.
pub(super) struct Avro {
    skipper: Skipper,
    /// The place of the field.
    place: usize,
    /// Of each branch of its union whether it is the row; none where the row is never null.
    branches: Vec<bool>,
}

/// The envelope of a writer schema, and the schema of the row in it. `None` where it is no envelope.
pub(super) fn of(schema: &Arc<Schema>) -> Option<(Envelope, Arc<Schema>)> {
    if schema.is_document() {
        return Some((Envelope::Document, schema.clone()));
    }
    let Kind::Record { fields, .. } = &schema.node(schema.root).kind else {
        return None;
    };
    let place = fields.iter().position(|field| field.name == AFTER)?;
    let node = fields[place].node;
    let is_row = |node: &u32| matches!(schema.node(*node).kind, Kind::Record { .. });
    let (branches, row) = match &schema.node(node).kind {
        Kind::Union(branches) => {
            let mut rows = branches.iter().filter(|branch| is_row(branch));
            let row = rows.next().filter(|_| rows.next().is_none())?;
            (branches.iter().map(is_row).collect(), *row)
        }
        _ => (Vec::new(), node),
    };
    if !is_row(&row) || schema.is_protobuf() {
        return None;
    }
    let avro = Avro {
        skipper: Skipper::new(schema.clone()),
        place,
        branches,
    };
    Some((Envelope::Avro(Box::new(avro)), schema.part(row)?))
}

/// The schema of the row where it is one of an envelope, else the schema as it is: a contract may be given either way.
pub(super) fn row_of(schema: Arc<Schema>) -> Arc<Schema> {
    of(&schema).map_or(schema, |(_, row)| row)
}

impl Envelope {
    /// Where the row stands in the bytes; `None` where it was deleted.
    pub(super) fn row(&self, bytes: &[u8]) -> Result<Option<Range<usize>>, UndecodableReason> {
        match self {
            Envelope::Document => row_of_document(bytes),
            Envelope::Avro(avro) => avro.row(bytes),
        }
    }
}

impl Avro {
    fn row(&self, bytes: &[u8]) -> Result<Option<Range<usize>>, UndecodableReason> {
        let field = self.skipper.field(bytes, self.place)?;
        if self.branches.is_empty() {
            return Ok(Some(field));
        }
        let mut reader = Reader(bytes.get(field.clone()).ok_or(Framing)?);
        let branch = reader.long().and_then(|branch| usize::try_from(branch).ok());
        match branch.and_then(|branch| self.branches.get(branch)) {
            Some(true) => Ok(Some(field.end - reader.0.len()..field.end)),
            Some(false) => Ok(None),
            None => Err(Malformed),
        }
    }
}
