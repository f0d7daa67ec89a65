//! The simulator: from a seed two sides' logs with faults, an oracle of the whole truth, the real core under a scheduler.

pub mod database;
mod oracle;
mod world;
