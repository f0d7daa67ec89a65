//! Proof of idleness (rule 8): after a while without a record that has a usable event time the broker is asked where the log ends.
//! Records that cannot be decoded, or whose time cannot be used, keep nobody awake: they move no watermark, and a partition that has
//! nothing else would hold its stream for as long as they come, so that they could never be judged.

use anyhow::Result;

use super::Stream;
use crate::app::lane::Lane;
use crate::app::log::Log;
use crate::engine::judge::Useless;
use crate::engine::{Entry, Input, Output};
use crate::model::{Reduction, Side, is_dead_letter};

/// How often the ends are asked for where a partition may be idle, milliseconds.
const ASK_MS: i64 = 1_000;
/// How often they are asked for anyway, for the lag, milliseconds.
const LAG_MS: i64 = 5_000;

impl Stream {
    /// Asks for the ends where it is time, and tells the engine what follows for quiet partitions.
    pub(super) fn look_for_idle(&mut self, outputs: &mut Vec<Output>) -> Result<()> {
        let Some(idle_ms) = self.reading.idle_ms else {
            return Ok(());
        };
        let now_ms = self.clock.elapsed_ms();
        let since_ms = now_ms - self.asked_ms;
        if since_ms < ASK_MS || (since_ms < LAG_MS && !self.may_be_idle(now_ms, idle_ms)) {
            return Ok(());
        }
        self.asked_ms = now_ms;
        self.look_at_topics(now_ms)?;
        if self.is_over() {
            return Ok(());
        }
        for &side in self.sides() {
            self.ask_for_ends(side, now_ms, idle_ms, outputs);
            self.note_proof(side);
        }
        Ok(())
    }

    /// Records with a usable event time came of a partition. Where its side was silent that silence proves nothing of the others any
    /// more: what made the side silent may end for each of them in its own time.
    pub(super) fn heard(&mut self, side: Side, partition: u32, was_silent: bool) {
        if self.reading.idle_ms.is_none() {
            return;
        }
        if side != Side::Control {
            *self.useless.get_mut(side) = Useless::default();
        }
        let now_ms = self.clock.elapsed_ms();
        let lane = self.lanes.get_mut(side);
        if was_silent {
            lane.partitions
                .values_mut()
                .for_each(|state| state.timed_at_ms = now_ms);
        }
        lane.partitions.entry(partition).or_default().timed_at_ms = now_ms;
    }

    /// Since when, by our wall clock, no record of a side has a usable event time: of none of its partitions for as long as one must be
    /// quiet before it may be idle. Other records may come all the same.
    pub fn untimed_since_ms(&self, side: Side) -> Option<i64> {
        let idle_ms = self.reading.idle_ms?;
        let lane = self.lanes.get(side);
        let own = lane
            .partitions
            .iter()
            .filter(|(partition, state)| !state.done && !holds_nobody(lane, **partition));
        let quiet_ms = self.clock.elapsed_ms() - own.map(|(_, state)| state.timed_at_ms).max()?;
        (quiet_ms >= idle_ms).then(|| self.clock.wall_ms() - quiet_ms)
    }

    /// Records came of which none has a usable event time: as many more since the last one of the side that has.
    pub(super) fn count_useless(&mut self, side: Side, entries: &[Entry]) {
        if side == Side::Control {
            return;
        }
        let useless = self.useless.get_mut(side);
        for entry in entries {
            match &entry.body {
                Reduction::Undecodable(..) => useless.undecodable += 1,
                Reduction::Decoded(_) => useless.untimely += 1,
                Reduction::Deselected | Reduction::Diverted(_) => {}
            }
        }
    }

    /// All partitions of a side are idle: what was asked last is proved.
    pub(super) fn note_proof(&mut self, side: Side) {
        if side != Side::Control && self.engine.side(side).silent_since_ms.is_some() {
            *self.proved_ms.get_mut(side) = Some(self.asked_ms);
        }
    }

    /// When, by our wall clock, it was proved last that all of a side was read.
    pub fn all_read_ms(&self, side: Side) -> Option<i64> {
        let proved_ms = (*self.proved_ms.get(side))?;
        Some(self.clock.wall_ms() - (self.clock.elapsed_ms() - proved_ms))
    }

    fn may_be_idle(&self, now_ms: i64, idle_ms: i64) -> bool {
        let quiet = |lane: &Lane| {
            let mut partitions = lane.partitions.values();
            partitions.any(|partition| !partition.done && now_ms - partition.timed_at_ms >= idle_ms)
                || lane.partitions.keys().any(|partition| holds_nobody(lane, *partition))
        };
        self.lanes.all().any(quiet)
    }

    fn ask_for_ends(&mut self, side: Side, now_ms: i64, idle_ms: i64, outputs: &mut Vec<Output>) {
        let Log::Kafka(reader) = &self.lanes.get(side).log else {
            return;
        };
        let ends = match reader.ends() {
            Ok(ends) => ends,
            Err(error) => {
                *self.trouble.get_mut(side) = Some(error.to_string());
                return;
            }
        };
        *self.ends.get_mut(side) = ends.iter().map(|end| (end.partition, end.high)).collect();
        self.look_for_cuts(side, &ends);
        if self.is_over() {
            return;
        }
        let wall_ms = self.clock.wall_ms();
        // Those that hold nobody first: what waits only for them is settled before the others are idle as well.
        let lane = self.lanes.get(side);
        let (aside, own): (Vec<_>, Vec<_>) = ends.into_iter().partition(|end| holds_nobody(lane, end.partition));
        for end in aside.into_iter().chain(own) {
            let lane = self.lanes.get(side);
            let Some(state) = lane.partitions.get(&end.partition) else {
                continue;
            };
            let quiet_ms = now_ms - state.timed_at_ms;
            let read = holds_nobody(lane, end.partition) && end.last_stable == end.high;
            if state.done || state.waiting.is_some() || (quiet_ms < idle_ms && !read) {
                continue;
            }
            let input = Input::Quiet {
                side,
                partition: end.partition,
                high_watermark: end.high,
                last_stable: end.last_stable,
                since_ms: wall_ms - quiet_ms,
            };
            self.engine.step(input, outputs);
        }
    }
}

/// A dead letter log is nothing that is compared, and of a partition that the side does not select nothing ever is: they hold nobody
/// longer than it takes to read them.
fn holds_nobody(lane: &Lane, partition: u32) -> bool {
    is_dead_letter(partition) || !lane.reducer().settings().select.takes_partition(partition)
}
