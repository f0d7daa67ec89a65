//! Where a record ends: a bounded walk over Avro binary that keeps nothing. An object container does not say it itself.

use std::ops::Range;
use std::sync::Arc;

use super::Schema;
use super::schema::{Kind, Node, NodeId};
use crate::model::UndecodableReason::{self, Bounds, DuplicateKey, Malformed, Trailing, Truncated, Utf8};

/// How deep records, arrays and maps may nest: as deep as where they are decoded.
const DEPTH_MAX: u32 = 64;

/// No length and no count may be more.
const LENGTH_MAX: i64 = i32::MAX as i64;

/// Finds the end of the records that were written with a schema. What it lets pass is Avro; whether it can be compared is
/// the reducer's to say.
#[derive(Debug)]
pub struct Skipper {
    schema: Arc<Schema>,
    /// Nodes whose values never take a byte.
    empty: Vec<bool>,
    /// How each node is passed over.
    steps: Vec<Step>,
    /// The same of the fields of all records, and where those of each record are.
    fields: Vec<(Step, NodeId)>,
    spans: Vec<(usize, usize)>,
}

/// How a value is passed over.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// It takes no byte.
    Nothing,
    Boolean,
    Int,
    Long,
    /// So many bytes.
    Bytes(usize),
    /// A length and its bytes.
    Blob,
    Text,
    /// A place in a list of so many.
    Index(usize),
    /// It has parts.
    Parts,
}

impl Step {
    fn of(node: &Node, empty: bool) -> Step {
        match &node.kind {
            _ if empty => Step::Nothing,
            Kind::Null => Step::Nothing,
            Kind::Boolean => Step::Boolean,
            Kind::Int => Step::Int,
            Kind::Long => Step::Long,
            Kind::Float => Step::Bytes(4),
            Kind::Double => Step::Bytes(8),
            Kind::Fixed { size, .. } => Step::Bytes(*size),
            Kind::Bytes => Step::Blob,
            Kind::Text => Step::Text,
            Kind::Enum { symbols, .. } => Step::Index(symbols.len()),
            Kind::Union(_) | Kind::Array(_) | Kind::Map(_) | Kind::Record { .. } | Kind::Document => Step::Parts,
        }
    }
}

impl Skipper {
    /// Gets ready for a schema.
    #[must_use]
    pub fn new(schema: Arc<Schema>) -> Self {
        let empty = empty(&schema);
        let steps = schema
            .nodes
            .iter()
            .zip(&empty)
            .map(|(node, empty)| Step::of(node, *empty));
        let steps: Vec<Step> = steps.collect();
        let (mut fields, mut spans) = (Vec::new(), Vec::new());
        for node in schema.nodes.iter() {
            let from = fields.len();
            if let Kind::Record { fields: own, .. } = &node.kind {
                fields.extend(own.iter().map(|field| (steps[field.node as usize], field.node)));
            }
            spans.push((from, fields.len()));
        }
        Self {
            schema,
            empty,
            steps,
            fields,
            spans,
        }
    }

    /// How many bytes the record takes that `bytes` begins with.
    ///
    /// # Errors
    /// Why it cannot be decoded.
    pub fn record_len(&self, bytes: &[u8]) -> Result<usize, UndecodableReason> {
        let mut walk = Walk {
            plan: self,
            bytes,
            at: 0,
            depth: 0,
        };
        walk.skip(self.schema.root)?;
        Ok(walk.at)
    }
}

impl Skipper {
    /// Where a field of the record stands that is all of `bytes`.
    ///
    /// # Errors
    /// Why it cannot be decoded.
    pub(super) fn field(&self, bytes: &[u8], place: usize) -> Result<Range<usize>, UndecodableReason> {
        let mut walk = Walk {
            plan: self,
            bytes,
            at: 0,
            depth: 1,
        };
        let (from, to) = self.spans[self.schema.root as usize];
        let mut found = 0..0;
        for (at, &(step, id)) in self.fields[from..to].iter().enumerate() {
            let start = walk.at;
            walk.step(step, id)?;
            if at == place {
                found = start..walk.at;
            }
        }
        if walk.at == bytes.len() {
            Ok(found)
        } else {
            Err(Trailing)
        }
    }
}

/// For each node whether its values never take a byte.
pub(super) fn empty(schema: &Schema) -> Vec<bool> {
    let nodes = &schema.nodes;
    let mut empty = vec![false; nodes.len()];
    // Upwards from what is plainly empty, so that a record within itself without an end is not: its depth stops it.
    let mut changed = true;
    while changed {
        changed = false;
        // Fields stand behind their record, as a rule.
        for at in (0..nodes.len()).rev() {
            if !empty[at] && is_empty(&nodes[at], &empty) {
                empty[at] = true;
                changed = true;
            }
        }
    }
    empty
}

fn is_empty(node: &Node, empty: &[bool]) -> bool {
    match &node.kind {
        Kind::Null | Kind::Fixed { size: 0, .. } => true,
        Kind::Record { fields, .. } => fields.iter().all(|field| empty[field.node as usize]),
        _ => false,
    }
}

struct Walk<'a> {
    plan: &'a Skipper,
    bytes: &'a [u8],
    at: usize,
    depth: u32,
}

/// The head of a block of items: how many, and where it must end if it says so.
struct Head {
    count: usize,
    end: Option<usize>,
}

