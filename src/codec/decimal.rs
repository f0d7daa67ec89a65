//! Exact decimals: rescaling, digits, and numbers of any size up to a bound.

use super::canonical::minimal;

/// The longest minimal two's complement that is converted or held.
pub(super) const BYTES_MAX: usize = 128;

/// A sign and a magnitude in base 2^32, least limb first.
struct Big {
    negative: bool,
    limbs: Vec<u32>,
}

impl Big {
    fn parse(bytes: &[u8]) -> Self {
        let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
        let mut magnitude: Vec<u8> = bytes.to_vec();
        if negative {
            negate(&mut magnitude);
        }
        let limbs = magnitude
            .rchunks(4)
            .map(|chunk| chunk.iter().fold(0, |limb, byte| limb << 8 | u32::from(*byte)))
            .collect();
        Self { negative, limbs }.trimmed()
    }

    fn trimmed(mut self) -> Self {
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend(self.limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()));
        if self.negative {
            negate(&mut bytes);
        }
        minimal(&bytes).to_vec()
    }

    fn multiply(&mut self, factor: u32) {
        self.multiply_add(factor, 0);
    }

    fn multiply_add(&mut self, factor: u32, summand: u32) {
        let mut carry = u64::from(summand);
        for limb in &mut self.limbs {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = low(carry);
            carry >>= 32;
        }
        if carry > 0 {
            self.limbs.push(low(carry));
        }
    }

    /// Divides and gives the rest.
    fn divide(&mut self, divisor: u32) -> u32 {
        let mut rest = 0u64;
        for limb in self.limbs.iter_mut().rev() {
            rest = rest << 32 | u64::from(*limb);
            *limb = low(rest / u64::from(divisor));
            rest %= u64::from(divisor);
        }
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
        low(rest)
    }
}

fn low(wide: u64) -> u32 {
    u32::try_from(wide & 0xffff_ffff).unwrap_or_default()
}

fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        let (sum, overflow) = (!*byte).overflowing_add(u8::from(carry));
        *byte = sum;
        carry = overflow;
    }
}

/// A two's complement as a number, if it fits.
pub(super) fn small(bytes: &[u8]) -> Option<i128> {
    if bytes.len() > 16 {
        return None;
    }
    let sign = if bytes.first().is_some_and(|byte| *byte >= 0x80) {
        -1
    } else {
        0
    };
    Some(bytes.iter().fold(sign, |value, byte| value << 8 | i128::from(*byte)))
}

/// `unscaled * 10^(to - from)`, minimal, if that is a whole number within the bound.
pub(super) fn rescale(unscaled: &[u8], from: i64, to: i64) -> Option<Vec<u8>> {
    let unscaled = minimal(unscaled);
    if unscaled == [0] {
        return Some(vec![0]);
    }
    if unscaled.len() > BYTES_MAX {
        return None;
    }
    let steps = to.checked_sub(from)?;
    if let (Some(value), true) = (small(unscaled), steps.abs() <= 38) {
        let power = 10i128.checked_pow(u32::try_from(steps.unsigned_abs()).ok()?)?;
        if steps >= 0 {
            if let Some(value) = value.checked_mul(power) {
                return Some(minimal(&value.to_be_bytes()).to_vec());
            }
        } else {
            return (value % power == 0).then(|| minimal(&(value / power).to_be_bytes()).to_vec());
        }
    }
    // 2^1023 has 308 digits: no number within the bound is a multiple of more, and none becomes one.
    if steps.abs() > 308 {
        return None;
    }
    let mut big = Big::parse(unscaled);
    for _ in 0..steps.abs() {
        if steps > 0 {
            big.multiply(10);
        } else if big.divide(10) != 0 {
            return None;
        }
    }
    Some(big.bytes()).filter(|bytes| bytes.len() <= BYTES_MAX)
}

/// True where the number has at most so many digits and is within the bound.
pub(super) fn has_digits(unscaled: &[u8], digits: u32) -> bool {
    let unscaled = minimal(unscaled);
    if unscaled.len() > BYTES_MAX {
        return false;
    }
    if let Some(value) = small(unscaled) {
        return 10u128
            .checked_pow(digits)
            .is_none_or(|limit| value.unsigned_abs() < limit);
    }
    let mut big = Big::parse(unscaled);
    let mut count = 0;
    while !big.limbs.is_empty() {
        big.divide(10);
        count += 1;
    }
    count <= digits
}

