//! Which identities are compared where not all are, and the records of the others (`docs/statistics.md` section 5).
//!
//! The decision is a function of the identity alone, so that both records of a pair, and all records of a key, share it. A
//! record that is not in the sample moved its partition's maximum already; it counts in the window of its own event time.

use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::ledger::Ledger;
use super::rules::{BEGIN, NEVER, Rules, earlier};
use super::window::Window;
use crate::model::{Identity, Position, Side};

/// Records behind which it is looked for those that are decided.
const UNDECIDED_MIN: usize = 4_096;

/// A share of the identities.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The share, above 0 and below 1.
    pub rate: f64,
    /// What the hash is keyed by: one for all streams and sides of a generation. Not a setting, so not written with them.
    #[serde(skip)]
    pub salt: [u8; 32],
}

impl Sample {
    /// Of this share of the identities; `None` where that is all of them.
    #[must_use]
    pub fn of(rate: f64) -> Option<Self> {
        (rate < 1.0).then_some(Self { rate, salt: [0; 32] })
    }

    /// True for an identity that is compared: the first eight bytes of its keyed BLAKE3, little-endian, are below
    /// rate x 2^64.
    #[must_use]
    pub fn takes(&self, Identity(identity): Identity) -> bool {
        let hash = blake3::keyed_hash(&self.salt, &identity);
        let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 2^64; what is beyond either end becomes it"
        )]
        let below = (self.rate * 18_446_744_073_709_551_616.0) as u64;
        u64::from_le_bytes([a, b, c, d, e, f, g, h]) < below
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
