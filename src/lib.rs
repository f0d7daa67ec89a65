//! crosscheck tells you, while a canary runs, whether the canary writes the same data as the baseline.
//!
//! A record is read, reduced to a fingerprint, paired into an outcome, counted into a window, and judged:
//!
//! `read -> schema -> plan -> fingerprint -> step -> outcomes, windows -> judge -> store (one transaction) -> metrics -> commit`
//!
//! The modules in reading order, lowest floor first. A floor knows only the floors below it.

#[macro_use]
pub mod mutants;

pub mod model;

pub mod codec;
pub mod engine;

pub mod edge;

pub mod config;

pub mod app;

pub mod cli;
