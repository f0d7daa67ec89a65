//! The wire: tags, lengths and groups, every one against what is left.

use super::DEPTH_MAX;
use super::decode::{Occurrence, Walk};
use super::layout::{Kind, Layout, Shape, Slot};
use super::unknown::Unknown;
use crate::model::UndecodableReason::{self, Bounds, Malformed, Truncated};

/// No length may be more.
const LENGTH_MAX: u64 = i32::MAX as u64;

pub(super) const VARINT: u8 = 0;
pub(super) const FIXED64: u8 = 1;
pub(super) const BYTES: u8 = 2;
pub(super) const GROUP: u8 = 3;
pub(super) const GROUP_END: u8 = 4;
pub(super) const FIXED32: u8 = 5;

/// A field on the wire: its number, its wire type, where its payload is, and where the next one begins.
struct Field {
    number: u32,
    wire: u8,
    payload: (usize, usize),
    next: usize,
}

/// A varint of at most ten bytes and 64 bits, and where it ends.
#[inline]
pub(super) fn varint(bytes: &[u8], mut at: usize, end: usize) -> Result<Option<(u64, usize)>, UndecodableReason> {
    let mut value = 0u64;
    for shift in (0..=63).step_by(7) {
        if at >= end {
            return Ok(None);
        }
        let byte = bytes[at];
        at += 1;
        if shift == 63 && byte > 1 {
            return Err(Malformed);
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(Some((value, at)));
        }
    }
    Err(Malformed)
}

impl Walk<'_> {
    /// What it means that the bytes end here: the record does, or something in it is longer than what it stands in.
    pub(super) fn short(&self, end: usize) -> UndecodableReason {
        if end == self.input.len() { Truncated } else { Malformed }
    }

    #[inline]
    pub(super) fn varint(&self, at: usize, end: usize) -> Result<(u64, usize), UndecodableReason> {
        varint(self.input, at, end)?.ok_or_else(|| self.short(end))
    }

    fn fixed(&self, at: usize, end: usize, size: usize) -> Result<usize, UndecodableReason> {
        if end - at < size {
            return Err(self.short(end));
        }
        Ok(at + size)
    }

    #[inline]
    fn tag(&self, at: usize, end: usize) -> Result<(u32, u8, usize), UndecodableReason> {
        let (tag, next) = self.varint(at, end)?;
        let tag = u32::try_from(tag).map_err(|_| Malformed)?;
        match (tag >> 3, (tag & 7) as u8) {
            (0, _) => Err(Malformed),
            (number, wire) => Ok((number, wire, next)),
        }
    }

    /// The field that begins at a place.
    #[inline]
    fn next(&mut self, at: usize, end: usize) -> Result<Field, UndecodableReason> {
        let (number, wire, start) = self.tag(at, end)?;
        let plain = |next| Field {
            number,
            wire,
            payload: (start, next),
            next,
        };
        Ok(match wire {
            VARINT => plain(self.varint(start, end)?.1),
            FIXED64 => plain(self.fixed(start, end, 8)?),
            FIXED32 => plain(self.fixed(start, end, 4)?),
            BYTES => {
                let (length, start) = self.varint(start, end)?;
                if length > LENGTH_MAX {
                    return Err(Bounds);
                }
                let length = usize::try_from(length).map_err(|_| Bounds)?;
                let next = self.fixed(start, end, length)?;
                Field {
                    payload: (start, next),
                    ..plain(next)
                }
            }
            GROUP => {
                let (stop, next) = self.group(number, start, end)?;
                Field {
                    payload: (start, stop),
                    ..plain(next)
                }
            }
            _ => return Err(Malformed),
        })
    }

    /// Where a group that was begun ends, and where the next field begins. Groups in it are passed without recursion.
    fn group(&mut self, number: u32, mut at: usize, end: usize) -> Result<(usize, usize), UndecodableReason> {
        let mut open = [0; DEPTH_MAX as usize];
        open[0] = number;
        let mut depth = 1;
        loop {
            // Groups in groups are passed once for each.
            self.pay(1)?;
            let (number, wire, start) = self.tag(at, end)?;
            match wire {
                GROUP if depth == open.len() => return Err(Bounds),
                GROUP => {
                    open[depth] = number;
                    depth += 1;
                    at = start;
                }
                GROUP_END => {
                    depth -= 1;
                    if open[depth] != number {
                        return Err(Malformed);
                    }
                    if depth == 0 {
                        return Ok((at, start));
                    }
                    at = start;
                }
                _ => at = self.next(at, end)?.next,
            }
        }
    }

    /// Notes the fields of a message that stand in a span; true where they are in the layout's order. What is known of its
    /// oneofs stands from `ones` on.
    pub(super) fn scan(
        &mut self,
        layout: &Layout,
        (start, end): (usize, usize),
        ones: usize,
    ) -> Result<bool, UndecodableReason> {
        let (mut at, mut next, mut last, mut sorted) = (start, 0, 0, true);
        while at < end {
            let field = self.next(at, end)?;
            at = field.next;
            let place = layout.place(field.number, next);
            let taken = match place {
                Some(place) => self.takes(&layout.fields[place], &field)?,
                None => None,
            };
            let (Some(place), Some(packed)) = (place, taken) else {
                self.m
                    .unknown
                    .push(Unknown::new(field.number, field.wire, field.payload));
                continue;
            };
            let slot = &layout.fields[place];
            sorted &= place >= last;
            last = place;
            let again = matches!(slot.shape, Shape::Repeated | Shape::Map(_));
            next = place + usize::from(!again);
            if let Some(oneof) = slot.oneof {
                let one = &mut self.m.ones[ones + oneof];
                if one.0 != place {
                    *one = (place, field.payload.0);
                }
            }
            self.m.found.push(Occurrence {
                place,
                payload: field.payload,
                packed,
            });
        }
        Ok(sorted)
    }

    /// Whether a field's value is one of a slot, and if it is whether it is a packed one.
    #[inline]
    fn takes(&mut self, slot: &Slot, field: &Field) -> Result<Option<bool>, UndecodableReason> {
        if let Shape::Map(_) = slot.shape {
            return Ok((field.wire == BYTES).then_some(false));
        }
        if field.wire != slot.kind.wire() {
            let packable = !matches!(slot.kind.wire(), BYTES | GROUP);
            let packed = field.wire == BYTES && packable && slot.shape == Shape::Repeated;
            return Ok(packed.then_some(true));
        }
        // A number that a closed enum has not is none of its values.
        if let Kind::Enum(symbols) = slot.kind
            && !self.is_value(symbols, field.payload)?
        {
            return Ok(None);
        }
        Ok(Some(false))
    }

    /// True where an enum has the number that stands there.
    pub(super) fn is_value(&self, symbols: u32, (at, end): (usize, usize)) -> Result<bool, UndecodableReason> {
        let symbols = &self.layouts.enums[symbols as usize];
        Ok(symbols.open || symbols.place(int(self.varint(at, end)?.0)).is_some())
    }
}

/// The lower half of a varint: what is above is not looked at, as everywhere else.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the wire has negative numbers in ten bytes"
)]
pub(super) fn int(value: u64) -> i32 {
    value as i32
}
