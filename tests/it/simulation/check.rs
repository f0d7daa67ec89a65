//! What a run stored, against the whole truth.

use std::collections::{BTreeMap, BTreeSet};

use crosscheck::app::replay::inputs::Inputs;
use crosscheck::edge::store::{GenerationState, InputsRow, Stored};
use crosscheck::engine::Checkpoint;
use crosscheck::model::{BadCounts, Outcome, Position, Side, Verdict, WindowCounts};

use super::driver::{Committed, Ran};
use super::oracle::inputs::{Circumstances, doubts};
use super::oracle::noise::{self, Decision};
use super::oracle::{self, Difference, Hole, Read, Whole};
use super::sampled::{self, Sampled};
use super::verdicts;

/// The least `idle` of any world or reload.
const IDLE_LEAST_MS: i64 = 1_000;
/// The furthest that the wall clock jumps.
const JUMP_MOST_MS: i64 = 3_600_000;

/// The window of a log without any usable event time, as the oracle calls it.
const TIMELESS: i64 = 0;

/// What of it is wrong, in sentences; empty where all is right.
pub fn check(ran: &mut Ran) -> Vec<String> {
    let mut wrong = ran.broken.clone();
    if ran.closed && !ran.complete && wrong.is_empty() && !ran.is_over_early() {
        wrong.push("the release was closed and never stored whole".to_owned());
    }
    let Some(stored) = &ran.stored else {
        return wrong;
    };
    if ran.complete
        && ran
            .releases
            .last()
            .is_some_and(|row| row.state != GenerationState::Closed)
    {
        wrong.push("everything is stored and the generation is not closed".to_owned());
    }
    if ran.is_unknowable() {
        return wrong;
    }
    if ran.met_trouble() {
        wrong.extend(trouble(ran, stored));
        wrong.extend(verdicts::latched(stored));
        // What our clock found untimely just behind a hole, after a crash, is not stored, and the oracle needs to know it.
        if ran.is_only_expired()
            && !ran.world.settings.time_is_timestamp
            && let Some(inputs) = inputs(ran)
        {
            never_more(stored, &oracle::whole(&ran.world, &inputs), &mut wrong);
            ran.reached.reached("compared beside holes");
        }
        return wrong;
    }
    let Some(inputs) = inputs(ran) else {
        return wrong;
    };
    wrong.extend(doubts(&ran.world, &inputs, circumstances(ran)));
    let rates = ran.committed.last().map_or(&[][..], |last| &last.checkpoint.sampling);
    wrong.extend(sampled::split(&ran.world, &inputs, rates));
    let mut whole = oracle::whole(&ran.world, &inputs);
    if ran.world.settings.control {
        noise::take_out(&ran.world, &inputs, &decisions(stored), &mut whole);
    }
    windows(stored, &whole, &mut wrong);
    bad(stored, &whole, &mut wrong);
    findings(ran, stored, &whole, &mut wrong);
    verdicts::check(ran, stored, &whole, &mut wrong);
    for name in verdicts::said(stored) {
        ran.reached.reached(name);
    }
    ran.reached.add(&whole.reached);
    ran.reached.reached("compared with the oracle");
    wrong
}

/// A log did not keep what it had: then nothing passes. What counts beside the hole is tried against
/// the engine's own oracle (`engine::properties`); here the two do not yet agree on what a second, larger hole after a
/// crash leaves in the edges.
fn trouble(ran: &Ran, stored: &Stored) -> Option<String> {
    let told = |last: &Committed| !last.state.incidents.is_empty();
    if !ran.committed.last().is_some_and(told) {
        return None;
    }
    let passes = stored.verdicts.last().is_some_and(|row| row.verdict == Verdict::Pass);
    passes.then(|| "pass, though a log did not keep what it had".to_owned())
}

/// Beside a hole nothing is found that is none: less may be, for the worker makes more windows edges than it must.
fn never_more(stored: &Stored, whole: &Whole, wrong: &mut Vec<String>) {
    let nothing = oracle::Window::default();
    for row in &stored.windows {
        let start_ms = row.start_ms.unwrap_or(TIMELESS);
        let truth = whole.windows.get(&start_ms).unwrap_or(&nothing);
        let found = |counts: &WindowCounts| [counts.missing, counts.extra, counts.mismatched];
        let more = found(&row.counts)
            .iter()
            .zip(found(&truth.counts))
            .any(|(stored, truth)| *stored > truth);
        if more {
            let (stored, truth) = (told(&row.counts), told(&truth.counts));
            wrong.push(format!(
                "beside a hole, window {start_ms} finds {stored}, and it is {truth}"
            ));
        }
    }
}

