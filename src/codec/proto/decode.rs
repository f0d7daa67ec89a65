//! One record: from the wire to Avro binary.

use super::DEPTH_MAX;
use super::layout::{Kind, Layout, Layouts, Shape, Slot};
use super::many::Entry;
use super::scan::{int, varint};
use super::unknown::Unknown;
use crate::codec::canonical::{put_bytes, put_long};
use crate::model::UndecodableReason::{self, Bounds, Malformed};

/// What a record may become, beside so many bytes for each of its own. Fields that are not there are written too.
const OUT_BYTES: usize = 262_144;
const OUT_RATIO: usize = 32;
/// Zeros behind the output, which the fast walk may look at.
const PAD: usize = 32;
/// No field of a oneof is set.
const UNSET: usize = usize::MAX;

/// Memory that is used again for every record.
#[derive(Default)]
pub struct Decoder {
    out: Vec<u8>,
    length: usize,
    m: Memory,
}

/// Stacks: what belongs to the innermost message stands last.
#[derive(Default)]
pub(super) struct Memory {
    pub found: Vec<Occurrence>,
    /// Where the occurrences of a message begin and end that may be in several parts.
    pub spans: Vec<(usize, usize)>,
    /// By oneof: the field that is set, and where the first of its values stands that count.
    pub ones: Vec<(usize, usize)>,
    pub unknown: Vec<Unknown>,
    pub entries: Vec<Entry>,
    /// Keys of maps, as text.
    pub keys: Vec<u8>,
    pub spare: Vec<u8>,
}

/// A value on the wire.
#[derive(Clone, Copy)]
pub(super) struct Occurrence {
    /// Of its field in the layout.
    pub place: usize,
    pub payload: (usize, usize),
    pub packed: bool,
}

/// One walk over a record.
pub(super) struct Walk<'a> {
    pub input: &'a [u8],
    pub layouts: &'a Layouts,
    pub out: &'a mut Vec<u8>,
    pub m: &'a mut Memory,
    depth: u32,
    /// What may still be passed again.
    budget: usize,
    out_max: usize,
}

impl Decoder {
    /// Reads a message; its Avro binary is then what [`Decoder::binary`] gives.
    ///
    /// # Errors
    /// Why it cannot be decoded.
    pub fn decode(&mut self, layouts: &Layouts, message: u32, input: &[u8]) -> Result<(), UndecodableReason> {
        let m = &mut self.m;
        m.found.clear();
        m.spans.clear();
        m.ones.clear();
        m.unknown.clear();
        m.entries.clear();
        m.keys.clear();
        self.out.clear();
        self.length = 0;
        let out_max = OUT_BYTES.saturating_add(input.len().saturating_mul(OUT_RATIO));
        let mut walk = Walk {
            input,
            layouts,
            out: &mut self.out,
            m,
            depth: 0,
            budget: out_max,
            out_max,
        };
        walk.m.spans.push((0, input.len()));
        walk.message(message, 0)?;
        self.length = self.out.len();
        self.out.resize(self.length + PAD, 0);
        Ok(())
    }

    /// The Avro binary of the message that was read last.
    #[must_use]
    pub fn binary(&self) -> &[u8] {
        &self.out[..self.length]
    }

    /// The memory that it stands in, from its beginning.
    #[must_use]
    pub fn wide(&self) -> &[u8] {
        &self.out
    }
}

