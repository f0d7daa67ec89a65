//! Avro object containers.
