//! What records wait for: writer schemas, and contracts (rule 2).

use std::collections::BTreeSet;

use super::Stream;
use crate::app::book::Fact;
use crate::app::lane::Need;
use crate::codec::{Change, SchemaChange};
use crate::engine::Output;
use crate::model::{Inconclusive, Side};

impl Stream {
    /// Rule 2: where the baseline begins to write a schema without fields of the contract, nothing can be said about them.
    /// What its history holds, up to the first time that it was read to its end, is no beginning.
    pub fn look_for_narrower_baseline(&mut self) {
        let caught_up = self
            .lanes
            .baseline
            .partitions
            .values()
            .all(|partition| partition.at_end);
        if self.narrower.is_none() && !caught_up {
            return;
        }
        let removed = |change: &SchemaChange| change.change == Change::Removed;
        let changes = self.lanes.baseline.reducer().schema_changes();
        let lacking: BTreeSet<String> = changes
            .into_iter()
            .filter(removed)
            .map(|change| change.path.to_string())
            .collect();
        let known = self.narrower.get_or_insert_with(|| lacking.clone());
        let fresh: Vec<String> = lacking.difference(known).cloned().collect();
        if !fresh.is_empty() {
            let text = format!(
                "the baseline began to write a schema without fields of the contract: {}",
                fresh.join(", ")
            );
            self.incident(Inconclusive::Contract, Side::Baseline, text);
        }
    }

    /// Asks for what records wait for, and goes on with those that have it.
    pub(super) fn settle_needs(&mut self, outputs: &mut Vec<Output>) -> bool {
        let mut moved = false;
        for &side in self.sides() {
            for (partition, need) in self.lanes.get(side).needs() {
                if self.is_met(side, need) {
                    moved |= self.go_on(side, partition, outputs);
                }
            }
        }
        moved
    }

    fn is_met(&mut self, side: Side, need: Need) -> bool {
        match need {
            Need::Schema(field, reference) => {
                let known = |fact: &Fact| match fact {
                    Fact::Schema(s, f, r, _) | Fact::Unknown(s, f, r) => (*s, *f, *r) == (side, field, reference),
                    Fact::Contract(..) | Fact::SoleContract(..) => false,
                };
                self.schemas.ask(side, field, reference);
                self.book.since(0).iter().any(known)
            }
            Need::Contract {
                field,
                type_name,
                time_ms,
                schema,
            } => {
                if !self.book.has_contract(field, &type_name)
                    && (side == Side::Baseline || self.baseline_lacks_type(time_ms))
                {
                    tracing::info!(stream = self.name, side = side.as_str(), type_name, "contract chosen");
                    self.book.note(Fact::Contract(field, schema));
                }
                self.book.has_contract(field, &type_name)
            }
        }
    }

    /// Rule 2: the canary's schema serves once the baseline is idle, read to its end, or past the record's time + grace.
    fn baseline_lacks_type(&self, time_ms: Option<i64>) -> bool {
        let view = self.engine.side(Side::Baseline);
        let passed = match (view.watermark_ms, time_ms, self.engine.settings().grace_ms) {
            (Some(watermark), Some(time), Some(grace)) => watermark > time.saturating_add(grace),
            (Some(_), None, _) => true,
            _ => false,
        };
        view.complete || view.silent_since_ms.is_some() || passed
    }

    fn go_on(&mut self, side: Side, partition: u32, outputs: &mut Vec<Output>) -> bool {
        let entries = self.lanes.get_mut(side).resume(partition);
        self.step(side, partition, &entries, outputs);
        let state = self.lanes.get_mut(side).partitions.entry(partition).or_default();
        if state.waiting.is_some() {
            return !entries.is_empty();
        }
        if let Some(lost) = state.told_hole.take() {
            self.lose(side, partition, lost, outputs);
        }
        let state = self.lanes.get_mut(side).partitions.entry(partition).or_default();
        if let Some(position) = state.told_end.take() {
            self.reached(side, partition, position, outputs);
        } else if let Some(last) = entries.last() {
            self.finish_at(side, partition, last.offset + 1, outputs);
        }
        true
    }
}
