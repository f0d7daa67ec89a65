//! What the control shows too (rule 15): it is no difference, and no agreement either.

use std::collections::BTreeMap;

use super::codes::{candidate, words};
use super::row::Settled;
use super::window::Window;
use super::{Candidate, Engine};
use crate::model::{ControlCounts, Identity, Outcome, Position, Side};

/// Marks what a control shows too in the sums.
const NOISE: u64 = 1 << 9;

/// What the control differs in, in a window.
#[derive(Debug, Default)]
struct Shown {
    /// Baseline records: (partition, offset), and what became of each.
    baseline: BTreeMap<(u32, u64), Outcome>,
    /// Its extra records by identity.
    extra: BTreeMap<Identity, u64>,
}

impl Shown {
    fn of(window: &Window) -> Shown {
        let mut shown = Shown::default();
        for settled in &window.differing {
            match settled.baseline {
                Some(baseline) => {
                    let at = (baseline.partition, baseline.offset);
                    shown.baseline.insert(at, settled.outcome);
                }
                None => *shown.extra.entry(settled.identity).or_default() += 1,
            }
        }
        shown
    }

    /// True where the control shows it too; one of its records excuses one of the canary's.
    fn takes(&mut self, settled: &Settled) -> bool {
        match settled.baseline {
            Some(baseline) => {
                let at = (baseline.partition, baseline.offset);
                self.baseline.remove(&at).is_some()
            }
            None => match self.extra.get_mut(&settled.identity) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    true
                }
                _ => false,
            },
        }
    }
}

impl Shown {
    /// What is left is the control's alone.
    fn rest(&self, counts: &mut ControlCounts) {
        let missing = self.baseline.values().filter(|outcome| **outcome == Outcome::Missing);
        counts.missing_only = u64::try_from(missing.count()).unwrap_or(u64::MAX);
        counts.control_only = u64::try_from(self.baseline.len()).unwrap_or(u64::MAX);
        counts.extra_only = self.extra.values().sum();
    }
}

/// Pairs that may name what is noisy, a window.
const NOISY_MAX: usize = 64;

/// Some pairs of baseline and control that differ.
fn sample(window: &mut Window) -> Vec<Candidate> {
    let pairs = std::mem::take(&mut window.differing).into_iter();
    for settled in pairs.filter(|settled| settled.outcome == Outcome::Mismatched) {
        window.kept.sample(candidate(&settled), NOISY_MAX);
    }
    let on_control = |pair: Candidate| Candidate {
        canary: pair.canary.map(|at| Position {
            side: Side::Control,
            ..at
        }),
        ..pair
    };
    let mut noisy: Vec<Candidate> = window.kept.take(Outcome::Mismatched).map(on_control).collect();
    noisy.sort_unstable();
    noisy
}

impl Window {
    /// What a control shows too: left out of the comparison, in place of its outcome.
    pub(super) fn noise(&mut self, settled: &Settled) {
        let counts = &mut self.counts;
        match settled.outcome {
            Outcome::Mismatched => {
                counts.mismatched -= 1;
                counts.differs_not(settled.differing);
                counts.slower_not(u64::from(settled.is_slower()));
            }
            Outcome::Missing => counts.missing -= 1,
            Outcome::Extra => counts.extra -= 1,
            _ => return,
        }
        counts.sides.baseline.excluded_noise += u64::from(settled.baseline.is_some());
        counts.sides.canary.excluded_noise += u64::from(settled.canary.is_some());
        self.add(words(settled, NOISE));
    }

    /// What the control showed, and a sample of what it differs in.
    pub(super) fn with_control(&mut self, control: ControlCounts, noisy: Vec<Candidate>) {
        self.counts.control = Some(Box::new(control));
        self.noisy = noisy;
    }
}

impl Engine {
    /// A window becomes final: what differs in it is compared with what the control differs in.
    pub(super) fn compare_with_control(&mut self, window: i64, counted: &mut Window) {
        let Some(control) = &mut self.control else { return };
        let mut part = control.part_in(window);
        let of = counted.counts();
        let mut counts = ControlCounts {
            left_out: 1,
            ..ControlCounts::default()
        };
        let (mut shown, mut noisy) = (Shown::default(), Vec::new());
        if let Some(part) = &mut part {
            shown = Shown::of(part);
            noisy = sample(part);
            let theirs = part.counts();
            counts = ControlCounts {
                windows: 1,
                matched: theirs.matched,
                mismatched: theirs.mismatched,
                missing: theirs.missing,
                extra: theirs.extra,
                compared: of.matched + of.mismatched + of.missing,
                ..ControlCounts::default()
            };
        }
        let mut differing = std::mem::take(&mut counted.differing);
        let place = |settled: &Settled| {
            let at = |sighting: Option<super::row::Sighting>| sighting.map(|at| (at.partition, at.offset));
            (settled.time(), at(settled.baseline), at(settled.canary))
        };
        differing.sort_unstable_by_key(place);
        for settled in differing {
            if shown.takes(&settled) && !mutant!(NoiseIsMismatched) {
                counts.both += 1;
                counted.noise(&settled);
                continue;
            }
            counts.canary_only += u64::from(part.is_some() && settled.baseline.is_some());
            let candidate = candidate(&settled);
            counted.kept.keep(&candidate, &self.rules);
            if self.ledger.wants_pairs && settled.outcome == Outcome::Mismatched {
                counted.pairs.push(candidate);
            }
        }
        shown.rest(&mut counts);
        counted.with_control(counts, noisy);
    }
}
