//! What a record really is, known from its making: the oracle works on this and never on bytes.

use crosscheck::model::UndecodableReason;

/// The truth of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    Decoded(Decoded),
    /// Two of them are the same where their raw keys and values are.
    Undecodable(UndecodableReason),
    /// The selector leaves it out.
    Deselected,
}

/// A record that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The Kafka key, as a number.
    pub key: Option<u32>,
    /// `None` is a tombstone.
    pub order: Option<Order>,
    /// The event time that the settings name; `None` where there is none in it.
    pub time_ms: Option<i64>,
}

/// The value, in the contract's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The identity field.
    pub id: u32,
    pub created_ms: Option<i64>,
    pub amount: i64,
    pub note: Note,
    /// A symbol: the contract's are 0 to 2, 3 is outside of it.
    pub status: u8,
}

/// The nullable field, which the third schema lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    Absent,
    Null,
    Text(u8),
}
