//! The worker, end to end, without the real stack.

mod http;
mod http_limits;
