//! Where a record ends: a bounded walk over Avro binary that keeps nothing. An object container does not say it itself.

use std::collections::BTreeMap;

use apache_avro::schema::{InnerDecimalSchema, Name, Schema, UuidSchema};

use crate::model::UndecodableReason;

/// How deep records, arrays, maps and unions may nest.
const DEPTH_MAX: usize = 64;

/// How many items of no bytes at all (nulls) one block of an array may claim.
const EMPTY_ITEMS_MAX: u64 = 65_536;

/// A schema as a flat list of nodes, made to be walked.
#[derive(Debug)]
pub struct Skipper {
    nodes: Vec<Node>,
    /// Nodes whose values never take a byte.
    empty: Vec<bool>,
    root: usize,
}

/// A schema refers to a name that it does not define.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the schema refers to {0}, which it does not define")]
pub struct UnknownName(String);

#[derive(Debug)]
enum Node {
    Nothing,
    Boolean,
    Int,
    Long,
    Fixed(usize),
    Bytes,
    Text,
    Enum(usize),
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
    Record(Vec<usize>),
}

impl Skipper {
    /// Makes the walk of a schema.
    ///
    /// # Errors
    /// A name that is not defined.
    pub fn new(schema: &Schema) -> Result<Self, UnknownName> {
        let mut compiler = Compiler::default();
        let root = compiler.node(schema, None)?;
        let nodes = compiler.nodes;
        let mut empty = vec![false; nodes.len()];
        // Upwards from what is plainly empty, so that a record within itself without an end is not: its depth stops it.
        let is_empty = |node: &Node, empty: &[bool]| match node {
            Node::Nothing | Node::Fixed(0) => true,
            Node::Record(fields) => fields.iter().all(|&field| empty[field]),
            _ => false,
        };
        let mut changed = true;
        while changed {
            changed = false;
            // Fields stand behind their record, as a rule.
            for i in (0..nodes.len()).rev() {
                if !empty[i] && is_empty(&nodes[i], &empty) {
                    empty[i] = true;
                    changed = true;
                }
            }
        }
        Ok(Self { nodes, empty, root })
    }

    /// How many bytes the record takes that `bytes` begins with.
    ///
    /// # Errors
    /// Why it cannot be decoded.
    pub fn record_len(&self, bytes: &[u8]) -> Result<usize, UndecodableReason> {
        let mut walk = Walk { bytes, at: 0 };
        walk.skip(self, self.root, 0)?;
        Ok(walk.at)
    }
}

#[derive(Default)]
struct Compiler {
    nodes: Vec<Node>,
    names: BTreeMap<String, usize>,
}

impl Compiler {
    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn named(&mut self, name: &Name, namespace: Option<&str>, node: Node) -> usize {
        let index = self.push(node);
        self.names.insert(name.fullname(namespace), index);
        index
    }

