//! An object as a record of the contract: fields by name, in the contract's order, and those that are absent.

use std::collections::HashMap;

use super::fill::{Fill, LACKED};
use super::rules::{NOWHERE, Place};
use super::{Entry, Node, Stop, Walk, sort};
use crate::codec::applied::Rule;
use crate::codec::matching::Names;
use crate::codec::schema::RecordField;
use crate::model::UndecodableReason;

/// A field that was written: which, and where.
#[derive(Clone, Copy)]
pub(super) struct Span {
    field: usize,
    start: usize,
    end: usize,
}

/// Where the fields of a record are, by their names.
pub(super) type Layouts = HashMap<Node, Names>;

impl Walk<'_> {
    pub(super) fn record<const T: bool>(
        &mut self,
        id: Node,
        fields: &[RecordField],
        at: Place,
        renames: Place,
    ) -> Result<(), Stop> {
        let rules = self.rules;
        let layout = self.m.layouts.entry(id).or_insert_with(|| Names::new(fields));
        let aliased = layout.has_aliases();
        // Which member is which field is plain, unless names may meet: then all of them are looked at before.
        let chosen = if aliased || rules.renames_at(renames) {
            Some(self.chosen(id, renames)?)
        } else {
            None
        };
        self.scan.enter()?;
        let begin = self.s.out.len();
        let (bottom, lowest, names) = (self.m.entries.len(), self.m.spans.len(), self.m.names.len());
        let (mut sorted, mut next, mut member) = (true, 0, 0);
        while self.scan.more(member == 0, b'}')? {
            let from = self.name_apart(bottom, &mut sorted)?;
            let name = &self.m.names[from..];
            let field = match &chosen {
                Some(chosen) => chosen.get(member).copied().flatten(),
                None if fields.get(next).is_some_and(|field| field.name.as_bytes() == name) => Some(next),
                None => self.m.layouts.get(&id).and_then(|layout| layout.place(name)),
            };
            member += 1;
            let below = if renames == NOWHERE {
                NOWHERE
            } else {
                rules.renames.field(renames, name)
            };
            let start = self.s.out.len();
            let Some(field) = field else {
                self.discard()?;
                continue;
            };
            next = field + 1;
            let place = rules.marks.field(at, fields[field].name.as_bytes());
            self.typed::<T>(fields[field].node, place, below)?;
            let end = self.s.out.len();
            self.m.spans.push(Span { field, start, end });
        }
        if !sorted {
            sort(&mut self.m.entries[bottom..], &self.m.names)?;
        }
        self.m.entries.truncate(bottom);
        self.m.names.truncate(names);
        self.in_order::<T>((id, fields), at, begin, lowest)
    }

    /// Takes the name of a member; tells where in the names it begins.
    fn name_apart(&mut self, bottom: usize, sorted: &mut bool) -> Result<usize, UndecodableReason> {
        let name = self.scan.name()?;
        let from = self.m.names.len();
        if name.escaped {
            self.scan.unescape(name, &mut self.m.names)?;
        } else {
            self.m.names.extend_from_slice(&self.scan.input[name.start..name.end]);
        }
        let names = &self.m.names;
        let entry = Entry::new(&names[from..], from, 0)?;
        if let Some(last) = self.m.entries[bottom..].last() {
            *sorted &= last.order(&entry, names).is_lt();
        }
        self.m.entries.push(entry);
        Ok(from)
    }

    /// Puts the fields that were written from `begin` on in the contract's order, and what there is of those that are lacked
    /// between them.
    fn in_order<const T: bool>(
        &mut self,
        (id, fields): (Node, &[RecordField]),
        at: Place,
        begin: usize,
        lowest: usize,
    ) -> Result<(), Stop> {
        let lacked = fields.len() - (self.m.spans.len() - lowest);
        let ordered = |spans: &[Span]| spans.windows(2).all(|pair| pair[0].field < pair[1].field);
        if lacked > 0 || !ordered(&self.m.spans[lowest..]) {
            let cost = lacked.saturating_mul(LACKED);
            self.budget = self.budget.checked_sub(cost).ok_or(UndecodableReason::Bounds)?;
            self.m.spans[lowest..].sort_unstable_by_key(|span| span.field);
            self.m.spare.clear();
            self.m.spare.extend_from_slice(&self.s.out[begin..]);
            self.s.out.truncate(begin);
            // Looked up once for all of them.
            let key = (id, at, self.show, T);
            let mut known = std::mem::take(self.m.fills.entry(key).or_default());
            known.resize_with(fields.len(), || None);
            let merged = self.merge::<T>(fields, at, (begin, lowest), &mut known);
            self.m.fills.insert(key, known);
            merged?;
        }
        self.m.spans.truncate(lowest);
        Ok(())
    }

    /// Writes the fields that stand in the spare memory, and between them what there is of the others.
    fn merge<const T: bool>(
        &mut self,
        fields: &[RecordField],
        at: Place,
        (begin, mut next): (usize, usize),
        known: &mut [Option<Fill>],
    ) -> Result<(), Stop> {
        for field in 0..fields.len() {
            match self.m.spans.get(next) {
                Some(span) if span.field == field => {
                    let written = &self.m.spare[span.start - begin..span.end - begin];
                    self.s.out.extend_from_slice(written);
                    next += 1;
                }
                _ => self.lacked::<T>(known, (fields, field), at)?,
            }
        }
        Ok(())
    }

    /// For each member of the object that is next the field that it is, as between two schemas.
    fn chosen(&mut self, id: Node, renames: Place) -> Result<Vec<Option<usize>>, UndecodableReason> {
        let (pos, depth) = (self.scan.pos, self.scan.depth);
        let mut members: Vec<Vec<u8>> = Vec::new();
        self.scan.enter()?;
        while self.scan.more(members.is_empty(), b'}')? {
            let name = self.scan.name()?;
            let mut bytes = Vec::new();
            self.scan.unescape(name, &mut bytes)?;
            self.discard()?;
            members.push(bytes);
        }
        // It is read again.
        let cost = self.scan.pos - pos;
        self.budget = self.budget.checked_sub(cost).ok_or(UndecodableReason::Bounds)?;
        (self.scan.pos, self.scan.depth) = (pos, depth);
        let rules = self.rules;
        let Some(layout) = self.m.layouts.get(&id) else {
            return Ok(vec![None; members.len()]);
        };
        let named: Vec<(&[u8], &[String])> = members.iter().map(|name| (name.as_slice(), &[][..])).collect();
        let renamed = |name: &[u8]| rules.renamed(renames, name).map(|(name, _)| &**name);
        let chosen = layout.chosen(&named, renamed);
        for (name, field) in members.iter().zip(&chosen) {
            if let Some((name, rule)) = rules.renamed(renames, name)
                && field.is_some()
                && layout.place(name) == *field
            {
                self.s.applied.insert(Rule::Rename(*rule));
            }
        }
        Ok(chosen)
    }
}
