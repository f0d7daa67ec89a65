//! The part of the report that says who wrote the records: how far a schema, or a version of a producer, has come.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::{grouped, harmless, percent};
use crate::codec::{Field, Reducer, SchemaRef, Writers};
use crate::model::{PerSide, Side, hex};

/// Producers of a side that a line tells.
const LINE_MAX: usize = 4;

/// Who wrote the records of a side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Adoption {
    /// Selected records that were read, without those of dead letter topics; of a worker since it was started, as in `schemas`.
    pub records: u64,
    /// The schemas that values were decoded by, the one of the most records first. A tombstone has none.
    pub schemas: Vec<SchemaShare>,
    /// What a header says of the producers; not there where `producer` names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub producers: Option<Producers>,
}

/// A schema of values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SchemaShare {
    /// Its id in the side's registry; null where it has none, as in a file.
    pub id: Option<u32>,
    /// Its digest in hex.
    pub digest: String,
    /// Records that were decoded by it.
    pub records: u64,
    /// Their share of the side's.
    pub share: f64,
}

/// The producers of a side, as a header says them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Producers {
    /// The header.
    pub header: String,
    /// Its values, the one of the most records first, at most 16.
    pub named: Vec<ProducerShare>,
    /// Records with another value, or with one that is not printable text of at most 64 characters.
    pub other: Share,
    /// Records without the header, or with nothing in it.
    pub none: Share,
}

/// A producer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProducerShare {
    /// The header's value.
    pub producer: String,
    /// Records that it wrote.
    pub records: u64,
    /// Their share of the side's.
    pub share: f64,
}

/// Some records of a side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    /// How many.
    pub records: u64,
    /// Their share of the side's.
    pub share: f64,
}

/// What the reducers of both sides met; `None` where nothing says who wrote a record.
#[must_use]
pub fn adoption(sides: PerSide<&Reducer>) -> Option<PerSide<Adoption>> {
    let PerSide { baseline, canary } = sides;
    let found = PerSide {
        baseline: of(baseline),
        canary: of(canary),
    };
    let says = |side: Side| {
        let of = found.get(side);
        of.producers.is_some() || !of.schemas.is_empty()
    };
    Side::PAIR.into_iter().any(says).then_some(found)
}

fn of(reducer: &Reducer) -> Adoption {
    let writers = reducer.writers();
    let met = |used: &crate::codec::SchemaUse| used.field == Field::Value && used.records > 0;
    let schemas = reducer.schema_uses().into_iter().filter(met);
    let mut schemas: Vec<SchemaShare> = schemas
        .map(|used| SchemaShare {
            id: match used.schema {
                SchemaRef::Id(id) => Some(id),
                SchemaRef::Guid(_) | SchemaRef::Fingerprint(_) | SchemaRef::Fixed => None,
            },
            digest: hex(&used.digest),
            records: used.records,
            share: share(used.records, writers).share,
        })
        .collect();
    // What has as many stays in its order.
    schemas.sort_by_key(|schema| std::cmp::Reverse(schema.records));
    Adoption {
        records: writers.records,
        schemas,
        producers: reducer
            .settings()
            .producer
            .as_deref()
            .map(|header| producers(header, writers)),
    }
}

fn producers(header: &str, writers: &Writers) -> Producers {
    let (named, other) = writers.most();
    let named = named.into_iter().map(|(producer, records)| ProducerShare {
        producer: producer.to_owned(),
        records,
        share: share(records, writers).share,
    });
    Producers {
        header: header.to_owned(),
        named: named.collect(),
        other: share(other, writers),
        none: share(writers.none, writers),
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of records")]
fn share(records: u64, writers: &Writers) -> Share {
    Share {
        records,
        share: if writers.records == 0 {
            0.0
        } else {
            records as f64 / writers.records as f64
        },
    }
}

/// The producers of both sides in a line; nothing where none is asked for.
pub(super) fn line(adoption: &PerSide<Adoption>) -> Option<String> {
    let header = &adoption.baseline.producers.as_ref()?.header;
    let of = |side: Side| {
        let producers = adoption.get(side).producers.as_ref();
        let named = producers.iter().flat_map(|producers| &producers.named);
        let named = named.map(|row| (harmless(&row.producer), row.records, row.share));
        let mut rows: Vec<_> = named.collect();
        let hidden = rows.split_off(rows.len().min(LINE_MAX));
        let (more, of_more) = hidden.iter().fold((0, 0.0), |(sum, shares), (_, records, share)| {
            (sum + records, shares + share)
        });
        let apart = producers
            .map(|producers| (producers.other, producers.none))
            .unwrap_or_default();
        rows.push(("other".to_owned(), apart.0.records + more, apart.0.share + of_more));
        rows.push(("none".to_owned(), apart.1.records, apart.1.share));
        let told = rows.iter().filter(|(_, records, _)| *records > 0);
        let told: Vec<String> = told
            .map(|(name, records, share)| format!("{name} {} ({})", grouped(*records), percent(*share)))
            .collect();
        if told.is_empty() {
            format!("{side} nothing")
        } else {
            format!("{side} {}", told.join(", "))
        }
    };
    Some(format!(
        "written by ({}): {}; {}",
        harmless(header),
        of(Side::Baseline),
        of(Side::Canary)
    ))
}
