//! Avro object containers.

mod bad;
mod container;
mod hostile;
mod read;
mod trouble;
