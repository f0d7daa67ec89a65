//! One measure of one path: the difference in each window, its noise, and the evidence for it.

use super::settings::Measure;
use crate::engine::PARTS;
use crate::engine::stats::{
    CALIBRATION_MIN, Calibration, Direction, Prior, Shape, SignTest, Witness, dkw_lil, value_shares,
};
use crate::model::{Arm, FieldProfile, Split, WindowProfile};

/// Windows that noise is measured over at most.
const CALIBRATION_MAX: usize = 4_096;
/// It is looked again whether they are enough after so many more.
const CALIBRATION_STEP: usize = 10;
/// What is left of a difference after a window, as in [`Witness`].
const MEMORY: f64 = 0.98;
/// Standard errors of the units that a proof leaves room for, where no band is known.
const ERRORS: f64 = 3.0;

/// A measure that is watched.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    /// Which path; `None` is the stream itself.
    pub field: Option<usize>,
    pub measure: Measure,
    pub floor: f64,
    pub critical: bool,
    /// It holds the rollout, and must be proved to be small for a `pass`.
    pub holds: bool,
    /// ln of the evidence that fails the stream; `None` where none does.
    pub ln_limit: Option<f64>,
    test: SignTest,
    max_ln_e: f64,
    noise: Noise,
    witness: Option<Witness>,
    /// The unit that is being put together: sum of the differences, and how many.
    open: (f64, u32),
    /// Differences of the last windows and of all, each with its weight.
    recent: (f64, f64),
    all: (f64, f64),
    /// Values of the canary and of the baseline in all windows, and how many of them were null.
    values: [(u64, u64); 2],
    /// The difference of the last unit.
    last: f64,
    /// The canary's records over those of a baseline of the same share.
    expected: Option<f64>,
    counted: [f64; 2],
}

/// How the noise is known.
#[derive(Clone, Debug)]
enum Noise {
    /// Both sides have the same records: what differs is no noise.
    None(Calibration),
    /// Differences of two slices of the baseline, until they are enough.
    Open(Vec<f64>),
    /// What they came to.
    Known(Calibration),
}

/// One window as a watch sees it: canary less baseline, and one control less the other.
struct Seen {
    difference: Option<f64>,
    control: Option<f64>,
}

impl Watch {
    pub fn new(field: Option<usize>, measure: Measure, floor: f64, horizon: u64, unpaired: bool) -> Option<Self> {
        let direction = match measure {
            Measure::NullRate | Measure::Distinct | Measure::RecordRate => Direction::Both,
            Measure::CategoryGap | Measure::CdfGap | Measure::LengthGap => Direction::Up,
        };
        let shape = match measure {
            Measure::CategoryGap => Some(Shape::Set),
            Measure::CdfGap | Measure::LengthGap => Some(Shape::Cut),
            Measure::NullRate | Measure::Distinct | Measure::RecordRate => None,
        };
        Some(Watch {
            field,
            measure,
            floor,
            critical: false,
            holds: true,
            ln_limit: None,
            test: SignTest::new(floor, direction, horizon).ok()?,
            max_ln_e: 0.0,
            noise: if unpaired {
                Noise::Open(Vec::new())
            } else {
                Noise::None(Calibration {
                    unit: 1,
                    rho: 0.0,
                    scale: floor,
                })
            },
            witness: shape.map(Witness::new),
            open: (0.0, 0),
            recent: (0.0, 0.0),
            all: (0.0, 0.0),
            values: [(0, 0); 2],
            last: 0.0,
            expected: None,
            counted: [0.0; 2],
        })
    }

    /// The same, with what it may lead to: ln of the evidence that fails the stream.
    pub fn leading_to(self, critical: bool, ln_limit: Option<f64>) -> Self {
        Watch {
            critical,
            ln_limit,
            ..self
        }
    }

    /// The same, with the share of the traffic that the canary should have.
    pub fn with_share(mut self, share: Option<f64>) -> Self {
        self.holds = share.is_some();
        self.expected = share.map(|share| share / (1.0 - share));
        self
    }

