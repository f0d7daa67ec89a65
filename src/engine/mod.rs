//! First floor, next door: decisions. Pure, synchronous, deterministic; time is an argument.

mod align;
pub mod census;
mod checkpoint;
mod core;
pub mod diff;
mod input;
pub mod judge;
mod output;
mod settings;
mod view;

pub use align::{AlignSettings, Aligner, Alignment, Level, PartitionState};
pub use checkpoint::{BadRecord, Checkpoint, PartitionCheckpoint, Straddling};
pub use core::Engine;
pub use input::{Entry, Input};
pub use output::{Candidate, Final, FinalWindow, Output, SettledBad};
pub use settings::{Names, Range, Settings, Tolerance};
pub use view::{PartitionView, SideView, Unconserved, UnsharedBad};
