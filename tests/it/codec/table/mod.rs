//! The table of the vectors: schemas, bytes, and what must come of them, each row reviewed by hand.
//!
//! What must come: hexadecimal digits are the canonical bytes; `=` the bytes themselves; `~` and digits the tagged form
//! behind its flags, `~` alone any tagged form; `!` a reason.

mod edges;
mod rules;
mod shapes;
mod values;

pub use edges::{INT_PART, TEXT_PART};

pub struct Row {
    pub name: &'static str,
    pub writer: &'static str,
    pub contract: &'static str,
    pub bytes: &'static str,
    pub expect: &'static str,
    /// `side=canary`, `ignore=`, `tolerant=`, `rename=from:to`, `identity=field:a`, `time=`, `defaults`,
    /// `only=`, `unordered=`, `map=path:from:to`, apart by blanks.
    pub rules: &'static str,
}

pub const fn row(
    name: &'static str,
    writer: &'static str,
    contract: &'static str,
    bytes: &'static str,
    expect: &'static str,
) -> Row {
    Row {
        name,
        writer,
        contract,
        bytes,
        expect,
        rules: "",
    }
}

pub const fn ruled(
    name: &'static str,
    writer: &'static str,
    contract: &'static str,
    bytes: &'static str,
    expect: &'static str,
    rules: &'static str,
) -> Row {
    Row {
        name,
        writer,
        contract,
        bytes,
        expect,
        rules,
    }
}

/// All rows.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    values::ROWS
        .iter()
        .chain(shapes::ROWS)
        .chain(edges::ROWS)
        .chain(rules::ROWS)
}
