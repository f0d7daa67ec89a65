//! Profiled values: what travels beside the fingerprint of a value whose distribution is looked at.
//!
//! They are made of the encoding that a part of an identity has, so that a value is told apart in the same way whatever format
//! and side it comes from.

use super::canonical::Reader;
use super::decimal;
use super::digest::first_half;
use super::identity;
use super::schema::{Kind, NodeId, Schema};
use super::walk::{Captured, Form};
use crate::model::{Critical, Measured, Profiled, number_bin, shortest};

/// What a walk captured, as an identity has it.
enum Found<'a> {
    Absent,
    Null,
    Value(Value<'a>),
}

/// What is there.
struct Value<'a> {
    captured: Captured,
    bytes: &'a [u8],
    /// The tag of an identity's part, and what is behind it.
    tag: u8,
    content: &'a [u8],
}

fn found<'a>(schema: &Schema, captured: Option<Captured>, bytes: &'a [u8], written: &'a mut Vec<u8>) -> Found<'a> {
    let Some((captured, bytes)) = captured.and_then(|part| Some((part, bytes.get(part.start..part.end)?))) else {
        return Found::Absent;
    };
    written.clear();
    if identity::put_captured(written, schema, captured, bytes).is_none() {
        return Found::Null;
    }
    match written.split_first_chunk::<5>() {
        Some((&[tag, ..], content)) => Found::Value(Value {
            captured,
            bytes,
            tag,
            content,
        }),
        None => Found::Null,
    }
}

/// The profiled value of what a walk captured; `written` is memory that is used again.
pub(super) fn of(schema: &Schema, captured: Option<Captured>, bytes: &[u8], written: &mut Vec<u8>) -> Profiled {
    let found = match found(schema, captured, bytes, written) {
        Found::Absent => return Profiled::Absent,
        Found::Null => return Profiled::Null,
        Found::Value(value) => value,
    };
    let parts = || match found.captured.form {
        Form::Plain => items(schema, found.captured.node, found.bytes),
        Form::Text | Form::Tagged => None,
    };
    value(found.tag, found.content, parts)
}

/// The value at a critical path, as [`of`].
pub(super) fn critical(schema: &Schema, captured: Option<Captured>, bytes: &[u8], written: &mut Vec<u8>) -> Critical {
    let Value {
        captured,
        bytes,
        tag,
        content,
    } = match found(schema, captured, bytes, written) {
        Found::Absent => return Critical::Absent,
        Found::Null => return Critical::Null,
        Found::Value(value) => value,
    };
    let hash = hash(tag, content);
    let branch = match (&schema.node(captured.node).kind, captured.form) {
        (_, Form::Tagged) => return Critical::Foreign { hash },
        // The same value of another branch is another one.
        (Kind::Union(_), Form::Plain) => Reader(bytes).long().unwrap_or(0),
        _ => 0,
    };
    let branch = u16::try_from(branch).unwrap_or(u16::MAX);
    Critical::Value {
        kind: branch << 8 | u16::from(tag),
        hash,
    }
}

/// The value that aggregates are computed of, as [`of`].
pub(super) fn measured(schema: &Schema, captured: Option<Captured>, bytes: &[u8], written: &mut Vec<u8>) -> Measured {
    let Found::Value(Value { tag, content, .. }) = found(schema, captured, bytes, written) else {
        return Measured::Nothing;
    };
    let hash = hash(tag, content);
    let near = |(_, scale): &(i128, i32)| scale.unsigned_abs() <= SCALE_MAX;
    match exact(tag, content).filter(near) {
        Some((unscaled, scale)) => Measured::Number { unscaled, scale, hash },
        None => Measured::Other { hash },
    }
}

/// Digits behind or before the point of a number that is added up: doubles have no more.
const SCALE_MAX: u32 = 400;

/// A number as an exact decimal, of a double as its shortest text says; `None` where it is none or has too many digits.
fn exact(tag: u8, content: &[u8]) -> Option<(i128, i32)> {
    match tag {
        identity::INTEGER => Some((i128::from(Reader(content).long()?), 0)),
        identity::FLOATING => {
            let value = f64::from_le_bytes(Reader(content).array()?);
            let (unscaled, scale) = value.is_finite().then(|| decimal::of_text(&shortest(value, false)))??;
            Some((decimal::small(&unscaled)?, scale))
        }
        identity::DECIMAL => {
            let mut reader = Reader(content);
            let scale = i32::try_from(reader.long()?).ok()?;
            Some((decimal::small(reader.0)?, scale))
        }
        _ => None,
    }
}

