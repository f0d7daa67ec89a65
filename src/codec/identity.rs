//! Identities: an unambiguous encoding of decoded values, whatever record and side they come from.

use super::canonical::{FOREIGN, Reader, double_bytes, put_bytes, put_long, uuid_text};
use super::decimal;
use super::digest::first_half;
use super::fast::copy;
use super::schema::{Kind, Logical, NodeId, Schema};
use super::walk::{Captured, Form, big};

/// Text and bytes of any kind: a header, a raw key, text, bytes, a UUID as text.
pub(super) const TEXT: u8 = 1;
pub(super) const INTEGER: u8 = 2;
pub(super) const BOOLEAN: u8 = 3;
pub(super) const FLOATING: u8 = 4;
pub(super) const DECIMAL: u8 = 5;
pub(super) const SYMBOL: u8 = 6;
const FIXED: u8 = 7;
pub(super) const PARTS: u8 = 8;
const TAGGED: u8 = 9;

/// Begins the encoding of an identity of that many parts.
pub(super) fn begin(out: &mut Vec<u8>, parts: usize) {
    out.extend(u32::try_from(parts).unwrap_or(u32::MAX).to_le_bytes());
}

/// Appends a part.
#[inline]
pub(super) fn put(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    let [a, b, c, d] = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    out.extend_from_slice(&[tag, a, b, c, d]);
    out.extend_from_slice(bytes);
}

/// A text is its own content.
#[inline(always)]
pub(super) fn is_text(schema: &Schema, id: NodeId) -> bool {
    matches!(schema.node(id).kind, Kind::Text)
}

/// Appends the encoding of an identity that is one text, which stands there in the memory.
#[inline(always)]
pub(super) fn put_text(out: &mut Vec<u8>, wide: &[u8], (from, to): (usize, usize)) {
    let [a, b, c, d] = u32::try_from(to - from).unwrap_or(u32::MAX).to_le_bytes();
    out.extend_from_slice(&[1, 0, 0, 0, TEXT, a, b, c, d]);
    copy(out, wide, (from, to));
}

/// Appends a part that a walk captured. `None` where it is null.
#[inline]
pub(super) fn put_captured(out: &mut Vec<u8>, schema: &Schema, captured: Captured, bytes: &[u8]) -> Option<()> {
    match captured.form {
        Form::Text if is_text(schema, captured.node) => put(out, TEXT, bytes),
        Form::Text => {
            let mut whole = Vec::with_capacity(bytes.len() + 10);
            put_bytes(&mut whole, bytes);
            return put_value(out, schema, captured.node, &whole);
        }
        Form::Tagged if is_null(bytes) => return None,
        Form::Tagged => {
            // It may be long, and little comes behind it: room for it and its padding, not for twice as much.
            out.reserve_exact(bytes.len() + 128);
            put(out, TAGGED, bytes);
        }
        Form::Plain => return put_value(out, schema, captured.node, bytes),
    }
    Some(())
}

/// A null where the contract has none.
fn is_null(bytes: &[u8]) -> bool {
    bytes.first() == Some(&FOREIGN)
        && bytes.get(1..17) == Some(first_half(blake3::hash(b"\"null\"").as_bytes()).as_slice())
}

fn put_value(out: &mut Vec<u8>, schema: &Schema, id: NodeId, bytes: &[u8]) -> Option<()> {
    let node = schema.node(id);
    let mut reader = Reader(bytes);
    match (&node.kind, node.logical) {
        (Kind::Null, _) => return None,
        (Kind::Union(branches), _) => {
            let branch = *branches.get(usize::try_from(reader.long()?).ok()?)?;
            return put_value(out, schema, branch, reader.0);
        }
        (_, Some(Logical::Decimal { scale, .. })) => put_decimal(out, reader.bytes()?, i64::from(scale)),
        (_, Some(Logical::BigDecimal)) => {
            let (unscaled, scale) = big(reader.bytes()?)?;
            put_decimal(out, unscaled, scale);
        }
        (Kind::Bytes | Kind::Text, _) => put(out, TEXT, reader.bytes()?),
        (Kind::Fixed { .. }, Some(Logical::Uuid)) => put(out, TEXT, &uuid_text(&reader.array()?)),
        (Kind::Fixed { .. }, _) => put(out, FIXED, bytes),
        (Kind::Int | Kind::Long, _) => put(out, INTEGER, bytes),
        (Kind::Boolean, _) => put(out, BOOLEAN, bytes),
        (Kind::Float, _) => put(
            out,
            FLOATING,
            &double_bytes(f64::from(f32::from_le_bytes(reader.array()?))),
        ),
        (Kind::Double, _) => put(out, FLOATING, bytes),
        (Kind::Enum { symbols, .. }, _) => {
            let symbol = symbols.get(usize::try_from(reader.long()?).ok()?)?;
            put(out, SYMBOL, symbol.as_bytes());
        }
        (Kind::Record { .. } | Kind::Array(_) | Kind::Map(_), _) => put(out, PARTS, bytes),
        (Kind::Document, _) => return super::json::put_identity(out, bytes),
    }
    Some(())
}

/// True where the part that was appended alone is a text, a symbol, a whole number or a boolean that reads as the word.
pub(super) fn says(written: &[u8], word: &str) -> bool {
    let Some((&[tag, ..], content)) = written.split_first_chunk::<5>() else {
        return false;
    };
    match tag {
        TEXT | SYMBOL => content == word.as_bytes(),
        INTEGER => {
            let mut bytes = Vec::with_capacity(10);
            word.parse().is_ok_and(|number| {
                put_long(&mut bytes, number);
                content == bytes
            })
        }
        BOOLEAN => content == [1] && word == "true" || content == [0] && word == "false",
        _ => false,
    }
}

pub(super) fn put_decimal(out: &mut Vec<u8>, unscaled: &[u8], scale: i64) {
    // What is held is within the bound; the number as it is would do too, for it is the same on both sides.
    let (unscaled, scale) = decimal::normal(unscaled, scale).unwrap_or_else(|| (unscaled.to_vec(), scale));
    let mut bytes = Vec::with_capacity(unscaled.len() + 10);
    put_long(&mut bytes, scale);
    bytes.extend(unscaled);
    put(out, DECIMAL, &bytes);
}
