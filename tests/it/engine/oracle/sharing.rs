//! Which bad records both sides show.

use crosscheck::model::{Outcome, Position, Side};

use super::{Aside, Put, Truth};

/// Rule 14.
pub(super) fn share(
    truth: &mut Truth,
    put: &[Put<'_>],
    oldest: Option<Option<i64>>,
    length: Option<i64>,
    grace: Option<i64>,
    counts: impl Fn(i64) -> bool,
) {
    // Without a running maximum it is as if the oldest window began with it.
    let zero = oldest.flatten().unwrap_or(0);
    type Key = (Outcome, Vec<u8>);
    let bad = |side: Side| -> Vec<(i64, Position, Key)> {
        let of = put.iter().filter(|put| put.position.side == side);
        let mut bad: Vec<_> = of
            .filter_map(|put| match &put.aside {
                Aside::Undecodable(_, hash) => {
                    let key = (Outcome::Undecodable, hash.to_vec());
                    Some((put.max.unwrap_or(zero), put.position, key))
                }
                Aside::Diverted(hash) => {
                    let key = (Outcome::Diverted, hash.to_vec());
                    Some((put.max.unwrap_or(zero), put.position, key))
                }
                Aside::Untimely(print) => Some((
                    put.max.unwrap_or(zero),
                    put.position,
                    (Outcome::Untimely, [print.identity.0, print.digest.0].concat()),
                )),
                _ => None,
            })
            .collect();
        bad.sort();
        bad
    };
    let baseline = bad(Side::Baseline);
    let mut taken = vec![false; baseline.len()];
    for (max, _, key) in bad(Side::Canary) {
        let reach = grace.map_or(i64::MAX, |grace| max + 5 * grace);
        let partner = (0..baseline.len()).find(|&i| !taken[i] && baseline[i].2 == key && baseline[i].0 <= reach);
        if let Some(partner) = partner {
            taken[partner] = true;
        }
        let start = oldest.and(length).map(|length| max.div_euclid(length) * length);
        let counted = truth.bad.entry(start).or_default();
        *match (counts(max), partner.is_some(), key.0) {
            (false, ..) => &mut counted.edge,
            (true, true, Outcome::Undecodable) => &mut counted.undecodable_shared,
            (true, true, Outcome::Untimely) => &mut counted.untimely_shared,
            (true, true, _) => &mut counted.diverted_shared,
            (true, false, Outcome::Undecodable) => &mut counted.undecodable_judged,
            (true, false, Outcome::Untimely) => &mut counted.untimely_judged,
            (true, false, _) => &mut counted.diverted_judged,
        } += 1;
    }
    for (at, (max, _, key)) in baseline.iter().enumerate() {
        if !taken[at] && counts(*max) {
            *match key.0 {
                Outcome::Undecodable => &mut truth.unshared.undecodable,
                Outcome::Untimely => &mut truth.unshared.untimely,
                _ => &mut truth.unshared.diverted,
            } += 1;
        }
    }
}
