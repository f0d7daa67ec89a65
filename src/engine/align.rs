//! Reading aligned by event time: which partitions are held back, so that memory is bounded and nothing deadlocks.
//!
//! One whose newest time is more than `ahead_max` ahead of the slowest partition with data is held, and released when
//! it is at most half as far ahead; the slowest never is. At `held_max_bytes` only the slowest partition of the side
//! with the least watermark is read, until a fifth of the memory is free again; a silent side is the least, then
//! nothing else is read. Partitions that are idle on that side stay open: there is nothing to read, and a record that
//! comes after all is what everybody waits for.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Side;

/// Bounds of aligned reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlignSettings {
    /// How far a partition may be ahead of the slowest.
    pub ahead_max_ms: i64,
    /// How much the engine may hold.
    pub held_max_bytes: u64,
}

/// A partition that is still read. One that was read to its captured end is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionState {
    /// Whose.
    pub side: Side,
    /// Which one.
    pub partition: u32,
    /// Running maximum of its event times; `None` before the first.
    pub newest_ms: Option<i64>,
    /// Its last poll found the end.
    pub at_end: bool,
    /// It is idle (rule 8).
    pub idle: bool,
}

/// How far a side is. The order is the order of need: the least is read first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// All its partitions are idle: it has no watermark, and nothing comes.
    Silent,
    /// It was read past what is proved of its idle partitions.
    Unproved,
    /// It has no watermark yet.
    Unknown,
    /// Its watermark.
    At(i64),
    /// It was read to its ends and holds nothing back.
    Complete,
}

/// What changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alignment {
    /// To be held back now.
    pub hold: Vec<(Side, u32)>,
    /// To be read again.
    pub release: Vec<(Side, u32)>,
    /// Memory is at its limit and the side that could free it is silent: `inconclusive (stalled)`.
    pub stalled: bool,
}

/// Remembers what is held.
#[derive(Clone, Debug)]
pub struct Aligner {
    settings: AlignSettings,
    held: BTreeSet<(Side, u32)>,
    /// The first time seen in each partition.
    first_ms: BTreeMap<(Side, u32), i64>,
    /// Partitions that were at their end once: without a time they hold nobody back.
    ended: BTreeSet<(Side, u32)>,
    full: bool,
    /// A control is read to an end and holds others back like any side.
    awaits_control: bool,
}

impl Aligner {
    /// Nothing is held.
    #[must_use]
    pub fn new(settings: AlignSettings) -> Self {
        Self {
            settings,
            held: BTreeSet::new(),
            first_ms: BTreeMap::new(),
            ended: BTreeSet::new(),
            full: false,
            awaits_control: false,
        }
    }

    /// From now on a control is waited for.
    pub fn await_control(&mut self) {
        self.awaits_control = true;
    }

    /// What is held.
    #[must_use]
    pub fn held(&self) -> &BTreeSet<(Side, u32)> {
        &self.held
    }

    /// True at the memory limit, until a fifth is free again.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Decides anew, after anything changed.
    pub fn decide(&mut self, partitions: &[PartitionState], sides: &[(Side, Level)], held_bytes: u64) -> Alignment {
        self.remember(partitions);
        let max = self.settings.held_max_bytes;
        self.full = held_bytes >= max || (self.full && held_bytes > max - max / 5);
        let least = if self.full { self.least(sides) } else { None };
        let wanted: BTreeSet<(Side, u32)> = match least {
            // Reading on would free nothing before that is proved.
            Some((side, Level::Unproved)) => all_but_idle(partitions, side),
            Some((side, _)) => all_but_slowest(partitions, side),
            None => self.ahead(partitions),
        };
        let change = Alignment {
            hold: wanted.difference(&self.held).copied().collect(),
            release: self.held.difference(&wanted).copied().collect(),
            stalled: matches!(least, Some((_, Level::Silent))),
        };
        self.held = wanted;
        change
    }

    /// A control holds nobody, unless it is awaited.
    fn waits_for(&self, side: Side) -> bool {
        side != Side::Control || self.awaits_control
    }

