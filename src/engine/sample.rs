//! Which identities are compared where not all are, and the records of the others (`docs/statistics.md` section 5).
//!
//! The decision is a function of the identity alone, so that both records of a pair, and all records of a key, share it. A
//! record that is not in the sample moved its partition's maximum already; it counts in the window of its own event time.

use serde::{Deserialize, Serialize};

use super::Checkpoint;
use super::evidence::Evidence;
use super::ledger::Ledger;
use super::rules::{BEGIN, NEVER, Rules, earlier, later};
use super::window::Window;
use crate::model::{Identity, Position, Side};

/// Records behind which it is looked for those that are decided.
const UNDECIDED_MIN: usize = 4_096;

/// A share of the identities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The share, above 0 and at most 1: that is all of them.
    pub rate: f64,
    /// What the hash is keyed by: one for all streams and sides of a generation.
    pub salt: [u8; 32],
}

impl Default for Sample {
    fn default() -> Self {
        Self::of(1.0)
    }
}

impl Sample {
    /// Of this share of the identities.
    #[must_use]
    pub fn of(rate: f64) -> Self {
        Self { rate, salt: [0; 32] }
    }

    /// True for an identity that is compared: the first eight bytes of its keyed BLAKE3, little-endian, are below
    /// rate x 2^64.
    #[must_use]
    pub fn takes(&self, identity: Identity) -> bool {
        self.rate >= 1.0 || hash(&self.salt, identity) < below(self.rate)
    }
}

fn hash(salt: &[u8; 32], Identity(identity): Identity) -> u64 {
    let hash = blake3::keyed_hash(salt, &identity);
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 2^64; what is beyond either end becomes it"
)]
fn below(rate: f64) -> u64 {
    (rate * 18_446_744_073_709_551_616.0) as u64
}

/// A rate of the sample, and since when it is in force: a stored input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateFrom {
    /// First millisecond of event time, the begin of a window; `None` is since ever.
    pub from_ms: Option<i64>,
    /// The share of the identities.
    pub rate: f64,
}

/// The rates in force once an engine goes on with `rate` where a checkpoint stands. Another rate than the last one begins with
/// a window that is so far ahead that it changes nothing of what was decided under the last one. What is before the frontier is
/// settled, with records up to grace behind it; a record is there for its partner from twice grace before the change on. So
/// that is at or after the frontier and three times grace. What was begun and has not come so far is replaced.
pub(super) fn resampled(checkpoint: &Checkpoint, rate: f64, rules: &Rules) -> Vec<RateFrom> {
    let mut rates = checkpoint.sampling.clone();
    let last = rates.last().map_or(1.0, |last| last.rate);
    if last.to_bits() == rate.to_bits() {
        return rates;
    }
    let Some(frontier) = checkpoint.frontier_ms else {
        return vec![RateFrom::ever(rate)];
    };
    let earliest = later(later(frontier, rules.grace), rules.beside());
    let end = rules.grid.window_end(rules.grid.window(earliest.saturating_sub(1)));
    if end == NEVER {
        return rates;
    }
    if rates.is_empty() {
        rates.push(RateFrom::ever(1.0));
    }
    let from_ms = Some(end);
    rates.retain(|known| known.from_ms < from_ms);
    if rates.last().is_none_or(|last| last.rate.to_bits() != rate.to_bits()) {
        rates.push(RateFrom { from_ms, rate });
    }
    rates
}

/// Who is in the sample, and since when.
#[derive(Clone, Debug)]
pub(super) struct Sampling {
    salt: [u8; 32],
    /// First milliseconds, and what the hashes of those that are taken are below; `None` takes all.
    rates: Vec<(i64, Option<u64>)>,
    /// How far from a change records may pair with some on the other side of it.
    margin: i64,
}

/// Whether a record is in the sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is.
    In,
    /// It is not, but its identity is a moment later or was a moment before: it is there for its partner, and what it decides
    /// does not count.
    Beside,
    /// It is not.
    Out,
}

impl RateFrom {
    /// The one rate of all times.
    #[must_use]
    pub fn ever(rate: f64) -> Self {
        Self { from_ms: None, rate }
    }
}

impl Sampling {
    /// `None` where all identities are compared.
    pub(super) fn new(salt: [u8; 32], rates: &[RateFrom], rules: &Rules) -> Option<Sampling> {
        let rate = |of: &RateFrom| {
            let below = (of.rate < 1.0).then(|| below(of.rate));
            (of.from_ms.unwrap_or(BEGIN), below)
        };
        rates.iter().any(|of| of.rate < 1.0).then(|| Sampling {
            salt,
            rates: rates.iter().map(rate).collect(),
            margin: rules.beside().unwrap_or(0),
        })
    }

    /// True near a change of the rate.
    pub(super) fn changes_near(&self, time: i64) -> bool {
        let near =
            |(from, _): &(i64, Option<u64>)| *from != BEGIN && time.abs_diff(*from) <= self.margin.unsigned_abs();
        self.rates.len() > 1 && self.rates.iter().any(near)
    }

