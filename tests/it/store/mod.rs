//! One suite over both databases, and over the simulated one: that is the proof that it is faithful.

mod away;
mod bed;
mod commits;
mod cut;
mod equal;
mod faults;
mod full;
mod leases;
mod life;
mod opening;
mod rights;
mod tls;

pub use bed::{Bed, Kind, bad, checkpoint, finding, plain, window};