/// What the scheduler did that the stored inputs may show.
fn circumstances(ran: &Ran) -> Circumstances {
    Circumstances {
        ended_at_ms: ran.ended_at_ms,
        idle_least_ms: IDLE_LEAST_MS,
        start_known_ms: ran
            .committed
            .iter()
            .find(|committed| committed.checkpoint.start_ms.is_some())
            .map(|committed| committed.at_ms),
        clock_off_ms: if ran.reached.get("wall clock jumps") > 0 {
            JUMP_MOST_MS
        } else {
            0
        },
    }
}

/// What was stored that is no part of the logs. `None` where nothing was stored.
fn inputs(ran: &Ran) -> Option<oracle::Stored> {
    let last = ran.committed.last()?;
    let grace_ms = ran.world.settings.grace_ms.unwrap_or(0);
    let closed = ran.complete && last.state.ends.is_some();
    let mut reads: BTreeMap<(Side, u32), Read> = BTreeMap::new();
    for stored in &last.checkpoint.partitions {
        let Some(side) = stored.side else { continue };
        let ends = last.state.ends.as_ref().filter(|_| closed).map(|ends| ends.get(side));
        let end = ends.and_then(|ends| ends.iter().find(|(partition, _)| *partition == stored.partition));
        reads.insert(
            (side, stored.partition),
            Read {
                side,
                partition: stored.partition,
                life: ran.life(side),
                after_the_cut: ran.after_the_cut(side, stored.partition),
                from: stored.from,
                // Nobody waits for a control: it may not have been read to its end.
                to: end
                    .filter(|_| side != Side::Control)
                    .map_or(stored.position, |(_, end)| (*end).max(stored.from)),
                raises: Vec::new(),
                holes: Vec::<Hole>::new(),
                untimely: BTreeSet::new(),
                unsampled: BTreeSet::new(),
                beside: BTreeSet::new(),
            },
        );
    }
    // What the windows were computed from, and what those to come will be; each with the frontier before it.
    let rows = ran.stored.iter().flat_map(|stored| &stored.inputs);
    let before: Vec<(i64, Checkpoint)> = rows
        .map(|row| (row.frontier_ms, Inputs::read(row).unwrap().checkpoint))
        .collect();
    let frontiers = ran.committed.iter().map(|committed| committed.checkpoint.frontier_ms);
    let last_before: Vec<Option<i64>> = std::iter::once(None).chain(frontiers.clone()).collect();
    let frontiers: BTreeSet<i64> = frontiers.flatten().collect();
    let before = before
        .iter()
        .map(|(frontier_ms, checkpoint)| (frontiers.range(..frontier_ms).next_back().copied(), checkpoint));
    let committed = ran.committed.iter().map(|committed| &committed.checkpoint);
    for (final_ms, checkpoint) in before.chain(last_before.iter().copied().zip(committed)) {
        // What was final before knows nothing of these holes.
        let met_at_ms = final_ms.map(|final_ms| final_ms.saturating_add(grace_ms + 1));
        for stored in &checkpoint.partitions {
            let key = stored.side.map(|side| (side, stored.partition));
            if let Some(read) = key.and_then(|key| reads.get_mut(&key)) {
                read.raises.extend(&stored.raised);
                read.untimely.extend(&stored.untimely_by_clock);
                for hole in &stored.holes {
                    meet(&mut read.holes, hole.from, hole.to, met_at_ms);
                }
            }
        }
    }
    let sample = Sampled::of(ran);
    for read in reads.values_mut() {
        if let Some(sample) = &sample {
            sample.leave_out(&ran.world, read);
        }
        read.raises.sort_unstable();
        read.raises.dedup();
    }
    Some(oracle::Stored {
        reads: reads.into_values().collect(),
        s_ms: last.checkpoint.start_ms,
        // What is final ends at the frontier or before it.
        watermark_ms: last
            .checkpoint
            .frontier_ms
            .map(|frontier_ms| frontier_ms.saturating_add(grace_ms + 1)),
        closed,
    })
}

/// What was decided about the control with each commit of windows.
fn decisions(stored: &Stored) -> Vec<Decision> {
    let decision = |row: &InputsRow| {
        let Checkpoint {
            frontier_ms, control, ..
        } = Inputs::read(row).unwrap().checkpoint;
        let control = control.unwrap_or_default();
        Decision {
            from_ms: frontier_ms,
            until_ms: row.frontier_ms,
            cut_ms: control.cut_ms,
            left_out: control.left_out.into_iter().collect(),
        }
    };
    stored.inputs.iter().map(decision).collect()
}

/// A hole that stands in several checkpoints was met before the first of them.
fn meet(holes: &mut Vec<Hole>, from: u64, to: u64, met_at_ms: Option<i64>) {
    match holes.iter_mut().find(|hole| (hole.from, hole.to) == (from, to)) {
        Some(known) => known.met_at_ms = known.met_at_ms.min(met_at_ms),
        None => holes.push(Hole { from, to, met_at_ms }),
    }
}