    /// The side that the engine waits for.
    fn least(&self, sides: &[(Side, Level)]) -> Option<(Side, Level)> {
        sides
            .iter()
            .filter(|(side, level)| self.waits_for(*side) && *level != Level::Complete)
            .min_by_key(|(side, level)| (*level, *side))
            .copied()
    }

    fn remember(&mut self, partitions: &[PartitionState]) {
        let awaits_control = self.awaits_control;
        for state in partitions
            .iter()
            .filter(|state| awaits_control || state.side != Side::Control)
        {
            if let Some(newest) = state.newest_ms {
                self.first_ms.entry(key(state)).or_insert(newest);
            }
            if state.at_end {
                self.ended.insert(key(state));
            }
        }
    }

    /// Those that are too far ahead of the slowest.
    fn ahead(&self, partitions: &[PartitionState]) -> BTreeSet<(Side, u32)> {
        let Some(slowest) = self.slowest(partitions) else {
            return BTreeSet::new();
        };
        let ahead_max = self.settings.ahead_max_ms.max(0);
        let too_far = |state: &&PartitionState| {
            let limit = if self.held.contains(&key(state)) {
                ahead_max / 2
            } else {
                ahead_max
            };
            let ahead = |newest: i64| newest.saturating_sub(slowest);
            state
                .newest_ms
                .is_some_and(|newest| ahead(newest) > limit || (mutant!(SlowestHeld) && ahead(newest) == 0))
        };
        partitions.iter().filter(too_far).map(key).collect()
    }

    /// The time of the slowest partition with data. A held one has data, as far as anybody knows. One that has shown
    /// no time and no end yet stands at the first time that any other has shown.
    fn slowest(&self, partitions: &[PartitionState]) -> Option<i64> {
        let earliest = self.first_ms.values().min().copied();
        partitions
            .iter()
            .filter(|state| self.waits_for(state.side) && (!state.at_end || self.held.contains(&key(state))))
            .filter_map(|state| match state.newest_ms {
                None if self.ended.contains(&key(state)) => None,
                None => earliest,
                newest => newest,
            })
            .min()
    }
}

fn key(state: &PartitionState) -> (Side, u32) {
    (state.side, state.partition)
}

/// All but the idle ones of a side.
fn all_but_idle(partitions: &[PartitionState], side: Side) -> BTreeSet<(Side, u32)> {
    let open = |state: &&PartitionState| !(state.side == side && state.idle);
    partitions.iter().filter(open).map(key).collect()
}

