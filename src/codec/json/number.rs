//! Numbers as exact decimals: digits and a power of ten, however they are written.

use crate::codec::canonical::{Reader, put_long};
use crate::codec::decimal;
use crate::model::shortest;

/// The most digits of a number that is held as a decimal: 2^1023 has 308.
const DIGITS_MAX: usize = 308;

/// A number as it stands in a document.
pub(super) struct Number<'a> {
    /// All of it.
    pub text: &'a [u8],
    pub negative: bool,
    /// Digits before the point.
    pub whole: &'a [u8],
    /// Digits behind it.
    pub fraction: &'a [u8],
    /// The power of ten that is written.
    pub exponent: i64,
}

/// `digits * 10^exponent`. The digits, `high` before `low`, neither begin nor end with a zero; zero has none, and no sign.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits<'a> {
    pub negative: bool,
    high: &'a [u8],
    low: &'a [u8],
    pub exponent: i64,
}

impl<'a> Number<'a> {
    #[inline]
    pub fn digits(&self) -> Digits<'a> {
        let (mut high, mut low, mut exponent) = (self.whole, self.fraction, self.exponent);
        exponent -= low.len() as i64;
        let mut cut = |digits: &mut &'a [u8]| {
            while let Some((b'0', rest)) = digits.split_last() {
                *digits = rest;
                exponent += 1;
            }
        };
        cut(&mut low);
        if low.is_empty() {
            cut(&mut high);
        }
        if high == b"0" {
            high = &[];
        }
        if high.is_empty() {
            while let Some((b'0', rest)) = low.split_first() {
                low = rest;
            }
        }
        if high.is_empty() && low.is_empty() {
            return Digits {
                negative: false,
                high,
                low,
                exponent: 0,
            };
        }
        Digits {
            negative: self.negative,
            high,
            low,
            exponent,
        }
    }

    /// The nearest double, if its shortest text is the same number; `-0` keeps its sign.
    pub fn to_double(&self) -> Option<f64> {
        let value: f64 = std::str::from_utf8(self.text).ok()?.parse().ok()?;
        let digits = self.digits();
        // A number of so few digits in the range of normal doubles is never another's nearest.
        let plain = digits.count() <= 15 && (-280..=280).contains(&digits.exponent);
        (value.is_finite() && (plain || digits.are_those_of(&shortest(value, false)))).then_some(value)
    }

    /// The same for a float.
    pub fn to_float(&self) -> Option<f32> {
        let value: f32 = std::str::from_utf8(self.text).ok()?.parse().ok()?;
        (value.is_finite() && self.digits().are_those_of(&shortest(f64::from(value), true))).then_some(value)
    }
}

impl Digits<'_> {
    fn count(&self) -> usize {
        self.high.len() + self.low.len()
    }

    fn iter(&self) -> impl Iterator<Item = u8> {
        self.high.iter().chain(self.low).copied()
    }

    /// Appends `long(exponent) ‖ text(digits with their sign)`.
    #[inline]
    pub fn put(&self, out: &mut Vec<u8>) {
        put_long(out, self.exponent);
        let count = self.count() + usize::from(self.negative);
        put_long(out, i64::try_from(count).unwrap_or(i64::MAX));
        if self.negative {
            out.push(b'-');
        }
        out.extend_from_slice(self.high);
        out.extend_from_slice(self.low);
    }

    /// True where the exponent form of a float or double says this number.
    fn are_those_of(&self, text: &str) -> bool {
        let Some((number, exponent)) = text.split_once('e') else {
            return false;
        };
        let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let written = Number {
            text: number.as_bytes(),
            negative,
            whole: whole.as_bytes(),
            fraction: fraction.as_bytes(),
            exponent: exponent.parse().unwrap_or(i64::MAX / 2),
        };
        let other = written.digits();
        self.negative == other.negative && self.exponent == other.exponent && self.iter().eq(other.iter())
    }

    /// The number, if it is whole and fits 64 bits.
    pub fn to_long(self) -> Option<i64> {
        let zeros = usize::try_from(self.exponent).ok()?;
        if self.count().checked_add(zeros)? > 19 {
            return None;
        }
        let value = self
            .iter()
            .fold(0i128, |value, digit| value * 10 + i128::from(digit - b'0'));
        let value = value * 10i128.pow(u32::try_from(zeros).ok()?);
        i64::try_from(if self.negative { -value } else { value }).ok()
    }

    /// Unscaled value and scale, if it has at most so many digits.
    fn to_decimal(self, digits_max: usize) -> Option<(Vec<u8>, i64)> {
        (self.count() <= digits_max).then(|| (decimal::of_digits(self.negative, self.iter()), -self.exponent))
    }

    /// The unscaled value at a scale, if the number is whole there and has at most so many digits.
    pub fn at_scale(self, scale: u32, precision: u32) -> Option<Vec<u8>> {
        let (unscaled, own) = self.to_decimal(DIGITS_MAX)?;
        decimal::rescale(&unscaled, own, i64::from(scale)).filter(|value| decimal::has_digits(value, precision))
    }

    /// Unscaled value and scale without trailing zeros, within the bound of a big decimal.
    pub fn normal(self) -> Option<(Vec<u8>, i64)> {
        let (unscaled, scale) = self.to_decimal(DIGITS_MAX)?;
        (unscaled.len() <= decimal::BYTES_MAX).then_some((unscaled, scale))
    }
}

/// Reads what [`Digits::put`] wrote.
pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Option<Digits<'a>> {
    let exponent = reader.long()?;
    let text = reader.bytes()?;
    let (negative, high) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    Some(Digits {
        negative,
        high,
        low: &[],
        exponent,
    })
}

/// A number to show or to be tolerant of: unscaled value and scale. None where it has too many digits, or a scale that
/// does not fit 32 bits.
pub(super) fn exact(digits: Digits, digits_max: usize) -> Option<(Vec<u8>, i32)> {
    let (unscaled, scale) = digits.to_decimal(digits_max)?;
    Some((unscaled, i32::try_from(scale).ok()?))
}

/// The number of a tolerant value.
pub(super) fn tolerant(digits: Digits) -> Option<(Vec<u8>, i32)> {
    exact(digits, DIGITS_MAX)
}
