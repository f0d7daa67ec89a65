//! The worker, end to end, mostly without the real stack.

mod aggregates;
mod compacted;
mod control;
mod critical;
mod dead_letter;
mod decisions;
mod drift;
mod http;
mod http_limits;
mod json;
mod latency;
mod logs;
mod protobuf;
mod sampled;
mod shown;
