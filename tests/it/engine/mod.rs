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

use std::ops::Div;

/// How many worlds are looked at, and what must be met in them: all where it is optimised, as in the gate, a quarter where not.
fn part_of<N: From<u8> + Div<Output = N>>(number: N) -> N {
    if cfg!(debug_assertions) {
        number / N::from(4)
    } else {
        number
    }
}
