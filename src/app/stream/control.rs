//! The control is read first: what the others make final it should have passed. It holds nobody up for long.

use super::Stream;
use crate::app::lane::Lane;
use crate::model::Side;

/// How long the others wait for a control that has more to be read and gives nothing, milliseconds.
const COURTESY_MS: i64 = 1_000;

impl Stream {
    /// The sides that are read next, the control first.
    pub(super) fn sides_to_read(&self) -> &'static [Side] {
        const FIRST: [Side; 3] = [Side::Control, Side::Baseline, Side::Canary];
        match &self.lanes.control {
            None => &Side::PAIR,
            Some(lane) if self.goes_first(lane) => FIRST.get(..1).unwrap_or(&FIRST),
            Some(_) => &FIRST,
        }
    }

    /// True where the control may be read alone for a moment: there is more of it, it gives, and it is about as far as the others.
    fn goes_first(&self, lane: &Lane) -> bool {
        let settings = self.engine.settings();
        let (Some(_), Some(window), Some(lateness), Some(grace)) = (
            self.reading.idle_ms,
            settings.window_ms,
            settings.lateness_ms,
            settings.grace_ms,
        ) else {
            return false;
        };
        let more = |lane: &Lane| {
            let mut partitions = lane.partitions.values();
            partitions.any(|state| !state.done && !state.held && !state.at_end && state.waiting.is_none())
        };
        if !more(lane) || self.clock.elapsed_ms() - self.control_ms > COURTESY_MS {
            return false;
        }
        let reach = lateness.saturating_add(grace).saturating_mul(2);
        match (self.engine.side(Side::Control).watermark_ms, self.engine.watermark_ms()) {
            (None, None) => true,
            (Some(own), Some(engine)) => {
                let ahead = own.saturating_sub(engine);
                (reach.saturating_neg()..window.saturating_add(grace)).contains(&ahead)
            }
            _ => false,
        }
    }
}
