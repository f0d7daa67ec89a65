//! Fields that a schema does not know: as they stand, in the order of their numbers.

use super::decode::Walk;
use super::scan::{BYTES, GROUP, GROUP_END, VARINT, varint};
use crate::codec::canonical::{put_bytes, put_raw};
use crate::model::UndecodableReason::{self, Malformed};

/// A field that the schema does not know.
#[derive(Clone, Copy)]
pub(super) struct Unknown {
    number: u32,
    wire: u8,
    payload: (usize, usize),
}

impl Unknown {
    pub fn new(number: u32, wire: u8, payload: (usize, usize)) -> Self {
        Self { number, wire, payload }
    }
}

impl Walk<'_> {
    /// Writes the unknown fields from `first` on as one value of bytes, and takes them away: by their numbers, those of one
    /// number as they came, tags and varints as short as they can be.
    pub(super) fn put_unknown(&mut self, first: usize) -> Result<(), UndecodableReason> {
        let unknown = &mut self.m.unknown[first..];
        if unknown.is_empty() {
            self.out.push(0);
            return Ok(());
        }
        unknown.sort_unstable_by_key(|field| (field.number, field.payload.0));
        let mut bytes = std::mem::take(&mut self.m.spare);
        bytes.clear();
        for field in &self.m.unknown[first..] {
            put(&mut bytes, self.input, *field)?;
        }
        put_bytes(self.out, &bytes);
        self.m.spare = bytes;
        self.m.unknown.truncate(first);
        Ok(())
    }
}

fn put(out: &mut Vec<u8>, input: &[u8], field: Unknown) -> Result<(), UndecodableReason> {
    let (start, end) = field.payload;
    let payload = &input[start..end];
    put_tag(out, field.number, field.wire);
    match field.wire {
        VARINT => put_raw(out, varint(payload, 0, payload.len())?.ok_or(Malformed)?.0),
        BYTES => {
            put_raw(out, u64::try_from(payload.len()).unwrap_or(u64::MAX));
            out.extend_from_slice(payload);
        }
        GROUP => {
            put_group(out, payload)?;
            put_tag(out, field.number, GROUP_END);
        }
        _ => out.extend_from_slice(payload),
    }
    Ok(())
}

fn put_tag(out: &mut Vec<u8>, number: u32, wire: u8) {
    put_raw(out, u64::from(number) << 3 | u64::from(wire));
}

/// The fields of a group, which was read to its end before, in the order in which they stand.
fn put_group(out: &mut Vec<u8>, payload: &[u8]) -> Result<(), UndecodableReason> {
    let mut at = 0;
    while at < payload.len() {
        let (tag, next) = varint(payload, at, payload.len())?.ok_or(Malformed)?;
        put_raw(out, tag);
        at = next;
        match (tag & 7) as u8 {
            wire @ (VARINT | BYTES) => {
                let (value, next) = varint(payload, at, payload.len())?.ok_or(Malformed)?;
                put_raw(out, value);
                at = next;
                if wire == BYTES {
                    let end = usize::try_from(value).map_err(|_| Malformed)?.saturating_add(at);
                    out.extend_from_slice(payload.get(at..end).ok_or(Malformed)?);
                    at = end;
                }
            }
            GROUP | GROUP_END => {}
            wire => {
                let size = if wire == super::scan::FIXED64 { 8 } else { 4 };
                out.extend_from_slice(payload.get(at..at + size).ok_or(Malformed)?);
                at += size;
            }
        }
    }
    Ok(())
}
