//! What a sample says of an unpaired stream: nothing is paired, and what the traffic was split by stands on one side only.

use super::Found;
use crate::config;
use crate::engine::stats::CALIBRATION_MIN;

/// `both` of `least` sampled units stand on both sides.
pub(super) fn stream(stream: &config::Stream, both: u64, least: usize, span_s: i64) -> Vec<Found> {
    let name = stream.name.as_str();
    let text =
        format!("{both} of {least} sampled units stand on both sides: nothing is paired, distributions are compared");
    let shared = both * 10 > u64::try_from(least).unwrap_or(u64::MAX);
    let mut found = vec![if shared {
        let hint = "is `unit` what the traffic was split by? records of one unit on both sides make the slices alike";
        Found::warn(name, text, hint)
    } else {
        Found::ok(name, text)
    }];
    if stream.drift.fields.is_empty() {
        let text = "nothing but the rate of records is compared".to_owned();
        found.push(Found::warn(name, text, "name paths under `profile_fields`"));
    }
    let text =
        format!("a pass needs {CALIBRATION_MIN} windows of the baseline against itself, {span_s} s of event time");
    found.push(Found::ok(name, text));
    found
}
