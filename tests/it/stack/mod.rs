//! The real stack: run by the gate.
