//! A document as the contract's type.

use super::rules::{NOWHERE, Place};
use super::scan::{Scan, Shape};
use super::{Node, Stop, Walk, sort};
use crate::codec::applied::Rule;
use crate::codec::canonical::{FOREIGN, HELD, put_long};
use crate::codec::digest::first_half;
use crate::codec::mapping::Mapped;
use crate::codec::plan::{Clock, Mark};
use crate::codec::schema::{self, Kind, Logical, Unit};
use crate::codec::{time, tolerant};
use crate::model::{TolerantKind, UndecodableReason};

/// Where a walk goes back to.
#[derive(Clone, Copy)]
struct Back {
    pos: usize,
    depth: u32,
    out: usize,
    entries: usize,
    names: usize,
    spans: usize,
    items: usize,
    budget: usize,
}

impl Walk<'_> {
    /// A value with what the rules ask of it.
    pub(super) fn typed<const T: bool>(&mut self, node: Node, at: Place, renames: Place) -> Result<(), Stop> {
        let rules = self.rules;
        if let Some(asks) = rules.marks.get(at) {
            self.note(at, asks, None);
        }
        let Some((asks, mark)) = rules.marks.get(at).and_then(|asks| Some((asks, asks.mark.as_ref()?))) else {
            return self.held::<T>(node, at, renames);
        };
        if asks.ignored && (self.show || !asks.wanted) {
            return Ok(self.discard()?);
        }
        if self.show {
            return self.held::<T>(node, at, renames);
        }
        if asks.time {
            self.s.time = self.time(node)?;
        }
        if !mark.ignored && mark.tolerant.is_none() && mark.parts.is_empty() {
            return self.held::<T>(node, at, renames);
        }
        self.asked_of::<T>(mark, node, at, renames)
    }

    /// As the walk of Avro has it: the plain form tells the value, whatever form the record takes.
    fn asked_of<const T: bool>(&mut self, mark: &Mark, node: Node, at: Place, renames: Place) -> Result<(), Stop> {
        let back = self.here();
        let tagged = match self.held::<false>(node, at, renames) {
            Ok(()) => false,
            Err(Stop::NotHeld) if T || mark.ignored => true,
            Err(stop) => return Err(stop),
        };
        if tagged {
            self.go_back(back);
            self.held::<true>(node, at, renames)?;
        }
        if !mark.parts.is_empty() {
            let mark = Mark { node, ..mark.clone() };
            self.s.capture_out(&mark, back.out, tagged);
        }
        if mark.ignored {
            self.s.out.truncate(back.out);
            return Ok(());
        }
        if let Some(place) = mark.tolerant {
            self.s.tolerant[place] = TolerantKind::Nothing;
            if !tagged && let Some((kept, kind)) = tolerant::of(self.contract, node, &self.s.out[back.out..]) {
                if !mark.hidden {
                    self.s.tolerant[place] = kind;
                }
                self.s.out.truncate(back.out + kept);
                if T {
                    self.s.out.insert(back.out, HELD);
                    if kept > 0 {
                        self.s.out.push(HELD);
                    }
                }
                return Ok(());
            }
        }
        if T && !tagged {
            self.go_back(back);
            self.held::<true>(node, at, renames)?;
        }
        Ok(())
    }

    fn here(&self) -> Back {
        Back {
            pos: self.scan.pos,
            depth: self.scan.depth,
            out: self.s.out.len(),
            entries: self.m.entries.len(),
            names: self.m.names.len(),
            spans: self.m.spans.len(),
            items: self.m.items.len(),
            budget: self.budget,
        }
    }

    fn go_back(&mut self, back: Back) {
        (self.scan.pos, self.scan.depth, self.budget) = (back.pos, back.depth, back.budget);
        self.s.out.truncate(back.out);
        self.m.entries.truncate(back.entries);
        self.m.names.truncate(back.names);
        self.m.spans.truncate(back.spans);
        self.m.items.truncate(back.items);
    }

    /// A value as such.
    fn held<const T: bool>(&mut self, id: Node, at: Place, renames: Place) -> Result<(), Stop> {
        let (node, rules) = (self.contract.node(id), self.rules);
        if let Kind::Union(branches) = &node.kind {
            return self.branch::<T>(branches, at, renames);
        }
        let shape = self.scan.shape()?;
        if !takes(node, shape) {
            return self.foreign::<T>(shape);
        }
        let back = self.here();
        if T {
            self.s.out.push(HELD);
        }
        match &node.kind {
            Kind::Record { fields, .. } => self.record::<T>(id, fields, at, renames),
            Kind::Array(items) => self.items::<T>(*items, at, renames),
            Kind::Map(values) => self.values::<T>(*values, at, renames),
            _ => {
                let map = rules.marks.get(at).and_then(|asks| asks.map.as_ref());
                self.m.mapped = false;
                if self.leaf(node, map.map(|(_, table)| &**table))? {
                    if let Some((rule, table)) = map {
                        let what = Mapped::of(node);
                        let at = back.out + usize::from(T);
                        if self.m.mapped || what.is_some_and(|what| table.put(what, &mut self.s.out, at)) {
                            self.s.applied.insert(Rule::Map(*rule));
                            self.pay(at)?;
                        }
                    }
                    return Ok(());
                }
                self.go_back(back);
                if let (Kind::Enum { .. }, true) = (&node.kind, T) {
                    return Ok(self.symbol(map.map(|(_, table)| &**table))?);
                }
                self.foreign::<T>(shape)
            }
        }
    }

    /// The branch of a union: the only one of a type that takes such a value, else of several the first that holds it.
    fn branch<const T: bool>(&mut self, branches: &[Node], at: Place, renames: Place) -> Result<(), Stop> {
        let shape = self.scan.shape()?;
        let contract = self.contract;
        let mut fitting = branches
            .iter()
            .enumerate()
            .filter(|(_, id)| takes(contract.node(**id), shape));
        let mut chosen = fitting.next();
        if let Some(second) = fitting.next() {
            let all = chosen.into_iter().chain([second]).chain(fitting);
            chosen = None;
            // Which of two records is meant a document does not say.
            if !matches!(shape, Shape::Array | Shape::Object) {
                let back = self.here();
                for branch in all {
                    let held = self.leaf(contract.node(*branch.1), None)?;
                    self.go_back(back);
                    if held {
                        chosen = Some(branch);
                        break;
                    }
                }
            }
        }
        let Some((index, id)) = chosen else {
            return self.foreign::<T>(shape);
        };
        if T {
            self.s.out.push(HELD);
        }
        put_long(&mut self.s.out, i64::try_from(index).unwrap_or(i64::MAX));
        self.held::<T>(*id, at, renames)
    }

    fn items<const T: bool>(&mut self, items: Node, at: Place, renames: Place) -> Result<(), Stop> {
        let unordered = self.is_unordered(at);
        let (at, renames) = (self.rules.marks.items(at), self.rules.renames.items(renames));
        self.scan.enter()?;
        let begin = self.s.out.len();
        let base = self.m.items.len();
        let mut count = 0;
        while self.scan.more(count == 0, b']')? {
            count += 1;
            if unordered {
                self.m.items.push(self.s.out.len());
            }
            self.typed::<T>(items, at, renames)?;
        }
        self.sort_items(base);
        self.m.spare.clear();
        put_long(&mut self.m.spare, count);
        if count > 0 {
            drop(self.s.out.splice(begin..begin, self.m.spare.iter().copied()));
        }
        self.s.out.push(0);
        Ok(())
    }

    fn values<const T: bool>(&mut self, values: Node, at: Place, renames: Place) -> Result<(), Stop> {
        let (at, renames) = (self.rules.marks.values(at), self.rules.renames.values(renames));
        self.scan.enter()?;
        let (begin, bottom) = (self.s.out.len(), self.m.entries.len());
        let (mut first, mut sorted) = (true, true);
        while self.scan.more(first, b'}')? {
            first = false;
            let name = self.scan.name()?;
            let start = self.s.out.len();
            let length = self.put_text(name)?;
            self.push(length, start, bottom, &mut sorted)?;
            let place = self.m.entries.len() - 1;
            self.typed::<T>(values, at, renames)?;
            self.m.entries[place].out.1 = super::small(self.s.out.len())?;
        }
        let (out, spare) = (&mut self.s.out, &mut self.m.spare);
        let entries = &mut self.m.entries[bottom..];
        if !sorted {
            sort(entries, out)?;
        }
        if !entries.is_empty() {
            spare.clear();
            put_long(spare, i64::try_from(entries.len()).unwrap_or(i64::MAX));
            entries
                .iter()
                .for_each(|entry| spare.extend_from_slice(entry.bytes(out)));
            out.truncate(begin);
            out.extend_from_slice(spare);
        }
        out.push(0);
        self.m.entries.truncate(bottom);
        Ok(())
    }

    /// A value that the contract's type cannot hold: as the Avro type that it is, else in the document form.
    #[cold]
    fn foreign<const T: bool>(&mut self, shape: Shape) -> Result<(), Stop> {
        if !T {
            return Err(Stop::NotHeld);
        }
        let name: &[u8] = match shape {
            Shape::Null => b"\"null\"",
            Shape::Boolean => b"\"boolean\"",
            Shape::Text => b"\"string\"",
            Shape::Number | Shape::Array | Shape::Object => b"\"json\"",
        };
        self.s.out.push(FOREIGN);
        self.s.out.extend(first_half(blake3::hash(name).as_bytes()));
        let length_at = self.s.out.len();
        self.s.out.extend([0; 4]);
        match shape {
            Shape::Null => self.scan.word(b"null")?,
            Shape::Boolean => {
                let value = self.scan.boolean()?;
                self.s.out.push(u8::from(value));
            }
            Shape::Text => {
                let text = self.scan.text()?;
                self.put_text(text)?;
            }
            Shape::Number | Shape::Array | Shape::Object => drop(self.value(NOWHERE, NOWHERE)?),
        }
        let length = super::small(self.s.out.len() - length_at - 4)?;
        self.s.out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }

    /// The event time that is next: RFC 3339, or a number by the contract's annotation.
    fn time(&mut self, node: Node) -> Result<Option<i64>, UndecodableReason> {
        Ok(match self.scan.shape()? {
            Shape::Text => time::of_text(&self.peek_text()?),
            Shape::Number => {
                let mut scan = Scan {
                    input: self.scan.input,
                    ..self.scan
                };
                let number = scan.number()?.digits().to_long();
                number.and_then(|number| time::of_count(self.clock(node)?, number))
            }
            _ => None,
        })
    }

    fn clock(&self, node: Node) -> Option<Clock> {
        let mut node = self.contract.node(node);
        if let Kind::Union(branches) = &node.kind {
            let branches = branches.iter().map(|id| self.contract.node(*id));
            let mut numbers = branches.filter(|branch| takes(branch, Shape::Number));
            match numbers.next() {
                Some(branch) => node = branch,
                None => return Some(Clock::Count(Unit::Millis)),
            }
        }
        match (&node.kind, node.logical) {
            (Kind::Int | Kind::Long, Some(Logical::Timestamp(unit) | Logical::LocalTimestamp(unit))) => {
                Some(Clock::Count(unit))
            }
            (Kind::Int | Kind::Long, Some(Logical::Date)) => Some(Clock::Days),
            (Kind::Int | Kind::Long, Some(_)) => None,
            _ => Some(Clock::Count(Unit::Millis)),
        }
    }
}

/// True where values of this shape may become the type.
fn takes(node: &schema::Node, shape: Shape) -> bool {
    let decimal = matches!(node.logical, Some(Logical::Decimal { .. } | Logical::BigDecimal));
    match (&node.kind, shape) {
        (Kind::Null, Shape::Null)
        | (Kind::Boolean, Shape::Boolean)
        | (Kind::Array(_), Shape::Array)
        | (Kind::Record { .. } | Kind::Map(_), Shape::Object)
        | (Kind::Int | Kind::Long | Kind::Float | Kind::Double, Shape::Number)
        | (Kind::Text | Kind::Enum { .. }, Shape::Text) => true,
        (Kind::Bytes | Kind::Fixed { .. }, Shape::Number) => decimal,
        (Kind::Bytes, Shape::Text) => !decimal,
        (Kind::Fixed { .. }, Shape::Text) => node.logical == Some(Logical::Uuid),
        _ => false,
    }
}