fn value(tag: u8, content: &[u8], parts: impl Fn() -> Option<u32>) -> Profiled {
    let hash = hash(tag, content);
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let number = |value: Option<f64>| Profiled::Number {
        bin: number_bin(value.unwrap_or(f64::NAN)),
        hash,
    };
    match tag {
        identity::TEXT => Profiled::Text { hash, length },
        identity::BOOLEAN | identity::SYMBOL => Profiled::Word { hash },
        identity::INTEGER => number(Reader(content).long().map(|value| value as f64)),
        identity::FLOATING => number(Reader(content).array().map(f64::from_le_bytes)),
        identity::DECIMAL => number(near(content)),
        _ => {
            let length = parts().unwrap_or(length);
            Profiled::Bytes { hash, length }
        }
    }
}

/// The first eight bytes of the BLAKE3 of a tag and a content.
fn hash(tag: u8, content: &[u8]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[tag]);
    hasher.update(content);
    let [a, b, c, d, e, f, g, h, ..] = first_half(hasher.finalize().as_bytes());
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// A decimal as its identity has it, near enough for a bin: the scale, then the unscaled number.
fn near(content: &[u8]) -> Option<f64> {
    let mut reader = Reader(content);
    let scale = reader.long()?;
    let negative = reader.0.first().is_some_and(|first| *first >= 0x80);
    let start = if negative { -1.0 } else { 0.0 };
    let unscaled = reader.0.iter().fold(start, |sum, byte| sum * 256.0 + f64::from(*byte));
    // Past the ends of the exponents a decimal is infinite or 0, as it would be written as a double.
    let scale = i32::try_from(scale.clamp(-400, 400)).unwrap_or(0);
    Some(if scale > 300 {
        unscaled / 1e300 / 10_f64.powi(scale - 300)
    } else {
        unscaled / 10_f64.powi(scale)
    })
}

/// How many items an array or a map has: the count that its one block begins with. `None` for everything else.
fn items(schema: &Schema, node: NodeId, bytes: &[u8]) -> Option<u32> {
    let mut reader = Reader(bytes);
    let mut node = node;
    if let Kind::Union(branches) = &schema.node(node).kind {
        node = *branches.get(usize::try_from(reader.long()?).ok()?)?;
    }
    match schema.node(node).kind {
        Kind::Array(_) | Kind::Map(_) => Some(u32::try_from(reader.long()?).unwrap_or(u32::MAX)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::canonical::put_long;
    use super::*;

    fn number(tag: u8, content: &[u8]) -> u32 {
        match value(tag, content, || None) {
            Profiled::Number { bin, .. } => bin,
            other => panic!("{other:?}"),
        }
    }

    fn decimal_of(unscaled: i64, scale: i64) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_long(&mut bytes, scale);
        bytes.extend(unscaled.to_be_bytes());
        bytes
    }

    #[test]
    fn a_number_has_its_bin_whatever_its_type() {
        let mut integer = Vec::new();
        put_long(&mut integer, -1_234);
        let of_double = |value: f64| number(identity::FLOATING, &value.to_le_bytes());
        assert_eq!(number(identity::INTEGER, &integer), of_double(-1_234.0));
        assert_eq!(number(identity::DECIMAL, &decimal_of(-123_400, 2)), of_double(-1_234.0));
        assert_eq!(number(identity::DECIMAL, &decimal_of(5, -3)), of_double(5_000.0));
        assert_eq!(number(identity::DECIMAL, &decimal_of(1, 9_999)), of_double(0.0));
        assert_eq!(of_double(f64::NAN), u32::MAX);
    }

    #[test]
    fn words_texts_and_parts() {
        let of = |tag, content: &[u8]| value(tag, content, || None);
        assert_eq!(of(identity::SYMBOL, b"NEW"), of(identity::SYMBOL, b"NEW"));
        assert_ne!(of(identity::SYMBOL, b"NEW"), of(identity::SYMBOL, b"OLD"));
        assert!(matches!(
            of(identity::TEXT, "äb".as_bytes()),
            Profiled::Text { length: 3, .. }
        ));
        assert!(matches!(
            of(identity::PARTS, &[1, 2]),
            Profiled::Bytes { length: 2, .. }
        ));
        let parts = value(identity::PARTS, &[1, 2], || Some(7));
        assert!(matches!(parts, Profiled::Bytes { length: 7, .. }));
    }
}
