//! The control is read first: what the others make final it should have passed. It holds nobody up for long.

use std::time::Duration;

use anyhow::Result;

use super::Stream;
use crate::app::lane::Lane;
use crate::engine::Output;
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

    /// Reads a side. A control that cannot be read any further is left: a worker goes on without it.
    ///
    /// # Errors
    /// As [`Stream::turn`].
    pub(super) fn read_or_leave(&mut self, side: Side, wait: Duration, outputs: &mut Vec<Output>) -> Result<bool> {
        let read = self.read(side, wait, outputs);
        let (Side::Control, Some(_), Err(error)) = (side, self.reading.idle_ms, &read) else {
            return read;
        };
        tracing::warn!(
            stream = self.name,
            error = format!("{error:#}"),
            "the control cannot be read any further, and is left out"
        );
        self.leave_control();
        Ok(false)
    }

    /// The control is not read any more: it is silent from then on, and holds nobody.
    pub(super) fn leave_control(&mut self) {
        let Some(lane) = &mut self.lanes.control else { return };
        for (partition, state) in &mut lane.partitions {
            if !std::mem::replace(&mut state.done, true) {
                lane.log.end(*partition);
            }
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
