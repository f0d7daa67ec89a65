//! Avro object containers.

mod bad;
mod bounds;
mod constant;
mod container;
mod crew;
mod hostile;
mod read;
mod trouble;