    fn node(&mut self, schema: &Schema, namespace: Option<&str>) -> Result<usize, UnknownName> {
        Ok(match schema {
            Schema::Null => self.push(Node::Nothing),
            Schema::Boolean => self.push(Node::Boolean),
            Schema::Int | Schema::Date | Schema::TimeMillis => self.push(Node::Int),
            Schema::Long
            | Schema::TimeMicros
            | Schema::TimestampMillis
            | Schema::TimestampMicros
            | Schema::TimestampNanos
            | Schema::LocalTimestampMillis
            | Schema::LocalTimestampMicros
            | Schema::LocalTimestampNanos => self.push(Node::Long),
            Schema::Float => self.push(Node::Fixed(4)),
            Schema::Double => self.push(Node::Fixed(8)),
            Schema::Bytes | Schema::BigDecimal | Schema::Uuid(UuidSchema::Bytes) => self.push(Node::Bytes),
            Schema::String | Schema::Uuid(UuidSchema::String) => self.push(Node::Text),
            Schema::Decimal(decimal) => match &decimal.inner {
                InnerDecimalSchema::Bytes => self.push(Node::Bytes),
                InnerDecimalSchema::Fixed(fixed) => self.named(&fixed.name, namespace, Node::Fixed(fixed.size)),
            },
            Schema::Fixed(fixed) | Schema::Duration(fixed) | Schema::Uuid(UuidSchema::Fixed(fixed)) => {
                self.named(&fixed.name, namespace, Node::Fixed(fixed.size))
            }
            Schema::Enum(symbols) => self.named(&symbols.name, namespace, Node::Enum(symbols.symbols.len())),
            Schema::Array(array) => {
                let items = self.node(&array.items, namespace)?;
                self.push(Node::Array(items))
            }
            Schema::Map(map) => {
                let values = self.node(&map.types, namespace)?;
                self.push(Node::Map(values))
            }
            Schema::Union(union) => {
                let branches = union.variants().iter().map(|branch| self.node(branch, namespace));
                let branches = branches.collect::<Result<_, _>>()?;
                self.push(Node::Union(branches))
            }
            Schema::Record(record) => {
                let index = self.named(&record.name, namespace, Node::Nothing);
                let inner = record
                    .name
                    .fully_qualified_name(namespace)
                    .namespace()
                    .map(str::to_owned);
                let fields = record
                    .fields
                    .iter()
                    .map(|field| self.node(&field.schema, inner.as_deref()));
                let fields = fields.collect::<Result<_, _>>()?;
                self.nodes[index] = Node::Record(fields);
                index
            }
            Schema::Ref { name } => {
                let name = name.fullname(namespace);
                *self.names.get(&name).ok_or(UnknownName(name))?
            }
        })
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], UndecodableReason> {
        if count > self.left() {
            return Err(UndecodableReason::Truncated);
        }
        let taken = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    fn long(&mut self) -> Result<i64, UndecodableReason> {
        let mut value: u64 = 0;
        for i in 0..10 {
            let byte = *self.bytes.get(self.at).ok_or(UndecodableReason::Truncated)?;
            self.at += 1;
            let bits = u64::from(byte & 0x7f);
            if i == 9 && bits > 1 {
                return Err(UndecodableReason::Malformed);
            }
            value |= bits << (7 * i);
            if byte < 0x80 {
                let magnitude = i64::try_from(value >> 1).map_err(|_| UndecodableReason::Malformed)?;
                return Ok(if value & 1 == 1 { !magnitude } else { magnitude });
            }
        }
        Err(UndecodableReason::Malformed)
    }

    /// A length: of bytes or of text.
    fn len(&mut self) -> Result<usize, UndecodableReason> {
        usize::try_from(self.long()?).map_err(|_| UndecodableReason::Bounds)
    }

    /// An index of a closed list.
    fn index(&mut self, count: usize) -> Result<usize, UndecodableReason> {
        let index = usize::try_from(self.long()?).map_err(|_| UndecodableReason::Malformed)?;
        if index < count {
            Ok(index)
        } else {
            Err(UndecodableReason::Malformed)
        }
    }

    fn text(&mut self) -> Result<&'a [u8], UndecodableReason> {
        let len = self.len()?;
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map_err(|_| UndecodableReason::Utf8)?;
        Ok(bytes)
    }

    /// The count of the next block of an array or map; 0 ends it.
    fn count(&mut self) -> Result<u64, UndecodableReason> {
        let count = self.long()?;
        if count < 0 {
            let size = self.len()?;
            if size > self.left() {
                return Err(UndecodableReason::Bounds);
            }
        }
        Ok(count.unsigned_abs())
    }

    fn skip(&mut self, plan: &Skipper, node: usize, depth: usize) -> Result<(), UndecodableReason> {
        if plan.empty[node] {
            return Ok(());
        }
        match &plan.nodes[node] {
            Node::Nothing => {}
            Node::Boolean => {
                if self.take(1)?[0] > 1 {
                    return Err(UndecodableReason::Malformed);
                }
            }
            Node::Int => {
                let value = self.long()?;
                i32::try_from(value).map_err(|_| UndecodableReason::Malformed)?;
            }
            Node::Long => {
                self.long()?;
            }
            Node::Fixed(size) => {
                self.take(*size)?;
            }
            Node::Bytes => {
                let len = self.len()?;
                self.take(len)?;
            }
            Node::Text => {
                self.text()?;
            }
            Node::Enum(symbols) => {
                self.index(*symbols)?;
            }
            _ if depth >= DEPTH_MAX => return Err(UndecodableReason::Bounds),
            Node::Array(items) => self.array(plan, *items, depth)?,
            Node::Map(values) => self.map(plan, *values, depth)?,
            Node::Union(branches) => {
                let branch = self.index(branches.len())?;
                self.skip(plan, branches[branch], depth + 1)?;
            }
            Node::Record(fields) => {
                for &field in fields {
                    self.skip(plan, field, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    fn array(&mut self, plan: &Skipper, items: usize, depth: usize) -> Result<(), UndecodableReason> {
        loop {
            let count = self.count()?;
            if count == 0 {
                return Ok(());
            }
            if plan.empty[items] {
                if count > EMPTY_ITEMS_MAX {
                    return Err(UndecodableReason::Bounds);
                }
                continue;
            }
            if count > self.left() as u64 {
                return Err(UndecodableReason::Bounds);
            }
            for _ in 0..count {
                self.skip(plan, items, depth + 1)?;
            }
        }
    }

    fn map(&mut self, plan: &Skipper, values: usize, depth: usize) -> Result<(), UndecodableReason> {
        let mut keys: Vec<&[u8]> = Vec::new();
        loop {
            let count = self.count()?;
            if count == 0 {
                break;
            }
            if count > self.left() as u64 {
                return Err(UndecodableReason::Bounds);
            }
            for _ in 0..count {
                keys.push(self.text()?);
                self.skip(plan, values, depth + 1)?;
            }
        }
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(UndecodableReason::DuplicateKey);
        }
        Ok(())
    }
}
