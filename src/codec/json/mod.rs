//! JSON documents: read once, strictly, into the canonical form as the contract's type, or into the document form where
//! there is no contract.
//!
//! Nothing is kept of a document but its canonical bytes: members are put in order where they were written.

mod document;
mod envelope;
mod fill;
mod leaf;
pub(super) mod literal;
mod number;
mod record;
mod rules;
mod scan;
mod show;
mod typed;

pub(super) use document::put_identity;
pub(super) use envelope::row_of_document;
pub(super) use show::foreign as show_foreign;

use std::sync::Arc;

use super::applied::Rule;
use super::marks::Asked;
use super::plan::Plan;
use super::render;
use super::schema::{NodeId, Schema};
use super::walk::{Scratch, Walked};
use crate::model::UndecodableReason::{self, Trailing, Truncated, Utf8};
use crate::model::Value;
use fill::Fills;
use record::{Layouts, Span};
use rules::{Asks, NOWHERE, Place, Rules};
use scan::Scan;

/// Reads the documents of one half of the records of a side.
pub(super) struct Json {
    /// The rules by the names of documents, and by those of a contract.
    document: Rules,
    typed: Rules,
    memory: Memory,
}

/// Memory that is used again for every document.
#[derive(Default)]
struct Memory {
    /// Members of the objects that are open, those of the innermost last.
    entries: Vec<Entry>,
    /// Names of members that are written nowhere.
    names: Vec<u8>,
    /// Fields of the records that are open.
    spans: Vec<Span>,
    /// A text that has to be unescaped.
    text: Vec<u8>,
    /// Where items of arrays begin whose order does not count, those of the innermost last.
    items: Vec<usize>,
    /// By the places of the rules, whether they are known to apply.
    noted: Vec<bool>,
    /// The symbol that was read last counts as another one.
    mapped: bool,
    /// What is put in order.
    spare: Vec<u8>,
    /// Of the contract that was used last.
    contract: Option<Arc<Schema>>,
    layouts: Layouts,
    fills: Fills,
}

/// A member of an object: first bytes of its name, where the name stands, where the whole is in the output.
#[derive(Clone, Copy)]
struct Entry {
    prefix: u64,
    name: (u32, u32),
    out: (u32, u32),
    /// It is compared.
    kept: bool,
}

impl Entry {
    fn new(name: &[u8], at: usize, start: usize) -> Result<Self, UndecodableReason> {
        let mut prefix = [0; 8];
        let length = name.len().min(8);
        prefix[..length].copy_from_slice(&name[..length]);
        let out = small(start)?;
        Ok(Self {
            prefix: u64::from_be_bytes(prefix),
            name: (small(at)?, small(at + name.len())?),
            out: (out, out),
            kept: true,
        })
    }

    fn name<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.name.0 as usize..self.name.1 as usize]
    }

    /// By the bytes of their names.
    #[inline]
    fn order(&self, other: &Self, bytes: &[u8]) -> std::cmp::Ordering {
        let prefix = self.prefix.cmp(&other.prefix);
        prefix.then_with(|| self.name(bytes).cmp(other.name(bytes)))
    }

    fn bytes<'a>(&self, out: &'a [u8]) -> &'a [u8] {
        &out[self.out.0 as usize..self.out.1 as usize]
    }
}

/// A place in the output. No document that may be read makes it so long.
fn small(place: usize) -> Result<u32, UndecodableReason> {
    u32::try_from(place).map_err(|_| UndecodableReason::Bounds)
}

/// Puts members in the order of their names, which stand in `bytes`; a name must not be there twice.
fn sort(entries: &mut [Entry], bytes: &[u8]) -> Result<(), UndecodableReason> {
    entries.sort_unstable_by(|a, b| a.order(b, bytes));
    let twice = |pair: &[Entry]| pair[0].prefix == pair[1].prefix && pair[0].name(bytes) == pair[1].name(bytes);
    if entries.windows(2).any(twice) {
        return Err(UndecodableReason::DuplicateKey);
    }
    Ok(())
}

/// Why a walk stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The bytes are bad.
    Bad(UndecodableReason),
    /// A value cannot be held: the document is walked again for its tagged form.
    NotHeld,
}

impl From<UndecodableReason> for Stop {
    fn from(reason: UndecodableReason) -> Self {
        Stop::Bad(reason)
    }
}

/// What a walk writes.
#[derive(Clone, Copy)]
enum Form {
    Document,
    Plain,
    Tagged,
}

/// One walk over a document.
struct Walk<'a> {
    scan: Scan<'a>,
    contract: &'a Schema,
    asked: &'a Asked,
    rules: &'a Rules,
    s: &'a mut Scratch,
    m: &'a mut Memory,
    /// It is shown: everything in place, nothing apart.
    show: bool,
    /// A default was put in.
    filled: bool,
    /// What is left to pay for values that count as longer ones, and for fields that are lacked.
    budget: usize,
}

/// What a document may cost beside 16 for each of its bytes.
const BUDGET: usize = 262_144;

impl Json {
    pub fn new(asked: &Asked) -> Self {
        Self {
            document: Rules::new(asked, true),
            typed: Rules::new(asked, false),
            memory: Memory::default(),
        }
    }