    /// Whether a record of this time is compared.
    #[inline]
    pub(super) fn takes(&self, identity: Identity, time: i64) -> Taken {
        let hash = hash(&self.salt, identity);
        let takes = |(_, below): &(i64, Option<u64>)| below.is_none_or(|below| hash < below);
        let at = |time: i64| self.rates.partition_point(|(from, _)| *from <= time);
        let own = at(time);
        if self.rates.get(own.saturating_sub(1)).is_none_or(takes) {
            return Taken::In;
        }
        if self.rates.len() == 1 || mutant!(PartnersCut) {
            return Taken::Out;
        }
        let (first, last) = (at(earlier(time, Some(self.margin))), at(later(time, Some(self.margin))));
        let near = self.rates.get(first.saturating_sub(1)..last).unwrap_or_default();
        if near.iter().any(takes) {
            Taken::Beside
        } else {
            Taken::Out
        }
    }
}

/// Records that are not in the sample and count as evidence so far: the range may still begin behind them, or end before.
#[derive(Debug, Default)]
pub(super) struct Undecided {
    times: Vec<(i64, Side)>,
    /// How many it were when it was last looked.
    kept: usize,
    /// The range will not move any more.
    decided: bool,
}

impl Undecided {
    pub(super) fn held_bytes(&self) -> u64 {
        u64::try_from(self.times.len() * size_of::<(i64, Side)>()).unwrap_or(u64::MAX)
    }

    /// The range will not move any more.
    pub(super) fn decide(&mut self) {
        *self = Undecided {
            decided: true,
            ..Undecided::default()
        };
    }
}

impl Evidence {
    /// True where this time counts now and may not later. Without a grace the range ends nowhere or before everything.
    fn may_lose(&self, rules: &Rules) -> bool {
        !self.is_begun() || rules.grace.is_some()
    }
}

impl Ledger {
    /// A timely record that pairs with none: it is not in the sample, or the stream is unpaired.
    pub(super) fn unsampled(&mut self, position: Position, time: i64, rules: &Rules) {
        let counts = self.evidence.contains(time);
        let window = self.open.entry(rules.grid.window(time)).or_default();
        window.unsampled(position, counts, rules.is_unpaired());
        if counts && !self.undecided.decided && self.evidence.may_lose(rules) {
            self.undecided.times.push((time, position.side));
        }
    }

    /// The range of evidence may have moved, and so has the watermark: what it has passed by grace is decided.
    pub(super) fn decide_unsampled(&mut self, moved: bool, watermark: i64, rules: &Rules) {
        let Ledger {
            open,
            evidence,
            undecided,
            ..
        } = self;
        if moved && evidence.end == Some(BEGIN) {
            open.values_mut().for_each(Window::leave_out_unsampled);
            undecided.decide();
        }
        if moved {
            undecided.times.retain(|(time, side)| {
                let counts = evidence.contains(*time);
                if let Some(window) = open.get_mut(&rules.grid.window(*time)).filter(|_| !counts) {
                    window.unsampled_at_edge(*side);
                }
                counts
            });
        }
        let many = undecided.times.len() >= (2 * undecided.kept).max(UNDECIDED_MIN);
        if evidence.is_begun() && (many || watermark == NEVER || !evidence.may_lose(rules)) {
            let passed = earlier(watermark, rules.grace);
            undecided
                .times
                .retain(|(time, _)| *time >= passed && rules.grace.is_some());
            undecided.kept = undecided.times.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(number: u32) -> Identity {
        Identity(*blake3::hash(&number.to_le_bytes()).as_bytes().first_chunk().unwrap())
    }

    fn taken(sample: &Sample) -> Vec<u32> {
        (0..20_000).filter(|number| sample.takes(identity(*number))).collect()
    }

    #[test]
    fn a_rate_is_met_and_a_greater_one_takes_more_of_the_same() {
        let mut before = Vec::new();
        for rate in [0.001, 0.1, 0.5, 0.99] {
            let sample = Sample { rate, salt: [7; 32] };
            let now = taken(&sample);
            let (expected, found) = (20_000.0 * rate, now.len() as f64);
            // Six standard deviations.
            let apart = 6.0 * (expected * (1.0 - rate)).sqrt();
            assert!((found - expected).abs() < apart, "{rate}: {found}");
            assert!(before.iter().all(|number| now.contains(number)));
            before = now;
        }
    }

    #[test]
    fn another_salt_takes_others() {
        let of = |salt: u8| {
            taken(&Sample {
                rate: 0.1,
                salt: [salt; 32],
            })
        };
        let (one, other) = (of(1), of(2));
        assert_eq!(one, of(1));
        let both = one.iter().filter(|number| other.contains(number)).count();
        assert!((100..320).contains(&both), "{both}");
    }

    #[test]
    fn the_ends_of_the_rates() {
        let takes = |rate: f64| (0..1_000).all(|number| Sample { rate, salt: [3; 32] }.takes(identity(number)));
        assert!(takes(1.0) && !takes(0.0));
    }
}
