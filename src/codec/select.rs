//! Which records of a log belong to the side. Nothing is decoded for it but the frame.

use super::api::{Field, SchemaRef};
use super::frame;
use super::settings::{Framing, Settings};
use crate::model::{RecordBatch, RecordRef};

/// True where every condition holds.
pub(super) fn selected(settings: &Settings, batch: &RecordBatch, record: &RecordRef) -> bool {
    let select = &settings.select;
    if select.partitions.is_empty() && select.schemas.is_empty() && select.headers.is_empty() {
        return true;
    }
    let partition = || {
        select
            .partitions
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&batch.partition))
    };
    let schema = || {
        let named = match settings.framing {
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
    (select.partitions.is_empty() || partition())
        && (select.schemas.is_empty() || schema())
        && select.headers.iter().all(header)
}
