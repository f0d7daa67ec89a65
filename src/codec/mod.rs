//! First floor: bytes and schema to canonical form, fingerprint and value tree. Pure.
