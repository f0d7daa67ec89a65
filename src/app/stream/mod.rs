//! One stream, read and stepped: `read -> schema -> plan -> fingerprint -> step`, one straight line, one thread.

mod control;
mod disorder;
mod idle;
mod lost;
mod needs;
mod pace;
mod retention;
mod topics;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::book::Book;
use super::clock::Clock;
use super::lane::Lane;
use super::log::{Log, Read};
use super::metrics::StreamMetrics;
use super::schemas::Schemas;
use crate::engine::judge::Useless;
use crate::engine::{AlignSettings, Aligner, Engine, Entry, Input, Output, Range};
use crate::model::{Inconclusive, PerSide, Reduction, Side, Sides, Topics};
pub use disorder::Disorder;
pub use retention::Trail;

/// How many records are settled at once: some tenths of a millisecond, so that nothing that a turn does waits for long.
pub const PACE: u64 = 4_096;
/// How long is waited where nothing is there.
const WAIT: Duration = Duration::from_millis(20);

/// How a stream is read, beside what the engine is set to.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// A partition this far ahead of the slowest is held back; `None` where all is read before anything is settled.
    pub ahead_max_ms: Option<i64>,
    /// A partition that sends nothing for this long may be idle; `None` in a bounded run.
    pub idle_ms: Option<i64>,
    /// How many records are settled at once; a turn goes on with the rest before it reads.
    pub pace: u64,
}

/// One stream.
pub struct Stream {
    /// Its name.
    pub name: String,
    /// Its comparison.
    pub engine: Engine,
    /// Its logs.
    pub lanes: Sides<Lane>,
    /// What is known of schemas.
    pub book: Book,
    /// Where each partition ended when it was last asked: (partition, high watermark).
    pub ends: Sides<Vec<(u32, u64)>>,
    /// Records of a side that cannot be compared, since its last one that can.
    pub useless: PerSide<Useless>,
    /// When the broker was asked last what is unread of a side and it was proved, on our monotonic clock.
    proved_ms: PerSide<Option<i64>>,
    /// Memory is at its limit and the side that could free it sends nothing.
    pub stalled: bool,
    /// How long each topic keeps its records, where it does not keep them for ever and the broker tells.
    pub retention_ms: Sides<Option<i64>>,
    /// How disordered partitions are, where somebody asks.
    pub disorder: Option<Disorder>,
    /// Where emit delays go.
    pub meter: Option<Arc<StreamMetrics>>,
    schemas: Schemas,
    reading: Reading,
    aligner: Option<Aligner>,
    /// Fields of the contract that the baseline's history lacks, once it is read.
    narrower: Option<BTreeSet<String>>,
    clock: Clock,
    /// What the logs themselves did that stands in the way of a verdict.
    pub incidents: BTreeSet<(Inconclusive, Side, String)>,
    /// Brokers that are in trouble, in librdkafka's words.
    pub trouble: Sides<Option<String>>,
    /// Partitions whose bytes do not match their checksum for now, and where.
    pub unreadable: Sides<BTreeMap<u32, String>>,
    /// What each topic was when this generation began to read it, as far as its cluster tells.
    pub topic_ids: Sides<Option<String>>,
    /// The same of the other topics of a side, its own, by their places among them.
    pub other_ids: Sides<BTreeMap<u32, String>>,
    /// Sides that may have no topic that the baseline has.
    pub alike: Vec<Side>,
    asked_ms: i64,
    /// When the control last gave something.
    control_ms: i64,
    /// When topics were last looked at: their ids, and how many partitions they have.
    looked_ms: i64,
    /// Partitions that ended below what was read of them at the last look.
    short: Sides<BTreeSet<u32>>,
    /// The ends were captured from the logs: a log that ends below one has lost it.
    closed: bool,
}

