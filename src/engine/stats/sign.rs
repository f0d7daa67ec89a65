//! LS: the logistic sign test of a difference with a floor (`docs/statistics.md` section 2.2).
//!
//! Factor 2 σ(2 g z / s). Under the null z is, given the past, symmetric about some centre at most 0; because σ(u) + σ(v) <= 1
//! for u + v <= 0, the mean of the factor is then at most 1. No factor is larger than 2, so at least ten units are needed at α = 0.01.

use super::autocorrelation::Calibration;
use super::bank::EBank;
use super::logspace::{log_add_exp, softplus};
use super::profile::Fault;
use super::stored::{Reader, Writer};

/// The grid of g.
pub const GAINS: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 8.0];
/// Units of calibration that the running scale starts with.
const PRIOR_UNITS: f64 = 20.0;

/// ln 2 σ(2 g z / s) for each gain.
pub fn log_factors(z: f64, scale: f64) -> impl Iterator<Item = f64> {
    let ratio = z / scale.max(f64::MIN_POSITIVE);
    GAINS
        .into_iter()
        .map(move |gain| std::f64::consts::LN_2 - softplus(-2.0 * gain * ratio))
}

/// Whose excess is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The canary's.
    Up,
    /// Either's: two banks of half the wealth each, one for d and one for −d.
    Both,
}

/// A sequence of differences, canary less control, of arms of equal size.
#[derive(Clone, Debug, PartialEq)]
pub struct SignTest {
    floor: f64,
    up: EBank,
    down: Option<EBank>,
    last: Option<f64>,
    /// Σ of the squares of the prewhitened differences, and how many.
    squares: f64,
    units: u64,
}

impl SignTest {
    /// `floor` >= 0 is the difference that is borne.
    ///
    /// # Errors
    /// Where the floor is none.
    pub fn new(floor: f64, direction: Direction, horizon: u64) -> Result<Self, Fault> {
        if !(floor >= 0.0 && floor.is_finite()) {
            return Err(Fault::Budget(floor));
        }
        let bank = EBank::new(GAINS.len(), horizon);
        Ok(SignTest {
            floor,
            down: (direction == Direction::Both).then(|| bank.clone()),
            up: bank,
            last: None,
            squares: 0.0,
            units: 0,
        })
    }

    /// One unit, prewhitened by the calibration. A difference that is no number is no evidence.
    ///
    /// s is the root mean square of the prewhitened differences before this one, begun with that of the calibration.
    pub fn update(&mut self, difference: f64, calibration: &Calibration) {
        let scale = (PRIOR_UNITS * calibration.scale.powi(2) + self.squares) / (PRIOR_UNITS + self.units as f64);
        self.update_with(difference, calibration.rho, scale.sqrt());
    }

    /// One unit with ρ and s of the caller, decided before it was seen.
    pub fn update_with(&mut self, difference: f64, rho: f64, scale: f64) {
        if !(difference.is_finite() && rho.is_finite() && scale.is_finite()) {
            return;
        }
        let before = |sign: f64| self.last.map_or(0.0, |last| rho * (sign * last - self.floor));
        let (up, down) = (
            difference - self.floor - before(1.0),
            -difference - self.floor - before(-1.0),
        );
        self.up.update(log_factors(up, scale));
        if let Some(bank) = &mut self.down {
            bank.update(log_factors(down, scale));
        }
        let innovation = difference - self.last.map_or(0.0, |last| rho * last);
        // Past the largest number nothing is a difference any more; the scale stays one.
        self.squares = (self.squares + innovation * innovation).min(f64::MAX / 2.0);
        self.units = self.units.saturating_add(1);
        self.last = Some(difference);
    }

    /// ln E.
    #[must_use]
    pub fn ln_e(&self) -> f64 {
        match &self.down {
            None => self.up.ln_e(),
            Some(down) => log_add_exp(self.up.ln_e(), down.ln_e()) - std::f64::consts::LN_2,
        }
    }

    /// Units that were taken as evidence.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.units
    }

    pub(super) fn write(&self, writer: Writer) -> Writer {
        let SignTest {
            floor: _,
            up,
            down,
            last,
            squares,
            units,
        } = self;
        let down = down.as_ref().map_or(&[][..], |bank| bank.log_accounts());
        writer
            .whole((*units).into())
            .whole(last.is_some().into())
            .real(last.unwrap_or(0.0))
            .real(*squares)
            .reals(up.log_accounts())
            .reals(down)
    }

    pub(super) fn read(&mut self, reader: &mut Reader<'_>, horizon: u64) -> Result<(), Fault> {
        self.units = reader.whole()?;
        let has_last = reader.whole()? == 1;
        let last = reader.real()?;
        self.last = has_last.then_some(last);
        self.squares = reader.real()?;
        let bank = |accounts| EBank::restored(accounts, self.units, horizon).ok_or(Fault::State);
        self.up = bank(reader.reals(GAINS.len())?)?;
        if let Some(down) = &mut self.down {
            *down = bank(reader.reals(GAINS.len())?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(direction: Direction) -> SignTest {
        SignTest::new(0.0, direction, 100).unwrap()
    }

    #[test]
    fn the_factor_of_two_mirrored_differences_is_fair() {
        for z in [0.0, 1e-9, 0.3, 5.0, 1e300] {
            let pairs = log_factors(z, 1.0).zip(log_factors(-z, 1.0));
            for (up, down) in pairs {
                assert!((up.exp() + down.exp() - 2.0).abs() < 1e-12, "{z}");
            }
        }
    }

    #[test]
    fn a_steady_difference_is_found_in_either_direction() {
        let mut tests = [test(Direction::Up), test(Direction::Both), test(Direction::Both)];
        for _ in 0..25 {
            for (test, difference) in tests.iter_mut().zip([3.0, 3.0, -3.0]) {
                test.update_with(difference, 0.0, 1.0);
            }
        }
        assert!(tests.iter().all(|test| test.ln_e() > 10.0), "{tests:?}");
        assert!((tests[1].ln_e() - tests[2].ln_e()).abs() < 1e-12);
        let mut wrong = test(Direction::Up);
        (0..25).for_each(|_| wrong.update_with(-3.0, 0.0, 1.0));
        assert!(wrong.ln_e() < 0.0);
    }

    #[test]
    fn a_quiet_control_has_a_scale_of_zero() {
        let quiet = Calibration {
            unit: 1,
            rho: 0.1,
            scale: 0.0,
        };
        let mut test = SignTest::new(1e-4, Direction::Up, 100).unwrap();
        (0..20).for_each(|_| test.update(0.0, &quiet));
        assert!(test.ln_e() <= 0.0);
        (0..40).for_each(|_| test.update(0.5, &quiet));
        assert!(test.ln_e() > 5.0, "{}", test.ln_e());
    }

    #[test]
    fn what_is_no_number_is_no_evidence() {
        let mut subject = test(Direction::Both);
        subject.update_with(1.0, 0.2, 1.0);
        let before = subject.clone();
        for (difference, rho, scale) in [
            (f64::NAN, 0.2, 1.0),
            (f64::INFINITY, 0.2, 1.0),
            (1.0, f64::NAN, 1.0),
            (1.0, 0.2, f64::INFINITY),
        ] {
            subject.update_with(difference, rho, scale);
            assert_eq!(subject, before);
        }
        (0..5).for_each(|_| subject.update_with(f64::MAX, 0.2, f64::MAX));
        assert!(!subject.ln_e().is_nan());
        assert!(SignTest::new(f64::NAN, Direction::Up, 1).is_err());
        assert!(SignTest::new(-1.0, Direction::Up, 1).is_err());
    }
}