fn windows(stored: &Stored, whole: &Whole, wrong: &mut Vec<String>) {
    let nothing = oracle::Window::default();
    let mut seen = BTreeSet::new();
    for row in &stored.windows {
        let start_ms = row.start_ms.unwrap_or(TIMELESS);
        if !seen.insert(start_ms) {
            wrong.push(format!("window {start_ms} is stored twice"));
        }
        let truth = whole.windows.get(&start_ms).unwrap_or(&nothing);
        if row.counts != truth.counts {
            let (stored, truth) = (told(&row.counts), told(&truth.counts));
            wrong.push(format!("window {start_ms} counts {stored}, and it is {truth}"));
        }
        if row.start_ms.is_some() && whole.windows.contains_key(&start_ms) && row.edge != truth.edge {
            wrong.push(format!(
                "window {start_ms}: edge {}, and it is {}",
                row.edge, truth.edge
            ));
        }
    }
    for (start_ms, window) in &whole.windows {
        if window.is_final && window.counts != WindowCounts::default() && !seen.contains(start_ms) {
            wrong.push(format!(
                "window {start_ms} is final and not stored: {}",
                told(&window.counts)
            ));
        }
    }
}

/// What a window counts, without its zeros.
fn told(counts: &WindowCounts) -> String {
    let json = serde_json::to_value(counts).unwrap();
    let mut parts = Vec::new();
    flat("", &json, &mut parts);
    parts.join(" ")
}

fn flat(path: &str, value: &serde_json::Value, parts: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                flat(&format!("{path}.{name}"), value, parts);
            }
        }
        value if *value != 0 => parts.push(format!("{path}={value}")),
        _ => {}
    }
}

fn bad(stored: &Stored, whole: &Whole, wrong: &mut Vec<String>) {
    let mut seen = BTreeMap::new();
    for row in &stored.bad {
        let start_ms = row.start_ms.unwrap_or(TIMELESS);
        seen.insert(start_ms, row.counts);
        let truth = whole.windows.get(&start_ms).cloned().unwrap_or_default();
        if !truth.bad_is_open && row.counts != truth.bad {
            wrong.push(format!(
                "bad records of window {start_ms} are {:?}, and it is {:?}",
                row.counts, truth.bad
            ));
        }
    }
    for (start_ms, window) in &whole.windows {
        let due = window.bad_is_final && !window.bad_is_open && window.bad != BadCounts::default();
        if due && !seen.contains_key(start_ms) {
            wrong.push(format!("bad records of window {start_ms} are settled and not stored"));
        }
    }
}

fn findings(ran: &Ran, stored: &Stored, whole: &Whole, wrong: &mut Vec<String>) {
    let most = ran.world.settings.findings_max;
    let mut found: BTreeMap<(i64, Outcome), BTreeSet<Difference>> = BTreeMap::new();
    for row in &stored.findings {
        if matches!(row.outcome, Outcome::Undecodable | Outcome::Untimely) {
            continue;
        }
        let position = |side: Side, at: Option<(u32, u64)>| {
            at.map(|(partition, offset)| Position {
                side,
                partition,
                offset,
            })
        };
        let difference = Difference {
            outcome: row.outcome,
            baseline: position(Side::Baseline, row.baseline),
            canary: position(Side::Canary, row.canary),
        };
        let start_ms = row.start_ms.unwrap_or(TIMELESS);
        if !found.entry((start_ms, row.outcome)).or_default().insert(difference) {
            wrong.push(format!("a finding is stored twice: {difference:?}"));
        }
        let known = whole.windows.get(&start_ms);
        if known.is_none_or(|window| !window.differing.contains(&difference)) {
            wrong.push(format!("a finding that is none, in window {start_ms}: {difference:?}"));
        }
        // A pair that differs and is still there is told with its fields.
        if row.outcome == Outcome::Mismatched && row.body.fields.is_empty() && row.body.note.is_none() {
            wrong.push(format!(
                "a finding without fields, in window {start_ms}: {difference:?}"
            ));
        }
    }
    for (start_ms, window) in whole.windows.iter().filter(|(_, window)| window.is_final) {
        let mut due: BTreeMap<Outcome, usize> = BTreeMap::new();
        for difference in &window.differing {
            *due.entry(difference.outcome).or_default() += 1;
        }
        for (outcome, count) in due {
            let kept = found.get(&(*start_ms, outcome)).map_or(0, BTreeSet::len);
            if kept < count.min(most) {
                wrong.push(format!(
                    "window {start_ms} has {count} {}, and {kept} findings of them",
                    outcome.as_str()
                ));
            }
        }
    }
}
