//! Records that take no part in pairing: undecodable, untimely and diverted ones, and which time counts for a record.

use super::partition::Partition;
use super::rules::{BEGIN, Rules, earlier, later};
use super::window::Aside;
use super::{BadRecord, Candidate, Entry};
use crate::model::{Differing, Digest, Fingerprint, Identity, Outcome, Position, Side, UndecodableReason};

/// The event time, where it can be used (rules 10 and 14).
pub(super) fn usable_time(
    print: &Fingerprint,
    entry: &Entry,
    log: &mut Partition,
    read_at: i64,
    rules: &Rules,
) -> Option<i64> {
    if rules.no_time {
        return Some(0);
    }
    let time = print.time_ms.filter(|time| rules.is_time(*time))?;
    let untimely = if rules.time_is_timestamp {
        rules.skew_max.is_some() && log.untimely_by_clock(|| time > later(read_at, rules.skew_max))
    } else {
        entry.timestamp_ms.is_some_and(|at| {
            let future = time > later(at, rules.skew_max) && !mutant!(FutureAccepted);
            let past = time < earlier(at, rules.age_max) && !mutant!(PastAccepted);
            future || past
        })
    };
    (!untimely).then_some(time)
}

/// A diverted record was read: its Kafka timestamp moves the maximum of its partition, unless our clock says that it cannot
/// be (rule 10). It is never late, because it pairs with none, and where a dead letter log begins bounds no evidence.
pub(super) fn divert(entry: &Entry, log: &mut Partition, read_at: i64, rules: &Rules) {
    log.wake();
    let time = if rules.no_time { Some(0) } else { entry.timestamp_ms };
    let Some(time) = time.filter(|time| rules.is_time(*time)) else {
        return;
    };
    let by_clock = rules.skew_max.is_some() && !rules.no_time;
    if !(by_clock && log.untimely_by_clock(|| time > later(read_at, rules.skew_max))) {
        log.divert(time, rules);
    }
}

/// A record that cannot be decoded, for a reason, or whose event time cannot be used.
pub(super) fn bad_record(
    position: Position,
    max: Option<i64>,
    reason: Option<UndecodableReason>,
    print: Option<&Fingerprint>,
    hash: [u8; 16],
) -> Aside {
    let outcome = if reason.is_some() {
        Outcome::Undecodable
    } else {
        Outcome::Untimely
    };
    let identity = print.map(|print| print.identity);
    aside((outcome, reason), identity, position, max, hash)
}

/// A record of a dead letter log.
pub(super) fn diverted_record(position: Position, max: Option<i64>, hash: [u8; 16]) -> Aside {
    aside((Outcome::Diverted, None), None, position, max, hash)
}

fn aside(
    (outcome, reason): (Outcome, Option<UndecodableReason>),
    identity: Option<Identity>,
    position: Position,
    max: Option<i64>,
    hash: [u8; 16],
) -> Aside {
    let (baseline, canary) = if position.side == Side::Canary {
        (None, Some(position))
    } else {
        (Some(position), None)
    };
    Aside::Bad(
        Candidate {
            outcome,
            baseline,
            canary,
            identity,
            time_ms: max.filter(|max| *max != BEGIN),
            reason,
            differing: Differing::default(),
        },
        hash,
    )
}

/// What is kept of one until its sharing is settled.
pub(super) fn waiting(position: Position, candidate: &Candidate, hash: [u8; 16]) -> BadRecord {
    BadRecord {
        max_ms: candidate.time_ms,
        position,
        window_ms: None,
        reason: candidate.reason,
        hash,
        diverted: candidate.outcome == Outcome::Diverted,
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
