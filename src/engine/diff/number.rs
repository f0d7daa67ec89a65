//! Numbers within a tolerance, in exact decimals.

use num_bigint::{BigInt, Sign};

use crate::engine::Tolerance;
use crate::model::{TolerantKind, Value};

/// Powers of ten beyond which a difference of scales is not written out.
const SCALE_MAX: i64 = 4096;

/// An exact decimal: `unscaled * 10^-scale`.
struct Decimal {
    unscaled: BigInt,
    scale: i64,
}

/// The number that a value is, for a tolerance: of a double its shortest text, of a time its nanoseconds.
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
            #[expect(clippy::cast_possible_truncation, reason = "it was widened from a float")]
            let text = if *single {
                format!("{:e}", *value as f32)
            } else {
                format!("{value:e}")
            };
            let parsed = parse(&text)?;
            Some(decimal(parsed.unscaled, i32::try_from(parsed.scale).ok()?))
        }
        Value::Decimal { unscaled, scale } => Some(TolerantKind::Decimal {
            unscaled: unscaled.clone(),
            scale: *scale,
        }),
        Value::Temporal { count, unit, .. } => {
            let nanoseconds = match *unit {
                "d" => 86_400_000_000_000_i64,
                "ms" => 1_000_000,
                "us" => 1_000,
                _ => 1,
            };
            Some(decimal(BigInt::from(*count) * nanoseconds, 0))
        }
        _ => None,
    }
}

/// True where `other` is at most the tolerance away from `baseline`. Inclusive; NaN is within NaN, and an infinity
/// within the same one.
#[must_use]
pub fn within(tolerance: &Tolerance, baseline: &TolerantKind, other: &TolerantKind) -> bool {
    let (Some(left), Some(right)) = (decimal(baseline), decimal(other)) else {
        return baseline == other;
    };
    let (limit, relative) = match tolerance {
        Tolerance::Absolute(text) => (parse(text), false),
        Tolerance::Relative(text) => (parse(text), true),
    };
    let Some(mut limit) = limit else { return false };
    if relative {
        limit = Decimal {
            unscaled: limit.unscaled * magnitude(left.unscaled.clone()),
            scale: limit.scale + left.scale,
        };
    }
    let scale = left.scale.max(right.scale).max(limit.scale);
    let aligned = |number: &Decimal| -> Option<BigInt> {
        if number.unscaled.sign() == Sign::NoSign {
            return Some(BigInt::ZERO);
        }
        let up = u32::try_from(scale - number.scale)
            .ok()
            .filter(|up| i64::from(*up) <= SCALE_MAX)?;
        Some(&number.unscaled * BigInt::from(10).pow(up))
    };
    match (aligned(&left), aligned(&right), aligned(&limit)) {
        (Some(left), Some(right), Some(limit)) => magnitude(left - right) <= limit,
        _ => baseline == other,
    }
}

fn magnitude(number: BigInt) -> BigInt {
    if number.sign() == Sign::Minus { -number } else { number }
}

fn decimal(kind: &TolerantKind) -> Option<Decimal> {
    match kind {
        TolerantKind::Decimal { unscaled, scale } => Some(Decimal {
            unscaled: BigInt::from_signed_bytes_be(unscaled),
            scale: i64::from(*scale),
        }),
        _ => None,
    }
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
