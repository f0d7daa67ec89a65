//! Bounded runs over files.
