//! Defaults of fields that a document lacks: Avro binary, walked as Avro is.

use std::collections::HashMap;

use super::rules::{NOWHERE, Place};
use super::{Node, Stop, Walk};
use crate::codec::canonical::FILLED;
use crate::codec::compile::{Purpose, filled};
use crate::codec::default::encode;
use crate::codec::plan::Plan;
use crate::codec::proto::UNKNOWN;
use crate::codec::schema::RecordField;
use crate::codec::walk::{Captured, Scratch, walk};
use crate::model::TolerantKind;

/// Defaults by their record and field, its place in the rules and whether they are shown; none where there is no valid one.
pub(super) type Fills = HashMap<(Node, usize, Place, bool), Option<Fill>>;

/// A default in Avro binary, and its walk.
pub(super) struct Fill {
    bytes: Vec<u8>,
    plan: Plan,
}

impl Walk<'_> {
    /// Writes the default of a field; false where it has no valid one.
    pub(super) fn fill<const T: bool>(
        &mut self,
        (record, place): (Node, usize),
        field: &RecordField,
        at: Place,
    ) -> Result<bool, Stop> {
        let (contract, asked, show) = (self.contract, self.asked, self.show);
        let fill = self.m.fills.entry((record, place, at, show)).or_insert_with(|| {
            let bytes = encode(contract, field.node, field.default.as_ref()?)?;
            let purpose = if show { Purpose::Show } else { Purpose::Digest };
            let place = (at != NOWHERE).then_some(at as usize);
            let plan = filled(contract, field.node, asked, place, purpose).ok()?;
            Some(Fill { bytes, plan })
        });
        let Some(Fill { bytes, plan }) = fill else {
            return Ok(false);
        };
        let mut apart = Scratch::default();
        apart.reset(self.s.parts.len(), self.s.tolerant.len());
        let walked = walk(plan, contract, bytes, &mut apart, T)?;
        if walked.tagged && !T {
            return Err(Stop::NotHeld);
        }
        let written: &[u8] = if walked.as_is { bytes } else { &apart.out };
        if T && show && field.name != UNKNOWN {
            self.s.out.push(FILLED);
        }
        self.s.out.extend_from_slice(written);
        for (part, captured) in self.s.parts.iter_mut().zip(&apart.parts) {
            if let Some(Captured { start, end, .. }) = *captured {
                let from = self.s.captured.len();
                self.s.captured.extend_from_slice(&apart.captured[start..end]);
                *part = captured.map(|captured| Captured {
                    start: from,
                    end: from + end - start,
                    ..captured
                });
            }
        }
        for (value, filled) in self.s.tolerant.iter_mut().zip(apart.tolerant) {
            if filled != TolerantKind::Nothing {
                *value = filled;
            }
        }
        if apart.time.is_some() {
            self.s.time = apart.time;
        }
        Ok(true)
    }
}