impl<'a> Walk<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], UndecodableReason> {
        let taken = self.bytes[self.at..].get(..count).ok_or(Truncated)?;
        self.at += count;
        Ok(taken)
    }

    #[inline]
    fn raw(&mut self) -> Result<u64, UndecodableReason> {
        // Most are of one byte.
        if let Some(byte) = self.bytes.get(self.at)
            && *byte < 0x80
        {
            self.at += 1;
            return Ok(u64::from(*byte));
        }
        self.longer()
    }

    fn longer(&mut self) -> Result<u64, UndecodableReason> {
        let mut raw: u64 = 0;
        for shift in (0..=63).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(Truncated)?;
            self.at += 1;
            if shift == 63 && byte > 1 {
                return Err(Malformed);
            }
            raw |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(raw);
            }
        }
        Err(Malformed)
    }

    fn long(&mut self) -> Result<i64, UndecodableReason> {
        let raw = self.raw()?;
        let magnitude = (raw >> 1).cast_signed();
        Ok(if raw & 1 == 1 { !magnitude } else { magnitude })
    }

    fn length(&mut self) -> Result<usize, UndecodableReason> {
        let length = self.long()?;
        if length > LENGTH_MAX {
            return Err(Bounds);
        }
        usize::try_from(length).map_err(|_| Bounds)
    }

    /// A place in a closed list.
    fn index(&mut self, count: usize) -> Result<usize, UndecodableReason> {
        let index = usize::try_from(self.long()?).map_err(|_| Malformed)?;
        if index < count { Ok(index) } else { Err(Malformed) }
    }

    fn text(&mut self) -> Result<&'a [u8], UndecodableReason> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        // Most are ASCII, which is seen many bytes at a time.
        if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() {
            Ok(bytes)
        } else {
            Err(Utf8)
        }
    }

    /// The head of the next block of items; `empty` items take no byte each.
    fn head(&mut self, empty: bool) -> Result<Head, UndecodableReason> {
        let signed = self.long()?;
        let count = signed
            .checked_abs()
            .filter(|count| *count <= LENGTH_MAX)
            .ok_or(Bounds)?;
        let mut end = None;
        if signed < 0 {
            let length = self.length()?;
            if length > self.bytes.len() - self.at {
                return Err(Truncated);
            }
            end = Some(self.at + length);
        }
        let count = usize::try_from(count).map_err(|_| Bounds)?;
        if !empty && count > self.bytes.len() - self.at {
            return Err(Truncated);
        }
        Ok(Head { count, end })
    }

    fn enter(&mut self) -> Result<(), UndecodableReason> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(Bounds) } else { Ok(()) }
    }

    fn skip(&mut self, id: NodeId) -> Result<(), UndecodableReason> {
        self.step(self.plan.steps[id as usize], id)
    }

    #[inline(always)]
    fn step(&mut self, step: Step, id: NodeId) -> Result<(), UndecodableReason> {
        match step {
            Step::Nothing => {}
            Step::Boolean => {
                if self.take(1)?[0] > 1 {
                    return Err(Malformed);
                }
            }
            Step::Int => {
                if self.raw()? > u64::from(u32::MAX) {
                    return Err(Malformed);
                }
            }
            Step::Long => {
                self.raw()?;
            }
            Step::Bytes(count) => {
                self.take(count)?;
            }
            Step::Blob => {
                let length = self.length()?;
                self.take(length)?;
            }
            Step::Text => {
                self.text()?;
            }
            Step::Index(count) => {
                self.index(count)?;
            }
            Step::Parts => self.parts(id)?,
        }
        Ok(())
    }

    fn parts(&mut self, id: NodeId) -> Result<(), UndecodableReason> {
        let plan = self.plan;
        match &plan.schema.node(id).kind {
            Kind::Union(branches) => {
                let branch = self.index(branches.len())?;
                self.skip(branches[branch])
            }
            Kind::Array(items) => self.array(*items),
            Kind::Map(values) => self.map(*values),
            Kind::Record { .. } => {
                self.enter()?;
                let (from, to) = plan.spans[id as usize];
                for &(step, id) in &plan.fields[from..to] {
                    self.step(step, id)?;
                }
                self.depth -= 1;
                Ok(())
            }
            // No Avro schema has a document, and the rest has no parts.
            _ => Err(Malformed),
        }
    }

    fn array(&mut self, items: NodeId) -> Result<(), UndecodableReason> {
        let empty = self.plan.empty[items as usize];
        let mut head = self.head(empty)?;
        if head.count == 0 {
            return Ok(());
        }
        self.enter()?;
        while head.count != 0 {
            if !empty {
                for _ in 0..head.count {
                    self.skip(items)?;
                }
            }
            self.ends(&head)?;
            head = self.head(empty)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn map(&mut self, values: NodeId) -> Result<(), UndecodableReason> {
        let head = self.head(false)?;
        if head.count == 0 {
            return Ok(());
        }
        self.enter()?;
        let mut keys: Vec<&[u8]> = Vec::new();
        let end = self.entries(values, head, &mut keys);
        self.depth = self.depth.saturating_sub(1);
        keys.sort_unstable();
        // A key that was there before comes first, whatever came behind it.
        if keys.is_sorted_by(|one, other| one < other) {
            end
        } else {
            Err(DuplicateKey)
        }
    }

    fn entries(&mut self, values: NodeId, mut head: Head, keys: &mut Vec<&'a [u8]>) -> Result<(), UndecodableReason> {
        while head.count != 0 {
            for _ in 0..head.count {
                keys.push(self.text()?);
                self.skip(values)?;
            }
            self.ends(&head)?;
            head = self.head(false)?;
        }
        Ok(())
    }

    fn ends(&self, head: &Head) -> Result<(), UndecodableReason> {
        if head.end.is_some_and(|end| end != self.at) {
            return Err(Malformed);
        }
        Ok(())
    }
}
