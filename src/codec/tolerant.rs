//! Values under tolerance: numbers that travel beside the digest.

use super::canonical::{Reader, minimal};
use super::decimal;
use super::schema::{Kind, Logical, NodeId, Schema, Unit};
use super::walk::big;
use crate::model::{TolerantKind, shortest};

/// The number in the canonical bytes of a value, and how many of these bytes, which tell the kind, stay in the digest.
/// None where the type has no tolerance.
pub(super) fn of(schema: &Schema, node: NodeId, bytes: &[u8]) -> Option<(usize, TolerantKind)> {
    let mut reader = Reader(bytes);
    let Kind::Union(branches) = &schema.node(node).kind else {
        return Some((0, number(schema, node, &mut reader)?));
    };
    let place = usize::try_from(reader.long()?).ok()?;
    let kept = bytes.len() - reader.0.len();
    let branch = *branches.get(place)?;
    if matches!(schema.node(branch).kind, Kind::Null) {
        return Some((kept, TolerantKind::Nothing));
    }
    Some((kept, number(schema, branch, &mut reader)?))
}

/// Digits of a unit behind the milliseconds, in which times are compared.
pub(super) fn digits(unit: Unit) -> i32 {
    match unit {
        Unit::Millis => 0,
        Unit::Micros => 3,
        Unit::Nanos => 6,
    }
}

fn number(schema: &Schema, node: NodeId, reader: &mut Reader) -> Option<TolerantKind> {
    let node = schema.node(node);
    let (unscaled, scale) = match (&node.kind, node.logical) {
        (Kind::Int | Kind::Long, logical) => {
            let count = i128::from(reader.long()?);
            let (count, scale) = match logical {
                Some(Logical::Date) => (count * 86_400_000, 0),
                Some(Logical::Time(unit) | Logical::Timestamp(unit) | Logical::LocalTimestamp(unit)) => {
                    (count, digits(unit))
                }
                _ => (count, 0),
            };
            (minimal(&count.to_be_bytes()).to_vec(), scale)
        }
        (Kind::Float, _) => {
            let value = f32::from_le_bytes(reader.array()?);
            return floating(f64::from(value), true);
        }
        (Kind::Double, _) => {
            let value = f64::from_le_bytes(reader.array()?);
            return floating(value, false);
        }
        (_, Some(Logical::Decimal { scale, .. })) => (reader.bytes()?.to_vec(), i32::try_from(scale).ok()?),
        (_, Some(Logical::BigDecimal)) => {
            let (unscaled, scale) = big(reader.bytes()?)?;
            (unscaled.to_vec(), i32::try_from(scale).ok()?)
        }
        _ => return None,
    };
    Some(TolerantKind::Decimal { unscaled, scale })
}

/// A float or double is the number that its shortest text says.
fn floating(value: f64, single: bool) -> Option<TolerantKind> {
    if value.is_nan() {
        return Some(TolerantKind::NotANumber);
    }
    if value.is_infinite() {
        return Some(TolerantKind::Infinite { negative: value < 0.0 });
    }
    let (unscaled, scale) = decimal::of_text(&shortest(value, single))?;
    Some(TolerantKind::Decimal { unscaled, scale })
}
