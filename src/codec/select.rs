//! Which records of a log belong to the side. Nothing is decoded for it but the frame.

use super::api::{Field, SchemaRef};
use super::frame;
use super::settings::{Framing, Select, Settings};
use crate::model::{Numbered, RecordBatch, RecordRef};

/// True where every condition of the side holds.
pub(super) fn selected(settings: &Settings, batch: &RecordBatch, record: &RecordRef) -> bool {
    selected_by(&settings.select, settings.framing, batch, record)
}

/// True where every condition of a dead letter log holds. One of which nothing is said has none.
pub(super) fn is_diverted(settings: &Settings, batch: &RecordBatch, record: &RecordRef) -> bool {
    let topic = usize::try_from(Numbered::of(batch.partition).topic).unwrap_or(usize::MAX);
    let select = settings.diverted.get(topic);
    select.is_none_or(|select| selected_by(select, settings.framing, batch, record))
}

fn selected_by(select: &Select, framing: Framing, batch: &RecordBatch, record: &RecordRef) -> bool {
    if select.partitions.is_empty() && select.schemas.is_empty() && select.headers.is_empty() {
        return true;
    }
    let schema = || {
        let named = match framing {
            Framing::Header => frame::of_headers(Field::Value, batch, record),
            framing => batch.value(record).and_then(|bytes| frame::open(framing, bytes)),
        };
        matches!(named, Some((SchemaRef::Id(id), _)) if select.schemas.contains(&id))
    };
    let header = |(name, value): &(String, String)| {
        batch
            .headers(record)
            .any(|(other, bytes)| other == name.as_bytes() && bytes == Some(value.as_bytes()))
    };
    select.takes_partition(batch.partition)
        && (select.schemas.is_empty() || schema())
        && select.headers.iter().all(header)
}
