//! The whole truth by nested loops over whole logs, written from rules 6 to 14 and from nothing else.

mod sampled;
mod sharing;

use std::collections::{BTreeMap, BTreeSet};

use crosscheck::engine::{Candidate, Names, Range, UnsharedBad};
use crosscheck::model::{
    BadCounts, Differing, Fingerprint, Outcome, Position, Reduction, Side, TolerantKind, UndecodableReason,
    WindowCounts,
};

use super::driver::{Holes, READ_AT, Raises};
use super::lives::Prior;
use super::world::World;
use sampled::sampled;
use sharing::share;

/// What must come out.
#[derive(Debug, Default)]
pub struct Truth {
    pub windows: BTreeMap<Option<i64>, (WindowCounts, bool, Vec<Candidate>)>,
    pub bad: BTreeMap<Option<i64>, BadCounts>,
    pub unshared: UnsharedBad,
    pub fates: Fates,
    pub times: BTreeMap<Position, i64>,
    /// Records whose partner is lost.
    pub alone: BTreeSet<Position>,
    /// Pairs with a record in the sample and one that is not.
    pub beside: usize,
}

/// What became of each record, and with whom.
pub type Fates = BTreeMap<Position, (Outcome, Option<Position>)>;

/// A partner that is lost.
const LOST: usize = usize::MAX;

#[derive(Clone)]
struct Seen<'a> {
    position: Position,
    time: i64,
    print: &'a Fingerprint,
    /// Not in the sample, but a moment away its identity is.
    beside: bool,
    fate: Option<(Outcome, Option<usize>)>,
}

enum Aside<'a> {
    Late,
    Deselected,
    /// Its identity is not in the sample: it counts at its own time, not at the maximum.
    Unsampled,
    Undecodable(UndecodableReason, [u8; 16]),
    Untimely(&'a Fingerprint),
    Diverted([u8; 16]),
}

struct Put<'a> {
    position: Position,
    max: Option<i64>,
    aside: Aside<'a>,
}

/// The maxima before and after each hole.
type Spans = Vec<(Option<i64>, Option<i64>)>;

/// What the maxima came to: the largest of each side, S, and around the holes.
struct Walk {
    largest: [Option<i64>; 2],
    start: Option<i64>,
    spans: Spans,
}

/// Rules 8, 9, 10: what each record of a log is.
fn classify<'a>(world: &'a World, raises: &Raises, holes: &Holes) -> (Vec<Seen<'a>>, Vec<Put<'a>>, Walk) {
    let set = &world.settings;
    let none = set.window_ms.is_none();
    let (mut seen, mut put, mut largest, mut start) = (Vec::new(), Vec::new(), [None; 2], None);
    let mut spans = Spans::new();
    for log in &world.logs {
        let (mut max, mut first): (Option<i64>, Option<i64>) = (None, None);
        let dead_letters = log.partition >= 1 << 31;
        let holes: &[(u64, u64)] = holes.get(&(log.side, log.partition)).map_or(&[], Vec::as_slice);
        let lost = |offset: u64| holes.iter().any(|(from, to)| (*from..*to).contains(&offset));
        let raised = |max: Option<i64>, offset: u64| {
            let raises = raises.get(&(log.side, log.partition)).into_iter().flatten();
            let values = raises.filter(|(at, _)| *at <= offset).map(|(_, value)| Some(*value));
            values.fold(max, Option::max)
        };
        let (mut ahead, mut open) = (holes.iter(), spans.len());
        for entry in log.entries.iter().filter(|entry| !lost(entry.offset)) {
            while let Some((from, _)) = ahead.as_slice().first().filter(|(from, _)| *from <= entry.offset) {
                ahead.next();
                spans.extend((!dead_letters).then(|| (raised(max, *from), None)));
            }
            let position = Position {
                side: log.side,
                partition: log.partition,
                offset: entry.offset,
            };
            max = raised(max, entry.offset);
            let aside = match &entry.body {
                Reduction::Deselected => Aside::Deselected,
                Reduction::Diverted(hash) => {
                    let stamp = entry.timestamp_ms.filter(|stamp| {
                        let soon = |most: i64| i128::from(*stamp) <= i128::from(READ_AT) + i128::from(most);
                        i128::from(*stamp).abs() < 1_000_000_000_000 && set.skew_max_ms.is_none_or(soon)
                    });
                    max = max.max(if none { Some(0) } else { stamp });
                    Aside::Diverted(*hash)
                }
                Reduction::Undecodable(reason, hash) => Aside::Undecodable(*reason, *hash),
                Reduction::Decoded(print) => {
                    let usable = |time: &i64| {
                        let time = i128::from(*time);
                        let after = |from: i64| {
                            set.skew_max_ms
                                .is_some_and(|most| time > i128::from(from) + i128::from(most))
                        };
                        let before = |from: i64| {
                            set.age_max_ms
                                .is_some_and(|most| time < i128::from(from) - i128::from(most))
                        };
                        time.abs() < 1_000_000_000_000
                            && if set.time_is_timestamp {
                                !after(READ_AT)
                            } else {
                                !entry.timestamp_ms.is_some_and(|stamp| after(stamp) || before(stamp))
                            }
                    };
                    match if none { Some(0) } else { print.time_ms.filter(usable) } {
                        None => Aside::Untimely(print),
                        Some(time) => {
                            first = first.or(Some(time));
                            let late = set.lateness_ms.filter(|_| !none);
                            if max.zip(late).is_some_and(|(max, late)| time < max - late) {
                                Aside::Late
                            } else {
                                max = max.max(Some(time));
                                spans[open..].iter_mut().for_each(|span| span.1 = max);
                                open = spans.len();
                                let taken = sampled(world, print, time);
                                if taken == Some(false) || set.is_unpaired() {
                                    let (max, aside) = (Some(time), Aside::Unsampled);
                                    put.push(Put { position, max, aside });
                                    continue;
                                }
                                seen.push(Seen {
                                    position,
                                    time,
                                    print,
                                    beside: taken.is_none(),
                                    fate: None,
                                });
                                continue;
                            }
                        }
                    }
                }
            };
            put.push(Put { position, max, aside });
        }
        spans.extend(
            ahead
                .filter(|_| !dead_letters)
                .map(|(from, _)| (raised(max, *from), None)),
        );
        let side = usize::from(log.side == Side::Canary);
        let diverts = |other: &super::world::Log| other.side == log.side && other.partition >= 1 << 31;
        if world.logs.iter().any(diverts) {
            max = raised(max, log.end);
        }
        if !dead_letters {
            largest[side] = largest[side].max(max);
        }
        start = start.max(first);
    }
    seen.sort_by_key(|record| (record.time, record.position));
    let walk = Walk { largest, start, spans };
    (seen, put, walk)
}

