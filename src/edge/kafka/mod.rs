//! Kafka: reads topics, never writes. Partitions are assigned by hand, and committed records only are read.
//!
//! [`validate`] judges the settings without a broker. [`Reader::open`] proves within 15 s that the topic is there and
//! may be read, or says why not. [`Reader::poll`] yields batches of one partition and, between them, evidence: an end
//! that was reached, records that expired, a log that was cut. What passes by itself (a broker down) is an
//! [`Event::Trouble`], never an outcome of a record.

mod context;
mod describe;
mod error;
mod faults;
mod fetch;
mod link;
mod offsets;
mod open;
mod partitions;
mod properties;
mod queue;
mod reader;
mod settings;
mod stall;
mod stash;
mod topic;

pub use error::KafkaError;
pub use fetch::Fetcher;
pub use offsets::Ends;
pub use open::topic_names;
pub use reader::{Event, Reader};
pub use settings::{Settings, validate};
pub use stash::Stash;
pub use topic::TopicFacts;
