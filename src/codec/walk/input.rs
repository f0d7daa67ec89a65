//! Reading the input: every length against what is left.

use super::{Stop, Walk};
use crate::codec::canonical::{put_raw, unzigzag};
use crate::model::UndecodableReason::{Bounds, Malformed, Truncated, Utf8};

/// No length and no count may be more.
const LENGTH_MAX: i64 = i32::MAX as i64;

impl<'a> Walk<'a> {
    #[inline(always)]
    pub(super) fn byte(&mut self) -> Result<u8, Stop> {
        if self.pos == self.input.len() && mutant!(EndIsNull) {
            return Ok(0);
        }
        let byte = *self.input.get(self.pos).ok_or(Stop::Bad(Truncated))?;
        self.pos += 1;
        Ok(byte)
    }

    #[inline]
    pub(super) fn boolean(&mut self) -> Result<(), Stop> {
        if self.byte()? > 1 {
            Err(Stop::Bad(Malformed))
        } else {
            Ok(())
        }
    }

    #[inline(always)]
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Stop> {
        let input: &'a [u8] = self.input;
        let rest = &input[self.pos..];
        let taken = rest.get(..count).ok_or(Stop::Bad(Truncated))?;
        self.pos += count;
        Ok(taken)
    }

    #[inline(always)]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let bytes = self.input[self.pos..].first_chunk::<N>().ok_or(Stop::Bad(Truncated))?;
        self.pos += N;
        Ok(*bytes)
    }

    /// A varint as it stands.
    #[inline(always)]
    pub(super) fn raw(&mut self) -> Result<u64, Stop> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        self.raw_rest(first)
    }

    #[inline(never)]
    fn raw_rest(&mut self, first: u8) -> Result<u64, Stop> {
        // Up to eight bytes at once: the first without its high bit ends the number.
        if let Some(bytes) = self.input[self.pos - 1..].first_chunk::<8>() {
            let word = u64::from_le_bytes(*bytes);
            let stops = !word & 0x8080_8080_8080_8080;
            if stops != 0 {
                let bits = stops ^ (stops - 1);
                self.pos += (stops.trailing_zeros() / 8) as usize;
                let sevens = word & bits & 0x7f7f_7f7f_7f7f_7f7f;
                let pairs = (sevens & 0x007f_007f_007f_007f) | ((sevens & 0x7f00_7f00_7f00_7f00) >> 1);
                let fours = (pairs & 0x0000_3fff_0000_3fff) | ((pairs & 0x3fff_0000_3fff_0000) >> 2);
                return Ok((fours & 0x0fff_ffff) | ((fours & 0x0fff_ffff_0000_0000) >> 4));
            }
        }
        self.raw_bytes(first)
    }

    fn raw_bytes(&mut self, first: u8) -> Result<u64, Stop> {
        let mut raw = u64::from(first & 0x7f);
        for shift in (7..=63).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                return Err(Stop::Bad(Malformed));
            }
            raw |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(raw);
            }
        }
        Err(Stop::Bad(Malformed))
    }

    /// A varint of an int.
    #[inline(always)]
    pub(super) fn int(&mut self) -> Result<u64, Stop> {
        let raw = self.raw()?;
        if raw > u64::from(u32::MAX) {
            Err(Stop::Bad(Malformed))
        } else {
            Ok(raw)
        }
    }

    /// The varint from `start` to here is in the output as it stands, or minimal.
    #[inline(always)]
    pub(super) fn settle(&mut self, start: usize, raw: u64) {
        if !self.is_minimal(start) {
            self.cut(start);
            put_raw(&mut self.s.out, raw);
        }
    }

    #[inline(always)]
    pub(super) fn is_minimal(&self, start: usize) -> bool {
        self.pos - start == 1 || self.input[self.pos - 1] != 0
    }

    /// A length that the input can hold.
    #[inline(always)]
    pub(super) fn length(&mut self) -> Result<(u64, usize), Stop> {
        let raw = self.raw()?;
        let length = unzigzag(raw);
        if !(0..=LENGTH_MAX).contains(&length) {
            return Err(Stop::Bad(Bounds));
        }
        let length = usize::try_from(length).map_err(|_| Stop::Bad(Bounds))?;
        if length > self.input.len() - self.pos {
            return Err(Stop::Bad(Truncated));
        }
        Ok((raw, length))
    }

    /// Bytes with their length, kept as they are.
    #[inline(always)]
    pub(super) fn prefixed(&mut self) -> Result<&'a [u8], Stop> {
        let start = self.pos;
        let (raw, length) = self.length()?;
        self.settle(start, raw);
        self.take(length)
    }

    /// Text with its length, kept as it is.
    #[inline(always)]
    pub(super) fn text(&mut self) -> Result<&'a [u8], Stop> {
        let bytes = self.prefixed()?;
        if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() {
            Ok(bytes)
        } else {
            Err(Stop::Bad(Utf8))
        }
    }

    /// Text with its length; the caller goes back.
    pub(super) fn peek_text(&mut self) -> Result<&'a str, Stop> {
        let (_, length) = self.length()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Stop::Bad(Utf8))
    }

    /// The head of a block of items: how many, and where it must end if it says so.
    pub(super) fn head(&mut self, sized: bool) -> Result<Head, Stop> {
        let start = self.pos;
        let raw = self.raw()?;
        let plain = self.is_minimal(start);
        let signed = unzigzag(raw);
        let mut head = Head {
            count: signed
                .checked_abs()
                .filter(|count| *count <= LENGTH_MAX)
                .ok_or(Stop::Bad(Bounds))?,
            end: None,
            plain: plain && signed >= 0,
        };
        if signed < 0 {
            let (_, length) = self.length()?;
            head.end = Some(self.pos + length);
        }
        let count = usize::try_from(head.count).map_err(|_| Stop::Bad(Bounds))?;
        if !sized {
            self.spend(count)?;
        } else if count > self.input.len() - self.pos {
            return Err(Stop::Bad(Truncated));
        }
        Ok(head)
    }
}

/// The head of a block of items.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub count: i64,
    pub end: Option<usize>,
    /// Its bytes are those of the canonical form.
    pub plain: bool,
}
