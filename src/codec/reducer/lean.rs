//! The way of nearly all records: a value by a plan that is known, in the plain form, and nothing is asked of key and
//! headers. A record of which that is not true goes the other way, from its beginning.

use super::super::digest;
use super::super::fast;
use super::super::half::Ready;
use super::super::identity;
use super::super::messages::{Message, Messages, Walked};
use super::super::settings::{EventTime, Part};
use super::super::walk::Form;
use super::Reducer;
use crate::model::{RecordBatch, RecordRef, TolerantValue};

impl Reducer {
    /// True where records are reduced by nothing but their values.
    pub(super) fn is_lean(&self) -> bool {
        let select = &self.settings.select;
        let all = select.partitions.is_empty() && select.schemas.is_empty() && select.headers.is_empty();
        all && self.settings.unwrap.is_none()
            && self.settings.beside().next().is_none()
            && self.cases.is_none()
            && !self.key_needed
            && !self.key_compared
            && self.headers.is_empty()
    }

    /// Appends the record; false where this is not its way: then nothing is left of it.
    #[inline(always)]
    pub(super) fn lean(&mut self, batch: &RecordBatch, record: &RecordRef, messages: &mut Messages) -> bool {
        let Some(span) = record.value else { return false };
        let (wide, end) = batch.around(span);
        let framed = &wide[end - (span.end - span.start)..end];
        let Ready::Plan { at, known, bytes } = self.value.ready(batch, record, framed) else {
            return false;
        };
        let Some((program, plan, contract)) = self.value.fast(at) else {
            return false;
        };
        let tolerances = self.settings.rules.tolerant.len();
        let scratch = &mut self.memory.value;
        let from = scratch.out.len();
        scratch.reset(self.settings.identity.len(), tolerances);
        scratch.base = from;
        let walked = fast::run(program, (plan, contract), wide, (end - bytes.len(), end), scratch);
        if walked.is_none() {
            scratch.out.truncate(from);
            return false;
        }
        digest::pad(&mut scratch.out, from);
        let to = scratch.out.len();
        let named = match (self.settings.identity.as_slice(), scratch.parts.as_slice()) {
            ([Part::Field(_)], [Some(part)]) if part.form == Form::Text && identity::is_text(contract, part.node) => {
                identity::put_text(&mut scratch.out, wide, (part.start, part.end));
                Some(())
            }
            _ => self.identity(batch, record, (Some((at, known, bytes)), None)),
        };
        let out = &mut self.memory.value.out;
        match named {
            Some(()) => digest::pad(out, to),
            None => out.truncate(to),
        }
        let spans = [from, to, out.len()];
        let kind = (Some(at), None, false, self.case);
        let key = match messages.last_key(kind) {
            Some(number) => number,
            None => messages.number_key(kind, self.key_of(kind)),
        };
        let time_ms = match self.settings.event_time {
            EventTime::Field(_) => self.memory.value.time,
            _ => self.time(batch, record),
        };
        let values = &mut self.memory.value.tolerant;
        let tolerant = (tolerances > 0).then(|| values.drain(..).map(TolerantValue).collect());
        messages.push(Walked::Decoded(Message {
            spans,
            time_ms,
            tolerant,
            carried: None,
            tombstone: false,
            key,
        }));
        self.value.count(known);
        true
    }
}