    /// A window with records of both sides.
    pub fn take(&mut self, profile: &WindowProfile) {
        let Seen { difference, control } = self.look(profile);
        if let (Noise::Open(differences), Some(control)) = (&mut self.noise, control) {
            // Frozen before it is used, and measured on slices of the baseline only.
            if differences.len() < CALIBRATION_MAX {
                differences.push(control);
            }
            if differences.len() >= CALIBRATION_MIN
                && (differences.len() - CALIBRATION_MIN).is_multiple_of(CALIBRATION_STEP)
                && let Some(calibration) = Calibration::of(differences)
            {
                self.noise = Noise::Known(calibration);
            }
            return;
        }
        let (Noise::None(calibration) | Noise::Known(calibration)) = &self.noise else {
            return;
        };
        let (Some(difference), calibration) = (difference, *calibration) else {
            return;
        };
        self.open.0 += difference;
        self.open.1 += 1;
        if self.open.1 >= calibration.unit {
            self.last = self.open.0 / f64::from(self.open.1);
            self.open = (0.0, 0);
            self.test.update(self.last, &calibration);
            self.max_ln_e = self.max_ln_e.max(self.test.ln_e());
        }
    }

    fn look(&mut self, profile: &WindowProfile) -> Seen {
        let (canary, baseline) = (&profile.canary, &profile.baseline);
        if self.measure == Measure::RecordRate {
            return self.rate(profile);
        }
        let field = self.field.unwrap_or(0);
        let of = |arm: &Arm| arm.fields.get(field).cloned();
        let (Some(own), Some(other)) = (of(canary), of(baseline)) else {
            return Seen {
                difference: None,
                control: None,
            };
        };
        let controls = profile.split.as_ref().map(|split| &split.controls);
        let control = controls.and_then(|[one, two]| Some(((one, of(one)?), (two, of(two)?))));
        if let Some(witness) = &mut self.witness {
            let values = |field: &FieldProfile| {
                let counts = match self.measure {
                    Measure::CategoryGap if field.categories.other > 0 => return None,
                    Measure::CategoryGap => &field.categories.counts,
                    Measure::LengthGap => &field.lengths.0,
                    _ => &field.numbers.0,
                };
                value_shares(counts).map(|shares| (shares, counts.values().sum::<u64>()))
            };
            let between = |one: &FieldProfile, two: &FieldProfile| {
                let ((one, _), (two, _)) = values(one).zip(values(two))?;
                witness.difference(&one, &two)
            };
            let difference = between(&own, &other);
            let control = control.and_then(|((_, one), (_, two))| between(&one, &two));
            if let Some(((own, n), (other, m))) = values(&own).zip(values(&other)) {
                witness.learn(&own, &other);
                self.values[0].0 += n;
                self.values[1].0 += m;
            }
            return Seen { difference, control };
        }
        // Of a canary that is smaller than any slice fewer values are distinct.
        let unequal = |split: &Split| split.slice == 1 && split.taken == PARTS;
        if self.measure == Measure::Distinct && profile.split.as_ref().is_some_and(unequal) {
            return Seen {
                difference: None,
                control: None,
            };
        }
        let figure = |arm: &Arm, field: &FieldProfile| match self.measure {
            Measure::NullRate => (arm.records > 0).then(|| field.nulls as f64 / arm.records as f64),
            _ => (field.distinct > 0).then(|| (field.distinct as f64).ln()),
        };
        let less = |(one, two): (f64, f64)| one - two;
        let difference = figure(canary, &own).zip(figure(baseline, &other)).map(less);
        let control = control.and_then(|((one, a), (two, b))| figure(one, &a).zip(figure(two, &b)).map(less));
        for (sum, (arm, field)) in self.values.iter_mut().zip([(canary, &own), (baseline, &other)]) {
            sum.0 += arm.records;
            sum.1 += field.nulls;
        }
        self.remember(difference);
        Seen { difference, control }
    }

    /// The rate of records: the canary's against a slice of its share.
    fn rate(&mut self, profile: &WindowProfile) -> Seen {
        let Some(split) = &profile.split else {
            return Seen {
                difference: None,
                control: None,
            };
        };
        let ratio = |one: f64, other: f64| (one > 0.0 && other > 0.0).then(|| (one / other).ln());
        let canary = profile.canary.records as f64 / split.taken as f64;
        let baseline = profile.baseline.records as f64 / split.slice as f64;
        let [one, two] = &split.controls;
        let control = ratio(one.records as f64, two.records as f64);
        if self.expected.is_none() {
            self.counted[0] += canary;
            self.counted[1] += baseline;
            if matches!(self.noise, Noise::Known(_)) && self.counted[1] > 0.0 {
                self.expected = Some(self.counted[0] / self.counted[1]);
            }
        }
        let difference = self.expected.and_then(|expected| ratio(canary, baseline * expected));
        self.remember(difference);
        Seen { difference, control }
    }

