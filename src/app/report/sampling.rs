//! What a report says of a sample: the rates that were in force, the share that was met, and what may have been missed.

use super::build::rfc3339;
use super::figures::{grouped, short};
use super::model::{SamplingRate, StreamReport};
use crate::engine::RateFrom;
use crate::engine::stats::{key_sampling_detection, n_see_one};
use crate::model::{PerSide, Side, WindowCounts};

/// The rates that were in force, where it was not always the same one.
pub fn add_rates(stream: &mut StreamReport, rates: &[RateFrom], counts: &WindowCounts) {
    if rates.len() < 2 {
        return;
    }
    let rate = |of: &RateFrom| SamplingRate {
        from: of.from_ms.map(rfc3339),
        rate: of.rate,
    };
    stream.sampling_rates = rates.iter().map(rate).collect();
    stream.sampled.get_or_insert_with(|| PerSide {
        baseline: counts.sampled(Side::Baseline, 0),
        canary: counts.sampled(Side::Canary, 0),
    });
}

/// Since when the rate is in force, and which one was before.
fn since(stream: &StreamReport) -> String {
    let [.., before, SamplingRate { from: Some(from), .. }] = stream.sampling_rates.as_slice() else {
        return String::new();
    };
    format!(" since {from}, {} % before", short(before.rate))
}

/// A share of the identities that was compared: what was asked for and met, and what may have been missed; nothing where all
/// were. The chances are those of `key_sampling_detection` (`docs/statistics.md` section 5).
pub(super) fn lines(stream: &StreamReport) -> Vec<String> {
    let Some(met) = stream.sampled else {
        return Vec::new();
    };
    let rate = stream.sampling;
    let met = |side: Side| {
        let met = *met.get(side);
        met.map_or_else(|| "nothing".to_owned(), |met| format!("{} %", short(met)))
    };
    let (baseline, canary) = (met(Side::Baseline), met(Side::Canary));
    let one = key_sampling_detection(rate, 1);
    let many = n_see_one(rate, 0.95).map_or_else(|| "endlessly many".to_owned(), grouped);
    vec![
        format!(
            "sampled: {} % of the identities{}; measured, of the timely records, {baseline} of the baseline's and {canary} of \
             the canary's",
            short(rate),
            since(stream)
        ),
        format!(
            "of the other identities nothing is known: a fault that touches one identity is missed with probability {} %, one \
             that touches {many} or more with at most 5 %",
            short(1.0 - one)
        ),
    ]
}
