//! First floor, next door: decisions. Pure, synchronous, deterministic; time is an argument.

mod checkpoint;
mod input;
pub mod judge;
mod output;
mod settings;

pub use checkpoint::{BadRecord, Checkpoint, PartitionCheckpoint, Straddling};
pub use input::{Entry, Input};
pub use output::{Candidate, Final, FinalWindow, Output, SettledBad};
pub use settings::{Names, Range, Settings, Tolerance};

/// The comparison of one stream.
#[derive(Debug)]
pub struct Engine {}
impl Engine {
    /// x
    pub fn is_full(&self) -> bool {
        false
    }
    /// x
    pub fn want_pairs(&mut self) {}
}
