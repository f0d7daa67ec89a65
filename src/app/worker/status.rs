//! What a stream's thread shows of itself: written once in a while, read by the judge, the metrics and the probes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::app::advice;
use crate::app::lane::Lane;
use crate::app::report::{self, Adoption};
use crate::app::stream::Stream;
use crate::engine::judge::{Condition, Conditions, Useless};
use crate::engine::{PartitionView, RateFrom, SideView};
use crate::model::{Inconclusive, PerSide, Side, Sides, Topics, WindowCounts, hex};

/// One stream as it stood a moment ago.
#[derive(Clone, Default)]
pub struct View {
    /// The sides.
    pub sides: Sides<SideView>,
    /// Their partitions.
    pub partitions: Sides<Vec<PartitionView>>,
    /// Where each partition ends, as far as it was asked: (partition, high watermark).
    pub ends: Sides<Vec<(u32, u64)>>,
    /// Time until retention reaches the first record that is still needed, milliseconds.
    pub headroom_ms: Sides<Option<i64>>,
    /// Bytes that records hold.
    pub held_bytes: u64,
    /// Memory is at its limit.
    pub full: bool,
    /// Since when, by our clock, no record of a side has a usable event time.
    pub untimed_since_ms: PerSide<Option<i64>>,
    /// When, by our clock, it was proved last that all of the canary was read, and nothing that can be compared.
    pub all_read_ms: Option<i64>,
    /// Records of it that cannot be compared, since the last one with a usable event time.
    pub useless: PerSide<Useless>,
    /// Windows that are not final yet.
    pub unfinished: WindowCounts,
    /// What the logs did: reason, side, one sentence.
    pub incidents: BTreeSet<(Inconclusive, Side, String)>,
    /// What the numbers of partitions stand for.
    pub topics: Sides<Topics>,
    /// What each topic is.
    pub topic_ids: Sides<Option<String>>,
    /// The same of the other topics of a side, its own.
    pub other_ids: Sides<BTreeMap<u32, String>>,
    /// Brokers in trouble.
    pub trouble: Sides<Option<String>>,
    /// Bytes that cannot be read for now: where.
    pub unreadable: Sides<Option<String>>,
    /// Registries that do not answer.
    pub registry_down: Vec<Side>,
    /// The canary was behind at the close.
    pub behind_at_close: bool,
    /// Everything is read after a close.
    pub complete: bool,
    /// Schemas that were met: side, id, digest, records.
    pub schemas: Vec<(Side, Option<u32>, String, u64)>,
    /// The shares of the identities that are compared, and since when; empty where all are.
    pub sampling: Vec<RateFrom>,
    /// Who wrote the records.
    pub adoption: Option<PerSide<Adoption>>,
    /// How the schemas differ from the contract.
    pub changes: Vec<crate::codec::SchemaChange>,
    /// Rules that applied to no record since it was built.
    pub unused: Vec<String>,
    /// Our clock at the last look, monotonic milliseconds.
    pub at_ms: i64,
}

/// The latest view. Clones are one.
#[derive(Clone, Default)]
pub struct Status(Arc<Mutex<Arc<View>>>);

impl Status {
    /// The latest view.
    #[must_use]
    pub fn get(&self) -> Arc<View> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Arc<View>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread is alive, though it waits.
    pub fn beat(&self, at_ms: i64) {
        Arc::make_mut(&mut self.lock()).at_ms = at_ms;
    }

    /// The stream is not built yet: a registry does not answer.
    pub fn waits_for_registry(&self, side: Option<Side>) {
        Arc::make_mut(&mut self.lock()).registry_down = side.into_iter().collect();
    }

    /// What the logs did, and which topics there are, at once.
    pub fn tell(&self, stream: &Stream) {
        let topics = stream.topics();
        let mut view = self.lock();
        if view.incidents.len() != stream.incidents.len() {
            Arc::make_mut(&mut view).incidents.clone_from(&stream.incidents);
        }
        if view.topics != topics {
            Arc::make_mut(&mut view).topics = topics;
        }
    }