    fn remember(&mut self, difference: Option<f64>) {
        if let Some(difference) = difference {
            self.recent = (self.recent.0 * MEMORY + difference, self.recent.1 * MEMORY + 1.0);
            self.all = (self.all.0 + difference, self.all.1 + 1.0);
        }
    }

    /// ln E.
    pub fn ln_e(&self) -> f64 {
        self.test.ln_e()
    }

    /// The largest ln E so far.
    pub fn max_ln_e(&self) -> f64 {
        self.max_ln_e
    }

    /// Whether there was anything to measure.
    pub fn has_values(&self) -> bool {
        match &self.witness {
            Some(_) => self.values.iter().all(|(values, _)| *values > 0),
            None => self.all.1 > 0.0,
        }
    }

    /// How much the sides differ in the last windows; a gap, or a difference with its sign.
    pub fn value(&self) -> f64 {
        let mean = |(sum, weight): (f64, f64)| if weight > 0.0 { sum / weight } else { 0.0 };
        self.witness.as_ref().map_or_else(|| mean(self.recent), Witness::recent)
    }

    /// Windows that the noise was measured over, while it is not known.
    pub fn calibrating(&self) -> Option<usize> {
        match &self.noise {
            Noise::Open(differences) => Some(differences.len()),
            Noise::None(_) | Noise::Known(_) => None,
        }
    }

    /// Whether the evidence fails the stream: proved, and going on.
    pub fn fails(&self) -> bool {
        let beyond = match self.witness {
            Some(_) => self.last > self.floor,
            None => self.last.abs() > self.floor,
        };
        beyond && self.critical && self.ln_limit.is_some_and(|limit| self.test.ln_e() >= limit)
    }

    /// How much the sides differ in all windows, and what is to be added to be sure of it at level 1 − `beta`.
    pub fn bound(&self, beta: f64) -> (f64, f64) {
        let calibration = match &self.noise {
            Noise::None(_) => return (self.overall(), 0.0),
            Noise::Open(_) => return (self.overall(), f64::INFINITY),
            Noise::Known(calibration) => calibration,
        };
        let [(n, x), (m, y)] = self.values;
        let radius = match self.measure {
            Measure::CdfGap | Measure::LengthGap => dkw_lil(n, beta) + dkw_lil(m, beta),
            // A set of K categories is one of 2^K.
            Measure::CategoryGap => {
                let sets = self.witness.as_ref().map_or(0, Witness::keys).min(1_000);
                let beta = beta * (-(sets as f64)).exp2();
                dkw_lil(n, beta.max(f64::MIN_POSITIVE)) + dkw_lil(m, beta.max(f64::MIN_POSITIVE))
            }
            Measure::NullRate => {
                let prior = Prior::Mixture { budget: self.floor };
                let wide = |x: u64, n: u64| {
                    let interval = prior.interval(x as f64, n as f64, beta / 2.0);
                    (interval.upper - interval.lower) / 2.0
                };
                wide(x, n) + wide(y, m)
            }
            Measure::Distinct | Measure::RecordRate => {
                ERRORS * calibration.scale / (self.all.1 / f64::from(calibration.unit)).max(1.0).sqrt()
            }
        };
        (self.overall(), radius)
    }

    fn overall(&self) -> f64 {
        match &self.witness {
            Some(witness) => witness.overall(),
            None if self.all.1 > 0.0 => (self.all.0 / self.all.1).abs(),
            None => 0.0,
        }
    }

    /// Whether the drift is proved to be small: in unpaired windows below twice the floor, of the same records within it.
    pub fn may_pass(&self, beta: f64) -> bool {
        if !self.has_values() {
            return true;
        }
        let (value, radius) = self.bound(beta);
        let factor = if matches!(self.noise, Noise::None(_)) { 1.0 } else { 2.0 };
        value + radius <= factor * self.floor
    }
}
