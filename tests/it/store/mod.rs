//! One suite over both databases.

mod bed;
mod commits;
mod equal;
mod leases;
mod life;
mod opening;
mod rights;

pub use bed::{Bed, Kind, bad, checkpoint, finding, window};
