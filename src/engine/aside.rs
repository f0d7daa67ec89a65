//! Records that take no part in pairing and are compared apart (rule 14): undecodable and untimely ones.

use super::rules::BEGIN;
use super::window::Aside;
use super::{BadRecord, Candidate};
use crate::model::{Digest, Fingerprint, Outcome, Position, Side, UndecodableReason};

/// A record that is compared apart.
pub(super) fn bad_record(
    position: Position,
    max: Option<i64>,
    reason: Option<UndecodableReason>,
    print: Option<&Fingerprint>,
    hash: [u8; 16],
) -> Aside {
    let (baseline, canary) = if position.side == Side::Canary {
        (None, Some(position))
    } else {
        (Some(position), None)
    };
    let outcome = if reason.is_some() {
        Outcome::Undecodable
    } else {
        Outcome::Untimely
    };
    let identity = print.map(|print| print.identity);
    Aside::Bad(
        Candidate {
            outcome,
            baseline,
            canary,
            identity,
            time_ms: max.filter(|max| *max != BEGIN),
            reason,
        },
        hash,
    )
}

/// The same as it waits for its partner.
pub(super) fn waiting(position: Position, candidate: &Candidate, hash: [u8; 16]) -> BadRecord {
    BadRecord {
        max_ms: candidate.time_ms,
        position,
        window_ms: None,
        reason: candidate.reason,
        hash,
    }
}

/// What an untimely record is compared by.
pub(super) fn untimely_hash(print: &Fingerprint) -> [u8; 16] {
    let Digest(digest) = print.digest;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&print.identity.0);
    hasher.update(&digest);
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    hash
}
