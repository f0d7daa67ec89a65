//! The worker, end to end, without the real stack.
