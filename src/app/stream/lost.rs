//! Logs that do not keep what they had: records that retention took, ends that were cut.

use super::Stream;
use crate::app::log::Log;
use crate::engine::{Input, Output};
use crate::model::{Inconclusive, Side};

impl Stream {
    /// Retention took offsets before they were read. They are lost where the reader stands: behind records that wait.
    pub(super) fn expired(&mut self, side: Side, partition: u32, (from, to): (u64, u64), outputs: &mut Vec<Output>) {
        if mutant!(ResetToLatest) {
            return self.reached(side, partition, to, outputs);
        }
        let topic = match &self.lanes.get(side).log {
            Log::Kafka(topic) => topic.name(),
            Log::Avro(_) => "",
        };
        let text = format!(
            "retention took offsets {from} to {} of {side} topic {topic}, partition {partition}, before they were read",
            to.saturating_sub(1)
        );
        self.incident(Inconclusive::Expired, side, text);
        let state = self.lanes.get_mut(side).partitions.entry(partition).or_default();
        if state.waiting.is_some() {
            let first = state.told_hole.map_or(from, |(first, _)| first);
            state.told_hole = Some((first, to));
            return;
        }
        self.lose(side, partition, (from, to), outputs);
    }

    /// Tells the engine what is lost, as far as it was asked for.
    pub(super) fn lose(&mut self, side: Side, partition: u32, (from, to): (u64, u64), outputs: &mut Vec<Output>) {
        let state = self.lanes.get_mut(side).partitions.entry(partition).or_default();
        let to = state.end.map_or(to, |end| to.min(end));
        self.engine.step(
            Input::Lost {
                side,
                partition,
                from,
                to,
            },
            outputs,
        );
        self.finish_at(side, partition, to, outputs);
    }
}
