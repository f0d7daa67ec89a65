//! What it means that two records are the same event, and that they are equal (rules 4 and 6).

use crosscheck::engine::Tolerance;

use super::Comparison;
use crate::simulation::world::plan::IdentityFrom;
use crate::simulation::world::truth::{Decoded, Note};

/// What is digested. Ordered only so that it can be grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Content {
    key: Option<Option<u32>>,
    /// `None` is a tombstone.
    value: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Value {
    id: u32,
    created_ms: Option<i64>,
    amount: Option<i64>,
    note: Note,
    status: u8,
}

/// Under what records meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meeting {
    Identity(u32),
    /// There is no identity, or it is null.
    Content(Content),
}

impl Meeting {
    /// Paired as one of many alike: without duplicates and conflicts.
    pub fn by_content(self) -> bool {
        matches!(self, Meeting::Content(_))
    }
}

impl Comparison<'_> {
    /// A value under tolerance is no part of it.
    pub fn content(&self, decoded: &Decoded) -> Content {
        let tolerant = !self.settings.tolerances.is_empty();
        let value = decoded.order.map(|order| Value {
            id: order.id,
            created_ms: order.created_ms.filter(|_| !self.ignore_time),
            amount: (!tolerant).then_some(order.amount),
            note: order.note,
            status: order.status,
        });
        Content {
            key: self.key_compared.then_some(decoded.key),
            value,
        }
    }

    pub fn meeting(&self, decoded: &Decoded) -> Meeting {
        let number = match self.identity {
            IdentityFrom::Field => decoded.order.map(|order| order.id),
            IdentityFrom::Key => decoded.key,
            IdentityFrom::Nothing => None,
        };
        number.map_or_else(|| Meeting::Content(self.content(decoded)), Meeting::Identity)
    }

    /// Whether two numbers of the same content are within the tolerance; `base` is the baseline's, or the earlier one's.
    pub fn within_tolerance(&self, base: i64, other: i64) -> bool {
        let gap = (i128::from(base) - i128::from(other)).abs();
        match self.settings.tolerances.first() {
            None => true,
            Some(Tolerance::Absolute(text)) => {
                let (number, scale) = decimal(text);
                gap * scale <= number
            }
            Some(Tolerance::Relative(text)) => {
                let (number, scale) = decimal(text);
                gap * scale <= number * i128::from(base).abs()
            }
        }
    }
}

/// `2.5` is 25 over 10.
fn decimal(text: &str) -> (i128, i128) {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let scale = 10_i128.pow(u32::try_from(part.len()).unwrap());
    (format!("{whole}{part}").parse().unwrap(), scale)
}
