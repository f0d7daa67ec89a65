//! What a stream has learnt about schemas: an append-only list that every reducer of the stream replays.

use std::sync::{Arc, Mutex, PoisonError};

use crate::codec::{Field, Reducer, Schema, SchemaRef};
use crate::model::Side;

/// One thing that was learnt.
#[derive(Clone)]
pub enum Fact {
    /// The writer schema behind a reference.
    Schema(Side, Field, SchemaRef, Arc<Schema>),
    /// Nobody knows the schema behind a reference: its records are undecodable.
    Unknown(Side, Field, SchemaRef),
    /// The contract of one record type.
    Contract(Field, Arc<Schema>),
    /// The one contract of every record type.
    SoleContract(Field, Arc<Schema>),
}

/// The list. Cheap to clone; all clones are one list.
#[derive(Clone, Default)]
pub struct Book(Arc<Mutex<Vec<Fact>>>);

impl Book {
    /// Writes a fact down.
    pub fn note(&self, fact: Fact) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fact);
    }

    /// All facts from the `n`th on.
    #[must_use]
    pub fn since(&self, n: usize) -> Vec<Fact> {
        let facts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        facts.get(n..).map(<[Fact]>::to_vec).unwrap_or_default()
    }

    /// The contracts of a field, in the order in which they were chosen.
    #[must_use]
    pub fn contracts(&self, field: Field) -> Vec<Arc<Schema>> {
        let wanted = |fact: Fact| match fact {
            Fact::Contract(of, schema) | Fact::SoleContract(of, schema) if of == field => Some(schema),
            _ => None,
        };
        self.since(0).into_iter().filter_map(wanted).collect()
    }

    /// The contract of every record type, where one was named.
    #[must_use]
    pub fn sole_contract(&self, field: Field) -> Option<Arc<Schema>> {
        let sole = |fact: Fact| match fact {
            Fact::SoleContract(of, schema) if of == field => Some(schema),
            _ => None,
        };
        self.since(0).into_iter().rev().find_map(sole)
    }

    /// True where a record type has a contract already.
    #[must_use]
    pub fn has_contract(&self, field: Field, type_name: &str) -> bool {
        self.contracts(field).iter().any(|schema| schema.name() == type_name)
    }
}

/// A reducer that knows what the book says.
pub struct Reader {
    reducer: Reducer,
    side: Side,
    book: Book,
    read: usize,
}

impl Reader {
    /// A reducer of one side, up to date.
    #[must_use]
    pub fn new(reducer: Reducer, side: Side, book: Book) -> Self {
        Self {
            reducer,
            side,
            book,
            read: 0,
        }
    }

    /// The reducer, brought up to date.
    pub fn reducer(&mut self) -> &mut Reducer {
        for fact in self.book.since(self.read) {
            self.read += 1;
            match fact {
                Fact::Schema(side, field, reference, schema) if side == self.side => {
                    self.reducer.add_schema(field, reference, schema);
                }
                Fact::Unknown(side, field, reference) if side == self.side => {
                    self.reducer.unknown_schema(field, reference);
                }
                Fact::Contract(field, schema) => self.reducer.add_contract(field, schema),
                Fact::SoleContract(field, schema) => self.reducer.set_sole_contract(field, schema),
                Fact::Schema(..) | Fact::Unknown(..) => {}
            }
        }
        &mut self.reducer
    }

    /// How many facts of the book the reducer knows.
    #[must_use]
    pub fn facts(&self) -> usize {
        self.read
    }

    /// The reducer as it is, to ask what it has met.
    #[must_use]
    pub fn as_reducer(&self) -> &Reducer {
        &self.reducer
    }
}
