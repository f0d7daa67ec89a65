//! What is stored beside the engine's checkpoint: decisions about the world that are not the engine's.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::app::book::{Book, Fact};
use crate::codec::{Field, SchemaRef};
use crate::model::{Inconclusive, PerSide, Side};

/// It.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Where each partition ends, once the release is closed: (partition, end).
    #[serde(default)]
    pub ends: Option<PerSide<Vec<(u32, u64)>>>,
    /// What the logs did that stands in the way of a verdict: it stays true after a restart.
    #[serde(default)]
    pub incidents: BTreeSet<(Inconclusive, Side, String)>,
    /// Schemas that were given up: their records are undecodable, after a restart too.
    #[serde(default)]
    pub unknown: Vec<UnknownSchema>,
}

/// A schema that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownSchema {
    side: Side,
    key: bool,
    named: Named,
}

/// How the records name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Named {
    Id(u32),
    Fingerprint([u8; 8]),
    Fixed,
}

impl UnknownSchema {
    /// What a book says was given up.
    #[must_use]
    pub fn of(book: &Book) -> Vec<Self> {
        let unknown = |fact| match fact {
            Fact::Unknown(side, field, reference) => Some(Self {
                side,
                key: field == Field::Key,
                named: match reference {
                    SchemaRef::Id(id) => Named::Id(id),
                    SchemaRef::Fingerprint(fingerprint) => Named::Fingerprint(fingerprint),
                    SchemaRef::Fixed => Named::Fixed,
                },
            }),
            _ => None,
        };
        book.since(0).into_iter().filter_map(unknown).collect()
    }

    /// The fact, for the book of the next worker.
    #[must_use]
    pub fn fact(self) -> Fact {
        let field = if self.key { Field::Key } else { Field::Value };
        let reference = match self.named {
            Named::Id(id) => SchemaRef::Id(id),
            Named::Fingerprint(fingerprint) => SchemaRef::Fingerprint(fingerprint),
            Named::Fixed => SchemaRef::Fixed,
        };
        Fact::Unknown(self.side, field, reference)
    }
}
