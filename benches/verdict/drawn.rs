//! Drawn records: bad and all of each step.

use super::noise::{Bursts, Noise};

/// Seconds of a step: what a rule of Prometheus is evaluated by.
pub const STEP_S: usize = 15;
/// Seconds that a burst lasts.
const BURST_S: f64 = 60.0;

/// What a run counts, step by step.
pub struct Steps {
    pub bad: Vec<u64>,
    pub of: Vec<u64>,
}

impl Steps {
    /// Bad records at `rate` of `per_s` records a second: each on its own where the mean `burst` is 1, else in bursts with
    /// geometric sizes, each spread evenly over a minute.
    pub fn draw(steps: usize, per_s: f64, rate: f64, burst: f64, seed: u64) -> Self {
        let mut noise = Noise::new(seed);
        let a_step = per_s * STEP_S as f64;
        let of: Vec<u64> = vec![super::noise::whole(a_step); steps];
        let mut bad: Vec<u64> = if burst <= 1.0 {
            (0..steps).map(|_| noise.poisson(a_step * rate)).collect()
        } else {
            let bursts = Bursts {
                mean_size: burst,
                windows: BURST_S / STEP_S as f64,
                bad: a_step * rate,
            };
            bursts.series(steps, &mut noise)
        };
        bad.iter_mut().zip(&of).for_each(|(bad, of)| *bad = (*bad).min(*of));
        Steps { bad, of }
    }

    /// The rate of the last `steps` before `end`, as far as there are any.
    pub fn ratio(&self, end: usize, steps: usize) -> f64 {
        let from = end.saturating_sub(steps);
        let sum = |all: &[u64]| all[from..end].iter().sum::<u64>();
        sum(&self.bad) as f64 / sum(&self.of).max(1) as f64
    }
}
