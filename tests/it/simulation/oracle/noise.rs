//! Rule 15: what a control shows too is taken out of what was found, window by window, as it was decided.

use std::collections::{BTreeMap, BTreeSet};

use crosscheck::model::{ControlCounts, Outcome, Position, Side};

use super::edges::Edges;
use super::equal::Meeting;
use super::partition::{self, Walked};
use super::{Comparison, Difference, Read, Stored, Whole, Window, comparison, slots, with};
use crate::simulation::world::World;

/// What was stored about the control with the windows of one commit.
pub struct Decision {
    /// The frontier before them.
    pub from_ms: Option<i64>,
    /// The frontier after them.
    pub until_ms: i64,
    /// What stands before it is not compared.
    pub cut_ms: Option<i64>,
    /// Ends of windows that the control was left out of.
    pub left_out: BTreeSet<i64>,
}

/// Baseline and control, compared on their own behind a cut.
struct Apart {
    whole: Whole,
    meetings: BTreeMap<Position, (i64, Meeting)>,
}

/// Takes out what the control shows too, and counts it.
pub fn take_out(world: &World, stored: &Stored, decisions: &[Decision], whole: &mut Whole) {
    let main = comparison(world, stored);
    let walked = walk(&main, None);
    let edges = Edges::of(&main, &walked);
    let meetings = meetings(&main, &walked);
    let reads: Vec<(Side, Read)> = stored
        .reads
        .iter()
        .filter(|read| read.side != Side::Canary)
        .map(|read| {
            // It stands where the canary stands.
            let side = if read.side == Side::Control {
                Side::Canary
            } else {
                read.side
            };
            (read.side, Read { side, ..read.clone() })
        })
        .collect();
    let logs = || reads.iter().map(|(side, read)| slots(world, read, *side));
    let other = with(world, stored, logs().collect());
    let mut parts: BTreeMap<Option<i64>, Apart> = BTreeMap::new();
    for decision in decisions {
        let apart = parts.entry(decision.cut_ms).or_insert_with(|| {
            let walked = walk(&other, decision.cut_ms);
            let mut whole = Whole::default();
            super::pairing::settle(&other, &edges, &walked, &mut whole);
            Apart {
                meetings: self::meetings(&other, &walked),
                whole,
            }
        });
        // The window of a log without any usable time is none that it could take part in.
        let begun = |start_ms: i64| start_ms != 0 && decision.from_ms.is_none_or(|from_ms| from_ms <= start_ms);
        let windows = whole.windows.iter_mut();
        for (start_ms, window) in windows.filter(|(start_ms, _)| begun(**start_ms) && **start_ms < decision.until_ms) {
            let late = decision.left_out.contains(&main.end_of(*start_ms));
            let whole_part = decision.cut_ms.is_none_or(|cut_ms| cut_ms + main.grace() <= *start_ms);
            let left_out = ControlCounts {
                left_out: 1,
                ..ControlCounts::default()
            };
            let counts = if late || !whole_part {
                whole.reached.reached("a control left out");
                left_out
            } else {
                let nothing = Window::default();
                let shown = apart.whole.windows.get(start_ms).unwrap_or(&nothing);
                let counts = one((window, &meetings), (shown, &apart.meetings));
                whole.reached.times("noise", counts.both);
                whole.reached.times("noise of the control alone", counts.control_only);
                counts
            };
            window.counts.control = Some(Box::new(counts));
        }
    }
}

fn walk<'a>(comparison: &Comparison<'a>, cut_ms: Option<i64>) -> Vec<Walked<'a>> {
    let mut walked: Vec<Walked> = comparison
        .logs
        .iter()
        .map(|log| partition::walk(comparison, log, i64::MAX))
        .collect();
    for walked in &mut walked {
        walked
            .timely
            .retain(|timely| cut_ms.is_none_or(|cut_ms| timely.time_ms >= cut_ms));
    }
    walked
}

fn meetings(comparison: &Comparison, walked: &[Walked]) -> BTreeMap<Position, (i64, Meeting)> {
    let timely = walked.iter().flat_map(|walked| &walked.timely);
    timely
        .map(|timely| (timely.position, (timely.time_ms, comparison.meeting(&timely.decoded))))
        .collect()
}

type Found<'a> = (&'a Window, &'a BTreeMap<Position, (i64, Meeting)>);

/// One window: A, B and C.
fn one(
    (window, meetings): (&mut Window, &BTreeMap<Position, (i64, Meeting)>),
    (shown, theirs): Found,
) -> ControlCounts {
    let of_baseline = |difference: &Difference| match difference.outcome {
        Outcome::Mismatched | Outcome::Missing => difference.baseline,
        _ => None,
    };
    let noise: BTreeSet<Position> = shown.differing.iter().filter_map(of_baseline).collect();
    let mut extra: BTreeMap<Meeting, u64> = BTreeMap::new();
    let is_extra = |difference: &&Difference| difference.outcome == Outcome::Extra;
    for difference in shown.differing.iter().filter(is_extra) {
        let (_, meeting) = theirs[&difference.canary.unwrap()];
        *extra.entry(meeting).or_default() += 1;
    }
    let counts = &mut window.counts;
    let mut sums = ControlCounts {
        windows: 1,
        matched: shown.counts.matched,
        mismatched: shown.counts.mismatched,
        missing: shown.counts.missing,
        extra: shown.counts.extra,
        compared: counts.matched + counts.mismatched + counts.missing,
        ..ControlCounts::default()
    };
    let differing: BTreeSet<Position> = window.differing.iter().filter_map(of_baseline).collect();
    sums.control_only = noise.difference(&differing).count() as u64;
    let is_alone = |difference: &&Difference| {
        difference.outcome == Outcome::Missing && !differing.contains(&difference.baseline.unwrap())
    };
    sums.missing_only = shown.differing.iter().filter(is_alone).count() as u64;
    let mut in_turn: Vec<Difference> = window.differing.iter().copied().collect();
    // One of the control's excuses the first of the canary's that is like it.
    in_turn.sort_by_key(|difference| {
        difference
            .canary
            .map(|at| (meetings.get(&at).map(|(time_ms, _)| *time_ms), at))
    });
    for difference in in_turn {
        let excused = match (of_baseline(&difference), difference.outcome) {
            (Some(baseline), _) => noise.contains(&baseline),
            (None, Outcome::Extra) => {
                let (_, meeting) = meetings[&difference.canary.unwrap()];
                let left = extra.entry(meeting).or_default();
                let any = *left > 0;
                *left = left.saturating_sub(1);
                any
            }
            (None, _) => continue,
        };
        if !excused {
            sums.canary_only += u64::from(difference.outcome != Outcome::Extra);
            continue;
        }
        sums.both += 1;
        window.differing.remove(&difference);
        match difference.outcome {
            Outcome::Mismatched => counts.mismatched -= 1,
            Outcome::Missing => counts.missing -= 1,
            _ => counts.extra -= 1,
        }
        counts.sides.baseline.excluded_noise += u64::from(difference.baseline.is_some());
        counts.sides.canary.excluded_noise += u64::from(difference.canary.is_some());
    }
    sums.extra_only = extra.values().sum();
    sums
}
