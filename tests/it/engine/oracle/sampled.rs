//! Who is in the sample, under rates that change.

use crosscheck::engine::{RateFrom, Sample};
use crosscheck::model::Fingerprint;

use crate::engine::world::World;

/// Whether a record is compared; of one that is there for its partner only nothing.
pub fn sampled(world: &World, print: &Fingerprint, time: i64) -> Option<bool> {
    let takes = |rate: f64| {
        let salt = world.settings.sample.salt;
        Sample { rate, salt }.takes(print.identity)
    };
    if let [] | [_] = world.rates.as_slice() {
        let rate = world.rates.first().map_or(world.settings.sample.rate, |only| only.rate);
        return Some(takes(rate));
    }
    let at = |time: i64| {
        let begun = |of: &&RateFrom| of.from_ms.is_none_or(|from| from <= time);
        world.rates.iter().rfind(begun).unwrap().rate
    };
    let reach = 2 * world.settings.grace_ms.unwrap();
    match takes(at(time)) {
        true => Some(true),
        false if (time - reach..=time + reach).any(|near| takes(at(near))) => None,
        false => Some(false),
    }
}
