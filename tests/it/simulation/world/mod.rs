//! The world of one seed: two sides' logs over simulated time, with the faults that live in logs, and their truth.
//!
//! Nothing here is random but the seed. What is left to the driver: when it reads, crashes, waits, and what it finds
//! untimely by its own clock.

pub mod avro;
mod emit;
mod layout;
pub mod log;
pub mod plan;
pub mod rng;
pub mod sometimes;
mod tests;
pub mod truth;

use std::collections::BTreeMap;

use crosscheck::codec::{EventTime, Format, Framing, Part, Rules, Select};
use crosscheck::engine::{Range, Settings};
use crosscheck::model::{Path, PerSide, Side};

use log::Topic;
use plan::{EPOCH_MS, IdentityFrom, Plan, Start};
use rng::Rng;
use sometimes::Sometimes;

/// Everything that a seed decides.
#[derive(Clone, Debug)]
pub struct World {
    pub seed: u64,
    pub plan: Plan,
    /// Of the comparison; what the codec needs is in `codec`.
    pub settings: Settings,
    pub topics: PerSide<Topic>,
    pub control: Option<Topic>,
    /// Schema texts by id; an id that is not there is unknown to the registry.
    pub registries: PerSide<BTreeMap<u32, &'static str>>,
    pub start: Start,
    /// When the worker starts for the first time.
    pub begins_at_ms: i64,
    /// When `release close` is asked for.
    pub close_at_ms: Option<i64>,
    /// From then on nothing changes any more in any log.
    pub quiet_at_ms: i64,
    /// How long a partition must be silent, by our clock, before it may be idle.
    pub idle_ms: i64,
    pub ahead_max_ms: i64,
    /// What was put into the logs. Whether it was reached is the driver's and the oracle's to say.
    pub injected: Sometimes,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut settings = plan::settings(&mut rng);
        settings.has_identity = !rng.chance(0.12);
        settings.sample = plan::sample(seed);
        let mut plan = plan::plan(&mut rng, &settings);
        plan.control = plan::control(seed, &settings, plan.span_ms);
        Self::from_plan(seed, &mut rng, plan, settings)
    }

    /// The world of a plan that was changed by hand.
    pub fn from_plan(seed: u64, rng: &mut Rng, plan: Plan, mut settings: Settings) -> Self {
        let mut injected = Sometimes::default();
        let emitted = emit::both(&mut rng.fork(), &plan, &settings, &mut injected);
        settings.control = plan.control.is_some();
        let control = plan.control.map(|control| {
            injected.reached("a control");
            let mut rng = Rng::new(seed ^ 0x006e_6f69_7365);
            let emitted = emit::control(&mut rng, &plan, &settings, &emitted, &mut injected);
            layout::topic(&mut rng, &plan, Side::Control, control.its, emitted, &mut injected)
        });
        let topics = PerSide {
            baseline: layout::topic(
                &mut rng.fork(),
                &plan,
                Side::Baseline,
                plan.sides.baseline,
                emitted.baseline,
                &mut injected,
            ),
            canary: layout::topic(
                &mut rng.fork(),
                &plan,
                Side::Canary,
                plan.sides.canary,
                emitted.canary,
                &mut injected,
            ),
        };
        let mut registries = PerSide {
            baseline: emit::registry(false),
            canary: emit::registry(plan.swapped),
        };
        if plan.swapped {
            injected.reached("swapped ids");
        }
        if !plan.select {
            // Nobody asks for it, so nobody needs to know it.
            registries.baseline.remove(&emit::UNASKED);
            registries.canary.remove(&emit::UNASKED);
        }
        let end_ms = EPOCH_MS + plan.span_ms;
        let start = match rng.below(4) {
            0 => Start::Now,
            1 => Start::Time(EPOCH_MS + rng.between(-1_000, plan.span_ms / 2)),
            _ => Start::Earliest,
        };
        settings.range = match start {
            Start::Time(start_ms) => Range::Time {
                start_ms: Some(start_ms),
                end_ms: None,
            },
            _ => Range::Discovered,
        };
        let settle = settings.lateness_ms.unwrap_or(0) + settings.grace_ms.unwrap_or(0);
        Self {
            seed,
            begins_at_ms: match rng.below(3) {
                0 => EPOCH_MS - 1_000,
                1 => EPOCH_MS + rng.between(0, plan.span_ms / 3),
                _ => EPOCH_MS + rng.between(0, plan.span_ms),
            },
            close_at_ms: rng
                .chance(0.4)
                .then(|| EPOCH_MS + rng.between(plan.span_ms / 2, plan.span_ms * 5 / 4)),
            quiet_at_ms: topics
                .baseline
                .quiet_at_ms()
                .max(topics.canary.quiet_at_ms())
                .max(control.as_ref().map_or(end_ms, Topic::quiet_at_ms))
                .max(end_ms),
            idle_ms: rng.pick(&[1_000, 5_000, 30_000]),
            ahead_max_ms: settle + rng.pick(&[0, 1_000, 300_000]),
            plan,
            settings,
            topics,
            control,
            registries,
            start,
            injected,
        }
    }

    pub fn topic(&self, side: Side) -> &Topic {
        match (side, &self.control) {
            (Side::Control, Some(control)) => control,
            _ => self.topics.get(side),
        }
    }

    /// The contract, which the config names.
    pub fn contract(&self) -> &'static str {
        avro::FIRST
    }

    /// How the records of both sides are reduced.
    pub fn codec(&self) -> crosscheck::codec::Settings {
        let Plan {
            identity,
            time_is_timestamp,
            ignore_time,
            compare_key,
            select,
            ..
        } = self.plan;
        let path = |name: &str| Path::parse(name).unwrap();
        crosscheck::codec::Settings {
            profile: Vec::new(),
            critical: Vec::new(),
            measured: Vec::new(),
            producer: None,
            diverted: Vec::new(),
            format: Format::Avro,
            framing: Framing::Confluent,
            unwrap: None,
            absent_in_place: false,
            key_format: Format::Raw,
            key_framing: Framing::None,
            identity: match identity {
                IdentityFrom::Field => vec![Part::Field(path("id"))],
                IdentityFrom::Key => vec![Part::Key],
                IdentityFrom::Nothing => Vec::new(),
            },
            event_time: if time_is_timestamp {
                EventTime::Timestamp
            } else {
                EventTime::Field(path("created_at"))
            },
            select: Select {
                schemas: if select { vec![1, 2, 3] } else { Vec::new() },
                ..Select::default()
            },
            rules: Rules {
                ignore: if ignore_time {
                    vec![path("created_at")]
                } else {
                    Vec::new()
                },
                tolerant: if self.settings.tolerances.is_empty() {
                    Vec::new()
                } else {
                    vec![path("amount")]
                },
                compare_key,
                ..Rules::default()
            },
        }
    }
}
