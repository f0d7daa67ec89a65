//! What a reducer met: schemas, rules that applied, and who wrote the records.

use std::collections::BTreeSet;

use super::super::api::{Field, Met, SchemaUse};
use super::super::applied::Applied;
use super::super::changes::SchemaChange;
use super::super::messages::Messages;
use super::super::writers::Writers;
use super::{Memory, Reducer};
use crate::model::RecordBatch;

impl Reducer {
    /// Counts the records from `from` on that were walked.
    pub(super) fn count_writers(&mut self, batch: &RecordBatch, from: usize, messages: &Messages) {
        self.writers.records += messages.selected() as u64;
        if let Some(name) = &self.settings.producer {
            let records = batch.records.get(from..).unwrap_or_default();
            self.writers.count(name, batch, messages.of_side(records));
        }
    }

    /// Who wrote the records that were reduced so far.
    #[must_use]
    pub fn writers(&self) -> &Writers {
        &self.writers
    }

    /// The writer schemas that are known, keys' first, each with the records that were decoded by it.
    #[must_use]
    pub fn schema_uses(&self) -> Vec<SchemaUse> {
        let mut uses = self.key.uses();
        uses.extend(self.value.uses());
        for other in self
            .cases
            .iter()
            .flat_map(|cases| cases.reducers())
            .flat_map(Reducer::schema_uses)
        {
            let same =
                |own: &&mut SchemaUse| (own.field, own.schema, own.digest) == (other.field, other.schema, other.digest);
            match uses.iter_mut().find(same) {
                Some(own) => own.records += other.records,
                None => uses.push(other),
            }
        }
        uses
    }

    /// What was met since this was last asked, as if a new reducer had met it. It is for another reducer to count.
    pub fn take_uses(&mut self) -> Vec<Met> {
        let mut met = Vec::new();
        let writers = std::mem::take(&mut self.writers);
        if writers != Writers::default() {
            met.push(Met::Writers(writers));
        }
        self.key.take_uses(&mut met);
        self.value.take_uses(&mut met);
        for reducer in self.cases.iter_mut().flat_map(|cases| cases.reducers_mut()) {
            // By whoever counts they are met without their conditions.
            met.extend(reducer.applied().into_iter().map(Met::Rule));
            met.extend(reducer.take_uses());
        }
        for scratch in [&mut self.memory.key, &mut self.memory.value] {
            met.extend(std::mem::take(&mut scratch.applied).into_iter().map(Met::Rule));
        }
        met
    }

    /// Counts what another reducer met that knows the same schemas, contracts and settings.
    pub fn add_uses(&mut self, met: &[Met]) {
        for met in met {
            match met {
                Met::Schema {
                    field,
                    schema,
                    message,
                    records,
                } => {
                    let half = match field {
                        Field::Key => &mut self.key,
                        Field::Value => &mut self.value,
                    };
                    half.add_use(*schema, *message, *records);
                }
                Met::Rule(rule) => drop(self.memory.value.applied.insert(*rule)),
                Met::Writers(writers) => self.writers.add(writers),
            }
        }
    }

    /// The rules that applied to a record so far.
    #[must_use]
    pub fn applied(&self) -> Applied {
        let Memory { key, value, .. } = &self.memory;
        let seen = key.applied.iter().chain(&value.applied).copied();
        let cases = self.cases.iter().flat_map(|cases| cases.reducers());
        let of_cases = cases.flat_map(Reducer::applied);
        let own = self.key.applied().chain(self.value.applied()).chain(seen);
        own.chain(of_cases).collect()
    }

    /// How the writer schemas differ from their contracts, each change once; paths of the key begin with `$key`.
    #[must_use]
    pub fn schema_changes(&self) -> Vec<SchemaChange> {
        let of_key = self.key.changes().cloned().map(SchemaChange::of_key);
        let cases = self.cases.iter().flat_map(|cases| cases.reducers());
        let of_cases = cases.flat_map(Reducer::schema_changes);
        let own = self.value.changes().cloned().chain(of_key);
        let found: BTreeSet<SchemaChange> = own.chain(of_cases).collect();
        found.into_iter().collect()
    }
}
