//! The records of one identity while they are few: rule 6 as it is written.

use super::row::{Row, Settled, plain_surplus};
use super::rules::{Rules, later};
use super::tolerance::Equality;
use crate::model::Outcome;

/// Settles every unsettled record before `until`. `rows` are in the order of settling.
pub(super) fn settle(rows: &mut [Row], until: i64, rules: &Rules, out: &mut Vec<Settled>) {
    for first in 0..rows.len() {
        let Some(row) = rows.get(first).filter(|row| !row.settled) else {
            continue;
        };
        if row.time >= until {
            break;
        }
        let (settled, partner) = settle_one(rows, first, row, rules);
        out.push(settled);
        for at in [Some(first), partner].into_iter().flatten() {
            if let Some(row) = rows.get_mut(at) {
                row.settled = true;
            }
        }
    }
}

fn settle_one(rows: &[Row], first: usize, row: &Row, rules: &Rules) -> (Settled, Option<usize>) {
    let end = later(row.time, rules.grace);
    // S: the unsettled ones up to grace later. The row itself equals none of the other side once (a) has failed.
    let open = || {
        let after = rows.iter().enumerate().skip(first + 1);
        after
            .take_while(|(_, other)| other.time <= end)
            .filter(|(_, other)| !other.settled)
    };
    let across = || open().filter(|(_, other)| other.side != row.side);
    let pair = |(at, other): (usize, &Row), outcome| {
        (
            Settled::pair(row.identity, row.side, row.sighting(), other.sighting(), outcome),
            Some(at),
        )
    };

    let exact = || {
        let mut equal = across().filter(|(_, other)| row.equality(other, rules) == Equality::Exact);
        if mutant!(NewestFirst) {
            equal.last()
        } else {
            equal.next()
        }
    };
    let within = || across().find(|(_, other)| row.equals(other, rules));
    if let Some(partner) = exact().or_else(within) {
        return pair(partner, Outcome::Matched);
    }
    let repeats = |row: &Row| row.may_repeat(rules) && own_settled(rows, row, rules).any(|own| row.equals(own, rules));
    if repeats(row) && !mutant!(DuplicateIsMismatch) {
        return (row.alone(Outcome::Duplicate), None);
    }
    let has_equal = |row: &Row| open().any(|(_, other)| other.side != row.side && other.equals(row, rules));
    let lonely = across()
        .take_while(|(_, other)| rules.half_near(row.time, other.time))
        .find(|(_, other)| !has_equal(other) && !repeats(other));
    if let Some(partner) = lonely {
        let (settled, at) = pair(partner, Outcome::Mismatched);
        return (settled.with(row.differing(partner.1, rules)), at);
    }
    let conflicts = || {
        own_settled(rows, row, rules).any(|own| !row.equals(own, rules))
            || open().any(|(_, own)| own.side == row.side && !row.equals(own, rules) && has_equal(own))
    };
    if row.may_conflict(rules) && conflicts() && !mutant!(ConflictIsSurplus) {
        return (row.alone(Outcome::Conflict), None);
    }
    (row.alone(plain_surplus(row.side)), None)
}

/// Settled records of the row's own side within grace.
fn own_settled<'a>(rows: &'a [Row], row: &'a Row, rules: &'a Rules) -> impl Iterator<Item = &'a Row> {
    rows.iter()
        .filter(move |own| own.settled && own.side == row.side && rules.near(own.time, row.time))
}
