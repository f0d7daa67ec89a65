//! How long until retention takes the first record that is still needed.

use std::collections::VecDeque;

use super::Stream;
use crate::engine::Checkpoint;
use crate::model::Side;

/// Steps that are kept of a partition; more of them are thinned out.
const STEPS_MAX: usize = 4_096;

/// When what was read of a partition was written: a timestamp now and then.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// (offset, Kafka timestamp) of the first record of each batch, in offset order.
    steps: VecDeque<(u64, i64)>,
    /// One past the last record of the last batch.
    end: u64,
}

impl Trail {
    /// A batch was read.
    pub fn note(&mut self, first: u64, timestamp_ms: Option<i64>, end: u64) {
        self.end = self.end.max(end);
        let Some(timestamp_ms) = timestamp_ms else { return };
        if self.steps.back().is_some_and(|(offset, _)| *offset >= first) {
            return;
        }
        if self.steps.len() >= STEPS_MAX {
            // An older step stands for those after it: the headroom is never told too large.
            let mut keep = false;
            self.steps.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.steps.push_back((first, timestamp_ms));
    }

    /// What lies before an offset is not needed any more.
    pub fn forget_before(&mut self, needed: u64) {
        if needed >= self.end {
            self.steps.clear();
        }
        while self.steps.get(1).is_some_and(|(offset, _)| *offset <= needed) {
            self.steps.pop_front();
        }
    }

    /// Kafka timestamp at or before the first record that is needed.
    #[must_use]
    pub fn oldest_ms(&self) -> Option<i64> {
        self.steps.front().map(|(_, timestamp_ms)| *timestamp_ms)
    }
}

impl Stream {
    /// What is stored now says what is still needed.
    pub fn needed(&mut self, checkpoint: &Checkpoint) {
        for partition in &checkpoint.partitions {
            let Some(side) = partition.side else { continue };
            if let Some(state) = self.lanes.get_mut(side).partitions.get_mut(&partition.partition) {
                state.trail.forget_before(partition.resume);
            }
        }
    }

    /// Time until retention reaches the first record of a side that is still needed; `None` where the broker does not
    /// tell its retention or keeps records for ever, or where nothing was read yet.
    #[must_use]
    pub fn headroom_ms(&self, side: Side) -> Option<i64> {
        let retention_ms = (*self.retention_ms.get(side))?;
        let trails = || self.lanes.get(side).partitions.values().map(|state| &state.trail);
        if trails().all(|trail| trail.end == 0) {
            return None;
        }
        let now_ms = self.clock.wall_ms();
        // What is written from now on is kept for all of it.
        let oldest_ms = trails().filter_map(Trail::oldest_ms).min().unwrap_or(now_ms);
        Some(oldest_ms.saturating_add(retention_ms).saturating_sub(now_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::{STEPS_MAX, Trail};

    fn trail(steps: &[(u64, i64)], end: u64) -> Trail {
        let mut trail = Trail::default();
        for &(first, ms) in steps {
            trail.note(first, Some(ms), end);
        }
        trail
    }

    #[test]
    fn the_oldest_needed_record_moves_with_the_resume_offset() {
        let steps = [(0, 100), (10, 200), (20, 300)];
        for (needed, expect) in [
            (0, Some(100)),
            (9, Some(100)),
            (10, Some(200)),
            (25, Some(300)),
            (30, None),
        ] {
            let mut trail = trail(&steps, 30);
            trail.forget_before(needed);
            assert_eq!(trail.oldest_ms(), expect, "needed from {needed}");
        }
    }

    #[test]
    fn records_without_a_timestamp_say_nothing() {
        let mut trail = Trail::default();
        trail.note(0, None, 5);
        assert_eq!(trail.oldest_ms(), None);
    }

    #[test]
    fn a_long_trail_is_thinned_and_keeps_its_oldest_step() {
        let mut trail = Trail::default();
        for i in 0..10 * STEPS_MAX as u64 {
            trail.note(i, Some(i64::try_from(i).unwrap()), i + 1);
        }
        assert!(trail.steps.len() <= STEPS_MAX);
        assert_eq!(trail.oldest_ms(), Some(0));
    }
}
