//! How a writer schema differs from its contract, and whether a reader of the contract could read it.

use std::collections::BTreeSet;

use super::marks::{Asked, At};
use super::matching;
use super::proto::UNKNOWN;
use super::schema::{Kind, Logical, Node, NodeId, RecordField, Schema, unqualified};
use crate::model::{Path, Segment};

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// A field that the contract lacks.
    Added,
    /// A field of the contract that is not written.
    Removed,
    /// Another type.
    Type,
    /// Another default.
    Default,
    /// Other symbols.
    Enum,
    /// Other branches.
    Union,
    /// Another annotation.
    LogicalType,
    /// Another name.
    Renamed,
}

impl Change {
    /// The word for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Type => "type",
            Change::Default => "default",
            Change::Enum => "enum",
            Change::Union => "union",
            Change::LogicalType => "logical_type",
            Change::Renamed => "renamed",
        }
    }
}

/// One change of a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaChange {
    /// Where, in the contract's names (an added field's in the writer's); `$value` and `$key` are the whole.
    pub path: String,
    /// What.
    pub change: Change,
    /// A reader with the contract's schema could not read the writer's data.
    pub breaking: bool,
}

impl SchemaChange {
    pub(super) fn of_key(mut self) -> Self {
        self.path = if self.path == "$value" {
            "$key".to_owned()
        } else {
            format!("$key.{}", self.path)
        };
        self
    }
}

/// Every change from the contract to the writer's schema, once.
pub(super) fn changes(writer: &Schema, contract: &Schema, asked: &Asked) -> Vec<SchemaChange> {
    let mut walk = Changes {
        writer,
        contract,
        asked,
        found: BTreeSet::new(),
        seen: BTreeSet::new(),
    };
    walk.node(writer.root, contract.root, &Path::default(), asked.renames.root());
    walk.found.into_iter().collect()
}

struct Changes<'a> {
    writer: &'a Schema,
    contract: &'a Schema,
    asked: &'a Asked,
    found: BTreeSet<SchemaChange>,
    seen: BTreeSet<(NodeId, NodeId)>,
}

