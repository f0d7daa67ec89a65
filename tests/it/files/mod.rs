//! Avro object containers.

mod bad;
mod bounds;
mod container;
mod hostile;
mod read;
mod trouble;
