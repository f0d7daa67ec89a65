//! The real stack: run by the gate.

mod bad_input;
