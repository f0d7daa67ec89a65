//! An object as a record of the contract: fields by name, in the contract's order, and those that are absent.

use std::collections::HashMap;

use super::rules::{NOWHERE, Place};
use super::{Entry, Node, Stop, Walk, sort};
use crate::codec::applied::Rule;
use crate::codec::matching;
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
pub(super) type Layouts = HashMap<Node, Layout>;

/// The fields of one record.
pub(super) struct Layout {
    places: HashMap<Box<[u8]>, usize>,
    /// Some have other names too.
    aliased: bool,
}

impl Layout {
    fn new(fields: &[RecordField]) -> Self {
        let place = |(at, field): (usize, &RecordField)| (field.name.as_bytes().into(), at);
        Self {
            places: fields.iter().enumerate().map(place).collect(),
            aliased: fields.iter().any(|field| !field.aliases.is_empty()),
        }
    }
}

impl Walk<'_> {
    pub(super) fn record<const T: bool>(
        &mut self,
        id: Node,
        fields: &[RecordField],
        at: Place,
        renames: Place,
    ) -> Result<(), Stop> {
        let rules = self.rules;
        let aliased = self.m.layouts.entry(id).or_insert_with(|| Layout::new(fields)).aliased;
        // Which member is which field is plain, unless names may meet: then all of them are looked at before.
        let chosen = if aliased || rules.renames_at(renames) {
            Some(self.chosen(fields, renames)?)
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
                None => self
                    .m
                    .layouts
                    .get(&id)
                    .and_then(|layout| layout.places.get(name))
                    .copied(),
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

    /// Puts the fields that were written from `begin` on in the contract's order, and what there is of the absent ones
    /// between them.
    fn in_order<const T: bool>(
        &mut self,
        (id, fields): (Node, &[RecordField]),
        at: Place,
        begin: usize,
        lowest: usize,
    ) -> Result<(), Stop> {
        let ordered = |spans: &[Span]| spans.windows(2).all(|pair| pair[0].field < pair[1].field);
        let written = self.m.spans.len() - lowest;
        if written < fields.len() {
            let mut there = vec![false; fields.len()];
            self.m.spans[lowest..].iter().for_each(|span| there[span.field] = true);
            for (field, _) in there.iter().enumerate().filter(|(_, there)| !**there) {
                let start = self.s.out.len();
                let place = self.rules.marks.field(at, fields[field].name.as_bytes());
                self.absent::<T>((id, field), &fields[field], place)?;
                let end = self.s.out.len();
                self.m.spans.push(Span { field, start, end });
            }
        }
        let (spans, spare, out) = (&mut self.m.spans, &mut self.m.spare, &mut self.s.out);
        if !ordered(&spans[lowest..]) {
            spans[lowest..].sort_unstable_by_key(|span| span.field);
            spare.clear();
            spans[lowest..]
                .iter()
                .for_each(|span| spare.extend_from_slice(&out[span.start..span.end]));
            out.truncate(begin);
            out.extend_from_slice(spare);
        }
        spans.truncate(lowest);
        Ok(())
    }

    /// For each member of the object that is next the field that it is, as between two schemas.
    fn chosen(&mut self, fields: &[RecordField], renames: Place) -> Result<Vec<Option<usize>>, UndecodableReason> {
        let (pos, depth) = (self.scan.pos, self.scan.depth);
        let mut members: Vec<RecordField> = Vec::new();
        self.scan.enter()?;
        while self.scan.more(members.is_empty(), b'}')? {
            let name = self.scan.name()?;
            let mut bytes = Vec::new();
            self.scan.unescape(name, &mut bytes)?;
            self.discard()?;
            members.push(RecordField {
                name: String::from_utf8(bytes).map_err(|_| UndecodableReason::Utf8)?,
                aliases: Vec::new(),
                node: 0,
                default: None,
            });
        }
        (self.scan.pos, self.scan.depth) = (pos, depth);
        let rules = self.rules;
        let renamed = |name: &str| {
            let (name, _) = rules.renamed(renames, name.as_bytes())?;
            std::str::from_utf8(name).ok()
        };
        let mut chosen = vec![None; members.len()];
        for (field, member) in matching::fields(&members, fields, renamed).into_iter().enumerate() {
            if let Some(member) = member {
                chosen[member] = Some(field);
                let renamed = rules.renamed(renames, members[member].name.as_bytes());
                let here = renamed.filter(|(name, _)| **name == *fields[field].name.as_bytes());
                self.s.applied.extend(here.map(|(_, rule)| Rule::Rename(*rule)));
            }
        }
        Ok(chosen)
    }
}
