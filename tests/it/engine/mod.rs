//! Engine: properties and worked examples of the rules.

mod aggregates;
mod away;
mod control;
mod control_examples;
mod critical;
mod driver;
mod examples;
mod holes;
mod hot;
mod latency;
mod latest;
mod limits;
mod lives;
#[cfg(feature = "mutants")]
mod mutants;
mod oracle;
mod pace;
mod profiled;
mod properties;
mod replayed;
mod world;
