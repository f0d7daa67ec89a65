//! What is stored beside the engine's checkpoint: decisions about the world that are not the engine's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use anyhow::{Context, Result};

use crate::app::book::{Book, Fact};
use crate::codec::{Field, Schema, SchemaRef};
use crate::edge::store::Stored;
use crate::engine::RateFrom;
use crate::model::{DifferenceKind, Inconclusive, Side, Sides};

/// It.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Where each partition ends, once the release is closed: (partition, end).
    #[serde(default)]
    pub ends: Option<Sides<Vec<(u32, u64)>>>,
    /// What the logs did that stands in the way of a verdict: it stays true after a restart.
    #[serde(default)]
    pub incidents: BTreeSet<(Inconclusive, Side, String)>,
    /// What each topic was when the generation began to read it, as far as its cluster tells.
    #[serde(default)]
    pub topic_ids: Sides<Option<String>>,
    /// The same of the other topics of a side whose topic is a pattern, by their places among `topics`.
    #[serde(default, skip_serializing_if = "has_no_ids")]
    pub other_ids: Sides<BTreeMap<u32, String>>,
    /// The topics that a side's pattern came to in this generation, in the order that the numbers of their partitions know
    /// them by. None of a side that has one topic.
    #[serde(default, skip_serializing_if = "has_no_topics")]
    pub topics: Sides<Vec<String>>,
    /// The shares of the identities that were compared, and since when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sampling: Vec<RateFrom>,
    /// Differing paths of baseline and control, over pairs of noisy windows that were read again: path, kind, pairs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noise: Vec<(String, DifferenceKind, u64)>,
    /// Critical fields with a budget of 0 that a second reading proved to differ, by their checks: the first window in which.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub broken: BTreeMap<String, Option<i64>>,
    /// Schemas that were given up: their records are undecodable, after a restart too.
    #[serde(default)]
    pub unknown: Vec<UnknownSchema>,
}

fn has_no_ids(ids: &Sides<BTreeMap<u32, String>>) -> bool {
    ids.all().all(BTreeMap::is_empty)
}

fn has_no_topics(topics: &Sides<Vec<String>>) -> bool {
    topics.all().all(Vec::is_empty)
}

impl State {
    /// The noisy paths and kinds, with their pairs.
    #[must_use]
    pub fn noise(&self) -> BTreeMap<(String, DifferenceKind), u64> {
        let known = self.noise.iter();
        known
            .map(|(path, kind, pairs)| ((path.clone(), *kind), *pairs))
            .collect()
    }

    /// What is stored of a stream; of one that has stored nothing yet there is nothing.
    ///
    /// # Errors
    /// This binary does not understand it.
    pub fn of(stored: &Stored, stream: &str) -> Result<Self> {
        let own = stored.states.iter().find(|row| row.stream == stream);
        let state = own.map(|row| serde_json::from_str(&row.state)).transpose();
        Ok(state.context("read the stored state")?.unwrap_or_default())
    }
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
    Guid([u8; 16]),
    Fingerprint([u8; 8]),
    Fixed,
}

impl Named {
    fn of(reference: SchemaRef) -> Self {
        match reference {
            SchemaRef::Id(id) => Self::Id(id),
            SchemaRef::Guid(guid) => Self::Guid(guid),
            SchemaRef::Fingerprint(fingerprint) => Self::Fingerprint(fingerprint),
            SchemaRef::Fixed => Self::Fixed,
        }
    }

    fn reference(self) -> SchemaRef {
        match self {
            Self::Id(id) => SchemaRef::Id(id),
            Self::Guid(guid) => SchemaRef::Guid(guid),
            Self::Fingerprint(fingerprint) => SchemaRef::Fingerprint(fingerprint),
            Self::Fixed => SchemaRef::Fixed,
        }
    }
}

/// A writer schema as it was when records were read with it: a replay asks no registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownSchema {
    side: Side,
    key: bool,
    named: Named,
    schema: String,
}

impl KnownSchema {
    /// What a book has learnt since its `n`th fact.
    #[must_use]
    pub fn since(book: &Book, n: usize) -> Vec<Self> {
        let known = |fact| match fact {
            Fact::Schema(side, field, reference, schema) => Some(Self {
                side,
                key: field == Field::Key,
                named: Named::of(reference),
                schema: schema.json().to_owned(),
            }),
            _ => None,
        };
        book.since(n).into_iter().filter_map(known).collect()
    }

    /// The fact, for the book of a replay.
    ///
    /// # Errors
    /// A schema that this binary cannot parse.
    pub fn fact(&self) -> Result<Fact> {
        let field = if self.key { Field::Key } else { Field::Value };
        let schema = Schema::restore(&self.schema).context("parse a stored writer schema")?;
        Ok(Fact::Schema(self.side, field, self.named.reference(), schema))
    }
}

impl UnknownSchema {
    /// What a book says was given up.
    #[must_use]
    pub fn of(book: &Book) -> Vec<Self> {
        let unknown = |fact| match fact {
            Fact::Unknown(side, field, reference) => Some(Self {
                side,
                key: field == Field::Key,
                named: Named::of(reference),
            }),
            _ => None,
        };
        book.since(0).into_iter().filter_map(unknown).collect()
    }

    /// The fact, for the book of the next worker.
    #[must_use]
    pub fn fact(self) -> Fact {
        let field = if self.key { Field::Key } else { Field::Value };
        Fact::Unknown(self.side, field, self.named.reference())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_come_back_in_their_order_and_a_stream_without_a_pattern_writes_none() {
        let plain = serde_json::to_string(&State::default()).unwrap();
        for key in ["topics", "other_ids", "broken"] {
            assert!(!plain.contains(key), "{plain}");
        }
        assert_eq!(serde_json::from_str::<State>(&plain).unwrap(), State::default());
        let mut state = State::default();
        *state.topics.get_mut(Side::Canary) = vec!["b".to_owned(), "a".to_owned()];
        state.other_ids.get_mut(Side::Canary).insert(1, "id of a".to_owned());
        state.broken.insert("field amount".to_owned(), None);
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
    }
}
