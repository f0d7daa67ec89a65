//! First floor, next door: decisions. Pure, synchronous, deterministic; time is an argument.

mod align;
mod away;
mod bad;
pub mod census;
mod checkpoint;
mod core;
pub mod diff;
mod evidence;
mod few;
mod finality;
mod holes;
mod input;
pub mod judge;
mod ledger;
mod many;
mod output;
mod pairing;
mod partition;
mod resumed;
mod row;
mod rules;
mod segment;
mod settings;
pub mod stats;
mod tolerance;
mod view;
mod window;

pub use align::{AlignSettings, Aligner, Alignment, Level, PartitionState};
pub use away::Away;
pub use checkpoint::{BadRecord, Checkpoint, PartitionCheckpoint, Straddling};
pub use core::Engine;
pub use holes::Hole;
pub use input::{Entry, Input};
pub use output::{Candidate, Final, FinalWindow, Output, SettledBad};
pub use settings::{Names, Range, Settings, Tolerance};
pub use view::{PartitionView, SideView, Unconserved, UnsharedBad};
