//! What two pipelines make of the same events: records with their truth, not yet in a log.

use std::collections::BTreeMap;

use crosscheck::engine::Settings;
use crosscheck::model::{PerSide, Side, UndecodableReason};

use super::avro::{self, FIRST, SECOND, Spoil, THIRD, Version};
use super::log::Record;
use super::plan::{self, EPOCH_MS, IdentityFrom, Plan};
use super::rng::Rng;
use super::sometimes::Sometimes;
use super::truth::{Decoded, Note, Order, Truth};

/// An id that only a selector leaves out.
pub const UNASKED: u32 = 9;
/// An id that no registry knows.
const UNKNOWN: u32 = 99;
/// 2099-01-01.
const FAR_FUTURE_MS: i64 = 4_070_908_800_000;

/// A record on its way into a log.
#[derive(Clone, Debug)]
pub struct Emitted {
    /// When it is appended, on the simulated clock.
    pub at_ms: i64,
    /// What the partitioner hashes.
    pub shard: u32,
    pub record: Record,
}

/// Schema texts by id.
pub fn registry(swapped: bool) -> BTreeMap<u32, &'static str> {
    let (one, two) = if swapped { (SECOND, FIRST) } else { (FIRST, SECOND) };
    BTreeMap::from([(1, one), (2, two), (3, THIRD), (UNASKED, FIRST)])
}

/// What is the same for all records of one side.
struct Pipeline<'a> {
    plan: &'a Plan,
    its: plan::Side,
    side: Side,
    window_ms: i64,
    lateness_ms: i64,
    grace_ms: i64,
    out: Vec<Emitted>,
}

/// One sighting to be written.
#[derive(Clone, Copy)]
struct Sighting {
    time_ms: i64,
    at_ms: i64,
    order: Order,
}

/// The records of both sides, each in the order of making.
pub fn both(rng: &mut Rng, plan: &Plan, settings: &Settings, injected: &mut Sometimes) -> PerSide<Vec<Emitted>> {
    let pipeline = |side: Side| Pipeline {
        plan,
        its: *plan.sides.get(side),
        side,
        window_ms: settings.window_ms.unwrap_or(30_000),
        lateness_ms: settings.lateness_ms.unwrap_or(0),
        grace_ms: settings.grace_ms.unwrap_or(0),
        out: Vec::with_capacity(usize::try_from(plan.events).unwrap() * 11 / 10),
    };
    let mut sides = PerSide {
        baseline: pipeline(Side::Baseline),
        canary: pipeline(Side::Canary),
    };
    let step = plan.span_ms / i64::try_from(plan.events.max(1)).unwrap();
    for number in 0..plan.events {
        let i = i64::try_from(number).unwrap();
        let mut base_ms = EPOCH_MS + step * i + rng.between(0, step);
        if rng.chance(plan.at_edge) {
            base_ms = base_ms - base_ms.rem_euclid(sides.baseline.window_ms) + rng.between(-1, 1);
        }
        let reused = number > 0 && rng.chance(plan.reuse);
        let back = if reused { 1 + rng.below(number.min(30)) } else { 0 };
        let order = content(rng, plan, u32::try_from(number - back).unwrap(), base_ms);
        if !plan.select && rng.chance(plan.shared_bad) {
            injected.reached("bad on both sides");
            let (time_ms, untimely) = (base_ms, rng.chance(0.5));
            let garbage = bad_frame(rng, &order);
            for side in Side::PAIR {
                let pipeline = sides.get_mut(side);
                let at_ms = pipeline.clock(rng, base_ms, injected);
                if untimely {
                    pipeline.untimely(
                        rng,
                        Sighting {
                            time_ms: FAR_FUTURE_MS + i,
                            at_ms,
                            order,
                        },
                        injected,
                    );
                } else {
                    let (value, reason) = garbage.clone();
                    pipeline.raw(order.id, at_ms, time_ms, Some(value), Truth::Undecodable(reason), true);
                }
            }
            continue;
        }
        if rng.chance(plan.crowd) {
            injected.reached("crowd");
            for side in Side::PAIR {
                sides.get_mut(side).crowd(rng, base_ms, order);
            }
            continue;
        }
        let mut canary = order;
        if rng.chance(plan.mismatch) {
            injected.reached("mismatch");
            canary = changed(rng, order);
        }
        if rng.chance(plan.extra) {
            injected.reached("extra");
        } else {
            sides.baseline.emit(rng, base_ms, order, injected);
        }
        if rng.chance(plan.missing) {
            injected.reached("missing");
        } else {
            sides.canary.emit(rng, base_ms, canary, injected);
        }
    }
    sides.map(|pipeline| pipeline.out)
}

