//! A check with a control: how much more often the canary is bad than a second baseline (`docs/statistics.md` section 2.2).
//!
//! With noise that both share, the rate alone would fail every canary. The difference d = x_c/n_c − x_k/n_k per unit goes into
//! the sign test with the budget as its floor, and nothing is assumed of the noise but that it treats both alike.

use super::autocorrelation::Calibration;
use super::check::{read_tally, write_tally};
use super::counts::Counts;
use super::interval::{Interval, Point, Prior};
use super::logspace::least;
use super::profile::{CheckSettings, Fault};
use super::promotion::divisor;
use super::report::Report;
use super::sign::{Direction, SignTest};
use super::stored::{Reader, Writer};
use super::tally::Tally;

/// First byte of the stored state.
const FORMAT: u8 = 2;

/// A difference check with its evidence. It takes none before it is calibrated.
#[derive(Clone, Debug, PartialEq)]
pub struct DifferenceCheck {
    settings: CheckSettings,
    budget: f64,
    calibration: Option<Calibration>,
    test: SignTest,
    canary: Tally,
    control: Tally,
    /// The unit that is being put together.
    open: Counts,
    open_windows: u32,
    max_ln_e: f64,
}

impl DifferenceCheck {
    /// `budget` > 0 is the difference of rates that is borne.
    ///
    /// # Errors
    /// Where the budget or the settings are none.
    pub fn new(budget: f64, settings: CheckSettings) -> Result<Self, Fault> {
        settings.check()?;
        super::Rate::new(budget, settings.profile.betting)?;
        Ok(DifferenceCheck {
            settings,
            budget,
            calibration: None,
            test: SignTest::new(budget, Direction::Up, settings.horizon)?,
            canary: Tally::default(),
            control: Tally::default(),
            open: Counts::default(),
            open_windows: 0,
            max_ln_e: 0.0,
        })
    }

    /// Says what the noise is like, once; from then on evidence is taken. False where it was said before, or is no calibration.
    ///
    /// It is measured on windows that may not be evidence, of control against control (or of the control's own rates), and is
    /// a stored input of the caller.
    pub fn calibrate(&mut self, calibration: Calibration) -> bool {
        let first = self.calibration.is_none() && calibration.is_sound();
        if first {
            self.calibration = Some(calibration);
        }
        first
    }

    /// One settled window. Without records on either side it is no evidence, and neither is one that the control left out.
    pub fn update(&mut self, counts: &Counts) {
        let Some((control_bad, control_of)) = counts.control else {
            return;
        };
        if counts.of == 0 || control_of == 0 {
            return;
        }
        self.canary.add(counts.bad, counts.of);
        self.control.add(control_bad, control_of);
        let Some(calibration) = self.calibration else {
            return;
        };
        self.open.merge(counts);
        self.open_windows += 1;
        if self.open_windows >= calibration.unit {
            let unit = std::mem::take(&mut self.open);
            self.open_windows = 0;
            if let Some(difference) = unit.difference() {
                self.test.update(difference, &calibration);
                self.max_ln_e = self.max_ln_e.max(self.test.ln_e());
            }
        }
    }

    pub(super) fn settings(&self) -> &CheckSettings {
        &self.settings
    }

    /// The difference that is borne.
    #[must_use]
    pub fn budget(&self) -> f64 {
        self.budget
    }

    /// What the noise is like, once it is known.
    #[must_use]
    pub fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    /// What was counted of the control, bad of all.
    #[must_use]
    pub fn control(&self) -> (u64, u64) {
        (self.control.bad(), self.control.of())
    }

    /// ln E.
    #[must_use]
    pub fn ln_e(&self) -> f64 {
        self.test.ln_e()
    }

    /// The largest ln E so far.
    #[must_use]
    pub fn max_ln_e(&self) -> f64 {
        self.max_ln_e
    }