    /// Walks a document and leaves the canonical bytes in the scratch.
    pub fn walk(
        &mut self,
        (contract, asked): (&Arc<Schema>, &Asked),
        bytes: &[u8],
        s: &mut Scratch,
    ) -> Result<Walked, UndecodableReason> {
        let found = first(bytes, |bytes| {
            if contract.is_document() {
                return self
                    .attempt((contract, asked), bytes, s, Form::Document, false)
                    .map(|()| false);
            }
            match self.attempt((contract, asked), bytes, s, Form::Plain, false) {
                Err(Stop::NotHeld) => {
                    let tagged = self.attempt((contract, asked), bytes, s, Form::Tagged, false);
                    tagged.map(|()| true)
                }
                plain => plain.map(|()| false),
            }
        });
        found.map(|tagged| Walked { as_is: false, tagged })
    }

    /// A document as the contract's type, for findings.
    pub fn show(
        &mut self,
        (contract, asked): (&Arc<Schema>, &Asked),
        bytes: &[u8],
        s: &mut Scratch,
    ) -> Result<Value, UndecodableReason> {
        let document = contract.is_document();
        let form = if document { Form::Document } else { Form::Tagged };
        first(bytes, |bytes| self.attempt((contract, asked), bytes, s, form, true))?;
        let shown = if document && s.out.is_empty() {
            // It is ignored as a whole.
            Some(Value::Null)
        } else if document {
            show::document(&s.out)
        } else {
            render::tagged(&Plan::default(), contract, contract, asked, &s.out)
        };
        shown.ok_or(UndecodableReason::Malformed)
    }

    fn attempt(
        &mut self,
        (contract, asked): (&Arc<Schema>, &Asked),
        bytes: &[u8],
        s: &mut Scratch,
        form: Form,
        show: bool,
    ) -> Result<(), Stop> {
        s.clear();
        let m = &mut self.memory;
        m.entries.clear();
        m.names.clear();
        m.spans.clear();
        m.items.clear();
        if m.contract.as_ref().is_none_or(|other| !Arc::ptr_eq(other, contract)) {
            (m.layouts, m.fills) = Default::default();
            m.noted.clear();
            m.contract = Some(contract.clone());
        }
        let mut state = Walk {
            scan: Scan::new(bytes),
            contract,
            asked,
            rules: if contract.is_document() {
                &self.document
            } else {
                &self.typed
            },
            s,
            m,
            show,
            filled: false,
            budget: BUDGET + bytes.len().saturating_mul(16),
        };
        match form {
            Form::Document => state.whole()?,
            Form::Plain => state.root::<false>()?,
            Form::Tagged => state.root::<true>()?,
        }
        Ok(state.scan.end()?)
    }
}

impl Walk<'_> {
    /// Where the rules begin: everything is asked for by a path from the root.
    const ROOT: Place = 0;

    /// A document without a contract.
    fn whole(&mut self) -> Result<(), Stop> {
        let base = self.s.out.len();
        if self.value(Self::ROOT, Self::ROOT)? {
            self.s.out.truncate(base);
        }
        Ok(())
    }

    /// A document as the contract's type.
    fn root<const T: bool>(&mut self) -> Result<(), Stop> {
        self.typed::<T>(self.contract.root, Self::ROOT, Self::ROOT)
    }

    /// The rules that name a place apply. Of a document's value, which no schema knows, its sign says what it is: a tolerance is for
    /// a number, and an order for an array.
    #[inline]
    fn note(&mut self, at: Place, asks: &Asks, sign: Option<u8>) {
        if !self.show && self.m.noted.get(at as usize) != Some(&true) {
            self.note_first(at, asks, sign);
        }
    }

    #[cold]
    fn note_first(&mut self, at: Place, asks: &Asks, sign: Option<u8>) {
        let fits = |rule: &&Rule| match rule {
            Rule::Tolerance(_) => sign.is_none_or(|sign| sign == document::NUMBER),
            Rule::Unordered(_) => sign.is_none_or(|sign| sign == document::ARRAY),
            _ => true,
        };
        let (at, noted) = (at as usize, &mut self.m.noted);
        noted.resize(noted.len().max(at + 1), false);
        noted[at] = asks.rules.iter().all(|rule| fits(&rule));
        self.s.applied.extend(asks.rules.iter().filter(fits));
    }

    /// Pays for a value that counts as another one, which stands at the end of the output from `at` on.
    fn pay(&mut self, at: usize) -> Result<(), UndecodableReason> {
        let cost = (self.s.out.len() - at) / 2;
        self.budget = self.budget.checked_sub(cost).ok_or(UndecodableReason::Bounds)?;
        Ok(())
    }

    /// Reads a value and keeps nothing of it.
    fn discard(&mut self) -> Result<(), UndecodableReason> {
        let length = self.s.out.len();
        self.value(NOWHERE, NOWHERE)?;
        self.s.out.truncate(length);
        Ok(())
    }
}

/// What is wrong first in the order of the bytes: where they are no UTF-8, what stands before is read.
fn first<T>(bytes: &[u8], mut read: impl FnMut(&[u8]) -> Result<T, Stop>) -> Result<T, UndecodableReason> {
    let reason = |stop| match stop {
        Stop::Bad(reason) => reason,
        // The tagged form holds everything.
        Stop::NotHeld => UndecodableReason::Malformed,
    };
    let error = match std::str::from_utf8(bytes) {
        Ok(_) => return read(bytes).map_err(reason),
        Err(error) => error,
    };
    Err(match read(&bytes[..error.valid_up_to()]).map_err(reason) {
        Ok(_) => Trailing,
        Err(Truncated) if error.error_len().is_some() => Utf8,
        Err(reason) => reason,
    })
}

/// A node of the contract.
type Node = NodeId;
