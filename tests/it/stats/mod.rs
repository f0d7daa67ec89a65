//! The statistics: against tables computed elsewhere, and as properties.

mod controlled;
mod difference;
mod noise;
mod oracles;
mod plan;
mod properties;
mod simulation;
