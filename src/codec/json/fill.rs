//! Defaults of fields that a document lacks: Avro binary, walked as Avro is, once for each place that it may stand in.

use std::collections::HashMap;

use super::rules::{NOWHERE, Place};
use super::{Node, Stop, Walk};
use crate::codec::applied::Rule;
use crate::codec::canonical::{ABSENT, FILLED};
use crate::codec::compile::{Purpose, filled};
use crate::codec::default::encode;
use crate::codec::proto::UNKNOWN;
use crate::codec::schema::RecordField;
use crate::codec::walk::{Captured, Scratch, walk};
use crate::model::{TolerantKind, UndecodableReason};

/// What a field that is lacked costs of the budget beside the bytes of its default: looking at it is work, too.
pub(super) const LACKED: usize = 2;

/// What becomes of the lacked fields of a record: by record, its place in the rules, whether it is shown, and in which form.
pub(super) type Fills = HashMap<(Node, Place, bool, bool), Vec<Option<Fill>>>;

/// What becomes of a field that is lacked.
pub(super) enum Fill {
    /// Nothing: it is ignored.
    Ignored,
    /// It is absent, which only the tagged form can say.
    Absent,
    /// Its default is not held, which only the tagged form can say.
    NotHeld,
    /// Its default cannot be walked.
    Bad(UndecodableReason),
    /// Its default, as it stands in the form.
    Put(Box<Put>),
}

/// A default that was walked.
pub(super) struct Put {
    bytes: Vec<u8>,
    /// Parts of the identity, with their bytes.
    parts: Vec<(usize, Captured, Vec<u8>)>,
    tolerant: Vec<(usize, TolerantKind)>,
    time: Option<i64>,
    /// The rules ask for it; else it is what every document has.
    asked: bool,
}

impl Walk<'_> {
    /// Writes what there is of a field that the document lacks. `known` is what became of the record's fields so far, `at`
    /// the record's place in the rules.
    #[inline]
    pub(super) fn lacked<const T: bool>(
        &mut self,
        known: &mut [Option<Fill>],
        (fields, field): (&[RecordField], usize),
        at: Place,
    ) -> Result<(), Stop> {
        let fill = match &mut known[field] {
            Some(fill) => fill,
            fresh => fresh.insert(self.made::<T>(&fields[field], at)),
        };
        match fill {
            Fill::Ignored => return Ok(()),
            Fill::Absent if T => self.s.out.push(ABSENT),
            Fill::Absent | Fill::NotHeld => return Err(Stop::NotHeld),
            Fill::Bad(reason) => return Err(Stop::Bad(*reason)),
            Fill::Put(put) => {
                self.budget = self
                    .budget
                    .checked_sub(put.bytes.len())
                    .ok_or(UndecodableReason::Bounds)?;
                self.s.out.extend_from_slice(&put.bytes);
                for (part, captured, bytes) in &put.parts {
                    let start = self.s.captured.len();
                    self.s.captured.extend_from_slice(bytes);
                    let end = self.s.captured.len();
                    self.s.parts[*part] = Some(Captured {
                        start,
                        end,
                        ..*captured
                    });
                }
                for (place, kind) in &put.tolerant {
                    self.s.tolerant[*place] = kind.clone();
                }
                if put.time.is_some() {
                    self.s.time = put.time;
                }
                if put.asked && !std::mem::replace(&mut self.filled, true) {
                    self.s.applied.insert(Rule::Defaults);
                }
            }
        }
        Ok(())
    }

    /// What becomes of it, looked at once.
    fn made<const T: bool>(&self, field: &RecordField, at: Place) -> Fill {
        let at = self.rules.marks.field(at, field.name.as_bytes());
        if self.rules.marks.get(at).is_some_and(|asks| asks.ignored) {
            return Fill::Ignored;
        }
        // No document has fields that no schema knows.
        let unknown = field.name == UNKNOWN;
        let default = field.default.as_ref().filter(|_| self.asked.defaults || unknown);
        let Some(bytes) = default.and_then(|default| encode(self.contract, field.node, default)) else {
            return Fill::Absent;
        };
        let purpose = if self.show { Purpose::Show } else { Purpose::Digest };
        let place = (at != NOWHERE).then_some(at as usize);
        let Ok(plan) = filled(self.contract, field.node, self.asked, place, purpose) else {
            return Fill::Absent;
        };
        let mut apart = Scratch::default();
        apart.reset(self.s.parts.len(), self.s.tolerant.len());
        let walked = match walk(&plan, self.contract, &bytes, &mut apart, T) {
            Ok(walked) if walked.tagged && !T => return Fill::NotHeld,
            Ok(walked) => walked,
            Err(reason) => return Fill::Bad(reason),
        };
        let written = if walked.as_is { &bytes } else { &apart.out };
        let shown: &[u8] = if T && self.show && !unknown { &[FILLED] } else { &[] };
        let parts = apart.parts.iter().enumerate();
        let tolerant = apart.tolerant.iter().enumerate();
        Fill::Put(Box::new(Put {
            bytes: [shown, written].concat(),
            parts: parts
                .filter_map(|(part, captured)| {
                    let captured = (*captured)?;
                    Some((part, captured, apart.captured[captured.start..captured.end].to_vec()))
                })
                .collect(),
            tolerant: tolerant
                .filter(|(_, kind)| **kind != TolerantKind::Nothing)
                .map(|(place, kind)| (place, kind.clone()))
                .collect(),
            time: apart.time,
            asked: !unknown,
        }))
    }
}