impl Stream {
    /// Puts it together; the lanes' partitions are declared to the engine already.
    #[must_use]
    pub fn new(
        name: String,
        mut engine: Engine,
        lanes: Sides<Lane>,
        schemas: Schemas,
        book: Book,
        reading: Reading,
        clock: Clock,
    ) -> Self {
        let control_ms = clock.elapsed_ms();
        engine.pace(reading.pace);
        if reading.idle_ms.is_none() {
            // Every log is read to an end, so that nobody waits for ever.
            engine.await_control();
        }
        let aligner = reading.ahead_max_ms.map(|ahead_max_ms| {
            let held_max_bytes = engine.settings().held_max_bytes;
            let mut aligner = Aligner::new(AlignSettings {
                ahead_max_ms,
                held_max_bytes,
            });
            if reading.idle_ms.is_none() {
                aligner.await_control();
            }
            aligner
        });
        Self {
            name,
            engine,
            lanes,
            book,
            ends: Sides::default(),
            useless: PerSide::default(),
            proved_ms: PerSide::default(),
            stalled: false,
            retention_ms: Sides::default(),
            disorder: None,
            meter: None,
            schemas,
            reading,
            aligner,
            narrower: None,
            clock,
            incidents: BTreeSet::new(),
            trouble: Sides::default(),
            unreadable: Sides::default(),
            topic_ids: Sides::default(),
            other_ids: Sides::default(),
            alike: Vec::new(),
            asked_ms: 0,
            control_ms,
            looked_ms: 0,
            short: Sides::default(),
            closed: false,
        }
    }

    /// One turn: some of what can be settled, or else what waited, then one read of each side. True if anything moved.
    /// Waits for nothing.
    ///
    /// # Errors
    /// A log or a registry that cannot be read any further.
    pub fn turn(&mut self, outputs: &mut Vec<Output>) -> Result<bool> {
        if self.engine.has_work() {
            self.engine.work(outputs);
            self.align();
            return Ok(true);
        }
        if self.is_over() {
            return Ok(false);
        }
        let mut moved = self.schemas.take()?;
        moved |= self.settle_needs(outputs);
        for side in self.sides_to_read() {
            moved |= self.read_or_leave(*side, Duration::ZERO, outputs)?;
        }
        self.align();
        self.look_for_idle(outputs)?;
        Ok(moved)
    }

    /// Waits for a record where one may come, else for an answer of a registry. True if anything came.
    ///
    /// # Errors
    /// As [`Stream::turn`].
    pub fn wait(&mut self, outputs: &mut Vec<Output>) -> Result<bool> {
        let follows = |lane: &Lane| matches!(lane.log, Log::Kafka(_)) && lane.wants_records();
        let present = self.sides_to_read().iter().copied();
        let readable: Vec<Side> = present.filter(|side| follows(self.lanes.get(*side))).collect();
        let mut moved = false;
        for side in &readable {
            moved |= self.read_or_leave(*side, WAIT / 2, outputs)?;
        }
        if readable.is_empty() || self.is_over() {
            moved = self.schemas.wait_here(WAIT)?;
        }
        Ok(moved)
    }

