//! A field's default, from JSON to Avro binary.

use serde_json::Value;

use super::canonical::{put_bytes, put_long};
use super::schema::{Kind, NodeId, Schema};

/// How many values a default may have, tried branches of unions among them.
const STEPS_MAX: u32 = 10_000;

/// The default as Avro binary; none where it is no value of its type.
pub(super) fn encode(schema: &Schema, node: NodeId, value: &Value) -> Option<Vec<u8>> {
    let (mut out, mut steps) = (Vec::new(), STEPS_MAX);
    put(schema, node, value, &mut out, &mut steps)?;
    Some(out)
}

fn put(schema: &Schema, id: NodeId, value: &Value, out: &mut Vec<u8>, steps: &mut u32) -> Option<()> {
    *steps = steps.checked_sub(1)?;
    match (&schema.node(id).kind, value) {
        (Kind::Null, Value::Null) => {}
        (Kind::Boolean, Value::Bool(value)) => out.push(u8::from(*value)),
        (Kind::Int, Value::Number(number)) => put_long(out, i64::from(i32::try_from(number.as_i64()?).ok()?)),
        (Kind::Long, Value::Number(number)) => put_long(out, number.as_i64()?),
        (Kind::Float, _) => {
            // The nearest float of the text, not the nearest of the nearest double.
            let value: f32 = match value {
                Value::Number(number) => number.to_string().parse().ok()?,
                Value::String(word) => match word_number(word)? {
                    word if word.is_nan() => f32::NAN,
                    word if word > 0.0 => f32::INFINITY,
                    _ => f32::NEG_INFINITY,
                },
                _ => return None,
            };
            out.extend(value.to_le_bytes());
        }
        (Kind::Double, _) => {
            let value: f64 = match value {
                Value::Number(number) => number.as_f64()?,
                Value::String(word) => word_number(word)?,
                _ => return None,
            };
            out.extend(value.to_le_bytes());
        }
        (Kind::Text, Value::String(text)) => put_bytes(out, text.as_bytes()),
        (Kind::Bytes, Value::String(text)) => put_bytes(out, &latin(text)?),
        (Kind::Fixed { size, .. }, Value::String(text)) => {
            let bytes = latin(text)?;
            (bytes.len() == *size).then(|| out.extend(bytes))?;
        }
        (Kind::Enum { symbols, .. }, Value::String(symbol)) => {
            let index = symbols.iter().position(|other| other == symbol)?;
            put_long(out, i64::try_from(index).ok()?);
        }
        (Kind::Array(inner), Value::Array(items)) => {
            put_long(out, i64::try_from(items.len()).ok()?);
            for item in items {
                put(schema, *inner, item, out, steps)?;
            }
            if !items.is_empty() {
                out.push(0);
            }
        }
        (Kind::Map(inner), Value::Object(entries)) => {
            put_long(out, i64::try_from(entries.len()).ok()?);
            for (key, value) in entries {
                put_bytes(out, key.as_bytes());
                put(schema, *inner, value, out, steps)?;
            }
            if !entries.is_empty() {
                out.push(0);
            }
        }
        (Kind::Record { fields, .. }, Value::Object(entries)) => {
            for field in fields {
                let value = entries.get(&field.name).or(field.default.as_ref())?;
                put(schema, field.node, value, out, steps)?;
            }
        }
        (Kind::Union(branches), value) => {
            let start = out.len();
            let chosen = branches.iter().zip(0..).find(|(branch, index)| {
                out.truncate(start);
                put_long(out, *index);
                put(schema, **branch, value, out, steps).is_some()
            });
            if chosen.is_none() {
                out.truncate(start);
            }
            chosen?;
        }
        _ => return None,
    }
    Some(())
}

fn word_number(word: &str) -> Option<f64> {
    match word {
        "NaN" => Some(f64::NAN),
        "Infinity" | "INF" => Some(f64::INFINITY),
        "-Infinity" | "-INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Bytes stand in a default as text, one code point a byte.
fn latin(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}
