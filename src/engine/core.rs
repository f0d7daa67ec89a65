//! The comparison of one stream: a step function over closed enums.

use super::{Checkpoint, Input, Output, PartitionView, Settings, SideView, Unconserved, UnsharedBad};
use crate::model::{Side, WindowCounts};

/// The comparison of one stream.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
}

impl Engine {
    /// A new engine; `declare` every partition before the first record.
    #[must_use]
    pub fn new(settings: Settings) -> Engine {
        Engine { settings }
    }

    /// An engine that goes on where a checkpoint stands.
    #[must_use]
    pub fn resume(settings: Settings, _checkpoint: Checkpoint) -> Engine {
        Engine { settings }
    }

    /// A partition that will be read from `from`. One that is known already stays as it is.
    pub fn declare(&mut self, _side: Side, _partition: u32, _from: u64) {}

    /// From now on every mismatched pair that counts is put out.
    pub fn want_pairs(&mut self) {}

    /// Takes in one thing that happened; what it brings about is appended to `outputs`.
    pub fn step(&mut self, _input: Input<'_>, _outputs: &mut Vec<Output>) {}

    /// What must be stored now to go on from here.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint::default()
    }

    /// How it is compared.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// One side as it stands.
    #[must_use]
    pub fn side(&self, _side: Side) -> SideView {
        SideView::default()
    }

    /// The partitions of a side, in their order.
    #[must_use]
    pub fn partitions(&self, _side: Side) -> Vec<PartitionView> {
        Vec::new()
    }

    /// The engine's watermark: the least over the sides, which never falls. `i64::MAX` once everything is read.
    #[must_use]
    pub fn watermark_ms(&self) -> Option<i64> {
        None
    }

    /// End of the last final window.
    #[must_use]
    pub fn frontier_ms(&self) -> Option<i64> {
        None
    }

    /// The range of evidence as far as it is known: its first millisecond, and the first after it.
    #[must_use]
    pub fn evidence_ms(&self) -> (Option<i64>, Option<i64>) {
        (None, None)
    }

    /// True once every partition of both sides is read to its end: then every window is final.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        false
    }

    /// After `close`, once everything is read: was the canary behind by more than lateness + grace?
    #[must_use]
    pub fn canary_behind_at_close(&self) -> Option<bool> {
        None
    }

    /// Bytes that unsettled and remembered records hold.
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        0
    }

    /// True at `held_max_bytes`: then only the slowest partition of the side with the least watermark may be read.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.held_bytes() >= self.settings.held_max_bytes
    }

    /// What is counted in windows that are not final yet.
    #[must_use]
    pub fn unfinished(&self) -> WindowCounts {
        WindowCounts::default()
    }

    /// Baseline's bad records that no canary record has taken so far.
    #[must_use]
    pub fn unshared_baseline(&self) -> UnsharedBad {
        UnsharedBad::default()
    }

    /// The conservation law (rule 12): every record that was read is in exactly one place.
    ///
    /// # Errors
    ///
    /// When it does not hold now, or did not when a window became final.
    pub fn conservation(&self) -> Result<(), Unconserved> {
        Ok(())
    }
}
