//! Codec: canonical form, digests, plans, hostile bytes.
