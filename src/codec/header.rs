//! Headers of a record as a part of its message.

use super::canonical::{put_bytes, put_long};
use crate::model::{RecordBatch, RecordRef};

/// All values of a header: how many, then each, null or with its length.
pub(super) fn put(message: &mut Vec<u8>, batch: &RecordBatch, record: &RecordRef, name: &str) {
    let values = || batch.headers(record).filter(|(other, _)| *other == name.as_bytes());
    put_long(message, i64::try_from(values().count()).unwrap_or(i64::MAX));
    for (_, value) in values() {
        message.push(u8::from(value.is_some()));
        if let Some(value) = value {
            put_bytes(message, value);
        }
    }
}