    /// Looks at a stream.
    pub fn look(&self, stream: &Stream, at_ms: i64) {
        let engine = &stream.engine;
        let mut schemas = Vec::new();
        for &side in stream.sides() {
            for used in stream.lanes.get(side).reducer().schema_uses() {
                let id = match used.schema {
                    crate::codec::SchemaRef::Id(id) => Some(id),
                    _ => None,
                };
                let digest = hex(&used.digest);
                schemas.push((side, id, digest, used.records));
            }
        }
        let applied = |side: Side| stream.lanes.get(side).reducer().applied();
        let applied = PerSide {
            baseline: applied(Side::Baseline),
            canary: applied(Side::Canary),
        };
        let held_bytes = stream.held_bytes();
        let view = View {
            sides: stream.lanes.each(|side| engine.side(side)),
            partitions: stream.lanes.each(|side| engine.partitions(side)),
            ends: stream.ends.clone(),
            headroom_ms: stream.lanes.each(|side| stream.headroom_ms(side)),
            held_bytes,
            full: stream.is_full(),
            all_read_ms: stream.all_read_ms(Side::Canary),
            useless: stream.useless,
            untimed_since_ms: PerSide {
                baseline: stream.untimed_since_ms(Side::Baseline),
                canary: stream.untimed_since_ms(Side::Canary),
            },
            unfinished: engine.unfinished(),
            incidents: stream.incidents.clone(),
            topics: stream.topics(),
            topic_ids: stream.topic_ids.clone(),
            other_ids: stream.other_ids.clone(),
            trouble: stream.trouble.clone(),
            unreadable: stream
                .lanes
                .each(|side| stream.unreadable.get(side).values().next().cloned()),
            registry_down: stream.registry_down(),
            behind_at_close: engine.canary_behind_at_close().unwrap_or(false),
            complete: engine.is_complete(),
            schemas,
            sampling: stream.engine.rates().to_vec(),
            adoption: report::adoption(stream.lanes.pair().map(Lane::reducer)),
            changes: stream.lanes.canary.reducer().schema_changes(),
            unused: advice::never_applied(&stream.lanes.canary.reducer().settings().rules, &applied),
            at_ms,
        };
        *self.lock() = Arc::new(view);
    }
}

impl View {
    /// Where transactions are open, in one sentence. What is read is settled; what lies behind is never called missing.
    fn open_transactions(&self, side: Side) -> Option<String> {
        let views = self.partitions.get(side).iter();
        let places: Vec<String> = views
            .filter(|view| view.open_transaction_since_ms.is_some())
            .map(|view| {
                let place = self.topics.get(side).says(view.partition);
                format!("{place} from offset {}", view.position)
            })
            .collect();
        (!places.is_empty()).then(|| format!("{side}: a transaction stays open in {}", places.join(", ")))
    }

    /// What stands in the way of a verdict, beside the counts.
    #[must_use]
    pub fn conditions(&self, now_ms: i64, store_down: bool) -> Conditions {
        let mut present: Vec<Condition> = self
            .incidents
            .iter()
            // What a control's log does is no reason: it is left out.
            .filter(|(_, side, _)| *side != Side::Control)
            .map(|(kind, side, text)| Condition {
                kind: *kind,
                side: Some(*side),
                detail: Some(text.clone()),
            })
            .collect();
        let plain = |kind, side| Condition {
            kind,
            side,
            detail: None,
        };
        for side in Side::PAIR {
            if self.sides.get(side).open_transaction_since_ms.is_some() {
                let detail = self.open_transactions(side);
                present.push(Condition {
                    detail,
                    ..plain(Inconclusive::OpenTransaction, Some(side))
                });
            }
            if let Some(text) = self.unreadable.get(side) {
                present.push(Condition {
                    detail: Some(text.clone()),
                    ..plain(Inconclusive::Stalled, Some(side))
                });
            }
            if self.trouble.get(side).is_some() {
                present.push(plain(Inconclusive::Stalled, Some(side)));
            }
        }
        let down = self.registry_down.iter().filter(|side| **side != Side::Control);
        present.extend(down.map(|side| plain(Inconclusive::Registry, Some(*side))));
        if self.behind_at_close {
            present.push(plain(Inconclusive::Stalled, Some(Side::Canary)));
        }
        if self.full {
            present.push(plain(Inconclusive::Stalled, None));
        }
        if store_down {
            present.push(plain(Inconclusive::Store, None));
        }
        let silent = |side: Side| {
            // Its partitions wake and sleep with each record that nobody can use.
            let untimed = self
                .untimed_since_ms
                .get(side)
                .filter(|_| *self.useless.get(side) != Useless::default());
            self.sides
                .get(side)
                .silent_since_ms
                .or(untimed)
                .filter(|_| !self.complete)
        };
        let useless = |side: Side| silent(side).map_or_else(Useless::default, |_| *self.useless.get(side));
        let bad = &self.unfinished.sides.baseline;
        Conditions {
            now_ms,
            silent_since_ms: PerSide {
                baseline: silent(Side::Baseline),
                canary: silent(Side::Canary),
            },
            useless: PerSide {
                baseline: useless(Side::Baseline),
                canary: useless(Side::Canary),
            },
            all_read_ms: self.all_read_ms,
            excused: bad.undecodable_total() + bad.untimely,
            present,
        }
    }
}