    /// Whether the upper bound of the canary's rate less the lower one of the control's is at most the budget after `more`
    /// records of each, as bad as the control's were: the rate `budget + lower` lies above the canary's and is rejected.
    fn proved(&self, more: f64) -> bool {
        let burst = self.settings.profile.burst;
        let d = divisor(burst, &self.canary).max(divisor(burst, &self.control));
        let (canary, control) = (self.canary.real(), self.control.real());
        let noise = if control.1 > 0.0 { control.0 / control.1 } else { 0.0 };
        let after = |(x, n): (f64, f64)| ((x + noise * more) / d, (n + more) / d);
        let ((x, n), (control_x, control_n)) = (after(canary), after(control));
        let prior = Prior::Mixture { budget: self.budget };
        let half = self.settings.beta / 2.0;
        let limit = (self.budget + prior.interval(control_x, control_n, half).lower).min(1.0);
        n > 0.0 && x < limit * n && prior.ln_e(x, n, Point::at(limit)) >= -half.ln()
    }

    /// Whether the difference is proved to be within the budget: the upper bound of the canary's rate less the lower one of
    /// the control's, each at β/2 and with the declared burst size (union bound).
    #[must_use]
    pub fn may_pass(&self) -> bool {
        self.proved(0.0)
    }

    /// Records of each side, no worse than the control's so far, that are missing for that; `None` where no number is enough.
    #[must_use]
    pub fn clean_needed(&self) -> Option<u64> {
        if self.may_pass() {
            return Some(0);
        }
        least(|more| self.proved(more as f64))
    }

    /// The displayed interval of the difference at level 1 − `alpha`, for independent records.
    #[must_use]
    pub fn interval(&self, alpha: f64) -> Interval {
        let prior = Prior::Mixture { budget: self.budget };
        let side = |tally: &Tally| {
            let (x, n) = tally.real();
            prior.interval(x, n, alpha / 2.0)
        };
        let (canary, control) = (side(&self.canary), side(&self.control));
        Interval {
            lower: canary.lower - control.upper,
            upper: canary.upper - control.lower,
        }
    }

    /// Everything that explains it.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            bad: self.canary.bad(),
            of: self.canary.of(),
            control: Some(self.control()),
            budget: self.budget,
            interval: self.interval(0.05),
            ln_e: self.ln_e(),
            max_ln_e: self.max_ln_e,
            windows: self.test.units(),
            betting: self.settings.profile.betting,
            dispersion: self.canary.dispersion(),
            lag1: self.canary.lag1().map(|lag1| lag1.raw),
            may_pass: self.may_pass(),
            clean_needed: self.clean_needed(),
        }
    }

    /// The state as bytes, at most 250.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let DifferenceCheck {
            settings: _,
            budget: _,
            calibration,
            test,
            canary,
            control,
            open,
            open_windows,
            max_ln_e,
        } = self;
        let writer = write_tally(write_tally(Writer::new(FORMAT), canary), control)
            .real(*max_ln_e)
            .whole((*open_windows).into());
        let (control_bad, control_of) = open.control.unwrap_or_default();
        let open = [open.bad, open.of, control_bad, control_of];
        let writer = open
            .into_iter()
            .fold(writer, |writer, number| writer.whole(number.into()));
        let unit = calibration.map_or(0, |calibration| calibration.unit);
        let writer = writer.whole(unit.into());
        let writer = match calibration {
            Some(calibration) => writer.reals(&[calibration.rho, calibration.scale]),
            None => writer,
        };
        test.write(writer).done()
    }

    /// The check as it was when these bytes were written, under the same settings.
    ///
    /// # Errors
    /// Where the settings are none, or the bytes are not from them.
    pub fn restored(budget: f64, settings: CheckSettings, bytes: &[u8]) -> Result<Self, Fault> {
        let mut check = DifferenceCheck::new(budget, settings)?;
        let mut reader = Reader::new(bytes, FORMAT)?;
        check.canary = read_tally(&mut reader)?;
        check.control = read_tally(&mut reader)?;
        check.max_ln_e = reader.real()?;
        check.open_windows = u32::try_from(reader.whole()?).map_err(|_| Fault::State)?;
        (check.open.bad, check.open.of) = (reader.whole()?, reader.whole()?);
        let control = (reader.whole()?, reader.whole()?);
        check.open.control = (check.open_windows > 0).then_some(control);
        let unit = u32::try_from(reader.whole()?).map_err(|_| Fault::State)?;
        if unit > 0 {
            let (rho, scale) = (reader.real()?, reader.real()?);
            if !check.calibrate(Calibration { unit, rho, scale }) {
                return Err(Fault::State);
            }
        }
        check.test.read(&mut reader, settings.horizon)?;
        reader.end()?;
        Ok(check)
    }
}
