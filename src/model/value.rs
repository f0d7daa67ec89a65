//! The value tree: a record as the contract's type, for the field by field comparison of findings only.

/// A value. No `Debug`, so that it cannot slip into a log.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// A field of the contract that this side's schema lacks.
    Absent,
    /// The same, where the rules hold it equal to its default, which is the value inside.
    Default(Box<Value>),
    /// Null.
    Null,
    /// True or false.
    Boolean(bool),
    /// An integer of any width.
    Integer(i64),
    /// A float or double: the value, and whether it is a float.
    Floating {
        /// The number, widened.
        value: f64,
        /// From an Avro float.
        single: bool,
    },
    /// An exact decimal: minimal big-endian two's complement, and the scale.
    Decimal {
        /// Unscaled value.
        unscaled: Vec<u8>,
        /// Digits after the point.
        scale: i32,
    },
    /// Text.
    Text(String),
    /// Bytes, also of a fixed.
    Bytes(Vec<u8>),
    /// A symbol of an enum.
    Symbol(String),
    /// Items in order.
    Array(Vec<Value>),
    /// Entries sorted by the bytes of the key.
    Map(Vec<(String, Value)>),
    /// Fields in the contract's order, by the contract's names.
    Record(Vec<(String, Value)>),
    /// A value that the contract's type cannot hold; the name says what it is.
    Foreign {
        /// The writer's type, such as `string` or `decimal(scale 3)`.
        kind: String,
        /// The value as the writer has it.
        value: Box<Value>,
    },
    /// The branch that a union took where it matters which: its name, and the value.
    Branch(String, Box<Value>),
    /// A point in time or a time of day: the count and its unit, such as `ms`, with the local flag apart.
    Temporal {
        /// Count of units.
        count: i64,
        /// `d`, `ms`, `us` or `ns`.
        unit: &'static str,
        /// What it is: `date`, `time`, `timestamp`, `local-timestamp`.
        kind: &'static str,
    },
}