/// What a control makes of the same events: what the baseline wrote and could be read, with noise of its own, and some of what
/// the canary did.
pub fn control(
    rng: &mut Rng,
    plan: &Plan,
    settings: &Settings,
    emitted: &PerSide<Vec<Emitted>>,
    injected: &mut Sometimes,
) -> Vec<Emitted> {
    let Some(control) = plan.control else { return Vec::new() };
    let mut pipeline = Pipeline {
        plan,
        its: control.its,
        side: Side::Control,
        window_ms: settings.window_ms.unwrap_or(30_000),
        lateness_ms: settings.lateness_ms.unwrap_or(0),
        grace_ms: settings.grace_ms.unwrap_or(0),
        out: Vec::new(),
    };
    let orders = |side: Side| {
        let good = emitted
            .get(side)
            .iter()
            .filter_map(|emitted| match &emitted.record.truth {
                Truth::Decoded(Decoded {
                    order: Some(order),
                    time_ms: Some(time_ms),
                    ..
                }) => Some((emitted.at_ms, *time_ms, *order)),
                _ => None,
            });
        good.collect::<Vec<_>>()
    };
    let (baseline, canary) = (orders(Side::Baseline), orders(Side::Canary));
    let mut of_canary: BTreeMap<u32, Vec<Order>> = BTreeMap::new();
    for (_, _, order) in &canary {
        of_canary.entry(order.id).or_default().push(*order);
    }
    let alike = |a: &Order, b: &Order| (a.amount, a.note, a.status) == (b.amount, b.note, b.status);
    let mut ids = std::collections::BTreeSet::new();
    for (at_ms, time_ms, order) in baseline {
        ids.insert(order.id);
        let shown = of_canary.get(&order.id);
        let same = shown.is_some_and(|shown| shown.iter().any(|own| alike(own, &order)));
        let order = plain(order);
        let mut own = order;
        if !same && rng.chance(control.shared) {
            injected.reached("noise on both sides");
            if shown.is_none() {
                continue;
            }
            own = changed(rng, order);
        } else if rng.chance(control.own) {
            injected.reached("noise of the control");
            own = changed(rng, order);
        }
        let time_ms = time_ms + rng.between(-control.its.skew_ms, control.its.skew_ms);
        if control.its.starts_at_ms.is_some_and(|starts| time_ms < starts) {
            continue;
        }
        let at_ms = at_ms + control.its.latency_ms + rng.between(0, control.its.disorder_ms);
        pipeline.good(
            rng,
            Sighting {
                time_ms,
                at_ms,
                order: own,
            },
            injected,
        );
    }
    for (at_ms, time_ms, order) in canary {
        if !ids.contains(&order.id) && rng.chance(control.shared) {
            injected.reached("an extra on both sides");
            let order = plain(order);
            pipeline.good(rng, Sighting { time_ms, at_ms, order }, injected);
        }
    }
    pipeline.out
}

/// What every schema can say.
fn plain(order: Order) -> Order {
    let note = match order.note {
        Note::Absent => Note::Null,
        note => note,
    };
    Order {
        note,
        status: order.status.min(2),
        ..order
    }
}

fn content(rng: &mut Rng, plan: &Plan, id: u32, base_ms: i64) -> Order {
    let wide = if plan.narrow { 2 } else { 1_000 };
    Order {
        id: if plan.narrow && plan.identity == IdentityFrom::Nothing {
            0
        } else {
            id
        },
        created_ms: Some(base_ms),
        amount: rng.between(-5, wide),
        note: match rng.below(4) {
            0 => Note::Null,
            n => Note::Text(if plan.narrow { 1 } else { u8::try_from(n).unwrap() }),
        },
        status: u8::try_from(rng.below(if plan.narrow { 1 } else { 3 })).unwrap(),
    }
}

