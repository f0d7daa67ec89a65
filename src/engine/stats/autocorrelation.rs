//! How much a window says about the next one, and the calibration that the difference test needs (`docs/statistics.md` section 2.2).

use serde::{Deserialize, Serialize};

/// Windows of control noise before a calibration says anything.
pub const CALIBRATION_MIN: usize = 40;
/// Units that must be left after windows were put together.
const UNITS_MIN: usize = 20;
/// Standard errors of ρ̂ that are added to it, of 1/√n each.
const MARGIN: f64 = 1.5;
/// Autocorrelation of units that is left to prewhitening; above it the unit is doubled.
const LAG1_MAX: f64 = 0.2;

/// The lag-1 autocorrelation of a series, as estimated and as used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag1 {
    /// ρ̂ = Σ (x_i − x̄)(x_{i−1} − x̄) / Σ (x_i − x̄)²; 0 for a constant series.
    pub raw: f64,
    /// Against the bias of a short series: ρ̂ + (1 + 3 max(ρ̂, 0)) / n.
    pub corrected: f64,
    /// Drawn towards 0.3 by ten values, in [0, 0.95]: (n ρ + 3) / (n + 10) of the corrected one.
    pub shrunk: f64,
}

impl Lag1 {
    /// Of a series of finite numbers.
    #[must_use]
    pub fn of(series: &[f64]) -> Self {
        let mean = series.iter().sum::<f64>() / series.len() as f64;
        let square = |x: &f64| (x - mean) * (x - mean);
        let products = series.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean));
        Lag1::of_sums(products.sum(), series.iter().map(square).sum(), series.len() as u64)
    }

    /// From the two sums of [`Lag1::raw`] and the length of the series.
    #[must_use]
    pub fn of_sums(products: f64, squares: f64, length: u64) -> Self {
        let n = length.max(1) as f64;
        let ratio = products / squares;
        let raw = if ratio.is_finite() { ratio } else { 0.0 };
        let corrected = raw + (1.0 + 3.0 * raw.max(0.0)) / n;
        let shrunk = ((n * corrected + 3.0) / (n + 10.0)).clamp(0.0, 0.95);
        Lag1 { raw, corrected, shrunk }
    }
}

/// What the noise between two sides of the same version is like. Frozen before it is used: it is measured on control against
/// control only, so that a bad canary cannot hide in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Windows that make one unit of evidence.
    pub unit: u32,
    /// Share of a unit's difference that is expected again in the next one.
    pub rho: f64,
    /// Root mean square of the differences that are left when that share is taken off.
    pub scale: f64,
}

impl Calibration {
    /// From the differences of the windows, in their order. `None` where they are too few, or still say too much about the
    /// next one when as many are put together as can be: more windows are needed then.
    ///
    /// L = 1; while the corrected ρ̂₁ of the means of L windows is over 0.2, L doubles; then the unit is L windows and ρ the shrunk ρ̂₁,
    /// to which 1.5/√n is added. A difference that is no number is left out.
    ///
    /// The margin is for short calibrations, and fades with longer ones. Measured (2,000 runs each of 1,440 windows, a wrong `fail` at
    /// a nominal 1 %, AR(1) noise with memory 0, .3, .5, .8, .9): from 400 windows without a margin .6, .6, .9, .8, 1.2 %; from 40
    /// windows without it .8, 2.3, 3.6, 3.7, 2.4 %, with it 0, .1, .5, .5, .7 %, and a shift of three deviations is found as soon.
    #[must_use]
    pub fn of(differences: &[f64]) -> Option<Self> {
        let finite: Vec<f64> = differences.iter().copied().filter(|d| d.is_finite()).collect();
        if finite.len() < CALIBRATION_MIN {
            return None;
        }
        let mut unit = 1_u32;
        loop {
            let size = unit as usize;
            let units: Vec<f64> = finite
                .chunks_exact(size)
                .map(|chunk| chunk.iter().sum::<f64>() / size as f64)
                .collect();
            if units.len() < UNITS_MIN {
                return None;
            }
            let lag1 = Lag1::of(&units);
            if lag1.corrected <= LAG1_MAX {
                let rho = (lag1.shrunk + MARGIN / (units.len() as f64).sqrt()).min(0.95);
                return Some(Calibration {
                    unit,
                    rho,
                    scale: scale(&units, rho),
                });
            }
            unit *= 2;
        }
    }

    /// Whether it may be used: settings and stored inputs come through here.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.unit > 0 && (0.0..1.0).contains(&self.rho) && self.scale >= 0.0 && self.scale.is_finite()
    }
}

fn scale(units: &[f64], rho: f64) -> f64 {
    let squares = units.windows(2).map(|pair| (pair[1] - rho * pair[0]).powi(2));
    (squares.sum::<f64>() / (units.len() - 1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_constant_series() {
        assert_eq!(Lag1::of(&[]).raw, 0.0);
        assert_eq!(Lag1::of(&[1.0]).raw, 0.0);
        assert_eq!(Lag1::of(&[2.0; 50]).raw, 0.0);
    }

    #[test]
    fn too_little_is_no_calibration() {
        assert_eq!(Calibration::of(&[0.0; 39]), None);
        assert_eq!(Calibration::of(&[f64::NAN; 100]), None);
        // A trend says everything about the next window, however many are put together.
        let trend: Vec<f64> = (0..400).map(f64::from).collect();
        assert_eq!(Calibration::of(&trend), None);
    }

    #[test]
    fn quiet_and_alternating_noise() {
        let quiet = Calibration::of(&[0.0; 40]).unwrap();
        assert_eq!((quiet.unit, quiet.scale), (1, 0.0));
        assert!(quiet.is_sound());
        let alternating: Vec<f64> = (0..60).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let calibration = Calibration::of(&alternating).unwrap();
        assert!(calibration.unit == 1 && calibration.rho < 0.2);
    }

    #[test]
    fn slow_noise_makes_longer_units() {
        // Steps of eight windows; means of four know nothing of the next one.
        let steps: Vec<f64> = (0..320).map(|i| if (i / 8) % 2 == 0 { 1.0 } else { -1.0 }).collect();
        assert_eq!(Calibration::of(&steps).unwrap().unit, 4);
    }
}
