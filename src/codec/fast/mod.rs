//! The fast walk: a plan once more as one flat program, for records as nearly all are.
//!
//! It yields the plain form or gives up. It gives up at whatever is odd: bad bytes, a value that is not held, a varint
//! that is longer than needed, an array in several blocks. Then [`walk`](super::walk::walk) walks the record from its
//! beginning and says what it is. So nothing here names a reason, and what it yields must be what that walk yields; the
//! tests hold one against the other. What is rare in a schema is one operation of that walk (`Fast::Slow`).
//!
//! What makes it fast: the position is a local number, records are put into one another and branches are jumps, so that
//! nothing is called or returned; a length, a number and a text are checked in a few instructions without a loop. To
//! read in words it is given more than the record, the whole memory that the record stands in: what lies behind the end
//! is looked at and never counts, since a walk that does not end exactly there has given up.

mod make;
mod map;
mod order;
mod read;
mod run;
#[cfg(test)]
mod tests;
mod write;

pub(super) use map::Entry;
pub(super) use order::Part;
pub(super) use run::run;

use super::plan::{BlockId, Clock};

/// One step. Targets are places in the program.
#[derive(Clone, Copy, Debug)]
enum Fast {
    Text,
    Long,
    Int,
    /// An index, twice as large, below this.
    Enum(u64),
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
    ReorderBegin,
    ReorderPart,
    ReorderEnd(u32),
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

/// The program of a plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    ops: Vec<Fast>,
    targets: Vec<Target>,
    /// Of reordered records how many parts there are, and which the contract has in its order.
    orders: Vec<(usize, Vec<usize>)>,
    /// Blocks that are being put in, while the program is made.
    open: Vec<BlockId>,
}
