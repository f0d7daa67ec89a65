//! Logs that do not keep what they had: records that retention took, ends that were cut.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Stream;
use crate::app::log::Log;
use crate::engine::{Input, Output};
use crate::model::{Inconclusive, Side};

/// How long a cluster may take to tell what a topic is.
const TELL: Duration = Duration::from_secs(2);

/// True where a log is not what was read of it.
fn is_another(kind: Inconclusive) -> bool {
    matches!(kind, Inconclusive::Truncated | Inconclusive::Recreated)
}

impl Stream {
    /// Retention took offsets before they were read. They are lost where the reader stands: behind records that wait.
    pub(super) fn expired(&mut self, side: Side, partition: u32, (from, to): (u64, u64), outputs: &mut Vec<Output>) {
        if mutant!(ResetToLatest) {
            return self.reached(side, partition, to, outputs);
        }
        let topic = self.place(side, partition);
        let text = format!(
            "retention took offsets {from} to {} of {side} topic {topic}, before they were read",
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

    /// The log ends below what was read of it: nothing more of the stream is read or becomes final.
    pub fn truncated(&mut self, side: Side, partition: u32, position: u64, end: u64) {
        // A log that was made again is cut, too. An answer that is under way may be older than that: the second is not.
        for _ in 0..2 {
            self.look_at_id(side, TELL);
        }
        if self.is_over() {
            return;
        }
        let text = format!(
            "{side} topic {} reached to offset {position} and now ends at {end}: the log lost its end",
            self.place(side, partition)
        );
        self.incident(Inconclusive::Truncated, side, text);
    }

    /// Bytes that do not match their checksum: nothing behind them is read until they do.
    pub(super) fn corrupt(&mut self, side: Side, partition: u32, offset: u64) {
        let text = format!(
            "bytes of {side} topic {} at or after offset {offset} do not match their checksum",
            self.place(side, partition)
        );
        let known = self.unreadable.get_mut(side);
        if known.get(&partition) != Some(&text) {
            tracing::warn!(stream = self.name, "{text}");
            known.insert(partition, text);
        }
    }

    /// A bounded run ends where a transaction was open: what lies behind is not there yet, and never missing.
    pub(super) fn open_at_end(&mut self, side: Side, partition: u32, end: u64) {
        let text = format!(
            "a transaction was open in {side} topic {} from offset {end} on, and nothing behind it is read",
            self.place(side, partition)
        );
        self.incident(Inconclusive::OpenTransaction, side, text);
    }

    /// True once a log lost its end or is another one: until a new generation begins nothing is read, and nothing more
    /// becomes final.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let over = |(kind, side, _): &(Inconclusive, Side, String)| is_another(*kind) && *side != Side::Control;
        self.incidents.iter().any(over)
    }

    /// What was known of the logs before a restart.
    pub fn recall(&mut self, incidents: &BTreeSet<(Inconclusive, Side, String)>) {
        self.incidents.clone_from(incidents);
        self.leave_control_that_is_another();
    }

    /// A control whose log lost its end or is another one is not read any more.
    pub(super) fn leave_control_that_is_another(&mut self) {
        let over = |(kind, side, _): &(Inconclusive, Side, String)| is_another(*kind) && *side == Side::Control;
        if self.incidents.iter().any(over) {
            self.leave_control();
        }
    }

    pub(super) fn topic_name(&self, side: Side) -> &str {
        match &self.lanes.get(side).log {
            Log::Kafka(topic) => topic.name(),
            Log::File(_) => "",
        }
    }

    /// A partition of a side by the name of its topic.
    fn place(&self, side: Side, partition: u32) -> String {
        match &self.lanes.get(side).log {
            Log::Kafka(topic) => {
                let topics = topic.topics();
                let (name, partition) = topics.place(partition);
                format!("{}, partition {partition}", name.unwrap_or(topic.name()))
            }
            Log::File(_) => String::new(),
        }
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
