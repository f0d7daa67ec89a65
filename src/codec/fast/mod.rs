//! The fast walk: a plan once more as one flat program, for records as nearly all are.
//!
//! It yields the plain form or gives up. It gives up at bad bytes and at a value that is not held. Then
//! [`walk`](super::walk::walk) walks the record from its beginning and says what it is. So nothing here names a reason, and
//! what it yields must be what that walk yields; the tests hold one against the other. What is rare in a schema is one
//! operation of that walk (`Fast::Slow`), and so is what is rare in the bytes, a varint longer than needed or a map of
//! several blocks (`odd`).
//!
//! What makes it fast: the position is a local number, records are put into one another and branches are jumps, so that
//! nothing is called or returned; a length, a number and a text are checked in a few instructions without a loop. To
//! read in words it is given more than the record, the whole memory that the record stands in: what lies behind the end
//! is looked at and never counts, since a walk that does not end exactly there has given up.

mod make;
mod map;
mod odd;
mod order;
mod read;
mod run;
#[cfg(test)]
mod tests;
mod write;

pub(super) use map::Entry;
pub(super) use odd::Frame;
pub(super) use order::Part;
pub(super) use run::run;
pub(super) use write::copy;

use super::plan::{BlockId, Clock};

/// One step. Targets are places in the program.
#[derive(Clone, Copy, Debug)]
enum Fast {
    Text,
    Long,
    Int,
    /// An index, twice as large, below this.
    Enum(u32),
    EnumMap(u32),
    Double,
    Float,
    Boolean,
    Bytes,
    Fixed(u32),
    ToDouble {
        long: bool,
    },
    FloatToDouble,
    /// A decimal of bytes at the contract's scale; up to so many bytes its digits need no count.
    Decimal {
        safe: u32,
        precision: u32,
    },
    TimeLong(Clock),
    /// A union with null that stays as it is: the index of null, and where to go on behind it.
    Optional {
        null: u8,
        after: u32,
    },
    Union {
        first: u32,
        count: u32,
    },
    Jump(u32),
    Array {
        after: u32,
    },
    ArrayEnd,
    Doubles,
    Texts,
    /// A map of texts.
    TextMap,
    SkipBegin,
    SkipEnd,
    /// A text that is a part of the identity.
    PartText(u32),
    PartBegin,
    PartEnd(u32),
    /// Here begins what is put by, because its turn has not come.
    PartLater(u32),
    PutBy(u32),
    PutIn(u32),
    Wrap(u32),
    /// One operation of the plan, nested so deep.
    Slow {
        op: u32,
        depth: u32,
    },
    /// A value that is not held.
    Never,
    End,
}

/// A branch of a union of the writer.
#[derive(Clone, Copy, Debug, Default)]
struct Target {
    at: u32,
    index: Option<u32>,
    same: bool,
}

/// The operations of the plan that an operation stands for, and how deep they are nested.
#[derive(Clone, Copy, Debug)]
struct Origin {
    /// The first one, and one past the last.
    ops: (u32, u32),
    depth: u32,
}

/// The program of a plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    ops: Vec<Fast>,
    /// For each of them, where one walk of the plan can do what it cannot.
    origins: Vec<Option<Origin>>,
    targets: Vec<Target>,
    /// Parts of records that are put by: each has a place of its own.
    slots: usize,
    /// Blocks that are being put in, while the program is made.
    open: Vec<BlockId>,
}
