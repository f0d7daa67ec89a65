//! What an engine shows of itself: for metrics, verdicts and the reader's alignment. Nothing here decides anything.

use std::collections::BTreeMap;

use super::Engine;
use super::core::{awake_watermark, is_complete, largest_max, side_watermark};
use super::partition::Partition;
use super::rules::{BEGIN, later};
use super::settings::Settings;
use crate::model::{Side, SideCounts, WindowCounts};

/// One side as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideView {
    /// Least watermark of the partitions that are neither idle nor read to their ends; `None` without one.
    pub watermark_ms: Option<i64>,
    /// Largest running maximum of its partitions.
    pub max_ms: Option<i64>,
    /// Records that are read and in no window yet.
    pub pending: u64,
    /// Records read.
    pub read: u64,
    /// Bytes of the records read.
    pub bytes: u64,
    /// Offsets without a record.
    pub gaps: u64,
    /// Since when it sends nothing, where all its partitions that are not read to their ends are idle.
    pub silent_since_ms: Option<i64>,
    /// Since when a transaction of one of its partitions is open, the earliest.
    pub open_transaction_since_ms: Option<i64>,
    /// Every partition was read to its captured end.
    pub complete: bool,
    /// What was read is past what is proved of its idle partitions: it goes on once that is proved anew.
    pub unproved: bool,
}

/// One partition as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartitionView {
    /// Which one.
    pub partition: u32,
    /// First offset that was asked for.
    pub from: u64,
    /// Next offset to read.
    pub position: u64,
    /// Records read.
    pub read: u64,
    /// Bytes of the records read.
    pub bytes: u64,
    /// Offsets without a record.
    pub gaps: u64,
    /// Running maximum of the event times.
    pub max_ms: Option<i64>,
    /// Since when it is idle, if it is.
    pub idle_since_ms: Option<i64>,
    /// Since when a transaction is open, if one is.
    pub open_transaction_since_ms: Option<i64>,
    /// It was read to its captured end.
    pub completed: bool,
}

/// Baseline's undecodable, untimely and diverted records that no canary record has taken. In a bounded run, at its end, they are
/// judged like the canary's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnsharedBad {
    /// Undecodable ones within the range of evidence.
    pub undecodable: u64,
    /// Untimely ones within the range of evidence.
    pub untimely: u64,
    /// Diverted ones within the range of evidence.
    pub diverted: u64,
}

/// The conservation law (rule 12) does not hold: a record is in no place, or in two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("conservation is broken on the {side}: {read} records read, {placed} counted or pending")]
pub struct Unconserved {
    /// On which side.
    pub side: Side,
    /// Records read since the engine began.
    pub read: u64,
    /// Records that are counted, recognised or pending.
    pub placed: u64,
}

impl Engine {
    /// How it is compared.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// One side as it stands.
    #[must_use]
    pub fn side(&self, side: Side) -> SideView {
        let Some(logs) = self.logs(side) else {
            return SideView::default();
        };
        let pending = match (&self.control, side) {
            (Some(control), Side::Control) => control.unsettled(),
            _ => {
                self.pairing.pending().get(side)
                    + self.put_away_of(side)
                    + self.maybe_newest(side)
                    + self.resumed.halves(side)
            }
        };
        let watermark = side_watermark(logs, &self.rules);
        let mut view = SideView {
            watermark_ms: watermark.filter(|watermark| *watermark != BEGIN),
            unproved: awake_watermark(logs, None, &self.rules) > watermark,
            max_ms: largest_max(logs),
            pending,
            complete: is_complete(logs),
            ..SideView::default()
        };
        let partitions = self.partitions(side);
        for partition in &partitions {
            view.read += partition.read;
            view.bytes = view.bytes.saturating_add(partition.bytes);
            view.gaps += partition.gaps;
            let open = [view.open_transaction_since_ms, partition.open_transaction_since_ms];
            view.open_transaction_since_ms = open.into_iter().flatten().min();
        }
        let unread = || partitions.iter().filter(|partition| !partition.completed);
        if unread().all(|partition| partition.idle_since_ms.is_some()) {
            view.silent_since_ms = unread().filter_map(|partition| partition.idle_since_ms).max();
        }
        view
    }

    fn logs(&self, side: Side) -> Option<&BTreeMap<u32, Partition>> {
        if side == Side::Control {
            return Some(&self.control.as_ref()?.partitions);
        }
        Some(self.partitions.get(side))
    }

