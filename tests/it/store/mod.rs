//! One suite over both databases.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, which clippy does not see as tests"
)]

mod bed;
mod commits;
mod equal;
mod leases;
mod life;
mod opening;
mod rights;

pub use bed::{Bed, Kind, bad, checkpoint, finding, window};
