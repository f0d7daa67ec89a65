//! Values that count as another one: what a rule says, as bytes of the canonical form.

use std::collections::BTreeMap;

use super::canonical::{Reader, put_bytes, put_long};
use super::json::literal;
use super::schema::{Kind, Node};

/// Which values of a type are mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mapped {
    Text,
    /// Whole numbers of 32 bits.
    Int,
    /// Whole numbers of 64 bits.
    Long,
    Boolean,
}

impl Mapped {
    /// None where no value of the type is mapped, or where they are symbols, which are by their names.
    pub fn of(node: &Node) -> Option<Self> {
        match (&node.kind, node.logical) {
            (Kind::Text, _) => Some(Self::Text),
            (Kind::Int, None) => Some(Self::Int),
            (Kind::Long, None) => Some(Self::Long),
            (Kind::Boolean, _) => Some(Self::Boolean),
            _ => None,
        }
    }
}

/// What counts as what.
#[derive(Debug, Default)]
pub(super) struct Table {
    words: BTreeMap<String, String>,
    /// Canonical text of each word.
    texts: BTreeMap<Vec<u8>, Vec<u8>>,
    longs: BTreeMap<i64, i64>,
    booleans: BTreeMap<bool, bool>,
    /// In the document form: the text, and the number or boolean that it reads as.
    documents: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Table {
    pub fn new(values: &BTreeMap<String, String>) -> Self {
        let mut table = Self {
            words: values.clone(),
            ..Self::default()
        };
        for (from, to) in values {
            table.texts.insert(text(from), text(to));
            if let (Ok(from), Ok(to)) = (from.parse(), to.parse()) {
                table.longs.insert(from, to);
            }
            if let (Ok(from), Ok(to)) = (from.parse(), to.parse()) {
                table.booleans.insert(from, to);
            }
            let both = literal::all(from).into_iter().zip(literal::all(to));
            table.documents.extend(both.filter_map(|(from, to)| Some((from?, to?))));
        }
        table
    }

    /// The symbol that one counts as.
    pub fn symbol<'a>(&'a self, symbol: &'a str) -> &'a str {
        self.words.get(symbol).map_or(symbol, String::as_str)
    }

    /// Puts in the place of the value of such a type that ends the output, from `at` on, the one that it counts as. True
    /// where there is one.
    pub fn put(&self, what: Mapped, out: &mut Vec<u8>, at: usize) -> bool {
        let whole = |bytes: &[u8]| self.longs.get(&Reader(bytes).long()?).copied();
        let long = match what {
            Mapped::Text => {
                let found = self.texts.get(&out[at..]);
                return replace(out, at, found.map(Vec::as_slice));
            }
            Mapped::Boolean => {
                let found = self.booleans.get(&(out[at..] == [1]));
                return replace(
                    out,
                    at,
                    found.map(|value| [u8::from(*value)]).as_ref().map(<[u8; 1]>::as_slice),
                );
            }
            Mapped::Int => whole(&out[at..]).filter(|to| i32::try_from(*to).is_ok()),
            Mapped::Long => whole(&out[at..]),
        };
        if let Some(long) = long {
            out.truncate(at);
            put_long(out, long);
        }
        long.is_some()
    }

    /// The same for a value in the document form.
    pub fn put_document(&self, out: &mut Vec<u8>, at: usize) -> bool {
        let found = self.documents.get(&out[at..]);
        replace(out, at, found.map(Vec::as_slice))
    }
}

fn replace(out: &mut Vec<u8>, at: usize, by: Option<&[u8]>) -> bool {
    if let Some(by) = by {
        out.truncate(at);
        out.extend_from_slice(by);
    }
    by.is_some()
}

fn text(word: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len() + 10);
    put_bytes(&mut out, word.as_bytes());
    out
}
