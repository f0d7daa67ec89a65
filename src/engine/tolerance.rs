//! Equality under tolerance: exact decimals, inclusive bounds.

use std::cmp::Ordering;

use num_bigint::{BigInt, BigUint, Sign};

use super::Tolerance;
use super::rules::Rules;
use crate::model::{TolerantKind, TolerantValue};

/// Numbers whose exponents are further apart than this are not brought to one scale.
const EXPONENT_SPAN_MAX: i64 = 20_000;
/// Longer numbers keep their trailing zeros: dividing them would cost too much.
const NORMAL_BITS_MAX: u64 = 4_096;

/// `unscaled * 10^-scale`.
#[derive(Clone, Debug)]
struct Decimal {
    unscaled: BigInt,
    scale: i64,
}

/// An exact decimal number.
#[derive(Clone, Debug)]
pub(super) struct Number(Decimal);

impl Number {
    /// `unscaled * 10^-scale`.
    pub(super) fn new(unscaled: BigInt, scale: i64) -> Number {
        Number(Decimal::new(unscaled, scale))
    }

    /// How equal another number is to this one.
    pub(super) fn compare(&self, other: &Number, limit: Option<&Limit>) -> Equality {
        compare_numbers(limit, &self.0, &other.0)
    }

    /// True where this one is greater than another; numbers that are too far apart to be brought to one scale are not.
    pub(super) fn is_above(&self, other: &Number) -> bool {
        let Number(Decimal { scale, .. }) = other;
        let zero = Decimal::new(BigInt::ZERO, 0);
        let parts = at_scale([&self.0, &other.0, &zero], self.0.scale.max(*scale).max(0));
        parts.is_some_and(|[one, other, _]| one > other)
    }

    /// The sum of both; of numbers that are too far apart, this one.
    pub(super) fn plus(&self, other: &Number) -> Number {
        let Number(Decimal { scale, .. }) = other;
        let scale = self.0.scale.max(*scale).max(0);
        let zero = Decimal::new(BigInt::ZERO, 0);
        match at_scale([&self.0, &other.0, &zero], scale) {
            Some([one, other, _]) => Number::new(one + other, scale),
            None => self.clone(),
        }
    }
}

/// How much two values of one path may differ.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    bound: Decimal,
    relative: bool,
}

/// How equal two values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Equality {
    Different,
    Within,
    Exact,
}

impl Tolerance {
    /// True where the text is a decimal number that is not negative.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let (Tolerance::Absolute(text) | Tolerance::Relative(text)) = self;
        Decimal::parse(text).is_some_and(|bound| bound.unscaled.sign() != Sign::Minus)
    }
}

impl Limit {
    /// A text that is no number (see [`Tolerance::is_valid`]) tolerates nothing.
    pub(super) fn new(tolerance: &Tolerance) -> Limit {
        let (Tolerance::Absolute(text) | Tolerance::Relative(text)) = tolerance;
        let bound = Decimal::parse(text).unwrap_or_else(|| Decimal::new(BigInt::ZERO, 0));
        Limit {
            bound,
            relative: matches!(tolerance, Tolerance::Relative(_)),
        }
    }
}

/// How equal `value` is to `reference`, whose absolute value counts for a relative bound.
fn compare(limit: Option<&Limit>, reference: &TolerantKind, value: &TolerantKind) -> Equality {
    use TolerantKind::{Decimal as Number, Infinite, NotANumber, Nothing};
    match (reference, value) {
        (Nothing, Nothing) | (NotANumber, NotANumber) => Equality::Exact,
        (Infinite { negative: one }, Infinite { negative: other }) if one == other => Equality::Exact,
        (
            Number {
                unscaled: one,
                scale: s1,
            },
            Number {
                unscaled: other,
                scale: s2,
            },
        ) => {
            if one == other && s1 == s2 {
                return Equality::Exact;
            }
            let reference = Decimal::new(BigInt::from_signed_bytes_be(one), i64::from(*s1));
            let value = Decimal::new(BigInt::from_signed_bytes_be(other), i64::from(*s2));
            compare_numbers(limit, &reference, &value)
        }
        _ => Equality::Different,
    }
}

fn compare_numbers(limit: Option<&Limit>, reference: &Decimal, value: &Decimal) -> Equality {
    if reference.scale == value.scale && reference.unscaled == value.unscaled {
        return Equality::Exact;
    }
    let Some(limit) = limit else { return Equality::Different };
    let bound = if limit.relative {
        Decimal::new(
            &limit.bound.unscaled * BigInt::from(reference.unscaled.magnitude().clone()),
            limit.bound.scale + reference.scale,
        )
    } else {
        limit.bound.clone()
    };
    let parts = [reference, value, &bound];
    let scale = parts.iter().map(|part| part.scale).max().unwrap_or(0);
    let Some([reference, value, bound]) = at_scale(parts, scale) else {
        return Equality::Different;
    };
    match (reference - value).magnitude().cmp(bound.magnitude()) {
        Ordering::Greater => Equality::Different,
        _ => Equality::Within,
    }
}

