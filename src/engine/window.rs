//! Windows count (rule 7): exact counts, a digest that no order of arrival shows in, and a sample of what differed.

use super::aggregate::Aggregates;
use super::codes::{candidate, code, key, reason_code, words};
use super::kept::Kept;
use super::left_out::{EDGE, left_out};
use super::profile::{self, Profiles};
use super::row::{Settled, Sighting};
use super::rules::Rules;
use super::{Candidate, FinalWindow, Profile, evidence::Evidence};
use crate::model::{
    Delays, Digest, Outcome, PerSide, Position, Side, SideCounts, UndecodableReason, WindowCounts, WindowProfile,
};

/// Skews below this are exact in the histogram.
const SKEW_EXACT: usize = 1_024;
/// Up to so many pairs at once go straight into the histogram: to clear and go through the table costs more.
const PAIRS_FEW: usize = 128;
const LATE: u64 = 16;
const SELECT: u64 = 17;

/// A record that takes no part in pairing.
#[derive(Clone, Debug)]
pub(super) enum Aside {
    Late,
    Deselected,
    /// The candidate tells which one; the hash is what it is compared by.
    Bad(Candidate, [u8; 16]),
}

/// A window that is not final.
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) counts: WindowCounts,
    /// Sums of two independent 64-bit hashes of what is in it: sums do not depend on the order, and do not wrap.
    sums: [u128; 2],
    /// Some of what differs.
    pub(super) kept: Kept,
    /// Every mismatched pair, where somebody wants them all.
    pub(super) pairs: Vec<Candidate>,
    /// A sample of what the control differs in.
    pub(super) noisy: Vec<Candidate>,
    /// Everything that differs and counts, where there is a control to compare it with.
    pub(super) differing: Vec<Settled>,
    /// What it has at the profiled paths.
    pub(super) profile: Profiles,
    /// How long after their event time its records came into their logs, where somebody asks.
    pub(super) delays: PerSide<Delays>,
    /// What a consumer would compute of it.
    pub(super) aggregates: Aggregates,
}

impl Window {
    pub(super) fn is_empty(&self) -> bool {
        self.counts == WindowCounts::default()
    }

    pub(super) fn counts(&self) -> &WindowCounts {
        &self.counts
    }

    /// Equal pairs, all at once.
    pub(super) fn matched(&mut self, pairs: impl Iterator<Item = (Sighting, Sighting)>, evidence: &Evidence) {
        let few = pairs.size_hint().1.is_some_and(|most| most <= PAIRS_FEW);
        if few {
            return self.count_matched(pairs, evidence, |_| false);
        }
        let mut exact = [[0_u64; SKEW_EXACT]; 2];
        self.count_matched(pairs, evidence, |skew| {
            let magnitude = usize::try_from(skew.unsigned_abs()).unwrap_or(usize::MAX);
            let count = exact[usize::from(skew < 0)].get_mut(magnitude);
            count.map(|count| *count += 1).is_some()
        });
        for (sign, counts) in [1, -1].into_iter().zip(&exact) {
            for (magnitude, count) in (0_i64..).zip(counts).filter(|(_, count)| **count > 0) {
                *self.counts.skew.0.entry(sign * magnitude).or_default() += count;
            }
        }
    }

    /// The same; a skew is recorded unless `kept` keeps it.
    #[inline(always)]
    fn count_matched(
        &mut self,
        pairs: impl Iterator<Item = (Sighting, Sighting)>,
        evidence: &Evidence,
        mut kept: impl FnMut(i64) -> bool,
    ) {
        // Most have the first two words in common with the pair before.
        let mut begin = ([0, 0], begin([0, 0]));
        let mut slower = 0;
        for (b, c) in pairs {
            let left_out = left_out(b, evidence);
            let code = code(Outcome::Matched) | left_out;
            let first = [code, key(b.partition)];
            if begin.0 != first {
                begin = (first, self::begin(first));
            }
            self.add_rest(begin.1, [b.offset, key(c.partition), c.offset]);
            if left_out != 0 {
                self.exclude(left_out, (true, true));
                continue;
            }
            self.counts.matched += 1;
            slower += u64::from(c.mark.is_slow() & !b.mark.is_slow());
            let skew = c.time.saturating_sub(b.time);
            if !kept(skew) {
                self.counts.skew.record(skew);
            }
        }
        self.counts.slower(slower);
    }

