//! The statistics: against tables computed elsewhere, and as properties.

mod difference;
mod noise;
mod oracles;
mod plan;
mod properties;
mod simulation;
