//! Ground floor: nouns. Plain data that every floor above shares; no decisions, no I/O.

mod batch;
mod counts;
mod entry;
mod field;
mod fingerprint;
mod floating;
mod named;
mod numbered;
mod outcome;
mod position;
mod profile;
mod side;
mod value;
mod verdict;

pub use batch::{Bytes, Header, Lent, RecordBatch, RecordRef};
pub use counts::{BadCounts, ControlCounts, SideCounts, Skew, WindowCounts};
pub use entry::Entry;
pub use field::{DifferenceKind, FieldDifference, Path, PathParseError, Segment};
pub use fingerprint::{Digest, Fingerprint, Identity, Reduction, TolerantKind, TolerantValue, hex};
pub use floating::{readable, shortest};
pub use named::{Critical, Delays, Differing, GroupCounts, Measured, NamedCounts};
pub use numbered::{Numbered, Topics, is_dead_letter, topic_of};
pub use outcome::{Excluded, Outcome, UndecodableReason};
pub use position::Position;
pub use profile::{
    Arm, BINS_MAX, Bins, CATEGORIES_MAX, CarriedValues, Categories, FieldProfile, Profiled, Split, WindowProfile,
    length_bin, number_bin,
};
pub use side::{PerSide, Side, Sides};
pub use value::Value;
pub use verdict::{Inconclusive, Verdict};
