//! What people use instead, as its documents describe it.

use super::drawn::{STEP_S, Steps};

const MINUTE: usize = 60 / STEP_S;
const HOUR: usize = 60 * MINUTE;

/// `ratio[5m] > budget` for 5 minutes, evaluated every 15 s.
pub fn prometheus(canary: &Steps, budget: f64) -> bool {
    let mut pending = 0;
    (1..=canary.bad.len()).any(|end| {
        pending = if canary.ratio(end, 5 * MINUTE) > budget {
            pending + 1
        } else {
            0
        };
        pending > 5 * MINUTE
    })
}

/// A check of the last minute, once a minute; ten failed ones in all roll back.
pub fn flagger(canary: &Steps, budget: f64) -> bool {
    let minutes = canary.bad.len() / MINUTE;
    let failed = (1..=minutes).filter(|minute| canary.ratio(minute * MINUTE, MINUTE) > budget);
    failed.count() >= 10
}

/// The page of the SRE workbook: 14.4 times the budget over an hour and 5 minutes, 6 times over 6 hours and 30 minutes, or
/// once over 3 days and 6 hours.
pub fn burn_rate(canary: &Steps, budget: f64) -> bool {
    let burns = |end: usize, long: usize, short: usize, times: f64| {
        canary.ratio(end, long) > times * budget && canary.ratio(end, short) > times * budget
    };
    (1..=canary.bad.len()).any(|end| {
        burns(end, HOUR, 5 * MINUTE, 14.4)
            || burns(end, 6 * HOUR, 30 * MINUTE, 6.0)
            || burns(end, 72 * HOUR, 6 * HOUR, 1.0)
    })
}

/// Kayenta's judge on the bad rate of each minute, canary against control over all minutes so far, every 5 minutes: high where
/// the lower end of the 98 % Mann-Whitney interval is more than a quarter of the Hodges-Lehmann estimate.
pub fn kayenta(canary: &Steps, control: &Steps) -> bool {
    let minutes = |side: &Steps| -> Vec<f64> {
        let minutes = side.bad.len() / MINUTE;
        (1..=minutes)
            .map(|minute| side.ratio(minute * MINUTE, MINUTE))
            .collect()
    };
    let (canary, control) = (minutes(canary), minutes(control));
    (5..=canary.len()).step_by(5).any(|minutes| {
        let (lower, estimate) = mann_whitney(&canary[..minutes], &control[..minutes]);
        lower > 0.25 * estimate.abs()
    })
}

/// Lower end of the interval of the shift, and its estimate: order statistics of all differences, normal approximation.
fn mann_whitney(canary: &[f64], control: &[f64]) -> (f64, f64) {
    const Z: f64 = 2.326_348;
    let mut differences: Vec<f64> = canary.iter().flat_map(|a| control.iter().map(move |b| a - b)).collect();
    let (n, m) = (canary.len() as f64, control.len() as f64);
    let below = (n * m / 2.0 - Z * (n * m * (n + m + 1.0) / 12.0).sqrt()).max(0.0);
    let middle = differences.len() / 2;
    let (left, estimate, _) = differences.select_nth_unstable_by(middle, f64::total_cmp);
    let estimate = *estimate;
    let at = usize::try_from(super::noise::whole(below)).unwrap_or(0);
    let lower = if at < left.len() {
        *left.select_nth_unstable_by(at, f64::total_cmp).1
    } else {
        estimate
    };
    (lower, estimate)
}