    /// The sides that there are.
    #[must_use]
    pub fn sides(&self) -> &'static [Side] {
        self.lanes.present()
    }

    /// What the numbers of partitions stand for.
    #[must_use]
    pub fn topics(&self) -> Sides<Topics> {
        self.lanes.each(|side| self.lanes.get(side).log.topics())
    }

    /// True once every partition of every side was read to its captured end, or no further, and all that can be settled is.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let done = |lane: &Lane| lane.partitions.values().all(|partition| partition.done);
        !self.engine.has_work() && (self.is_over() || self.lanes.all().all(done))
    }

    /// True where reading is aligned by event time.
    #[must_use]
    pub fn is_aligned(&self) -> bool {
        self.aligner.is_some()
    }

    /// Bytes that records in flight hold: those that the engine has, and those that were read and are kept back.
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        self.engine.held_bytes() + self.lanes.all().map(Lane::kept_bytes).sum::<u64>()
    }

    /// True at `held_max_bytes`: then only the slowest partition of the side with the least watermark may be read.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.held_bytes() >= self.engine.settings().held_max_bytes
    }

    /// Sides whose registry does not answer.
    #[must_use]
    pub fn registry_down(&self) -> Vec<Side> {
        self.schemas.down()
    }

    pub(super) fn read(&mut self, side: Side, wait: Duration, outputs: &mut Vec<Output>) -> Result<bool> {
        if self.is_over() {
            return Ok(false);
        }
        let lane = self.lanes.get_mut(side);
        // A topic is polled even where nothing is wanted of it: that serves its client.
        if matches!(lane.log, Log::File(_)) && !lane.wants_records() {
            return Ok(false);
        }
        match lane.log.read(wait)? {
            Read::Records(batch, broken, ready) => {
                let partition = batch.partition;
                let end = batch.records.last().map_or(0, |record| record.offset + 1);
                let state = lane.partitions.entry(partition).or_default();
                state.at_end = false;
                if let Some(first) = batch.records.first() {
                    state.trail.note(first.offset, first.timestamp_ms, end);
                }
                *self.trouble.get_mut(side) = None;
                self.unreadable.get_mut(side).remove(&partition);
                let entries = lane.admit(batch, broken, ready);
                self.step(side, partition, &entries, outputs);
                self.finish_at(side, partition, end, outputs);
            }
            Read::End(partition, position) => {
                *self.trouble.get_mut(side) = None;
                self.unreadable.get_mut(side).remove(&partition);
                self.reached(side, partition, position, outputs);
            }
            Read::Expired(partition, from, to) => {
                self.expired(side, partition, (from, to), outputs);
            }
            Read::Truncated(partition, position, end) => self.truncated(side, partition, position, end),
            Read::Corrupt(partition, offset) => self.corrupt(side, partition, offset),
            Read::Trouble(text) => *self.trouble.get_mut(side) = Some(text),
            Read::Idle => return Ok(false),
        }
        if side == Side::Control {
            self.control_ms = self.clock.elapsed_ms();
        }
        Ok(true)
    }

    pub(super) fn incident(&mut self, reason: Inconclusive, side: Side, text: String) {
        let incident = (reason, side, text);
        if !self.incidents.contains(&incident) {
            tracing::warn!(stream = self.name, reason = reason.as_str(), "{}", incident.2);
            self.incidents.insert(incident);
            self.leave_control_that_is_another();
        }
    }

    /// Gives the engine what was reduced, and looks whether the range of event time is read.
    fn step(&mut self, side: Side, partition: u32, entries: &[Entry], outputs: &mut Vec<Output>) {
        if entries.is_empty() {
            return;
        }
        let was_silent = self.engine.side(side).silent_since_ms.is_some();
        let (mut position, mut timed) = self.engine.timed(side, partition);
        if let Some(meter) = &self.meter {
            meter.emit_delays(side, entries.iter().filter_map(emit_delay_ms));
        }
        if let Some(disorder) = &mut self.disorder {
            disorder.take(side, partition, entries);
        }
        let read_at_ms = self.clock.wall_ms();
        let mut rest = entries;
        while !rest.is_empty() {
            // However records come in batches, a range of event time ends behind the first that is past it.
            let past = rest.iter().position(|entry| self.is_past_range(moves_to_ms(entry)));
            let (now, later) = rest.split_at(past.map_or(rest.len(), |at| at + 1));
            self.engine.step(
                Input::Records {
                    side,
                    partition,
                    entries: now,
                    read_at_ms,
                },
                outputs,
            );
            let fresh = now.partition_point(|entry| entry.offset < position);
            let before = timed;
            (position, timed) = self.engine.timed(side, partition);
            if timed > before {
                self.heard(side, partition, was_silent);
            } else {
                self.count_useless(side, &now[fresh..]);
            }
            self.note_proof(side);
            if self.is_past_range(self.max_ms(side, partition)) {
                return self.complete(side, partition, outputs);
            }
            rest = later;
        }
    }

    /// The running maximum of a partition, where the range has an end in time.
    fn max_ms(&self, side: Side, partition: u32) -> Option<i64> {
        if !matches!(self.engine.settings().range, Range::Time { end_ms: Some(_), .. }) {
            return None;
        }
        let mut views = self.engine.partitions(side).into_iter();
        views.find(|view| view.partition == partition)?.max_ms
    }

    /// True for a time that has passed the range's end + lateness + grace.
    fn is_past_range(&self, time_ms: Option<i64>) -> bool {
        let settings = self.engine.settings();
        let (Range::Time { end_ms: Some(end), .. }, Some(lateness), Some(grace)) =
            (settings.range, settings.lateness_ms, settings.grace_ms)
        else {
            return false;
        };
        time_ms.is_some_and(|time| time > end.saturating_add(lateness).saturating_add(grace))
    }

    fn reached(&mut self, side: Side, partition: u32, position: u64, outputs: &mut Vec<Output>) {
        let lane = self.lanes.get_mut(side);
        let file = matches!(lane.log, Log::File(_));
        let state = lane.partitions.entry(partition).or_default();
        if state.waiting.is_some() {
            state.told_end = Some(position);
            return;
        }
        state.at_end = true;
        if file {
            // The end of a file is told by reading it.
            state.end = Some(state.end.map_or(position, |end| end.min(position)));
        }
        let position = state.end.map_or(position, |end| position.min(end));
        self.engine.step(
            Input::Reached {
                side,
                partition,
                position,
            },
            outputs,
        );
        self.finish_at(side, partition, position, outputs);
    }

    /// Completes a partition that was read to its captured end.
    fn finish_at(&mut self, side: Side, partition: u32, position: u64, outputs: &mut Vec<Output>) {
        let Some(state) = self.lanes.get(side).partitions.get(&partition) else {
            return;
        };
        let Some(end) = state
            .end
            .filter(|end| position >= *end && state.waiting.is_none() && !state.done)
        else {
            return;
        };
        if state.is_open {
            self.open_at_end(side, partition, end);
        }
        self.engine.step(
            Input::Reached {
                side,
                partition,
                position: end,
            },
            outputs,
        );
        self.complete(side, partition, outputs);
    }

    fn complete(&mut self, side: Side, partition: u32, outputs: &mut Vec<Output>) {
        let lane = self.lanes.get_mut(side);
        let state = lane.partitions.entry(partition).or_default();
        if std::mem::replace(&mut state.done, true) {
            return;
        }
        if state.waiting.is_some() {
            // The engine gets that yet, and what was read behind it.
            lane.log.hold(&[partition]);
        } else {
            lane.log.end(partition);
        }
        self.engine.step(Input::Completed { side, partition }, outputs);
    }

    /// Captures where everything ends: from now on nothing behind these offsets is read.
    pub fn end_at(&mut self, ends: &Sides<Vec<(u32, u64)>>, outputs: &mut Vec<Output>) {
        self.closed = true;
        for &side in self.sides() {
            for &(partition, end) in ends.get(side) {
                self.lanes.get_mut(side).partitions.entry(partition).or_default().end = Some(end);
            }
            // What had no end then was added later: all of it lies behind the close.
            for view in self.engine.partitions(side) {
                let state = self.lanes.get_mut(side).partitions.entry(view.partition).or_default();
                state.end.get_or_insert(view.from);
            }
        }
        self.finish_what_is_read(outputs);
    }

    /// Completes every partition that stands at its captured end already, an empty one for instance.
    pub fn finish_what_is_read(&mut self, outputs: &mut Vec<Output>) {
        for &side in self.sides() {
            for view in self.engine.partitions(side) {
                self.finish_at(side, view.partition, view.position, outputs);
            }
        }
    }
}

/// From the event to the log, milliseconds.
fn emit_delay_ms(entry: &Entry) -> Option<i64> {
    entry.timestamp_ms?.checked_sub(entry_time_ms(entry)?)
}

/// What it may move the running maximum to.
fn moves_to_ms(entry: &Entry) -> Option<i64> {
    match entry.body {
        Reduction::Diverted(_) => entry.timestamp_ms,
        _ => entry_time_ms(entry),
    }
}

fn entry_time_ms(entry: &Entry) -> Option<i64> {
    match &entry.body {
        Reduction::Decoded(fingerprint) => fingerprint.time_ms,
        Reduction::Undecodable(..) | Reduction::Deselected | Reduction::Diverted(_) => None,
    }
}