impl Changes<'_> {
    fn add(&mut self, path: &Path, change: Change, breaking: bool) {
        let path = if path.0.is_empty() {
            "$value".to_owned()
        } else {
            path.to_string()
        };
        self.found.insert(SchemaChange { path, change, breaking });
    }

    fn node(&mut self, from: NodeId, to: NodeId, path: &Path, renames: At) {
        let (writer, contract) = (self.writer, self.contract);
        let (a, b) = (writer.node(from), contract.node(to));
        match (&a.kind, &b.kind) {
            (Kind::Union(_), _) | (_, Kind::Union(_)) => self.union(from, to, path, renames),
            (
                Kind::Record {
                    fields: from_fields, ..
                },
                Kind::Record { fields: to_fields, .. },
            ) => {
                // A type that was compared is not compared again, wherever else it stands.
                if self.seen.insert((from, to)) {
                    self.name(a, b, path);
                    self.record(from_fields, to_fields, path, renames);
                }
            }
            (Kind::Array(from), Kind::Array(to)) => {
                let renames = self.asked.renames.child(renames, &Segment::Items);
                self.node(*from, *to, &path.with(Segment::Items), renames);
            }
            (Kind::Map(from), Kind::Map(to)) => {
                let renames = self.asked.renames.child(renames, &Segment::Values);
                self.node(*from, *to, &path.with(Segment::Values), renames);
            }
            (
                Kind::Enum { symbols: written, .. },
                Kind::Enum {
                    symbols: known,
                    default,
                    ..
                },
            ) => {
                self.name(a, b, path);
                let (written, known): (BTreeSet<_>, BTreeSet<_>) = (written.iter().collect(), known.iter().collect());
                if written != known {
                    let readable = default.is_some() || written.is_subset(&known);
                    self.add(path, Change::Enum, !readable);
                }
            }
            _ => self.leaf(a, b, path),
        }
    }

    fn leaf(&mut self, from: &Node, to: &Node, path: &Path) {
        if from.type_word() != to.type_word() || size(from) != size(to) {
            self.add(path, Change::Type, !readable(from, to));
            return;
        }
        self.name(from, to, path);
        if from.logical != to.logical {
            let decimal = |logical| matches!(logical, Some(Logical::Decimal { .. }));
            self.add(path, Change::LogicalType, decimal(from.logical) && decimal(to.logical));
        }
    }

    /// Namespaces are no change; another last name is one.
    fn name(&mut self, from: &Node, to: &Node, path: &Path) {
        let (Some(from), Some(to)) = (from.names(), to.names()) else {
            return;
        };
        if unqualified(&from.full) != unqualified(&to.full) {
            let alias = from.aliases.contains(&to.full) || to.aliases.contains(&from.full);
            self.add(path, Change::Renamed, !alias);
        }
    }

    fn record(&mut self, from: &[RecordField], to: &[RecordField], path: &Path, renames: At) {
        let asked = self.asked;
        let found = matching::fields(from, to, |name| asked.renamed(renames, name));
        for (field, place) in to.iter().zip(&found) {
            let below = path.field(&field.name);
            let Some(other) = place.map(|place| &from[place]) else {
                if field.name == UNKNOWN {
                    continue;
                }
                self.add(&below, Change::Removed, field.default.is_none());
                continue;
            };
            if other.name != field.name {
                let alias = field.aliases.contains(&other.name) || other.aliases.contains(&field.name);
                self.add(&below, Change::Renamed, !alias && field.default.is_none());
            }
            if other.default != field.default {
                self.add(&below, Change::Default, false);
            }
            self.node(
                other.node,
                field.node,
                &below,
                asked.renames.field(renames, &other.name),
            );
        }
        for (i, field) in from.iter().enumerate() {
            if !found.contains(&Some(i)) && field.name != UNKNOWN {
                self.add(&path.field(&field.name), Change::Added, false);
            }
        }
    }

    fn union(&mut self, from: NodeId, to: NodeId, path: &Path, renames: At) {
        let (written, known) = (branches(self.writer, from), branches(self.contract, to));
        let (writer, contract) = (self.writer, self.contract);
        let mut readable_all = true;
        let mut same = written.len() == known.len();
        for a in &written {
            let node = writer.node(*a);
            let named = known
                .iter()
                .find(|b| unqualified(contract.node(**b).name()) == unqualified(node.name()));
            same &= named.is_some();
            let partner = named.or_else(|| known.iter().find(|b| readable(node, contract.node(**b))));
            match partner {
                Some(b) if named.is_some() => self.node(*a, *b, path, renames),
                Some(_) => {}
                None => readable_all = false,
            }
        }
        if !same {
            self.add(path, Change::Union, !readable_all);
        }
    }
}

/// The branches of a union; of anything else itself.
fn branches(schema: &Schema, id: NodeId) -> Vec<NodeId> {
    match &schema.node(id).kind {
        Kind::Union(branches) => branches.clone(),
        _ => vec![id],
    }
}

fn size(node: &Node) -> Option<usize> {
    match &node.kind {
        Kind::Fixed { size, .. } => Some(*size),
        _ => None,
    }
}

/// True where Avro's resolution lets a reader of the one type read the other, names and parts apart.
fn readable(from: &Node, to: &Node) -> bool {
    use Kind::{Bytes, Double, Float, Int, Long, Text};
    let promoted = matches!(
        (&from.kind, &to.kind),
        (Int, Long | Float | Double) | (Long, Float | Double) | (Float, Double) | (Text, Bytes) | (Bytes, Text)
    );
    let names = match (from.names(), to.names()) {
        (Some(from), Some(to)) => {
            unqualified(&from.full) == unqualified(&to.full)
                || from.aliases.contains(&to.full)
                || to.aliases.contains(&from.full)
        }
        _ => true,
    };
    promoted || (from.type_word() == to.type_word() && size(from) == size(to) && names)
}
