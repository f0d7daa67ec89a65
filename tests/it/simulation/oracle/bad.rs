//! Undecodable and untimely records: which of the canary's the baseline shows too (rule 14).

use crosscheck::model::Side;

use super::edges::Edges;
use super::equal::{Content, Meeting};
use super::partition::{Apart, Place, Walked};
use super::{Comparison, Whole};

/// What makes two bad records the same.
#[derive(Clone, PartialEq, Eq)]
enum Same<'a> {
    Bytes(Option<&'a [u8]>, Option<&'a [u8]>),
    Told(Meeting, Content),
}

/// A bad record.
struct Bad<'a> {
    same: Same<'a>,
    /// Its running maximum; without one the begin of the oldest window stands for it.
    at_ms: i64,
    apart: &'a Apart<'a>,
}

pub fn share(comparison: &Comparison, edges: &Edges, walked: &[Walked], oldest: i64, whole: &mut Whole) {
    let of = |side: Side| {
        let apart = walked
            .iter()
            .filter(move |walked| walked.side == side)
            .flat_map(|walked| &walked.apart);
        let mut bad: Vec<Bad> = apart
            .filter_map(|apart| {
                let same = match &apart.place {
                    Place::Undecodable(_) => Same::Bytes(apart.record.key.as_deref(), apart.record.value.as_deref()),
                    Place::Untimely(decoded) => Same::Told(comparison.meeting(decoded), comparison.content(decoded)),
                    Place::Deselected | Place::Late => return None,
                };
                let at_ms = apart.max_ms.unwrap_or(oldest);
                Some(Bad { same, at_ms, apart })
            })
            .collect();
        bad.sort_by_key(|bad| (bad.at_ms, bad.apart.position));
        bad
    };
    let mut baseline = of(Side::Baseline);
    for canary in of(Side::Canary) {
        let reach_ms = canary.at_ms.saturating_add(comparison.grace().saturating_mul(5));
        let partner = baseline
            .iter()
            .position(|bad| bad.at_ms <= reach_ms && bad.same == canary.same);
        if let Some(at) = partner {
            // Not for another one.
            baseline.remove(at);
        }
        let window = whole.windows.entry(comparison.window_of(canary.at_ms)).or_default();
        let counts = &mut window.bad;
        if edges.holds(canary.at_ms) {
            counts.edge += 1;
            continue;
        }
        let undecodable = matches!(canary.apart.place, Place::Undecodable(_));
        match (undecodable, partner) {
            (true, Some(_)) => counts.undecodable_shared += 1,
            (true, None) => counts.undecodable_judged += 1,
            (false, Some(_)) => counts.untimely_shared += 1,
            (false, None) => counts.untimely_judged += 1,
        }
        whole.reached.reached(if partner.is_some() {
            "bad and shared"
        } else {
            "bad and judged"
        });
    }
}
