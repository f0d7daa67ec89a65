//! Records of a dead letter log: nothing of them is decoded, whatever they are.

use super::{Messages, Reducer, Walked};
use crate::codec::api::Progress;
use crate::codec::select::is_diverted;
use crate::model::RecordBatch;

impl Reducer {
    /// Walks records of a dead letter log.
    pub(super) fn divert(&self, batch: &RecordBatch, from: usize, messages: &mut Messages) -> Progress {
        for record in batch.records.iter().skip(from) {
            let selected = is_diverted(&self.settings, batch, record);
            messages.push(if selected { Walked::Diverted } else { Walked::Deselected });
        }
        Progress::Done
    }
}
