//! Reading aligned by event time: what the engine's decision holds back is held back.

use super::Stream;
use crate::engine::{Level, PartitionState};

impl Stream {
    /// Holds back what is too far ahead, and releases what is not any more.
    pub(super) fn align(&mut self) {
        if self.aligner.is_none() || self.engine.has_work() {
            // What is settled next may make room.
            return;
        }
        let held_bytes = self.held_bytes();
        let Some(aligner) = &mut self.aligner else { return };
        let mut partitions = Vec::new();
        let mut levels = Vec::with_capacity(2);
        for &side in self.lanes.present() {
            let view = self.engine.side(side);
            let level = match (view.complete, view.silent_since_ms, view.watermark_ms) {
                (true, ..) => Level::Complete,
                (_, Some(_), _) => Level::Silent,
                _ if view.unproved => Level::Unproved,
                (.., Some(watermark)) => Level::At(watermark),
                (.., None) => Level::Unknown,
            };
            levels.push((side, level));
            let lane = self.lanes.get(side);
            for view in self.engine.partitions(side) {
                let Some(state) = lane.partitions.get(&view.partition).filter(|state| !state.done) else {
                    continue;
                };
                partitions.push(PartitionState {
                    side,
                    partition: view.partition,
                    newest_ms: view.max_ms,
                    at_end: state.at_end,
                    idle: view.idle_since_ms.is_some(),
                });
            }
        }
        let change = aligner.decide(&partitions, &levels, held_bytes);
        self.stalled = change.stalled;
        for (side, partition) in change.hold {
            let lane = self.lanes.get_mut(side);
            lane.partitions.entry(partition).or_default().held = true;
            lane.log.hold(&[partition]);
        }
        for (side, partition) in change.release {
            let lane = self.lanes.get_mut(side);
            let state = lane.partitions.entry(partition).or_default();
            state.held = false;
            if state.waiting.is_none() && !state.done {
                lane.log.release(&[partition]);
            }
        }
    }
}
