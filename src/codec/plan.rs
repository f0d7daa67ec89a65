//! A plan: what to do with the bytes of one writer schema to get the canonical form under one contract.
//!
//! Operations are a flat list, cut into blocks. A block is the way of one value; records, arrays, maps and unions name
//! the blocks of what they hold, so that a recursive schema is a finite plan.

use std::sync::Arc;

use super::applied::Applied;
use super::mapping::{Mapped, Table};
use super::schema::{NodeId, Unit};

/// Which schema a node is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    Writer,
    Contract,
}

/// A node of one of the two schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ref {
    pub of: Of,
    pub id: NodeId,
}

/// Index of a block.
pub(super) type BlockId = u32;

/// One step of the walk. Unless it says otherwise it reads a value of that type, which is canonical already.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Fixed(u32),
    /// An enum with the contract's symbols in their order; how many.
    Enum(u32),
    /// An enum with other symbols.
    EnumMap(u32),
    /// A long for an int, where it fits.
    LongToInt(u32),
    /// An int or long for a float, where exact.
    NumberToFloat {
        long: bool,
        foreign: u32,
    },
    /// An int or long for a double, where exact.
    NumberToDouble {
        long: bool,
        foreign: u32,
    },
    FloatToDouble,
    DoubleToFloat(u32),
    BytesToText(u32),
    UuidToText,
    TextToUuid(u32),
    /// A time in another unit.
    Rescale(u32),
    Decimal(u32),
    /// What follows stands in this branch of the contract's union.
    Wrap(u32),
    /// A union of the writer.
    Union {
        first: u32,
        count: u32,
    },
    /// Items by a block; whether each takes at least a byte.
    Array {
        items: BlockId,
        sized: bool,
    },
    Map {
        values: BlockId,
    },
    /// Items that each take at least a byte, in any order.
    Unordered {
        items: BlockId,
    },
    /// A value of which some count as another one.
    Mapped(u32),
    /// A record.
    Call(BlockId),
    /// Fields of a record that the contract has in another order.
    Reorder(u32),
    /// A value that is read and not kept.
    Discard(BlockId),
    /// A value of which the rules ask something.
    Mark(u32),
    /// The event time stands here; read it and go back.
    Time {
        clock: Clock,
        long: bool,
    },
    /// A field that the writer lacks, in place.
    Absent,
    /// A field that the writer lacks, as its default.
    Default(u32),
    /// A value that the contract's type cannot hold.
    Foreign(u32),
}

/// How an event time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Days,
    Count(Unit),
    Text,
}

/// What a union's branch becomes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch {
    pub block: BlockId,
    /// The branch of the contract's union; none where the contract has no union, or no branch for it.
    pub index: Option<u32>,
    /// The index is the writer's own.
    pub same: bool,
    /// The branch is null on both sides.
    pub null: bool,
}

/// Where a value goes that cannot be held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Foreign {
    /// The writer's node.
    pub node: Ref,
    /// First half of the digest of the writer's type.
    pub type_digest: [u8; 16],
    /// The walk of the writer's own type.
    pub own: BlockId,
}

/// An enum whose symbols are not the contract's.
#[derive(Clone, Debug)]
pub(super) struct EnumMap {
    /// The contract's index of each symbol.
    pub indexes: Vec<Option<u32>>,
    /// The symbols.
    pub symbols: Vec<String>,
}

/// A change of unit: multiply, then divide where nothing is lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rescale {
    /// The writer has an int.
    pub from_int: bool,
    /// The contract has an int.
    pub to_int: bool,
    pub multiply: i64,
    pub divide: i64,
    pub foreign: u32,
}

/// How the writer has a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecimalSource {
    Bytes,
    Fixed(u32),
    Int,
    Long,
    Big,
}

/// How the contract has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecimalTarget {
    /// At a scale, with at most so many digits.
    Scaled {
        scale: u32,
        precision: u32,
        safe: usize,
    },
    /// At the writer's own scale, of any size: only made minimal.
    Own,
    Big,
}

/// A decimal of any kind to the contract's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    pub source: DecimalSource,
    /// The writer's scale; that of a big decimal stands in its bytes.
    pub scale: u32,
    pub target: DecimalTarget,
    pub foreign: u32,
}

/// What the rules ask of a value.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub block: BlockId,
    /// The contract's node.
    pub node: NodeId,
    pub ignored: bool,
    pub tolerant: Option<usize>,
    /// It stands in an ignored value: of a tolerant one nothing travels.
    pub hidden: bool,
    pub parts: Vec<usize>,
}

/// Fields out of the contract's order.
#[derive(Clone, Debug)]
pub(super) struct Reorder {
    /// What yields each part, in the order of the writer; what needs no input stands anywhere.
    pub blocks: Vec<BlockId>,
    /// The parts in the order of the contract.
    pub order: Vec<usize>,
}

/// The default of an absent field.
#[derive(Clone, Debug)]
pub(super) struct Filling {
    /// Avro binary under the contract.
    pub bytes: Vec<u8>,
    /// The contract's own walk with the marks of that field.
    pub block: BlockId,
    /// It is told apart from a value that was written.
    pub told: bool,
}

/// Values that count as another one.
#[derive(Clone, Debug)]
pub(super) struct Map {
    /// What yields the value.
    pub block: BlockId,
    pub what: Mapped,
    pub table: Arc<Table>,
    /// The place of the rule.
    pub rule: usize,
}

/// A compiled plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub ops: Vec<Op>,
    /// First and one past the last operation of each block.
    pub blocks: Vec<(u32, u32)>,
    pub root: BlockId,
    pub branches: Vec<Branch>,
    pub foreigns: Vec<Foreign>,
    pub enums: Vec<EnumMap>,
    pub rescales: Vec<Rescale>,
    pub decimals: Vec<Decimal>,
    pub marks: Vec<Mark>,
    pub maps: Vec<Map>,
    pub reorders: Vec<Reorder>,
    pub defaults: Vec<Filling>,
    /// Paths of the fields that are absent in every record, sorted.
    pub absent: Vec<String>,
    /// Rules that apply to what it walks.
    pub applied: Applied,
}
