//! How many values are distinct, about: HyperLogLog with 4,096 registers, kept only where they are not 0
//! (Flajolet, Fusy, Gandouet and Meunier 2007; standard error 1.04/64 = 1.6 %, see [`super::hll_rel_err`]).

use std::collections::BTreeMap;

/// log2 of the number of registers.
const LG_REGISTERS: u32 = 12;
const REGISTERS: f64 = 4_096.0;
/// Below this many times the registers those that are 0 are counted instead.
const LINEAR_MAX: f64 = 2.5;

/// The registers. The same values come to the same ones, in any order and however often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers(BTreeMap<u16, u8>);

impl Registers {
    /// Another value, by its hash, all bits of which must be as good.
    pub fn add(&mut self, hash: u64) {
        let register = u16::try_from(hash >> (64 - LG_REGISTERS)).unwrap_or(0);
        let rest = hash << LG_REGISTERS | 1 << (LG_REGISTERS - 1);
        self.raise(register, u8::try_from(rest.leading_zeros() + 1).unwrap_or(u8::MAX));
    }

    /// Adds others.
    pub fn merge(&mut self, other: &Registers) {
        other.0.iter().for_each(|(register, rank)| self.raise(*register, *rank));
    }

    fn raise(&mut self, register: u16, rank: u8) {
        let own = self.0.entry(register).or_default();
        *own = rank.max(*own);
    }

    /// Registers that are not 0.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True where nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of distinct values, as a whole number.
    #[must_use]
    pub fn estimate(&self) -> u64 {
        let empty = REGISTERS - self.0.len() as f64;
        let sum: f64 = empty + self.0.values().map(|rank| (-f64::from(*rank)).exp2()).sum::<f64>();
        let alpha = 0.7213 / (1.0 + 1.079 / REGISTERS);
        let raw = alpha * REGISTERS * REGISTERS / sum;
        let estimate = if raw <= LINEAR_MAX * REGISTERS && empty > 0.0 {
            REGISTERS * (REGISTERS / empty).ln()
        } else {
            raw
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative; past the largest number it becomes it"
        )]
        let whole = estimate.round() as u64;
        whole
    }
}

/// A number as a hash, for tests that need good bits: the finaliser of MurmurHash3.
#[cfg(test)]
pub(crate) fn mixed(number: u64) -> u64 {
    let mut hash = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ hash >> 33).wrapping_mul(factor);
    }
    hash ^ hash >> 33
}

#[cfg(test)]
mod tests {
    use super::super::{HllKind, hll_rel_err};
    use super::*;

    fn of(range: std::ops::Range<u64>) -> Registers {
        let mut registers = Registers::default();
        range.for_each(|number| registers.add(mixed(number)));
        registers
    }

    #[test]
    fn the_estimate_is_as_good_as_it_should_be() {
        assert_eq!(Registers::default().estimate(), 0);
        assert_eq!(of(0..7).estimate(), 7);
        for number in [100_u64, 1_000, 9_000, 30_000, 200_000] {
            let error = of(0..number).estimate() as f64 / number as f64 - 1.0;
            // Four standard errors.
            let most = hll_rel_err(LG_REGISTERS, HllKind::Merged, -4.0).abs();
            assert!(error.abs() < most.max(0.01), "{number}: {error} {most}");
        }
    }

    #[test]
    fn parts_come_to_the_whole() {
        let mut parts = of(5_000..9_000);
        parts.merge(&of(0..6_000));
        assert_eq!(parts, of(0..9_000));
        assert!(!parts.is_empty() && parts.len() <= 4_096);
    }
}
