//! The document form: a value that tells its own type, members sorted by the bytes of their names.

use super::number::{self, Digits};
use super::rules::{NOWHERE, Place};
use super::scan::{Scan, Text};
use super::{Entry, Walk, small, sort};
use crate::codec::applied::Rule;
use crate::codec::canonical::{Reader, put_bytes, put_long};
use crate::codec::identity;
use crate::codec::plan::{Clock, Mark};
use crate::codec::schema::Unit;
use crate::codec::time;
use crate::codec::walk::sort as sort_parts;
use crate::model::TolerantKind;
use crate::model::UndecodableReason::{self, Malformed};

pub(super) const NULL: u8 = 0;
pub(super) const FALSE: u8 = 1;
pub(super) const TRUE: u8 = 2;
pub(super) const NUMBER: u8 = 3;
pub(super) const TEXT: u8 = 4;
pub(super) const ARRAY: u8 = 5;
pub(super) const OBJECT: u8 = 6;
/// Behind the items of an array and the members of an object.
pub(super) const END: u8 = 7;
/// An item that is not compared.
pub(super) const IGNORED: u8 = 8;
/// A number that travels beside the digest.
const TOLERANT: u8 = 9;

impl Walk<'_> {
    /// A value with what the rules ask of it; true where it is not compared, and to be cut off.
    #[inline]
    pub(super) fn value(&mut self, at: Place, renames: Place) -> Result<bool, UndecodableReason> {
        let rules = self.rules;
        let Some(asks) = rules.marks.get(at) else {
            return self.bare(at, renames).map(|()| false);
        };
        let start = self.s.out.len();
        self.bare(at, renames)?;
        if asks.time {
            self.s.time = time_of(&self.s.out[start..]);
        }
        self.note(at, asks, self.s.out.get(start).copied());
        if let Some((rule, table)) = &asks.map
            && table.put_document(&mut self.s.out, start)
        {
            self.s.applied.insert(Rule::Map(*rule));
            self.pay(start)?;
        }
        if let Some(mark) = &asks.mark {
            self.marked(mark, start);
        }
        Ok(asks.ignored)
    }

    /// Does what the rules ask of the value that stands at the end of the output.
    fn marked(&mut self, mark: &Mark, start: usize) {
        if self.show {
            return;
        }
        if !mark.parts.is_empty() {
            self.s.capture_out(mark, start, false);
        }
        let written = &self.s.out[start..];
        if let (Some(place), false) = (mark.tolerant, mark.ignored) {
            let value = match digits(written).and_then(number::tolerant) {
                Some((unscaled, scale)) => {
                    // The kind stays in the digest.
                    self.s.out.truncate(start);
                    self.s.out.push(TOLERANT);
                    TolerantKind::Decimal { unscaled, scale }
                }
                None => TolerantKind::Nothing,
            };
            if !mark.hidden {
                self.s.tolerant[place] = value;
            }
        }
    }

    fn bare(&mut self, at: Place, renames: Place) -> Result<(), UndecodableReason> {
        match self.scan.peek()? {
            b'"' => {
                let text = self.scan.text()?;
                self.s.out.push(TEXT);
                self.put_text(text)?;
            }
            b'{' => self.object(at, renames)?,
            b'-' | b'0'..=b'9' => {
                let number = self.scan.number()?;
                self.s.out.push(NUMBER);
                number.digits().put(&mut self.s.out);
            }
            b'[' => self.array(at, renames)?,
            b't' | b'f' => {
                let value = self.scan.boolean()?;
                self.s.out.push(if value { TRUE } else { FALSE });
            }
            b'n' => {
                self.scan.word(b"null")?;
                self.s.out.push(NULL);
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// Appends a text with its length; tells the length.
    #[inline]
    pub(super) fn put_text(&mut self, text: Text) -> Result<usize, UndecodableReason> {
        if !text.escaped {
            put_bytes(&mut self.s.out, &self.scan.input[text.start..text.end]);
            return Ok(text.end - text.start);
        }
        self.m.text.clear();
        self.scan.unescape(text, &mut self.m.text)?;
        put_bytes(&mut self.s.out, &self.m.text);
        Ok(self.m.text.len())
    }

    fn array(&mut self, at: Place, renames: Place) -> Result<(), UndecodableReason> {
        let unordered = self.is_unordered(at);
        let (at, renames) = (self.rules.marks.items(at), self.rules.renames.items(renames));
        self.scan.enter()?;
        self.s.out.push(ARRAY);
        let base = self.m.items.len();
        let mut first = true;
        while self.scan.more(first, b']')? {
            first = false;
            let start = self.s.out.len();
            if unordered {
                self.m.items.push(start);
            }
            if self.value(at, renames)? {
                self.s.out.truncate(start);
                self.s.out.push(IGNORED);
            }
        }
        self.sort_items(base);
        self.s.out.push(END);
        Ok(())
    }

    /// True for an array whose order does not count. What is shown stays as it was written.
    pub(super) fn is_unordered(&self, at: Place) -> bool {
        !self.show && self.rules.marks.get(at).is_some_and(|asks| asks.unordered)
    }

    /// Puts the items that were noted since `base` in the order of their bytes; they end the output.
    pub(super) fn sort_items(&mut self, base: usize) {
        if let Some(&body) = self.m.items.get(base) {
            sort_parts(&mut self.s.out, body, &self.m.items[base..], &mut self.m.spare);
            self.m.items.truncate(base);
        }
    }

    fn object(&mut self, at: Place, renames: Place) -> Result<(), UndecodableReason> {
        let rules = self.rules;
        let renamed = rules.renames_at(renames);
        self.scan.enter()?;
        self.s.out.push(OBJECT);
        let (begin, bottom) = (self.s.out.len(), self.m.entries.len());
        let (mut first, mut sorted) = (true, true);
        while self.scan.more(first, b'}')? {
            first = false;
            let name = self.scan.name()?;
            let start = self.s.out.len();
            self.s.out.push(TEXT);
            let mut length = self.put_text(name)?;
            let mut below = NOWHERE;
            if renamed {
                let written = self.s.out.len() - length;
                below = rules.renames.field(renames, &self.s.out[written..]);
                if let Some((name, rule)) = rules.renamed(renames, &self.s.out[written..]) {
                    self.s.applied.insert(Rule::Rename(*rule));
                    self.s.out.truncate(start + 1);
                    put_bytes(&mut self.s.out, name);
                    length = name.len();
                }
            }
            self.push(length, start, bottom, &mut sorted)?;
            let end = self.s.out.len();
            let place = self.m.entries.len() - 1;
            let asked = rules.marks.field(at, &self.s.out[end - length..]);
            if self.value(asked, below)? {
                self.s.out.truncate(end);
                self.m.entries[place].kept = false;
                sorted = false;
            }
            self.m.entries[place].out.1 = small(self.s.out.len())?;
        }
        if !sorted {
            self.put_in_order(begin, bottom)?;
        }
        self.m.entries.truncate(bottom);
        self.s.out.push(END);
        Ok(())
    }

    /// Another member, whose name of that length ends the output.
    #[inline]
    pub(super) fn push(
        &mut self,
        length: usize,
        start: usize,
        bottom: usize,
        sorted: &mut bool,
    ) -> Result<(), UndecodableReason> {
        let (out, end) = (&self.s.out, self.s.out.len());
        let entry = Entry::new(&out[end - length..end], end - length, start)?;
        if let Some(last) = self.m.entries[bottom..].last() {
            *sorted &= last.order(&entry, out).is_lt();
        }
        self.m.entries.push(entry);
        Ok(())
    }

    /// Writes the members from `begin` on again, in order, without those that are not compared.
    fn put_in_order(&mut self, begin: usize, bottom: usize) -> Result<(), UndecodableReason> {
        let (out, spare) = (&mut self.s.out, &mut self.m.spare);
        let entries = &mut self.m.entries[bottom..];
        sort(entries, out)?;
        spare.clear();
        for entry in entries.iter().filter(|entry| entry.kept) {
            spare.extend_from_slice(entry.bytes(out));
        }
        out.truncate(begin);
        out.extend_from_slice(spare);
        Ok(())
    }
}

/// The number that is written.
fn digits(written: &[u8]) -> Option<Digits<'_>> {
    let (NUMBER, rest) = written.split_first().map(|(tag, rest)| (*tag, rest))? else {
        return None;
    };
    number::read(&mut Reader(rest))
}

/// The event time that is written: RFC 3339, or milliseconds.
fn time_of(written: &[u8]) -> Option<i64> {
    match written.split_first()? {
        (&TEXT, rest) => time::of_text(std::str::from_utf8(Reader(rest).bytes()?).ok()?),
        _ => time::of_count(Clock::Count(Unit::Millis), digits(written)?.to_long()?),
    }
}

/// Appends a part of the identity. `None` where it is null.
pub(in crate::codec) fn put_identity(out: &mut Vec<u8>, written: &[u8]) -> Option<()> {
    let (tag, rest) = written.split_first()?;
    match *tag {
        NULL => return None,
        FALSE | TRUE => identity::put(out, identity::BOOLEAN, &[u8::from(*tag == TRUE)]),
        TEXT => identity::put(out, identity::TEXT, Reader(rest).bytes()?),
        NUMBER => {
            let digits = digits(written)?;
            if let Some(number) = digits.to_long() {
                let mut bytes = Vec::with_capacity(10);
                put_long(&mut bytes, number);
                identity::put(out, identity::INTEGER, &bytes);
            } else if let Some((unscaled, scale)) = digits.normal() {
                identity::put_decimal(out, &unscaled, scale);
            } else {
                identity::put(out, identity::PARTS, written);
            }
        }
        _ => identity::put(out, identity::PARTS, written),
    }
    Some(())
}

impl Walk<'_> {
    /// The text that is next, without taking it.
    pub(super) fn peek_text(&mut self) -> Result<String, UndecodableReason> {
        let mut scan = Scan {
            input: self.scan.input,
            ..self.scan
        };
        let text = scan.text()?;
        let mut bytes = Vec::new();
        scan.unescape(text, &mut bytes)?;
        // The whole input is UTF-8.
        String::from_utf8(bytes).map_err(|_| UndecodableReason::Utf8)
    }
}