/// All but the slowest of a side, and but its idle ones.
fn all_but_slowest(partitions: &[PartitionState], side: Side) -> BTreeSet<(Side, u32)> {
    let slowest = partitions
        .iter()
        .filter(|state| state.side == side && !state.idle)
        .min_by_key(|state| (state.newest_ms, state.partition))
        .map(key);
    let mut all = all_but_idle(partitions, side);
    all.retain(|of| Some(*of) != slowest);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SETTINGS: AlignSettings = AlignSettings {
        ahead_max_ms: 100,
        held_max_bytes: 1_000,
    };
    const B: Side = Side::Baseline;
    const C: Side = Side::Canary;

    fn state(side: Side, partition: u32, newest_ms: Option<i64>) -> PartitionState {
        PartitionState {
            side,
            partition,
            newest_ms,
            at_end: false,
            idle: false,
        }
    }

    fn at_end(mut state: PartitionState) -> PartitionState {
        state.at_end = true;
        state
    }

    fn idle(mut state: PartitionState) -> PartitionState {
        state.idle = true;
        at_end(state)
    }

    const LEVELS: [(Side, Level); 2] = [(B, Level::At(0)), (C, Level::At(0))];

    fn held(aligner: &mut Aligner, partitions: &[PartitionState]) -> Vec<(Side, u32)> {
        aligner.decide(partitions, &LEVELS, 0);
        aligner.held().iter().copied().collect()
    }

    #[test]
    fn one_ahead_is_held_until_half_as_far() {
        let mut aligner = Aligner::new(SETTINGS);
        let pair = |baseline, canary| [state(B, 0, Some(baseline)), state(C, 0, Some(canary))];
        assert_eq!(held(&mut aligner, &pair(100, 0)), []);
        assert_eq!(held(&mut aligner, &pair(101, 0)), [(B, 0)]);
        assert_eq!(held(&mut aligner, &pair(101, 50)), [(B, 0)]);
        assert_eq!(held(&mut aligner, &pair(101, 51)), []);
    }

    #[test]
    fn one_at_its_end_holds_nobody_and_the_last_with_data_is_released() {
        let mut aligner = Aligner::new(SETTINGS);
        let slow = state(C, 0, Some(0));
        let fast = state(B, 0, Some(500));
        assert_eq!(held(&mut aligner, &[fast, slow]), [(B, 0)]);
        assert_eq!(held(&mut aligner, &[fast, at_end(slow)]), []);
    }

    #[test]
    fn one_without_a_time_yet_stands_at_the_first_time_of_the_others() {
        let mut aligner = Aligner::new(SETTINGS);
        let fresh = state(C, 0, None);
        assert_eq!(held(&mut aligner, &[state(B, 0, Some(1_000)), fresh]), []);
        assert_eq!(held(&mut aligner, &[state(B, 0, Some(1_101)), fresh]), [(B, 0)]);
        // Once it was at its end it is merely a partition without times.
        assert_eq!(held(&mut aligner, &[state(B, 0, Some(1_101)), at_end(fresh)]), []);
        assert_eq!(held(&mut aligner, &[state(B, 0, Some(9_101)), fresh]), []);
    }

    #[test]
    fn at_the_memory_limit_the_slowest_of_the_least_side_is_read_alone() {
        let mut aligner = Aligner::new(SETTINGS);
        let partitions = [
            state(B, 0, Some(60)),
            state(B, 1, Some(50)),
            state(C, 0, Some(10)),
            state(C, 1, Some(20)),
        ];
        let sides = [(B, Level::At(50)), (C, Level::At(10))];
        let change = aligner.decide(&partitions, &sides, 1_000);
        assert_eq!(change.hold, [(B, 0), (B, 1), (C, 1)]);
        assert!(!change.stalled);
        // Not released at once when a little is free.
        assert_eq!(aligner.decide(&partitions, &sides, 900), Alignment::default());
        assert_eq!(
            aligner.decide(&partitions, &sides, 800).release,
            [(B, 0), (B, 1), (C, 1)]
        );
    }

    #[test]
    fn at_the_memory_limit_a_silent_side_stalls_but_can_wake() {
        let mut aligner = Aligner::new(SETTINGS);
        let partitions = [state(B, 0, Some(60)), idle(state(C, 0, None))];
        let change = aligner.decide(&partitions, &[(B, Level::At(60)), (C, Level::Silent)], 1_000);
        assert!(change.stalled);
        assert_eq!(change.hold, [(B, 0)]);
    }

    #[test]
    fn at_the_memory_limit_nothing_is_read_past_what_is_proved() {
        let mut aligner = Aligner::new(SETTINGS);
        let partitions = [
            state(B, 0, Some(60)),
            state(C, 0, Some(50)),
            idle(state(C, 1, Some(10))),
        ];
        let sides = |canary| [(B, Level::At(60)), (C, canary)];
        let change = aligner.decide(&partitions, &sides(Level::Unproved), 1_000);
        assert_eq!((change.hold, change.stalled), (vec![(B, 0), (C, 0)], false));
        let change = aligner.decide(&partitions, &sides(Level::At(50)), 1_000);
        assert_eq!(change.release, [(C, 0)]);
    }

    #[test]
    fn a_control_is_held_at_the_limit_and_never_waited_for() {
        let mut aligner = Aligner::new(SETTINGS);
        let partitions = [
            state(B, 0, Some(60)),
            state(C, 0, Some(70)),
            state(Side::Control, 0, None),
        ];
        let sides = [(B, Level::At(60)), (C, Level::At(70)), (Side::Control, Level::Silent)];
        assert_eq!(
            aligner.decide(&partitions, &sides, 1_000).hold,
            [(C, 0), (Side::Control, 0)]
        );
    }

    fn any_state() -> impl Strategy<Value = Vec<PartitionState>> {
        let one = (
            any::<bool>(),
            prop::option::of(-500_i64..500),
            any::<bool>(),
            any::<bool>(),
        );
        prop::collection::vec(one, 1..12).prop_map(|states| {
            let mut states: Vec<_> = states
                .into_iter()
                .enumerate()
                .map(|(index, (baseline, newest_ms, at_end, idle))| PartitionState {
                    side: if baseline { B } else { C },
                    partition: u32::try_from(index).unwrap(),
                    newest_ms,
                    at_end: at_end || idle,
                    idle,
                })
                .collect();
            states.dedup();
            states
        })
    }

    fn level(states: &[PartitionState], side: Side) -> Level {
        let mine = || states.iter().filter(|state| state.side == side);
        if mine().count() == 0 {
            Level::Complete
        } else if mine().all(|state| state.idle) {
            Level::Silent
        } else {
            let least = mine().filter(|state| !state.idle).map(|state| state.newest_ms).min();
            least.flatten().map_or(Level::Unknown, Level::At)
        }
    }

    proptest! {
        /// Whatever happened before, something with data may be read, unless memory is full and a side is silent.
        #[test]
        fn nothing_deadlocks(history in prop::collection::vec((any_state(), 0_u64..1_400), 1..8)) {
            let mut aligner = Aligner::new(SETTINGS);
            for (states, bytes) in history {
                let before = aligner.held().clone();
                let sides = [(B, level(&states, B)), (C, level(&states, C))];
                let change = aligner.decide(&states, &sides, bytes);
                let open = |state: &&PartitionState| !aligner.held().contains(&key(state));
                let has_data = |state: &&PartitionState| !state.at_end || before.contains(&key(state));
                if aligner.is_full() {
                    // Only the least side is read; it may have to wait at its end for what comes, or to become idle.
                    let least = aligner.least(&sides).unwrap().0;
                    prop_assert!(states.iter().filter(open).all(|state| state.side == least));
                    prop_assert!(states.iter().filter(open).filter(|state| !state.idle).count() <= 1);
                    prop_assert!(states.iter().filter(open).count() >= 1);
                    prop_assert_eq!(change.stalled, states.iter().filter(open).all(|state| state.idle));
                } else if states.iter().any(|state| has_data(&state)) {
                    prop_assert!(states.iter().filter(open).any(|state| has_data(&state)));
                }
                prop_assert!(change.hold.iter().all(|place| !before.contains(place)));
                prop_assert!(change.release.iter().all(|place| before.contains(place)));
            }
        }

        /// Logs of any lengths and paces are read to their ends, and nobody runs further ahead than one batch.
        #[test]
        fn everything_is_read_and_nobody_runs_away(
            logs in prop::collection::vec((any::<bool>(), prop::collection::vec(0_i64..40, 0..60)), 1..6),
            picks in prop::collection::vec(0_usize..64, 400),
        ) {
            let mut aligner = Aligner::new(SETTINGS);
            let mut states: Vec<PartitionState> = logs.iter().enumerate().map(|(index, (baseline, _))| {
                state(if *baseline { B } else { C }, u32::try_from(index).unwrap(), None)
            }).collect();
            let mut read = vec![0_usize; logs.len()];
            for pick in picks.iter().cycle().take(4_000) {
                aligner.decide(&states, &LEVELS, 0);
                let open: Vec<usize> = (0..states.len())
                    .filter(|&index| !states[index].at_end && !aligner.held().contains(&key(&states[index])))
                    .collect();
                let Some(&index) = open.get(pick % open.len().max(1)) else { break };
                match logs[index].1.get(read[index]) {
                    Some(step) => {
                        read[index] += 1;
                        states[index].newest_ms = Some(states[index].newest_ms.unwrap_or(0) + step);
                    }
                    None => states[index].at_end = true,
                }
                let with_data = states.iter().filter(|state| !state.at_end);
                if let Some(slowest) = with_data.clone().map(|state| state.newest_ms).min().flatten() {
                    // One step of 40 for the batch, one for a partition that was taken to stand at the others' first time.
                    prop_assert!(with_data.clone().all(|state| state.newest_ms.unwrap_or(0) <= slowest + 100 + 40 + 40));
                }
            }
            prop_assert!(states.iter().all(|state| state.at_end));
        }
    }
}