    /// One outcome; the candidate where it counts and differs. With a control it is not known yet whether it is noise.
    pub(super) fn settled(
        &mut self,
        settled: &Settled,
        evidence: &Evidence,
        (rules, has_control): (&Rules, bool),
    ) -> Option<Candidate> {
        let decides = settled.baseline.or(settled.canary);
        let left_out = decides.map_or(EDGE, |decides| left_out(decides, evidence));
        self.add(words(settled, left_out));
        if mutant!(CapDropsCounts) && self.kept.len(settled.outcome) >= rules.findings_max {
            return None;
        }
        if left_out != 0 {
            self.exclude(left_out, (settled.baseline.is_some(), settled.canary.is_some()));
            return None;
        }
        let counts = &mut self.counts;
        let own = if settled.baseline.is_some() {
            &mut counts.sides.baseline
        } else {
            &mut counts.sides.canary
        };
        match settled.outcome {
            Outcome::Matched => {
                counts.matched += 1;
                counts.slower(u64::from(settled.is_slower()));
                if let (Some(baseline), Some(canary)) = (settled.baseline, settled.canary) {
                    counts.skew.record(canary.time.saturating_sub(baseline.time));
                }
                return None;
            }
            Outcome::Mismatched => {
                counts.mismatched += 1;
                counts.differs(settled.differing);
                counts.slower(u64::from(settled.is_slower()));
            }
            Outcome::Missing => counts.missing += 1,
            Outcome::Extra => counts.extra += 1,
            Outcome::Duplicate => own.duplicate += 1,
            Outcome::Conflict => own.conflict += 1,
            // Never settled: they are counted aside.
            Outcome::Undecodable | Outcome::Untimely | Outcome::Diverted => return None,
        }
        // Surplus with a name of its own is its side's own doing.
        let own = matches!(settled.outcome, Outcome::Duplicate | Outcome::Conflict);
        if has_control && !own {
            self.differing.push(*settled);
            return None;
        }
        let candidate = candidate(settled);
        self.kept.keep(&candidate, rules);
        Some(candidate)
    }

    /// A record that takes no part in pairing.
    pub(super) fn aside(&mut self, position: Position, aside: Aside, keep: usize) {
        let side = self.counts.sides.get_mut(position.side);
        let code = match &aside {
            Aside::Late => {
                side.late += 1;
                LATE
            }
            Aside::Deselected => {
                side.excluded_select += 1;
                SELECT
            }
            Aside::Bad(
                Candidate {
                    reason: Some(reason), ..
                },
                _,
            ) => {
                *side.undecodable.entry(*reason).or_default() += 1;
                code(Outcome::Undecodable) | reason_code(*reason) << 16
            }
            Aside::Bad(Candidate { outcome, .. }, _) => {
                let diverted = *outcome == Outcome::Diverted;
                *(if diverted {
                    &mut side.diverted
                } else {
                    &mut side.untimely
                }) += 1;
                code(*outcome)
            }
        };
        let side = u64::from(position.side == Side::Canary);
        self.add([code, side, key(position.partition), position.offset, 0]);
        if let Aside::Bad(candidate, _) = aside {
            self.kept.sample(candidate, keep);
        }
    }

    /// Takes over what was counted before it was known which window is the oldest.
    pub(super) fn absorb(&mut self, other: Window, keep: usize) {
        self.counts.add(&other.counts);
        for (sum, other) in self.sums.iter_mut().zip(other.sums) {
            *sum = sum.wrapping_add(other);
        }
        for candidate in other.kept.into_sample() {
            self.kept.sample(candidate, keep);
        }
    }

    pub(super) fn add(&mut self, [a, b, c, d, e]: [u64; 5]) {
        self.add_rest(begin([a, b]), [c, d, e]);
    }

    /// The same, what comes of the first two words given.
    #[inline(always)]
    fn add_rest(&mut self, begun: [u64; 2], words: [u64; 3]) {
        for ((sum, seed), begun) in self.sums.iter_mut().zip([SEEDS[0], SEEDS[1]]).zip(begun) {
            let hash = words.into_iter().fold(begun, |hash, word| mix(hash ^ word, seed));
            *sum = sum.wrapping_add(u128::from(hash));
        }
    }

