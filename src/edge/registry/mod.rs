//! Schema registries: the Confluent REST API, read only.
//!
//! A schema is asked for once: cached per (registry, id), one flight per id, a miss remembered for 30 s. What an id meant
//! at first it means for good. An answer that is not a schema is an error that says what it looks like; a registry that is
//! down never makes a record undecodable, and is left alone for moments. Its host is the only one that is ever asked.

mod address;
mod breaker;
mod counts;
mod error;
mod flights;
mod http;
mod misses;
mod schema;
mod settings;

pub use address::address;
pub use counts::Requests;
pub use error::RegistryError;
pub use flights::Registry;
pub use schema::{Kind, RegisteredSchema};
pub use settings::{Auth, Settings};
