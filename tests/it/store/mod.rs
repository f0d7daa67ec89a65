//! One suite over both databases, and over the simulated one: that is the proof that it is faithful.

mod bed;
mod commits;
mod equal;
mod leases;
mod life;
mod opening;
mod rights;

pub use bed::{Bed, Kind, bad, checkpoint, finding, window};