    /// The window as it is stored.
    pub(super) fn finish(
        mut self,
        (start_ms, end_ms): (Option<i64>, Option<i64>),
        edge: bool,
        hole: bool,
        profile: Option<&Profile>,
    ) -> FinalWindow {
        if hole {
            self.leave_out();
        }
        let profile = profile.map(|settings| Box::new(std::mem::take(&mut self.profile).finish(settings)));
        let digest = self.digest(start_ms, hole, profile.as_deref());
        FinalWindow {
            start_ms,
            end_ms,
            counts: self.counts,
            edge: edge || hole,
            digest,
            candidates: self.kept.finish(),
            noise: self.noisy,
            profile,
        }
    }

    /// Over the sums, then the counts in the order of their fields, each as eight bytes, little-endian.
    fn digest(&self, start: Option<i64>, hole: bool, profile: Option<&WindowProfile>) -> Digest {
        let mut hasher = blake3::Hasher::new_derive_key("crosscheck 2026 digest of a window");
        hasher.update(&[u8::from(start.is_some()) | u8::from(hole) << 1]);
        hasher.update(&start.unwrap_or(0).to_le_bytes());
        for sum in self.sums {
            hasher.update(&sum.to_le_bytes());
        }
        let WindowCounts {
            matched,
            mismatched,
            missing,
            extra,
            sides,
            skew,
            control,
            named,
        } = &self.counts;
        for count in [matched, mismatched, missing, extra] {
            hasher.update(&count.to_le_bytes());
        }
        for side in [&sides.baseline, &sides.canary] {
            let SideCounts {
                duplicate,
                conflict,
                late,
                untimely,
                undecodable,
                excluded_select,
                excluded_sample,
                excluded_edge,
                excluded_noise,
                excluded_superseded,
                excluded_tombstone,
                profiled: _,
                diverted,
            } = side;
            for count in [duplicate, conflict, late, untimely] {
                hasher.update(&count.to_le_bytes());
            }
            for reason in UndecodableReason::ALL {
                hasher.update(&undecodable.get(&reason).copied().unwrap_or(0).to_le_bytes());
            }
            for count in [excluded_select, excluded_sample, excluded_edge, excluded_noise] {
                hasher.update(&count.to_le_bytes());
            }
            // Of bounded runs only: the digests of stored windows are without them.
            for count in [excluded_superseded, excluded_tombstone]
                .into_iter()
                .filter(|count| **count > 0)
            {
                hasher.update(&count.to_le_bytes());
            }
            if *diverted > 0 {
                hasher.update(b"diverted");
                hasher.update(&diverted.to_le_bytes());
            }
        }
        for (bucket, count) in &skew.0 {
            hasher.update(&bucket.to_le_bytes());
            hasher.update(&count.to_le_bytes());
        }
        if let Some(control) = control {
            hasher.update(b"control");
            for count in control.in_order() {
                hasher.update(&count.to_le_bytes());
            }
        }
        if let Some(named) = named {
            hasher.update(b"named");
            for count in named.in_order() {
                hasher.update(&count.to_le_bytes());
            }
        }
        if let Some(profile) = profile {
            for side in [&sides.baseline, &sides.canary] {
                hasher.update(&side.profiled.to_le_bytes());
            }
            profile::digest(profile, &mut hasher);
        }
        let mut digest = [0; 16];
        hasher.finalize_xof().fill(&mut digest);
        Digest(digest)
    }
}

/// Digits of the fractions of the first square roots: nothing up the sleeve.
pub(super) const SEEDS: [u64; 5] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
];

/// What comes of the first two of the words that are added to the sums.
fn begin(words: [u64; 2]) -> [u64; 2] {
    [SEEDS[0], SEEDS[1]].map(|seed| words.into_iter().fold(seed, |hash, word| mix(hash ^ word, seed)))
}

/// A full 64 x 64 multiplication folded: every bit of the input reaches every bit of the result.
#[inline(always)]
pub(super) fn mix(value: u64, seed: u64) -> u64 {
    let product = u128::from(value ^ SEEDS[4]).wrapping_mul(u128::from(seed | 1));
    let [low, high] = halves(product);
    let folded = u128::from(low ^ high ^ value.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let [low, high] = halves(folded);
    low ^ high
}

pub(super) fn halves(wide: u128) -> [u64; 2] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = wide.to_le_bytes();
    [
        u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        u64::from_le_bytes([i, j, k, l, m, n, o, p]),
    ]
}