fn changed(rng: &mut Rng, order: Order) -> Order {
    match rng.below(4) {
        0 => Order {
            note: if order.note == Note::Null {
                Note::Text(0)
            } else {
                Note::Null
            },
            ..order
        },
        1 => Order {
            status: (order.status + 1) % 3,
            ..order
        },
        _ => Order {
            amount: order.amount + rng.pick(&[-3, -2, -1, 1, 2, 3, 50]),
            ..order
        },
    }
}

/// Bytes that no registry makes readable, whatever its ids mean.
fn bad_frame(rng: &mut Rng, order: &Order) -> (Vec<u8>, UndecodableReason) {
    if rng.chance(0.5) {
        return (
            avro::value(UNKNOWN, Version::First, order, Spoil::Nothing),
            UndecodableReason::Schema,
        );
    }
    let mut value = avro::value(1, Version::First, order, Spoil::Nothing);
    value[0] = 1;
    if rng.chance(0.3) {
        value = vec![0, 0, 0];
    }
    (value, UndecodableReason::Framing)
}

impl Pipeline<'_> {
    /// When a record of an event is appended.
    fn clock(&self, rng: &mut Rng, base_ms: i64, injected: &mut Sometimes) -> i64 {
        let mut at_ms = base_ms + self.its.latency_ms + rng.between(0, self.its.disorder_ms);
        if rng.chance(self.its.late) {
            injected.reached("late");
            at_ms += self.lateness_ms + rng.between(1, 2 * self.window_ms);
        }
        at_ms
    }

    /// Everything that this side writes because of an event.
    fn emit(&mut self, rng: &mut Rng, base_ms: i64, order: Order, injected: &mut Sometimes) {
        if self.its.starts_at_ms.is_some_and(|starts| base_ms < starts) {
            injected.reached("before it started");
            return;
        }
        let time_ms = base_ms + self.its.offset_ms + rng.between(-self.its.skew_ms, self.its.skew_ms);
        let at_ms = self.clock(rng, base_ms, injected);
        let order = Order {
            created_ms: Some(time_ms),
            ..order
        };
        let mut sighting = Sighting { time_ms, at_ms, order };
        if rng.chance(self.its.untimely) {
            let far = if rng.chance(0.5) { FAR_FUTURE_MS } else { 0 };
            sighting.time_ms = far + i64::from(order.id % 3);
            self.untimely(rng, sighting, injected);
            return;
        }
        if rng.chance(self.its.undecodable) {
            injected.reached("undecodable");
            self.undecodable(rng, sighting);
            return;
        }
        self.good(rng, sighting, injected);
        while rng.chance(self.its.duplicate) {
            injected.reached("duplicate");
            sighting.at_ms += rng.between(0, self.grace_ms.max(10));
            if rng.chance(0.3) {
                sighting.time_ms += rng.between(-self.grace_ms, self.grace_ms);
            }
            self.good(rng, sighting, injected);
        }
        if rng.chance(self.its.conflict) {
            injected.reached("conflict");
            sighting.time_ms += rng.between(0, self.grace_ms + 1);
            sighting.order = changed(rng, order);
            self.good(rng, sighting, injected);
        }
    }

    /// Up to five sightings of one identity, so near to each other that every rule of pairing is tried.
    fn crowd(&mut self, rng: &mut Rng, base_ms: i64, order: Order) {
        for _ in 0..rng.below(6) {
            let time_ms = base_ms + rng.between(0, self.grace_ms + self.grace_ms / 3);
            let order = Order {
                amount: order.amount + rng.pick(&[0, 0, 1, 4]),
                ..order
            };
            let at_ms = base_ms + self.its.latency_ms + rng.between(0, self.its.disorder_ms);
            self.good(rng, Sighting { time_ms, at_ms, order }, &mut Sometimes::default());
        }
    }

    fn untimely(&mut self, rng: &mut Rng, sighting: Sighting, injected: &mut Sometimes) {
        injected.reached(if sighting.time_ms < EPOCH_MS {
            "far past"
        } else {
            "far future"
        });
        self.good(rng, sighting, injected);
    }

    /// A record that can be decoded.
    fn good(&mut self, rng: &mut Rng, sighting: Sighting, injected: &mut Sometimes) {
        let Sighting {
            time_ms,
            at_ms,
            mut order,
        } = sighting;
        order.created_ms = Some(time_ms);
        if rng.chance(self.its.no_time) {
            injected.reached("no time");
            order.created_ms = None;
        }
        let with_key = !rng.chance(self.its.null_key);
        if !with_key {
            injected.reached("null key");
        }
        if !self.plan.select && rng.chance(self.its.tombstone) {
            injected.reached("tombstone");
            let truth = self.decoded(with_key.then_some(order.id), None, time_ms);
            self.raw(order.id, at_ms, time_ms, None, truth, with_key);
            return;
        }
        let mut version = Version::First;
        if rng.chance(self.its.second) {
            injected.reached("second schema");
            version = Version::Second;
        } else if rng.chance(self.its.third) {
            injected.reached("third schema");
            version = Version::Third;
            order.note = Note::Absent;
        }
        if rng.chance(self.its.foreign_symbol) && version == Version::Second {
            injected.reached("foreign symbol");
            order.status = 3;
        }
        if self.plan.select && rng.chance(self.its.deselected) {
            injected.reached("deselected");
            let value = avro::value(
                UNASKED,
                Version::First,
                &Order {
                    status: 0,
                    note: Note::Null,
                    ..order
                },
                Spoil::Nothing,
            );
            self.raw(order.id, at_ms, time_ms, Some(value), Truth::Deselected, with_key);
            return;
        }
        let value = avro::value(self.id(version), version, &order, Spoil::Nothing);
        let truth = self.decoded(with_key.then_some(order.id), Some(order), time_ms);
        self.raw(order.id, at_ms, time_ms, Some(value), truth, with_key);
    }

    fn undecodable(&mut self, rng: &mut Rng, sighting: Sighting) {
        let Sighting { time_ms, at_ms, order } = sighting;
        let version = rng.pick(&[Version::First, Version::Second]);
        let written = |spoil| avro::value(self.id(version), version, &order, spoil);
        let kinds = if self.plan.select { 5 } else { 7 };
        let (value, reason) = match rng.below(kinds) {
            0 => {
                let mut value = written(Spoil::Nothing);
                let keep = 5 + rng.below(value.len() as u64 - 5);
                value.truncate(usize::try_from(keep).unwrap());
                (value, UndecodableReason::Truncated)
            }
            1 => {
                let mut value = written(Spoil::Nothing);
                value.push(0);
                (value, UndecodableReason::Trailing)
            }
            2 => (written(Spoil::Symbol), UndecodableReason::Malformed),
            3 => (written(Spoil::Length), UndecodableReason::Bounds),
            4 => (written(Spoil::Note), UndecodableReason::Utf8),
            _ => bad_frame(rng, &order),
        };
        self.raw(order.id, at_ms, time_ms, Some(value), Truth::Undecodable(reason), true);
    }

    /// The id of a version in the registry of this side.
    fn id(&self, version: Version) -> u32 {
        let swapped = self.plan.swapped && self.side == Side::Canary;
        match version {
            Version::First => 1 + u32::from(swapped),
            Version::Second => 2 - u32::from(swapped),
            Version::Third => 3,
        }
    }

    fn decoded(&self, key: Option<u32>, order: Option<Order>, time_ms: i64) -> Truth {
        let of_the_field = order.and_then(|order| order.created_ms);
        let time_ms = if self.plan.time_is_timestamp {
            Some(time_ms)
        } else {
            of_the_field
        };
        Truth::Decoded(Decoded { key, order, time_ms })
    }

    fn raw(&mut self, id: u32, at_ms: i64, time_ms: i64, value: Option<Vec<u8>>, truth: Truth, with_key: bool) {
        self.out.push(Emitted {
            at_ms,
            // Without a key the partition is of the producer's choice.
            shard: if with_key {
                id
            } else {
                u32::try_from(self.out.len()).unwrap()
            },
            record: Record {
                timestamp_ms: if self.plan.time_is_timestamp { time_ms } else { at_ms },
                key: with_key.then(|| avro::key(id)),
                value,
                truth,
            },
        });
    }
}