/// The longest minimal two's complement whose every value has at most so many digits.
pub(super) fn safe_bytes(digits: u32) -> usize {
    // 8n - 1 bits hold less than 10^digits if (8n - 1) * log10(2) <= digits; 0.30103 is a little above log10(2).
    let bits = u64::from(digits) * 100_000 / 30_103;
    usize::try_from(bits.saturating_add(1) / 8).unwrap_or(0).min(BYTES_MAX)
}

/// The number without trailing zeros: (minimal two's complement, scale), zero with scale 0. `None` beyond the bounds.
pub(super) fn normal(unscaled: &[u8], scale: i64) -> Option<(Vec<u8>, i64)> {
    let mut unscaled = minimal(unscaled).to_vec();
    if unscaled == [0] {
        return Some((unscaled, 0));
    }
    if unscaled.len() > BYTES_MAX {
        return None;
    }
    let mut scale = scale;
    let mut big = Big::parse(&unscaled);
    while big.divide(10) == 0 {
        scale = scale.checked_sub(1)?;
        unscaled = big.bytes();
    }
    Some((unscaled, scale))
}

/// The two's complement of decimal digits, as many as there are. Whoever asks bounds their number: it costs its square.
pub(super) fn of_digits(negative: bool, digits: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut big = Big {
        negative,
        limbs: Vec::new(),
    };
    let (mut chunk, mut power) = (0, 1);
    for digit in digits {
        (chunk, power) = (chunk * 10 + u32::from(digit - b'0'), power * 10);
        if power == 1_000_000_000 {
            big.multiply_add(power, chunk);
            (chunk, power) = (0, 1);
        }
    }
    big.multiply_add(power, chunk);
    big.trimmed().bytes()
}

/// The exact decimal of the shortest text of a float or double in exponent form, such as `1.25e-3`.
pub(super) fn of_text(text: &str) -> Option<(Vec<u8>, i32)> {
    let (number, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let unscaled: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    Some((minimal(&unscaled.to_be_bytes()).to_vec(), scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rescales_exactly() {
        let wide = |value: i128| minimal(&value.to_be_bytes()).to_vec();
        for (value, from, to, expect) in [
            (100, 2, 0, Some(1)),
            (101, 2, 0, None),
            (-100, 2, 1, Some(-10)),
            (0, 2, 900, Some(0)),
            (i128::from(i64::MAX), 0, 3, Some(i128::from(i64::MAX) * 1000)),
        ] {
            assert_eq!(rescale(&wide(value), from, to), expect.map(wide), "{value} {from} {to}");
        }
        let far = rescale(&[7], 0, 200).unwrap();
        assert_eq!(rescale(&far, 200, 0), Some(vec![7]));
        assert_eq!(rescale(&far, 201, 0), None);
        assert_eq!(rescale(&[7], 0, 308), None);
    }

    #[test]
    fn counts_digits() {
        for digits in 1..60u32 {
            let mut nines = Big {
                negative: false,
                limbs: vec![1],
            };
            (0..digits).for_each(|_| nines.multiply(10));
            let over = nines.bytes();
            assert!(!has_digits(&over, digits) && has_digits(&over, digits + 1), "{digits}");
            assert!(safe_bytes(digits) <= over.len());
            if safe_bytes(digits) > 0 {
                let mut most = vec![0xff; safe_bytes(digits)];
                most[0] = 0x7f;
                assert!(has_digits(&most, digits));
                most.fill(0);
                most[0] = 0x80;
                assert!(has_digits(&most, digits), "{digits}");
            }
        }
    }

    #[test]
    fn strips_zeros() {
        assert_eq!(normal(&[100], 2), Some((vec![1], 0)));
        assert_eq!(normal(&[0, 0], 9), Some((vec![0], 0)));
        assert_eq!(normal(&[0xf6], 0), Some((vec![0xff], -1)));
    }
}
