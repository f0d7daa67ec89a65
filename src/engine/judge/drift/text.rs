//! The sentences of drift: paths and figures, never a value of a record.

use super::{Drifts, Measure, RECORDS};
use crate::engine::stats::CALIBRATION_MIN;

/// A share with two digits, or one behind the point.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = if percent < 1.0 {
        format!("{percent:.3}")
    } else {
        format!("{percent:.1}")
    };
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

impl Drifts {
    /// What drifts, and by how much.
    fn what(&self, at: usize) -> String {
        let watch = &self.watches[at];
        let (path, measure) = (self.path(at), watch.measure);
        if let (Measure::RecordRate, Some(share)) = (measure, self.policy.share) {
            let odds = share / (1.0 - share) * watch.value().exp();
            return format!(
                "sample-ratio mismatch: the canary has {} of the records, {} were declared ({} differs by {:.3}, {} is borne)",
                percent(odds / (1.0 + odds)),
                percent(share),
                measure.as_str(),
                watch.value(),
                watch.floor
            );
        }
        let whose = if path == RECORDS {
            String::new()
        } else {
            format!("`{path}`: ")
        };
        format!(
            "{whose}{} ({}) differs by {:.3}, {} is borne",
            measure.of(),
            measure.as_str(),
            watch.value().abs(),
            watch.floor
        )
    }

    /// Why it fails the stream.
    pub(in super::super) fn says_failed(&self, at: usize) -> String {
        let watch = &self.watches[at];
        let log10 = watch.max_ln_e() / std::f64::consts::LN_10;
        format!(
            "{}: a canary that is alike would show that with a chance of 1 in {}",
            self.what(at),
            super::super::text::odds(log10)
        )
    }

    /// Why the rollout waits.
    pub(in super::super) fn says_hold(&self, at: usize) -> String {
        let watch = &self.watches[at];
        let log10 = watch.ln_e() / std::f64::consts::LN_10;
        let ends = if watch.critical {
            "that may become a fail"
        } else {
            "that holds the rollout and never fails it"
        };
        format!(
            "{}: evidence of {}, {ends}",
            self.what(at),
            super::super::text::power(log10)
        )
    }

    /// What a `pass` misses of windows.
    pub(in super::super) fn says_calibrating(&self, windows: u64) -> String {
        format!(
            "{windows} of {CALIBRATION_MIN} windows of the baseline against itself are in, which say what is noise between the sides"
        )
    }

    /// Why a drift is not proved to be small.
    pub(in super::super) fn says_unproved(&self, at: usize, beta: f64) -> String {
        let watch = &self.watches[at];
        let path = self.path(at);
        let (value, radius) = watch.bound(beta);
        if !radius.is_finite() {
            let windows = watch.calibrating().unwrap_or(0);
            return format!(
                "`{path}`: {windows} windows do not say yet what is noise in {} ({})",
                watch.measure.of(),
                watch.measure.as_str()
            );
        }
        let (most, room) = if radius == 0.0 {
            (watch.floor, String::new())
        } else {
            (2.0 * watch.floor, format!(" give or take {radius:.3}"))
        };
        format!(
            "`{path}`: {} ({}) differs by {value:.3}{room}; at most {most} is proved for a pass",
            watch.measure.of(),
            watch.measure.as_str()
        )
    }
}
