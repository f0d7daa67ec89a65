//! A check of a stream with a control: natural noise that the two baselines show of each other is no fault of the canary
//! (`docs/statistics.md` section 2.2).
//!
//! Two proofs stand beside each other, each with half of the weight (union bound). *How much more often than the control*: the
//! difference test, which is slow, because it learns first what the noise is like, and doubles with a window at most. *More often
//! than noise may be at all*: the rate against the budget and 1 % on top, which needs no control and is fast; a control that
//! shows more than 1 % takes all evidence away (rule 15), so noise alone stays below.

use super::autocorrelation::{CALIBRATION_MIN, Calibration};
use super::check::RateCheck;
use super::counts::Counts;
use super::difference::DifferenceCheck;
use super::interval::Interval;
use super::profile::{CheckSettings, Fault};
use super::promotion::{Promotion, divisor};
use super::rate::BUDGET_MAX;
use super::report::Report;
use super::tally::Tally;

/// Share of the pairs that noise may have at most: rule 15.
pub const NOISE_MAX: f64 = 0.01;
/// Windows that noise is measured over at most.
const CALIBRATION_MAX: usize = 4_096;
/// It is looked again whether they are enough after so many more.
const CALIBRATION_STEP: usize = 10;

/// A check whose natural rate a control shows.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlledCheck {
    difference: DifferenceCheck,
    /// Against what noise may be, and the budget.
    gross: RateCheck,
    /// The control's own rates, window by window, until they say what noise is like.
    noise: Vec<f64>,
}

impl ControlledCheck {
    /// `budget` > 0 is what the canary may be worse than the control.
    ///
    /// # Errors
    /// Where the budget or the settings are none.
    pub fn new(budget: f64, settings: CheckSettings) -> Result<Self, Fault> {
        // Either proves that it may pass, so each has half of the chance to be wrong.
        let settings = CheckSettings {
            beta: settings.beta / 2.0,
            ..settings
        };
        Ok(ControlledCheck {
            difference: DifferenceCheck::new(budget, settings)?,
            gross: RateCheck::new((budget + NOISE_MAX).min(BUDGET_MAX), settings)?,
            noise: Vec::new(),
        })
    }

    /// One settled window.
    pub fn update(&mut self, counts: &Counts) {
        self.gross.update(counts.bad, counts.of);
        self.difference.update(counts);
        if let Some((bad, of)) = counts.control.filter(|(_, of)| *of > 0)
            && self.difference.calibration().is_none()
        {
            self.learn(bad as f64 / of as f64);
        }
    }

    /// The difference of two sides with the same independent noise has the memory of either, and √2 of its deviation.
    fn learn(&mut self, rate: f64) {
        if self.noise.len() < CALIBRATION_MAX {
            self.noise.push(rate);
        }
        let known = self.noise.len();
        if known < CALIBRATION_MIN || !(known - CALIBRATION_MIN).is_multiple_of(CALIBRATION_STEP) {
            return;
        }
        let mean = self.noise.iter().sum::<f64>() / known as f64;
        let apart: Vec<f64> = self
            .noise
            .iter()
            .map(|rate| (rate - mean) * std::f64::consts::SQRT_2)
            .collect();
        if let Some(calibration) = Calibration::of(&apart)
            && self.difference.calibrate(calibration)
        {
            self.noise = Vec::new();
        }
    }

    /// What the canary may be worse than the control.
    #[must_use]
    pub fn budget(&self) -> f64 {
        self.difference.budget()
    }

    /// What was counted of the canary.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        self.gross.tally()
    }

    /// What was counted of the control, bad of all, in the windows that it spoke in.
    #[must_use]
    pub fn control(&self) -> (u64, u64) {
        self.difference.control()
    }

    /// ln of half of the stronger evidence.
    #[must_use]
    pub fn ln_e(&self) -> f64 {
        self.difference.ln_e().max(self.gross.ln_e()) - std::f64::consts::LN_2
    }

    /// The largest of that so far.
    #[must_use]
    pub fn max_ln_e(&self) -> f64 {
        self.difference.max_ln_e().max(self.gross.max_ln_e()) - std::f64::consts::LN_2
    }

    /// The promotion of the rate alone: whoever keeps the budget without any allowance for noise keeps it with one.
    fn strict(&self) -> (Promotion, f64) {
        let settings = self.gross.settings();
        let promotion = Promotion {
            budget: self.budget(),
            beta: settings.beta,
        };
        (promotion, divisor(settings.profile.burst, self.tally()))
    }

    /// Whether it is proved that the canary keeps the budget: beside the control, or even without it.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        let (promotion, d) = self.strict();
        let (x, n) = self.tally().real();
        promotion.proved(x / d, n / d) || self.difference.may_pass()
    }

    /// Records that are missing for that by the shorter way; `None` where no number is enough.
    #[must_use]
    pub fn clean_needed(&self) -> Option<u64> {
        let (promotion, d) = self.strict();
        let (x, n) = self.tally().real();
        let both = [promotion.clean_needed(x, n, d), self.difference.clean_needed()];
        both.into_iter().flatten().min()
    }

    /// The displayed interval of the canary's own rate at level 1 − `alpha`, for independent records.
    #[must_use]
    pub fn interval(&self, alpha: f64) -> Interval {
        self.gross.interval(alpha)
    }

    /// Everything that explains it.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            control: Some(self.control()),
            budget: self.budget(),
            interval: self.difference.report().interval,
            ln_e: self.ln_e(),
            max_ln_e: self.max_ln_e(),
            may_pass: self.may_pass(),
            clean_needed: self.clean_needed(),
            ..self.gross.report()
        }
    }

    /// The state as bytes: two checks, and 8 for each window that noise is still learned from.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let ControlledCheck {
            difference,
            gross,
            noise,
        } = self;
        let parts = [difference.to_bytes(), gross.to_bytes()];
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
        bytes.extend(noise.iter().flat_map(|rate| rate.to_le_bytes()));
        bytes
    }

    /// The check as it was when these bytes were written, under the same settings.
    ///
    /// # Errors
    /// Where the bytes are not from them.
    pub fn restored(&self, bytes: &[u8]) -> Result<Self, Fault> {
        let (difference, rest) = part(bytes)?;
        let (gross, rest) = part(rest)?;
        let (rates, odd) = rest.as_chunks::<8>();
        if !odd.is_empty() || rates.len() > CALIBRATION_MAX {
            return Err(Fault::State);
        }
        Ok(ControlledCheck {
            difference: DifferenceCheck::restored(self.budget(), *self.difference.settings(), difference)?,
            gross: RateCheck::restored(self.gross.budget(), *self.gross.settings(), gross)?,
            noise: rates.iter().map(|rate| f64::from_le_bytes(*rate)).collect(),
        })
    }
}

fn part(bytes: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or(Fault::State)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| Fault::State)?;
    rest.split_at_checked(length).ok_or(Fault::State)
}
