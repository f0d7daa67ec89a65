//! The digest of the comparison settings: what is frozen in a generation, apart from what may be reloaded.
//!
//! Frozen is what a final window or a verdict is a function of. Not frozen are credentials, addresses, receivers, what
//! findings may show, how many are kept, memory limits, owners, links, `upstream`, and the stages of the rollout.

use serde::Serialize;

use super::{Budgets, Config, Contract, Criticality, DeadLetter, Policy, Start, Stream};
use crate::model::PerSide;
use crate::{codec, engine};

/// Of the comparison itself: windows of another one are of another generation. 2: the shortest text of a double is the one
/// with the even digit, where two are as near; what is absent below a writer's nullable record is in the key, and in its place
/// where documents are compared with other formats.
const VERSION: u32 = 2;

#[derive(Serialize)]
struct Frozen<'a> {
    version: u32,
    start: Start,
    policy: Policy,
    streams: Vec<FrozenStream<'a>>,
}

#[derive(Serialize)]
struct FrozenStream<'a> {
    name: &'a str,
    // It weighs in the stream's share of the chance of a wrong `fail`.
    criticality: Criticality,
    sides: PerSide<FrozenSide<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    control: Option<FrozenSide<'a>>,
    engine: engine::Settings,
    contract: Option<&'a Contract>,
    budgets: Budgets,
    late_max: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    drift: Option<&'a engine::judge::DriftPolicy>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    named: &'a [engine::judge::NamedCheck],
}

#[derive(Serialize)]
struct FrozenSide<'a> {
    cluster: &'a str,
    topic: &'a str,
    registry: Option<&'a str>,
    codec: &'a codec::Settings,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    dead_letters: &'a [DeadLetter],
}

impl Config {
    /// The comparison settings as canonical JSON: streams by name, keys in a fixed order.
    #[must_use]
    pub fn frozen_json(&self) -> String {
        let mut streams: Vec<FrozenStream> = self.streams.iter().map(frozen).collect();
        streams.sort_by_key(|stream| stream.name);
        let frozen = Frozen {
            version: VERSION,
            start: self.release.start,
            policy: self.policy,
            streams,
        };
        // Plain data with string keys only: there is nothing here that JSON cannot hold.
        serde_json::to_string(&frozen).unwrap_or_default()
    }

    /// BLAKE3 of [`Self::frozen_json`] in hex: another digest is another generation.
    #[must_use]
    pub fn digest(&self) -> String {
        blake3::hash(self.frozen_json().as_bytes()).to_hex().to_string()
    }
}

fn frozen(stream: &Stream) -> FrozenStream<'_> {
    let side = |side| {
        let side: &super::StreamSide = stream.sides.get(side);
        FrozenSide {
            cluster: &side.cluster,
            topic: &side.topic,
            registry: side.registry.as_deref(),
            codec: &side.codec,
            dead_letters: &side.dead_letters,
        }
    };
    FrozenStream {
        name: &stream.name,
        criticality: stream.criticality,
        sides: PerSide {
            baseline: side(crate::model::Side::Baseline),
            canary: side(crate::model::Side::Canary),
        },
        control: stream.sides.control.as_ref().map(|_| side(crate::model::Side::Control)),
        // What is kept and held changes no window.
        engine: engine::Settings {
            findings_max: 0,
            held_max_bytes: 0,
            ..stream.engine.clone()
        },
        contract: stream.contract.as_ref(),
        budgets: stream.budgets,
        late_max: stream.limits.late_max,
        drift: stream.engine.profile.as_ref().map(|_| &stream.drift),
        named: &stream.named,
    }
}
