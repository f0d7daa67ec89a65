//! When two values are the same: numbers of one type, and arrays whatever their order.

use super::{DiffRules, holds};
use crate::model::{Path, Segment, Value};

/// Whether two numbers of the same type are equal; `None` where they are not two numbers of one type.
pub(super) fn number(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Some(left == right),
        (
            Value::Floating { value: left, single },
            Value::Floating {
                value: right,
                single: other,
            },
        ) if single == other => Some(bits(*left) == bits(*right)),
        (Value::Decimal { .. }, Value::Decimal { .. }) => Some(left == right),
        (
            Value::Temporal { count, unit, kind },
            Value::Temporal {
                count: other,
                unit: other_unit,
                kind: other_kind,
            },
        ) if unit == other_unit && kind == other_kind => Some(count == other),
        _ => None,
    }
}

/// One NaN; minus zero apart from zero.
fn bits(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    }
}

/// True where the arrays at `path` hold the same items, ignored paths left out.
pub(super) fn multiset(left: &[Value], right: &[Value], path: &mut Path, rules: &DiffRules) -> bool {
    let mut sorted = |items: &[Value]| {
        let mut items: Vec<Vec<u8>> = items
            .iter()
            .map(|item| {
                let mut out = Vec::new();
                encode(item, path, rules, &mut out);
                out
            })
            .collect();
        items.sort_unstable();
        items
    };
    sorted(left) == sorted(right)
}

/// Writes a value such that equal bytes are equal values: a tag, then lengths before what has one.
fn encode(value: &Value, path: &mut Path, rules: &DiffRules, out: &mut Vec<u8>) {
    if rules.ignore.contains(path) {
        return out.push(b'i');
    }
    let mut below = |segment: Segment, value: &Value, out: &mut Vec<u8>| {
        path.0.push(segment);
        encode(value, path, rules, out);
        path.0.pop();
    };
    match value {
        Value::Absent => out.push(b'-'),
        Value::Default(value) => encode(value, path, rules, out),
        Value::Null => out.push(b'0'),
        Value::Boolean(value) => out.extend([b'b', u8::from(*value)]),
        Value::Integer(value) => number_bytes(b'n', *value, out),
        Value::Floating { value, single } => {
            out.extend([b'f', u8::from(*single)]);
            out.extend(bits(*value).to_be_bytes());
        }
        Value::Decimal { unscaled, scale } => {
            number_bytes(b'd', i64::from(*scale), out);
            sized(b'u', unscaled, out);
        }
        Value::Text(text) => sized(b't', text.as_bytes(), out),
        Value::Bytes(bytes) => sized(b'x', bytes, out),
        Value::Symbol(symbol) => sized(b's', symbol.as_bytes(), out),
        Value::Temporal { count, unit, kind } => {
            sized(b'k', kind.as_bytes(), out);
            sized(b'u', unit.as_bytes(), out);
            number_bytes(b'n', *count, out);
        }
        Value::Array(items) => {
            let nested = holds(&rules.unordered, path);
            let mut encoded: Vec<Vec<u8>> = items
                .iter()
                .map(|item| {
                    let mut out = Vec::new();
                    path.0.push(Segment::Items);
                    encode(item, path, rules, &mut out);
                    path.0.pop();
                    out
                })
                .collect();
            if nested {
                encoded.sort_unstable();
            }
            count_bytes(b'a', encoded.len(), out);
            encoded.iter().for_each(|item| out.extend(item));
        }
        Value::Map(entries) => {
            count_bytes(b'm', entries.len(), out);
            for (key, value) in entries {
                sized(b'k', key.as_bytes(), out);
                below(Segment::Values, value, out);
            }
        }
        Value::Record(fields) => {
            count_bytes(b'r', fields.len(), out);
            for (name, value) in fields {
                sized(b'k', name.as_bytes(), out);
                below(Segment::Field(name.clone()), value, out);
            }
        }
        Value::Foreign { kind, value } => {
            sized(b'?', kind.as_bytes(), out);
            encode(value, path, rules, out);
        }
        Value::Branch(name, value) => {
            sized(b'|', name.as_bytes(), out);
            encode(value, path, rules, out);
        }
    }
}

fn number_bytes(tag: u8, value: i64, out: &mut Vec<u8>) {
    out.push(tag);
    out.extend(value.to_be_bytes());
}

fn count_bytes(tag: u8, count: usize, out: &mut Vec<u8>) {
    out.push(tag);
    out.extend((count as u64).to_be_bytes());
}

fn sized(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    count_bytes(tag, bytes.len(), out);
    out.extend(bytes);
}
