//! The one integration test binary.

// Also tells clippy that the helpers here are tests: they may unwrap.
#![cfg(test)]

mod cli;
mod codec;
mod config;
mod demo;
mod deploy;
mod docs;
mod engine;
mod files;
mod kafka;
mod reconcile;
mod registry;
mod replay;
mod simulation;
mod stack;
mod stats;
mod store;
mod tidy;
mod worker;