fn at_scale(parts: [&Decimal; 3], scale: i64) -> Option<[BigInt; 3]> {
    if parts
        .iter()
        .any(|part| part.unscaled.sign() != Sign::NoSign && scale - part.scale > EXPONENT_SPAN_MAX)
    {
        return None;
    }
    Some(parts.map(|part| {
        if part.unscaled.sign() == Sign::NoSign {
            return BigInt::ZERO;
        }
        let power = u32::try_from(scale - part.scale).unwrap_or(0);
        &part.unscaled * BigInt::from(BigUint::from(10_u8).pow(power))
    }))
}

/// How equal two lists of values are: the least over the paths.
pub(super) fn compare_all(limits: &[Limit], reference: &[TolerantValue], value: &[TolerantValue]) -> Equality {
    if reference.len() != value.len() {
        return Equality::Different;
    }
    let values = reference.iter().zip(value).enumerate();
    values
        .map(|(at, (one, other))| compare(limits.get(at), &one.0, &other.0))
        .min()
        .unwrap_or(Equality::Exact)
}

impl Rules {
    /// How equal two values under the tolerance in this place are.
    pub(super) fn equality_at(&self, at: usize, reference: &TolerantKind, value: &TolerantKind) -> Equality {
        compare(self.limits.get(at), reference, value)
    }
}

impl Decimal {
    /// Without trailing zeros, so that equal numbers look equal; zero has the scale 0.
    fn new(mut unscaled: BigInt, mut scale: i64) -> Decimal {
        if unscaled.sign() == Sign::NoSign {
            return Decimal { unscaled, scale: 0 };
        }
        if unscaled.bits() > NORMAL_BITS_MAX {
            return Decimal { unscaled, scale };
        }
        let ten = BigInt::from(10_u8);
        // Trailing binary zeros bound the trailing decimal ones, so most numbers are not divided at all.
        while unscaled.trailing_zeros().unwrap_or(0) > 0 {
            let (quotient, rest) = (&unscaled / &ten, &unscaled % &ten);
            if rest.sign() != Sign::NoSign {
                break;
            }
            unscaled = quotient;
            scale -= 1;
        }
        Decimal { unscaled, scale }
    }

    fn parse(text: &str) -> Option<Decimal> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let unscaled = format!("{whole}{fraction}").parse::<BigInt>().ok()?;
        Some(Decimal::new(
            unscaled,
            i64::try_from(fraction.len()).ok()? - i64::from(exponent),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> TolerantKind {
        let Decimal { unscaled, scale } = Decimal::parse(text).unwrap();
        TolerantKind::Decimal {
            unscaled: unscaled.to_signed_bytes_be(),
            scale: i32::try_from(scale).unwrap(),
        }
    }

    #[test]
    fn bounds_are_inclusive_and_exact() {
        let absolute = |text: &str| Limit::new(&Tolerance::Absolute(text.into()));
        let relative = |text: &str| Limit::new(&Tolerance::Relative(text.into()));
        for (limit, one, other, expected) in [
            (absolute("0.01"), "1.00", "1.01", Equality::Within),
            (
                absolute("0.01"),
                "1.00",
                "1.0100000000000000000001",
                Equality::Different,
            ),
            (absolute("0.01"), "1.00", "1", Equality::Exact),
            (absolute("0.01"), "-1", "-0.99", Equality::Within),
            (absolute("0.01"), "0", "1e-300", Equality::Within),
            (absolute("1e300"), "0", "1e300", Equality::Within),
            (absolute("0"), "1", "1.1", Equality::Different),
            (relative("0.01"), "100", "101", Equality::Within),
            (relative("0.01"), "101", "100", Equality::Within),
            (relative("0.01"), "100", "101.01", Equality::Different),
            (relative("0.01"), "-100", "-99", Equality::Within),
            (relative("0.5"), "0", "0.1", Equality::Different),
            (absolute("1"), "1e30000", "1", Equality::Different),
        ] {
            assert_eq!(
                compare(Some(&limit), &number(one), &number(other)),
                expected,
                "{limit:?} {one} {other}"
            );
        }
    }

    #[test]
    fn kinds() {
        use TolerantKind::{Infinite, NotANumber, Nothing};
        let limit = Limit::new(&Tolerance::Absolute("1".into()));
        let check = |one: &TolerantKind, other: &TolerantKind| compare(Some(&limit), one, other) == Equality::Exact;
        assert!(check(&NotANumber, &NotANumber) && check(&Nothing, &Nothing));
        assert!(check(&Infinite { negative: true }, &Infinite { negative: true }));
        assert!(!check(&Infinite { negative: true }, &Infinite { negative: false }));
        assert!(!check(&Infinite { negative: false }, &number("1")) && !check(&NotANumber, &number("1")));
    }

    #[test]
    fn texts() {
        for good in ["0.01", "1", ".5", "5.", "1e-3"] {
            assert!(Tolerance::Absolute(good.into()).is_valid(), "{good}");
        }
        for bad in ["", ".", "-1", "x", "1.x", "1e", "1.-5"] {
            assert!(!Tolerance::Absolute(bad.into()).is_valid(), "{bad}");
        }
    }
}
