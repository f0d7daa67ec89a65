//! Floors, sizes, banned calls.
