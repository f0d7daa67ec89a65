//! RFC 8259 over bytes, strictly: no value is built. What is wrong first, in the order of the bytes, is the reason.

use super::number::Number;
use crate::model::UndecodableReason::{self, Bounds, Malformed, Truncated, Utf8};

/// How deep objects and arrays may nest.
const DEPTH_MAX: u32 = 64;
/// The greatest exponent that may be written.
const EXPONENT_MAX: i64 = i32::MAX as i64;

/// A text between its quotes.
#[derive(Clone, Copy)]
pub(super) struct Text {
    pub start: usize,
    pub end: usize,
    /// It has a backslash: the bytes are not the text.
    pub escaped: bool,
}

/// What a value begins with, that tells its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Null,
    Boolean,
    Number,
    Text,
    Array,
    Object,
}

/// Where a document is read.
pub(super) struct Scan<'a> {
    pub input: &'a [u8],
    pub pos: usize,
    pub depth: u32,
}

impl<'a> Scan<'a> {
    pub fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            pos: 0,
            depth: 0,
        }
    }

    /// Skips white space; the byte behind it is not taken.
    #[inline]
    pub fn peek(&mut self) -> Result<u8, UndecodableReason> {
        while let Some(&byte) = self.input.get(self.pos) {
            if byte > b' ' || !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Ok(byte);
            }
            self.pos += 1;
        }
        Err(Truncated)
    }

    /// What kind of value stands next.
    pub fn shape(&mut self) -> Result<Shape, UndecodableReason> {
        Ok(match self.peek()? {
            b'n' => Shape::Null,
            b't' | b'f' => Shape::Boolean,
            b'-' | b'0'..=b'9' => Shape::Number,
            b'"' => Shape::Text,
            b'[' => Shape::Array,
            b'{' => Shape::Object,
            _ => return Err(Malformed),
        })
    }

    /// Only white space may follow.
    pub fn end(&mut self) -> Result<(), UndecodableReason> {
        match self.peek() {
            Err(_) => Ok(()),
            Ok(_) => Err(UndecodableReason::Trailing),
        }
    }

    /// Takes the bracket that is next; another level begins.
    #[inline]
    pub fn enter(&mut self) -> Result<(), UndecodableReason> {
        self.pos += 1;
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(Bounds) } else { Ok(()) }
    }

    /// True where an item or member follows, the `first` of its array or object or another; else the end was taken.
    #[inline]
    pub fn more(&mut self, first: bool, end: u8) -> Result<bool, UndecodableReason> {
        let byte = self.peek()?;
        if byte == end {
            self.pos += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if first {
            return Ok(true);
        }
        if byte != b',' {
            return Err(Malformed);
        }
        self.pos += 1;
        // Behind a comma no end may come.
        if self.peek()? == end { Err(Malformed) } else { Ok(true) }
    }

    /// The name of a member and its colon.
    #[inline]
    pub fn name(&mut self) -> Result<Text, UndecodableReason> {
        if self.peek()? != b'"' {
            return Err(Malformed);
        }
        let name = self.text()?;
        if self.peek()? != b':' {
            return Err(Malformed);
        }
        self.pos += 1;
        Ok(name)
    }

    /// `null`, `true` or `false`.
    pub fn word(&mut self, word: &[u8]) -> Result<(), UndecodableReason> {
        let rest = &self.input[self.pos..];
        if rest.starts_with(word) {
            self.pos += word.len();
            return Ok(());
        }
        Err(if word.starts_with(rest) { Truncated } else { Malformed })
    }

    /// True or false.
    pub fn boolean(&mut self) -> Result<bool, UndecodableReason> {
        let value = self.input.get(self.pos) == Some(&b't');
        self.word(if value { b"true" } else { b"false" })?;
        Ok(value)
    }

    /// A text; its quote is next.
    #[inline]
    pub fn text(&mut self) -> Result<Text, UndecodableReason> {
        self.pos += 1;
        let start = self.pos;
        let mut escaped = false;
        loop {
            self.plain();
            match self.input.get(self.pos) {
                Some(b'"') => {
                    let end = self.pos;
                    self.pos += 1;
                    return Ok(Text { start, end, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(Malformed),
                None => return Err(Truncated),
            }
        }
    }

    /// Goes to the next quote, backslash or control character, eight bytes at a time.
    #[inline]
    fn plain(&mut self) {
        const ONES: u64 = u64::MAX / 255;
        const HIGH: u64 = ONES << 7;
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        while let Some(chunk) = self.input[self.pos..].first_chunk::<8>() {
            let word = u64::from_le_bytes(*chunk);
            let control = word.wrapping_sub(ONES * 0x20) & !word;
            let found =
                (zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control) & HIGH;
            if found != 0 {
                // The lowest is right; what a borrow marks falsely lies above it.
                self.pos += (found.trailing_zeros() / 8) as usize;
                return;
            }
            self.pos += 8;
        }
        let odd = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        let rest = &self.input[self.pos..];
        self.pos += rest.iter().position(odd).unwrap_or(rest.len());
    }

    /// The character of an escape; its backslash is next.
    fn escape(&mut self) -> Result<char, UndecodableReason> {
        self.pos += 1;
        let kind = *self.input.get(self.pos).ok_or(Truncated)?;
        self.pos += 1;
        Ok(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex()?;
                let code = match unit {
                    0xd800..0xdc00 => {
                        for expected in *b"\\u" {
                            let byte = *self.input.get(self.pos).ok_or(Truncated)?;
                            if byte != expected {
                                return Err(Utf8);
                            }
                            self.pos += 1;
                        }
                        match self.hex()? {
                            low @ 0xdc00..0xe000 => 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00),
                            _ => return Err(Utf8),
                        }
                    }
                    unit => unit,
                };
                // A surrogate that stands alone is no character.
                char::from_u32(code).ok_or(Utf8)?
            }
            _ => return Err(Malformed),
        })
    }

    fn hex(&mut self) -> Result<u32, UndecodableReason> {
        let mut unit = 0;
        for _ in 0..4 {
            let byte = *self.input.get(self.pos).ok_or(Truncated)?;
            let digit = char::from(byte).to_digit(16).ok_or(Malformed)?;
            unit = unit << 4 | digit;
            self.pos += 1;
        }
        Ok(unit)
    }

    /// Appends what a text says. It was scanned, so it can be read again.
    pub fn unescape(&self, text: Text, out: &mut Vec<u8>) -> Result<(), UndecodableReason> {
        let mut scan = Scan::new(&self.input[text.start..text.end]);
        loop {
            let from = scan.pos;
            scan.plain();
            out.extend_from_slice(&scan.input[from..scan.pos]);
            if scan.pos == scan.input.len() {
                return Ok(());
            }
            let mut bytes = [0; 4];
            out.extend_from_slice(scan.escape()?.encode_utf8(&mut bytes).as_bytes());
        }
    }

    /// A number; its first byte is next.
    #[inline]
    pub fn number(&mut self) -> Result<Number<'a>, UndecodableReason> {
        let start = self.pos;
        let negative = self.input[start] == b'-';
        self.pos += usize::from(negative);
        let whole = if self.input.get(self.pos) == Some(&b'0') {
            self.pos += 1;
            &self.input[self.pos - 1..self.pos]
        } else {
            self.digits()?
        };
        let mut fraction: &[u8] = &[];
        if self.input.get(self.pos) == Some(&b'.') {
            self.pos += 1;
            fraction = self.digits()?;
        }
        let mut exponent = 0;
        if let Some(b'e' | b'E') = self.input.get(self.pos) {
            self.pos += 1;
            let sign = self.input.get(self.pos).copied();
            self.pos += usize::from(matches!(sign, Some(b'+' | b'-')));
            for digit in self.digits()? {
                exponent = (exponent * 10 + i64::from(digit - b'0')).min(EXPONENT_MAX + 1);
            }
            if exponent > EXPONENT_MAX {
                return Err(Bounds);
            }
            if sign == Some(b'-') {
                exponent = -exponent;
            }
        }
        Ok(Number {
            text: &self.input[start..self.pos],
            negative,
            whole,
            fraction,
            exponent,
        })
    }

    /// At least one digit.
    #[inline]
    fn digits(&mut self) -> Result<&'a [u8], UndecodableReason> {
        let rest = &self.input[self.pos..];
        let count = rest
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(rest.len());
        if count == 0 {
            return Err(if rest.is_empty() { Truncated } else { Malformed });
        }
        self.pos += count;
        Ok(&rest[..count])
    }
}