pub fn equal(one: &Fingerprint, other: &Fingerprint, exactly: bool) -> bool {
    let value = |print: &Fingerprint| {
        print.tolerant.as_ref().map(|values| match &values[0].0 {
            TolerantKind::Decimal { unscaled, .. } => i64::from(unscaled[0]),
            _ => 0,
        })
    };
    let apart = value(one).unwrap_or(0).abs_diff(value(other).unwrap_or(0));
    one.digest == other.digest && apart <= u64::from(!exactly)
}

/// Rule 6.
fn pair(world: &World, seen: &mut [Seen<'_>]) {
    let set = &world.settings;
    let grace = set
        .grace_ms
        .filter(|_| set.window_ms.is_some())
        .map_or(i64::MAX / 4, |grace| grace);
    for r in 0..seen.len() {
        if seen[r].fate.is_some() {
            continue;
        }
        let same = |i: usize, j: usize| seen[i].print.identity == seen[j].print.identity;
        let own = |i: usize, j: usize| same(i, j) && seen[i].position.side == seen[j].position.side && i != j;
        let across = |i: usize, j: usize| same(i, j) && seen[i].position.side != seen[j].position.side;
        let like = |i: usize, j: usize| equal(seen[i].print, seen[j].print, false);
        let near = |i: usize, j: usize| (seen[i].time - seen[j].time).abs() <= grace;
        let s: Vec<usize> = (0..seen.len())
            .filter(|&i| i != r && same(i, r) && seen[i].fate.is_none())
            .filter(|&i| seen[i].time >= seen[r].time && seen[i].time - seen[r].time <= grace)
            .collect();
        let whole = seen[r].print.by_content || !set.has_identity;
        let duplicate = |i: usize| {
            !whole && (0..seen.len()).any(|j| own(i, j) && seen[j].fate.is_some() && near(i, j) && like(i, j))
        };
        let met = |i: usize| s.iter().any(|&j| across(i, j) && like(i, j));
        let equals: Vec<usize> = s.iter().copied().filter(|&i| across(i, r) && like(i, r)).collect();
        let best = equals
            .iter()
            .find(|&&i| equal(seen[i].print, seen[r].print, true))
            .or(equals.first())
            .copied();
        let fate = if let Some(partner) = best {
            (Outcome::Matched, Some(partner))
        } else if duplicate(r) {
            (Outcome::Duplicate, None)
        } else if let Some(&partner) = s
            .iter()
            .find(|&&i| across(i, r) && 2 * (seen[i].time - seen[r].time) <= grace && !met(i) && !duplicate(i))
        {
            (Outcome::Mismatched, Some(partner))
        } else {
            let differs = |j: usize| own(r, j) && near(r, j) && !like(r, j);
            let broken = (0..seen.len()).any(|j| differs(j) && (seen[j].fate.is_some() || s.contains(&j) && met(j)));
            match (broken && !whole && set.names == Names::Event, seen[r].position.side) {
                (true, _) => (Outcome::Conflict, None),
                (false, Side::Canary) => (Outcome::Extra, None),
                (false, _) => (Outcome::Missing, None),
            }
        };
        seen[r].fate = Some(fate);
        if let (outcome, Some(partner)) = fate {
            seen[partner].fate = Some((outcome, Some(r)));
        }
    }
}

/// What was settled before a crash stays so.
fn remember(seen: &mut [Seen<'_>], prior: &Prior) {
    let places: BTreeMap<Position, usize> = (0..seen.len()).map(|at| (seen[at].position, at)).collect();
    for record in seen {
        let known = prior.fates.get(&record.position);
        record.fate = known.map(|(outcome, partner)| {
            (
                *outcome,
                partner.map(|partner| places.get(&partner).copied().unwrap_or(LOST)),
            )
        });
        // Late before what made it so was lost: no window is left that could count it.
        if record.fate.is_none() && record.time < prior.frontier {
            record.fate = Some((Outcome::Missing, None));
        }
    }
}

pub fn truth(world: &World, raises: &Raises, holes: &Holes, prior: Option<&Prior>) -> Truth {
    let set = &world.settings;
    let (mut seen, mut put, Walk { largest, start, spans }) = classify(world, raises, holes);
    if let Some(prior) = prior {
        // Not read again.
        put.retain(|Put { max, position, .. }| {
            max.is_some() || position.offset >= prior.resume[&(position.side, position.partition)]
        });
        remember(&mut seen, prior);
    }
    pair(world, &mut seen);
    let length = set.window_ms;
    let window = |time: i64| length.map(|length| time.div_euclid(length) * length);
    let grace = set.grace_ms.filter(|_| length.is_some());
    // Rule 13.
    let (begin, mut end) = match set.range {
        Range::Everything => (None, None),
        Range::Time { start_ms, end_ms } => (start_ms, end_ms),
        Range::Discovered => {
            let margin = set.lateness_ms.unwrap_or(0) + set.grace_ms.unwrap_or(0);
            let up = |start: i64| {
                length.map_or(start, |length| {
                    (start + margin + length - 1).div_euclid(length) * length
                })
            };
            (start.map(up), None)
        }
    };
    if world.close {
        let ends = largest.map(|max| match (max, grace) {
            (Some(max), Some(grace)) => max - grace + 1,
            (Some(_), None) => i64::MAX,
            (None, _) => i64::MIN,
        });
        end = Some(end.unwrap_or(i64::MAX).min(ends[0]).min(ends[1]));
    }
    // Windows that a hole touches, with `reach` around the lateness.
    let holed = |start: Option<i64>, reach: Option<i64>| {
        let around = set.lateness_ms.zip(reach).map(|(lateness, reach)| lateness + reach);
        spans.iter().any(|(m, n)| {
            let low = m.zip(around).map(|(m, around)| m - around);
            let high = n.zip(around).map(|(n, around)| n + around);
            let (Some(start), Some(length)) = (start, length) else {
                return true;
            };
            low.is_none_or(|low| low < start + length) && high.is_none_or(|high| high >= start)
        })
    };
    let counts = |time: i64| begin.is_none_or(|begin| time >= begin) && end.is_none_or(|end| time < end);

    let mut truth = Truth {
        times: prior.map(|prior| prior.times.clone()).unwrap_or_default(),
        fates: prior.map(|prior| prior.fates.clone()).unwrap_or_default(),
        ..Truth::default()
    };
    truth
        .times
        .extend(seen.iter().map(|record| (record.position, record.time)));
    for record in &seen {
        let (outcome, partner) = record.fate.unwrap();
        if partner == Some(LOST) {
            truth.alone.insert(record.position);
        }
        let partner = partner.map(|at| match at {
            LOST => prior.unwrap().fates[&record.position].1.unwrap(),
            at => seen[at].position,
        });
        truth.fates.insert(record.position, (outcome, partner));
    }
    // A pair whose other record is lost counts where its baseline is: in a final window, or nowhere. What is left of it is an edge.
    let left_over = |record: &Seen<'_>| {
        let Prior {
            frontier, fates, times, ..
        } = prior.unwrap();
        let (frontier, partner) = (*frontier, fates[&record.position].1.unwrap());
        let straddles = (times[&partner] < frontier) != (record.time < frontier);
        let counts = straddles && (record.position.side == Side::Baseline) != (record.time < frontier);
        counts.then(|| record.time.max(frontier))
    };
    let timed = seen
        .iter()
        .map(|record| match (record.position.side, record.fate.unwrap().1) {
            (_, Some(LOST)) => left_over(record).unwrap_or(record.time),
            (Side::Canary, Some(partner)) => seen[partner].time,
            _ => record.time,
        });
    let oldest = timed
        .chain(put.iter().filter_map(|put| put.max))
        .map(window)
        .filter(|start| *start >= prior.map(|prior| prior.frontier))
        .min();
    let place = |max: Option<i64>| match (max, oldest) {
        (Some(max), _) => window(max),
        (None, Some(oldest)) => oldest,
        (None, None) => None,
    };
    for record in &seen {
        let (outcome, partner) = record.fate.unwrap();
        let side = record.position.side;
        if partner == Some(LOST) {
            if let Some(time) = left_over(record) {
                let (counted, ..) = truth.windows.entry(window(time)).or_default();
                counted.sides.get_mut(side).excluded_edge += 1;
            }
            continue;
        }
        if partner.is_some() && side == Side::Canary {
            continue;
        }
        truth.beside += usize::from(partner.is_some_and(|at| seen[at].beside != record.beside));
        let (counted, _, candidates) = truth.windows.entry(window(record.time)).or_default();
        let own = counted.sides.get_mut(side);
        let mut differing = Differing::default();
        if !counts(record.time) || holed(window(record.time), grace) {
            own.excluded_edge += 1;
            if partner.is_some() {
                counted.sides.canary.excluded_edge += 1;
            }
            continue;
        }
        if record.beside {
            own.excluded_sample += 1;
            counted.sides.canary.excluded_sample += u64::from(partner.is_some());
            continue;
        }
        match outcome {
            Outcome::Matched => {
                counted.matched += 1;
                counted.skew.record(seen[partner.unwrap()].time - record.time);
            }
            Outcome::Mismatched => {
                counted.mismatched += 1;
                differing = super::critical::differing(set, record.print, seen[partner.unwrap()].print);
                counted.differs(differing);
            }
            Outcome::Missing => counted.missing += 1,
            Outcome::Extra => counted.extra += 1,
            Outcome::Duplicate => own.duplicate += 1,
            _ => own.conflict += 1,
        }
        if outcome != Outcome::Matched {
            let canary = partner.map(|partner| seen[partner].position);
            candidates.push(Candidate {
                outcome,
                baseline: (side == Side::Baseline).then_some(record.position),
                canary: if side == Side::Canary {
                    Some(record.position)
                } else {
                    canary
                },
                identity: Some(record.print.identity),
                time_ms: Some(record.time),
                reason: None,
                differing,
            });
        }
    }
    for Put { position, max, aside } in &put {
        let (counted, _, candidates) = truth.windows.entry(place(*max)).or_default();
        let own = counted.sides.get_mut(position.side);
        let mut bad = |outcome, reason, identity| {
            let (baseline, canary) = if position.side == Side::Canary {
                (None, Some(*position))
            } else {
                (Some(*position), None)
            };
            candidates.push(Candidate {
                outcome,
                baseline,
                canary,
                identity,
                time_ms: *max,
                reason,
                differing: Differing::default(),
            });
        };
        match aside {
            Aside::Late => own.late += 1,
            Aside::Deselected => own.excluded_select += 1,
            Aside::Unsampled if !max.is_some_and(counts) || holed(place(*max), grace) => own.excluded_edge += 1,
            Aside::Unsampled if world.settings.is_unpaired() => own.profiled += 1,
            Aside::Unsampled => own.excluded_sample += 1,
            Aside::Undecodable(reason, _) => {
                *own.undecodable.entry(*reason).or_default() += 1;
                bad(Outcome::Undecodable, Some(*reason), None);
            }
            Aside::Untimely(print) => {
                own.untimely += 1;
                bad(Outcome::Untimely, None, Some(print.identity));
            }
            Aside::Diverted(_) => {
                own.diverted += 1;
                bad(Outcome::Diverted, None, None);
            }
        }
    }
    for (start, (_, edge, candidates)) in &mut truth.windows {
        let (first, last) = (
            start.unwrap_or(i64::MIN),
            start.zip(length).map_or(i64::MAX, |(start, length)| start + length - 1),
        );
        let named = start.is_some() || length.is_none();
        *edge = holed(*start, grace)
            || named
                && (begin.is_some_and(|begin| last < begin)
                    || (start.is_some() && end.is_some_and(|end| first >= end)));
        candidates.sort_by_key(|candidate| {
            (
                candidate.baseline.or(candidate.canary),
                candidate.canary,
                candidate.outcome,
            )
        });
    }
    let judged = |max: i64| counts(max) && !holed(window(max), grace.map(|grace| 5 * grace));
    share(&mut truth, &put, oldest, length, grace, judged);
    truth
}