    /// The control's records that take no part in pairing, since this engine began; the dropped ones are `edge`.
    #[must_use]
    pub fn control_aside(&self) -> SideCounts {
        let control = self.control.as_ref();
        control.map_or_else(SideCounts::default, |control| control.own.clone())
    }

    /// Position of a partition, and how many records with a usable event time, late ones too, this engine read before it.
    #[must_use]
    pub fn timed(&self, side: Side, partition: u32) -> (u64, u64) {
        let log = self.logs(side).and_then(|logs| logs.get(&partition));
        log.map_or((0, 0), Partition::timed)
    }

    /// The partitions of a side, in their order.
    #[must_use]
    pub fn partitions(&self, side: Side) -> Vec<PartitionView> {
        let logs = self.logs(side).into_iter().flatten();
        logs.map(|(partition, log)| log.view(*partition)).collect()
    }

    /// The engine's watermark: the least over the sides, which never falls. `i64::MAX` once everything is read.
    #[must_use]
    pub fn watermark_ms(&self) -> Option<i64> {
        self.watermark().filter(|watermark| *watermark != BEGIN)
    }

    /// End of the last final window, or of an empty one after it.
    #[must_use]
    pub fn frontier_ms(&self) -> Option<i64> {
        self.frontier
    }

    /// The range of evidence as far as it is known: its first millisecond, and the first after it.
    #[must_use]
    pub fn evidence_ms(&self) -> (Option<i64>, Option<i64>) {
        (self.ledger.evidence.start, self.ledger.evidence.end)
    }

    /// True once every partition of both sides, and of a control that is awaited, is read to its end and no work is left: then every window is final.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let awaited = self.control.as_ref().filter(|control| control.waits);
        let sides = [&self.partitions.baseline, &self.partitions.canary];
        sides.into_iter().all(is_complete) && awaited.is_none_or(|control| control.is_complete()) && !self.has_work()
    }

    /// After `close`, once everything is read: was the canary behind by more than lateness + grace?
    #[must_use]
    pub fn canary_behind_at_close(&self) -> Option<bool> {
        if !self.ledger.evidence.closing || !self.is_complete() {
            return None;
        }
        let (baseline, canary) = (
            largest_max(&self.partitions.baseline),
            largest_max(&self.partitions.canary),
        );
        let reach = canary.map(|max| later(later(max, self.rules.lateness), self.rules.grace));
        Some(baseline.is_some_and(|baseline| reach.is_none_or(|reach| reach < baseline)))
    }

    /// Bytes that unsettled and remembered records hold.
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        let control = self.control.as_ref().map_or(0, |control| control.held_bytes());
        let newest = self.latest.as_ref().map_or(0, |latest| latest.held_bytes(&self.rules));
        self.pairing.held_bytes(&self.rules) + self.ledger.held_bytes() + self.bad.held_bytes() + newest + control
    }

    /// True at `held_max_bytes`: then only the slowest partition of the side with the least watermark may be read.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.held_bytes() >= self.settings.held_max_bytes
    }

    /// What is counted in windows that are not final yet.
    #[must_use]
    pub fn unfinished(&self) -> WindowCounts {
        self.ledger.unfinished()
    }

    /// Baseline's bad records that no canary record has taken so far.
    #[must_use]
    pub fn unshared_baseline(&self) -> UnsharedBad {
        self.bad.unshared(&self.ledger.evidence, &self.rules)
    }

    /// The conservation law (rule 12): every record that was read is in exactly one place.
    ///
    /// # Errors
    ///
    /// When it does not hold now, or did not when a window became final.
    pub fn conservation(&self) -> Result<(), Unconserved> {
        self.broken.map_or_else(|| self.check(), Err)
    }

    pub(super) fn check(&self) -> Result<(), Unconserved> {
        if let Some(control) = &self.control {
            let (side, (read, placed)) = (Side::Control, control.conservation());
            if read != placed {
                return Err(Unconserved { side, read, placed });
            }
        }
        let (in_pairing, counted) = (self.pairing.pending(), self.ledger.counted());
        Side::PAIR.into_iter().try_for_each(|side| {
            let read = self.partitions.get(side).values().map(|log| log.read_here()).sum();
            let resumed = self.resumed.recognised(side) + self.resumed.halves(side);
            let pending = in_pairing.get(side) + self.put_away_of(side) + self.maybe_newest(side);
            let placed = resumed + pending + counted.get(side);
            if read == placed {
                Ok(())
            } else {
                Err(Unconserved { side, read, placed })
            }
        })
    }
}
