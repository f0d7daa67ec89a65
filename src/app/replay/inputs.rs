//! What is stored with final windows so that they can be computed again.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::app::book::Book;
use crate::app::worker::{KnownSchema, UnknownSchema};
use crate::edge::store::InputsRow;
use crate::engine::Checkpoint;

/// Everything that the windows of one commit are a function of, beside the logs, the settings and the contracts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// The place to go on from before them, with every stored input that was known when they became final.
    pub checkpoint: Checkpoint,
    /// Schemas that were given up by then.
    pub unknown: Vec<UnknownSchema>,
    /// Writer schemas that were learnt since the commit before, or since the worker began.
    pub schemas: Vec<KnownSchema>,
}

impl Inputs {
    /// What is to be stored; `facts` of the book are stored already.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn json(checkpoint: Checkpoint, book: &Book, facts: usize) -> Result<String> {
        let inputs = Self {
            checkpoint,
            unknown: UnknownSchema::of(book),
            schemas: KnownSchema::since(book, facts),
        };
        serde_json::to_string(&inputs).context("write the inputs of the windows")
    }

    /// What was stored.
    ///
    /// # Errors
    /// This binary does not understand it.
    pub fn read(row: &InputsRow) -> Result<Self> {
        serde_json::from_str(&row.body).context("read the stored inputs of windows")
    }
}