impl Walk<'_> {
    pub(super) fn pay(&mut self, cost: usize) -> Result<(), UndecodableReason> {
        self.budget = self.budget.checked_sub(cost).ok_or(Bounds)?;
        Ok(())
    }

    /// Writes a message that stands in the spans from `first` on, and takes them away.
    pub(super) fn message(&mut self, at: u32, first: usize) -> Result<(), UndecodableReason> {
        self.depth += 1;
        if self.depth > DEPTH_MAX || self.out.len() > self.out_max {
            return Err(Bounds);
        }
        let layouts = self.layouts;
        let layout = &layouts.messages[at as usize];
        let (found, ones, unknown) = (self.m.found.len(), self.m.ones.len(), self.m.unknown.len());
        self.m.ones.resize(ones + layout.oneofs, (UNSET, 0));
        let mut sorted = self.m.spans.len() - first <= 1;
        for span in first..self.m.spans.len() {
            sorted &= self.scan(layout, self.m.spans[span], ones)?;
        }
        self.m.spans.truncate(first);
        if !sorted {
            self.m.found[found..].sort_unstable_by_key(|found| (found.place, found.payload.0));
        }
        let end = self.m.found.len();
        let (mut from, mut next, mut required) = (found, 0, 0);
        while from < end {
            let place = self.m.found[from].place;
            let others = self.m.found[from..end].iter().position(|other| other.place != place);
            let to = others.map_or(end, |others| from + others);
            self.skipped(layout, next, place);
            let slot = &layout.fields[place];
            required += usize::from(slot.shape == Shape::Required);
            self.field(layout, place, ones, (from, to))?;
            (from, next) = (to, place + 1);
        }
        self.skipped(layout, next, layout.fields.len());
        if required < layout.required {
            return Err(Malformed);
        }
        self.put_unknown(unknown)?;
        self.m.found.truncate(found);
        self.m.ones.truncate(ones);
        self.depth -= 1;
        Ok(())
    }

    /// Fields that are not there.
    fn skipped(&mut self, layout: &Layout, from: usize, to: usize) {
        let (from, to) = (layout.offsets[from], layout.offsets[to]);
        self.out.extend_from_slice(&layout.defaults[from..to]);
    }

    /// A field, with its values from `from` to `to`.
    fn field(
        &mut self,
        layout: &Layout,
        place: usize,
        ones: usize,
        (mut from, to): (usize, usize),
    ) -> Result<(), UndecodableReason> {
        let slot = &layout.fields[place];
        match slot.shape {
            Shape::Repeated => return self.items(slot, (from, to)),
            Shape::Map(entry) => return self.map(slot, entry, (from, to)),
            Shape::Implicit | Shape::Optional | Shape::Required => {}
        }
        if let Some(oneof) = slot.oneof {
            let (set, since) = self.m.ones[ones + oneof];
            if set != place {
                self.skipped(layout, place, place + 1);
                return Ok(());
            }
            while self.m.found[from].payload.0 < since {
                from += 1;
            }
        }
        let optional = slot.shape == Shape::Optional;
        match slot.kind {
            Kind::Message(at) | Kind::Group(at) | Kind::Time(at) => {
                let first = self.m.spans.len();
                let spans = self.m.found[from..to].iter().map(|found| found.payload);
                self.m.spans.extend(spans);
                self.part(slot.kind, at, optional, first)
            }
            kind => self.scalar(kind, optional, self.m.found[to - 1].payload),
        }
    }

    /// A message in another one, in the spans from `first` on.
    pub(super) fn part(&mut self, kind: Kind, at: u32, optional: bool, first: usize) -> Result<(), UndecodableReason> {
        if let Kind::Time(_) = kind {
            return self.time(at, optional, first);
        }
        if optional {
            self.out.push(2);
        }
        self.message(at, first)
    }

    /// A timestamp: nanoseconds since the epoch where a long holds them and nothing else is said, else as it stands.
    fn time(&mut self, at: u32, optional: bool, first: usize) -> Result<(), UndecodableReason> {
        let layout = &self.layouts.messages[at as usize];
        let (found, unknown) = (self.m.found.len(), self.m.unknown.len());
        for span in first..self.m.spans.len() {
            self.scan(layout, self.m.spans[span], 0)?;
        }
        let (mut seconds, mut nanos) = (0, 0);
        for of in &self.m.found[found..] {
            let (value, _) = self.varint(of.payload.0, of.payload.1)?;
            match of.place {
                0 => seconds = value.cast_signed(),
                _ => nanos = int(value),
            }
        }
        self.m.found.truncate(found);
        let plain = self.m.unknown.len() == unknown && (0..1_000_000_000).contains(&nanos);
        self.m.unknown.truncate(unknown);
        let whole = i64::try_from(i128::from(seconds) * 1_000_000_000 + i128::from(nanos)).ok();
        match whole.filter(|_| plain) {
            Some(count) => {
                self.m.spans.truncate(first);
                self.branch(0, optional);
                put_long(self.out, count);
                Ok(())
            }
            None => {
                self.branch(1, optional);
                self.message(at, first)
            }
        }
    }

    /// The index of a branch; of an optional field null is the first one.
    fn branch(&mut self, index: u8, optional: bool) {
        self.out.push(2 * (index + u8::from(optional)));
    }

    /// A value without parts.
    #[inline]
    pub(super) fn scalar(
        &mut self,
        kind: Kind,
        optional: bool,
        (start, end): (usize, usize),
    ) -> Result<(), UndecodableReason> {
        let payload = &self.input[start..end];
        // A varint was read to its end before.
        let raw = match kind.wire() {
            0 => varint(payload, 0, payload.len())?.ok_or(Malformed)?.0,
            1 => u64::from_le_bytes(payload.try_into().map_err(|_| Malformed)?),
            5 => u64::from(u32::from_le_bytes(payload.try_into().map_err(|_| Malformed)?)),
            _ => 0,
        };
        match kind {
            Kind::Uint64 | Kind::Fixed64 => {
                self.unsigned(raw, optional);
                return Ok(());
            }
            Kind::Enum(symbols) => return self.symbol(symbols, int(raw), optional),
            _ if optional => self.out.push(2),
            _ => {}
        }
        match kind {
            Kind::Int32 | Kind::Sfixed32 => put_long(self.out, i64::from(int(raw))),
            Kind::Int64 | Kind::Sfixed64 => put_long(self.out, raw.cast_signed()),
            Kind::Uint32 | Kind::Fixed32 => put_long(self.out, i64::from(int(raw).cast_unsigned())),
            Kind::Sint32 => {
                let raw = int(raw).cast_unsigned();
                let value = (raw >> 1).cast_signed() ^ -(raw & 1).cast_signed();
                put_long(self.out, i64::from(value));
            }
            Kind::Sint64 => put_long(self.out, crate::codec::canonical::unzigzag(raw)),
            Kind::Bool => self.out.push(u8::from(raw != 0)),
            Kind::Text | Kind::Bytes => put_bytes(self.out, payload),
            _ => self.out.extend_from_slice(payload),
        }
        Ok(())
    }

    fn unsigned(&mut self, value: u64, optional: bool) {
        match i64::try_from(value) {
            Ok(value) => {
                self.branch(0, optional);
                put_long(self.out, value);
            }
            Err(_) => {
                self.branch(1, optional);
                let mut bytes = [0; 9];
                bytes[1..].copy_from_slice(&value.to_be_bytes());
                put_bytes(self.out, &bytes);
            }
        }
    }

    fn symbol(&mut self, symbols: u32, number: i32, optional: bool) -> Result<(), UndecodableReason> {
        let symbols = &self.layouts.enums[symbols as usize];
        let place = symbols.place(number).map(|place| i64::try_from(place).unwrap_or(0));
        match place {
            Some(place) => {
                if symbols.open || optional {
                    self.branch(0, optional);
                }
                put_long(self.out, place);
                Ok(())
            }
            None if symbols.open => {
                self.branch(1, optional);
                put_long(self.out, i64::from(number));
                Ok(())
            }
            // It was passed by before.
            None => Err(Malformed),
        }
    }
}

impl Slot {
    /// The layout of its messages, where it has such.
    pub(super) fn message(&self) -> Option<u32> {
        match self.kind {
            Kind::Message(at) | Kind::Group(at) | Kind::Time(at) => Some(at),
            _ => None,
        }
    }
}
