//! Third floor: composition. Build everything, then spawn; the only async glue and the only clock.

pub mod board;
pub mod metrics;
pub mod report;
