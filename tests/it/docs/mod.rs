//! Every command, flag, config block and metric of the docs exists.

mod blocks;
mod commands;
mod configs;
mod links;
mod metrics;
pub(crate) mod report;
