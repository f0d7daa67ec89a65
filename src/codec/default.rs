//! A field's default, from JSON to Avro binary.

use serde_json::Value;

use super::canonical::{put_bytes, put_long};
use super::decimal;
use super::schema::{Kind, Logical, Node, NodeId, Schema};
use super::walk::big;

/// How many values a default may have, tried branches of unions among them.
const STEPS_MAX: u32 = 10_000;
/// How deep its records, arrays and maps may nest: no record may be deeper.
const DEPTH_MAX: u32 = 64;

/// What a default may still cost.
struct Left {
    steps: u32,
    depth: u32,
}

/// The default as Avro binary; none where it is no value of its type.
pub(super) fn encode(schema: &Schema, node: NodeId, value: &Value) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut left = Left {
        steps: STEPS_MAX,
        depth: DEPTH_MAX,
    };
    put(schema, node, value, &mut out, &mut left)?;
    Some(out)
}

fn put(schema: &Schema, id: NodeId, value: &Value, out: &mut Vec<u8>, left: &mut Left) -> Option<()> {
    left.steps = left.steps.checked_sub(1)?;
    let node = schema.node(id);
    match (&node.kind, value) {
        (Kind::Record { .. } | Kind::Array(_) | Kind::Map(_), _) => {
            left.depth = left.depth.checked_sub(1)?;
            let found = put_parts(schema, node, value, out, left);
            left.depth += 1;
            found
        }
        (Kind::Union(branches), value) => {
            let start = out.len();
            let chosen = branches.iter().zip(0..).find(|(branch, index)| {
                out.truncate(start);
                put_long(out, *index);
                put(schema, **branch, value, out, left).is_some()
            });
            if chosen.is_none() {
                out.truncate(start);
            }
            chosen.map(|_| ())
        }
        _ => put_leaf(node, value, out),
    }
}

fn put_leaf(node: &Node, value: &Value, out: &mut Vec<u8>) -> Option<()> {
    match (&node.kind, value) {
        (Kind::Null, Value::Null) => {}
        (Kind::Boolean, Value::Bool(value)) => out.push(u8::from(*value)),
        (Kind::Int, Value::Number(number)) => put_long(out, i64::from(i32::try_from(number.as_i64()?).ok()?)),
        (Kind::Long, Value::Number(number)) => put_long(out, number.as_i64()?),
        (Kind::Float, Value::Number(number)) => {
            // The nearest float of the text, not the nearest of the nearest double.
            let value: f32 = number.to_string().parse().ok()?;
            value.is_finite().then(|| out.extend(value.to_le_bytes()))?;
        }
        (Kind::Double, Value::Number(number)) => {
            let value = number.as_f64().filter(|value| value.is_finite())?;
            out.extend(value.to_le_bytes());
        }
        (Kind::Text, Value::String(text)) => put_bytes(out, text.as_bytes()),
        (Kind::Bytes, Value::String(text)) => put_bytes(out, &latin(node, text)?),
        (Kind::Fixed { size, .. }, Value::String(text)) => {
            let bytes = latin(node, text)?;
            (bytes.len() == *size).then(|| out.extend(bytes))?;
        }
        (Kind::Enum { symbols, .. }, Value::String(symbol)) => {
            let index = symbols.iter().position(|other| other == symbol)?;
            put_long(out, i64::try_from(index).ok()?);
        }
        _ => return None,
    }
    Some(())
}

fn put_parts(schema: &Schema, node: &Node, value: &Value, out: &mut Vec<u8>, left: &mut Left) -> Option<()> {
    match (&node.kind, value) {
        (Kind::Array(inner), Value::Array(items)) => {
            put_long(out, i64::try_from(items.len()).ok()?);
            for item in items {
                put(schema, *inner, item, out, left)?;
            }
            if !items.is_empty() {
                out.push(0);
            }
        }
        (Kind::Map(inner), Value::Object(entries)) => {
            put_long(out, i64::try_from(entries.len()).ok()?);
            for (key, value) in entries {
                put_bytes(out, key.as_bytes());
                put(schema, *inner, value, out, left)?;
            }
            if !entries.is_empty() {
                out.push(0);
            }
        }
        (Kind::Record { fields, .. }, Value::Object(entries)) => {
            for field in fields {
                let value = entries.get(&field.name).or(field.default.as_ref())?;
                put(schema, field.node, value, out, left)?;
            }
        }
        _ => return None,
    }
    Some(())
}

/// Bytes stand in a default as text, one code point a byte; those of a decimal must be one.
fn latin(node: &Node, text: &str) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect::<Option<_>>()?;
    let valid = match node.logical {
        Some(Logical::Decimal { precision, .. }) => decimal::has_digits(&bytes, precision),
        Some(Logical::BigDecimal) => {
            big(&bytes).is_some_and(|(unscaled, scale)| decimal::normal(unscaled, scale).is_some())
        }
        _ => true,
    };
    valid.then_some(bytes)
}
