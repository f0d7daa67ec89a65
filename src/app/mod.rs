//! Third floor: composition. Build everything, then spawn; the only async glue and the only clock.

pub mod board;
pub mod book;
pub mod check;
pub mod clock;
pub mod command;
pub mod contract;
pub mod demo;
pub mod findings;
pub mod keyed;
pub mod lane;
pub mod log;
pub mod logs;
pub mod metrics;
pub mod paths;
pub mod range;
pub mod reconcile;
pub mod release;
pub mod report;
pub mod schemas;
pub mod stored;
pub mod stream;
pub mod trouble;
pub mod verdict;
pub mod worker;
pub mod world;
