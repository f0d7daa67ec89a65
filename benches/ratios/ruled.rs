//! What one would write without this project and with all rules of settling (6 to 9): the plain path's decoding and
//! digest; a `HashMap` of identities, each with its records in a `BTreeMap`, the order of settling in another; watermarks
//! with lateness, grace, duplicates, conflicts and the look-back. It must find in every window what we find.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::rc::Rc;

use crosscheck::engine::FinalWindow;
use crosscheck::model::RecordBatch;

use super::data::Shape;
use super::plain::Orders;

pub const WINDOW_MS: i64 = 30_000;
pub const LATENESS_MS: i64 = 60_000;
pub const GRACE_MS: i64 = 30_000;

/// Matched, mismatched, then of the baseline and of the canary: surplus, duplicates, conflicts, late ones.
pub type Counts = [u64; 10];
const MATCHED: usize = 0;
const MISMATCHED: usize = 1;
const SURPLUS: usize = 2;
const DUPLICATE: usize = 4;
const CONFLICT: usize = 6;
const LATE: usize = 8;

/// By the beginning of the window.
pub type Windows = BTreeMap<i64, Counts>;

/// The same of a window that we found.
pub fn counts(window: &FinalWindow) -> Counts {
    let counts = &window.counts;
    let (baseline, canary) = (&counts.sides.baseline, &counts.sides.canary);
    [
        counts.matched,
        counts.mismatched,
        counts.missing,
        counts.extra,
        baseline.duplicate,
        canary.duplicate,
        baseline.conflict,
        canary.conflict,
        baseline.late,
        canary.late,
    ]
}

/// The order of settling: time, canary behind baseline, offset.
type Place = (i64, bool, u64);

struct Held {
    digest: [u8; 32],
    settled: bool,
}

#[derive(Default)]
struct Table {
    identities: HashMap<Rc<str>, BTreeMap<Place, Held>>,
    /// What is not settled, and what is forgotten one day.
    due: BTreeMap<Place, Rc<str>>,
    old: BTreeMap<Place, Rc<str>>,
    windows: Windows,
}

/// Compares two logs whose batches come in this order.
pub fn compare(
    shape: Shape,
    schema: &apache_avro::Schema,
    turns: &[(bool, &RecordBatch)],
) -> Result<Windows, Box<dyn Error>> {
    let mut orders = Orders::new(shape, schema)?;
    let mut table = Table::default();
    let mut newest = [None::<i64>; 2];
    for &(canary, batch) in turns {
        for record in &batch.records {
            let (identity, digest, time) = orders.read(batch.value(record).unwrap_or_default())?;
            let side = usize::from(canary);
            let max = newest[side].map_or(time, |max| max.max(time));
            newest[side] = Some(max);
            if time < max - LATENESS_MS {
                table.count(max, LATE + side);
            } else {
                table.hold(identity, digest, (time, canary, record.offset));
            }
        }
        if let [Some(baseline), Some(canary)] = newest {
            table.settle(baseline.min(canary) - LATENESS_MS);
        }
    }
    table.settle(i64::MAX);
    Ok(table.windows)
}

impl Table {
    fn count(&mut self, time: i64, what: usize) {
        let start = time.div_euclid(WINDOW_MS) * WINDOW_MS;
        self.windows.entry(start).or_default()[what] += 1;
    }

    fn hold(&mut self, identity: String, digest: [u8; 32], place: Place) {
        let identity: Rc<str> = identity.into();
        let settled = false;
        let held = Held { digest, settled };
        self.identities.entry(identity.clone()).or_default().insert(place, held);
        self.due.insert(place, identity);
    }

    /// Settles what the watermark has passed by grace, in order, and forgets what no look-back reaches any more.
    fn settle(&mut self, watermark: i64) {
        while let Some(first) = self.due.first_entry() {
            if first.key().0.saturating_add(GRACE_MS) >= watermark {
                break;
            }
            let (place, identity) = first.remove_entry();
            self.one(place, &identity);
        }
        while let Some(first) = self.old.first_entry() {
            if first.key().0.saturating_add(2 * GRACE_MS) >= watermark {
                break;
            }
            let (place, identity) = first.remove_entry();
            if let Some(records) = self.identities.get_mut(&identity) {
                records.remove(&place);
                if records.is_empty() {
                    self.identities.remove(&identity);
                }
            }
        }
    }

    /// Settles the first record that is not, by rule 6.
    fn one(&mut self, place: Place, identity: &Rc<str>) {
        let Some(records) = self.identities.get_mut(identity) else {
            return;
        };
        let (time, canary, _) = place;
        let Some(digest) = records.get(&place).map(|held| held.digest) else {
            return;
        };
        let horizon = (time, false, 0)..(time.saturating_add(GRACE_MS + 1), false, 0);
        let open = || records.range(horizon.clone()).filter(|(_, held)| !held.settled);
        let others = || open().filter(|((_, side, _), _)| *side != canary);
        // A settled record of that side within grace that is, or is not, equal.
        let settled = |(time, side, _): Place, digest: [u8; 32], equal: bool| {
            let near = (time - GRACE_MS, false, 0)..(time.saturating_add(GRACE_MS + 1), false, 0);
            let mut own = records
                .range(near)
                .filter(|((_, other, _), held)| *other == side && held.settled);
            own.any(|(_, held)| (held.digest == digest) == equal)
        };
        let has_equal =
            |digest: [u8; 32], side: bool| open().any(|((_, other, _), held)| *other == side && held.digest == digest);
        let (what, partner) = if let Some((other, _)) = others().find(|(_, held)| held.digest == digest) {
            (MATCHED, Some(*other))
        } else if settled(place, digest, true) {
            (DUPLICATE, None)
        } else if let Some((other, _)) = others().find(|(other, held)| {
            let near = other.0 <= time + GRACE_MS / 2;
            near && !has_equal(held.digest, canary) && !settled(**other, held.digest, true)
        }) {
            (MISMATCHED, Some(*other))
        } else {
            let proved = |other: Place, held: &Held| held.settled || has_equal(held.digest, !canary) && other.0 >= time;
            let near = (time - GRACE_MS, false, 0)..(time.saturating_add(GRACE_MS + 1), false, 0);
            let mut own = records.range(near).filter(|((_, side, _), _)| *side == canary);
            let conflict = own.any(|(other, held)| held.digest != digest && proved(*other, held));
            (if conflict { CONFLICT } else { SURPLUS }, None)
        };
        for place in [Some(place), partner].into_iter().flatten() {
            if let Some(held) = records.get_mut(&place) {
                held.settled = true;
            }
            self.old.insert(place, identity.clone());
        }
        match partner {
            Some(partner) => {
                self.due.remove(&partner);
                let baseline = if canary { partner } else { place };
                self.count(baseline.0, what);
            }
            None => self.count(time, what + usize::from(canary)),
        }
    }
}
