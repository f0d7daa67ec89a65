//! The number that a value is, for a tolerance.

use num_bigint::BigInt;

use crate::engine::Tolerance;
use crate::engine::tolerance::{Equality, Limit, compare_all};
use crate::model::{TolerantKind, TolerantValue, Value, shortest};

/// An exact decimal: `unscaled * 10^-scale`.
struct Decimal {
    unscaled: BigInt,
    scale: i64,
}

/// The number that a value is, for a tolerance: of a double its shortest text, of a time its milliseconds.
pub(super) fn of(value: &Value) -> Option<TolerantKind> {
    let decimal = |unscaled: BigInt, scale| TolerantKind::Decimal {
        unscaled: unscaled.to_signed_bytes_be(),
        scale,
    };
    match value {
        Value::Integer(value) => Some(decimal(BigInt::from(*value), 0)),
        Value::Floating { value, .. } if value.is_nan() => Some(TolerantKind::NotANumber),
        Value::Floating { value, .. } if value.is_infinite() => Some(TolerantKind::Infinite {
            negative: value.is_sign_negative(),
        }),
        Value::Floating { value, single } => {
            let parsed = parse(&shortest(*value, *single))?;
            Some(decimal(parsed.unscaled, i32::try_from(parsed.scale).ok()?))
        }
        Value::Decimal { unscaled, scale } => Some(TolerantKind::Decimal {
            unscaled: unscaled.clone(),
            scale: *scale,
        }),
        Value::Temporal { count, unit, .. } => {
            let (milliseconds, scale) = match *unit {
                "d" => (86_400_000_i64, 0),
                "ms" => (1, 0),
                "us" => (1, 3),
                _ => (1, 6),
            };
            Some(decimal(BigInt::from(*count) * milliseconds, scale))
        }
        _ => None,
    }
}

/// True where `other` is at most the tolerance away from `baseline`, as pairing has it.
pub(super) fn within(tolerance: &Tolerance, baseline: TolerantKind, other: TolerantKind) -> bool {
    let (baseline, other) = ([TolerantValue(baseline)], [TolerantValue(other)]);
    compare_all(&[Limit::new(tolerance)], &baseline, &other) != Equality::Different
}

/// Parses `-12.5e-3`.
fn parse(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    Some(Decimal {
        unscaled: digits.parse().ok()?,
        scale: i64::try_from(fraction.len()).ok()? - exponent.parse::<i64>().ok()?,
    })
}
