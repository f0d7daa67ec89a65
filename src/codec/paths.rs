//! Paths in a schema: whether one exists, what stands there, which is the nearest.

use super::mapping::Mapped;
use super::schema::{Kind, Logical, NodeId, Schema};
use crate::model::{Path, Segment};

/// What stands at a path, nulls apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// An array.
    Array,
    /// A map.
    Map,
    /// A record.
    Record,
    /// A number: int, long, float, double or decimal, without a time.
    Number,
    /// A date, a time or a timestamp.
    Time,
    /// Text, an enum's symbol or a UUID.
    Text,
    /// Bytes, fixed, boolean, null, or a union of several of these.
    Other,
}

/// How many paths of a schema are looked at for the nearest.
const LISTED_MAX: usize = 10_000;

impl Schema {
    /// What stands at a path; none where the schema has no such path.
    #[must_use]
    pub fn at(&self, path: &Path) -> Option<PathKind> {
        let nodes = self.nodes(path);
        let mut kinds = self
            .flat(&nodes)
            .into_iter()
            .filter(|node| !matches!(self.node(*node).kind, Kind::Null));
        let Some(first) = kinds.next() else {
            return (!nodes.is_empty()).then_some(PathKind::Other);
        };
        let first = self.kind(first);
        Some(if kinds.all(|other| self.kind(other) == first) {
            first
        } else {
            PathKind::Other
        })
    }

    /// True where values at a path may be mapped: text, symbols, whole numbers without annotation, booleans, or a union of
    /// some of those with others.
    #[must_use]
    pub fn is_mappable(&self, path: &Path) -> bool {
        let nodes = self.nodes(path);
        let mappable = |node: &NodeId| {
            let node = self.node(*node);
            matches!(node.kind, Kind::Enum { .. }) || Mapped::of(node).is_some()
        };
        self.flat(&nodes).iter().any(mappable)
    }

    /// The path of the schema that reads most like the one asked for.
    #[must_use]
    pub fn nearest(&self, path: &Path) -> Option<Path> {
        let asked = path.to_string();
        let likeness = |text: &str| strsim::jaro_winkler(&asked, text);
        let mut best: Option<(f64, Path)> = None;
        for path in self.paths() {
            let score = likeness(&path.to_string());
            if best.as_ref().is_none_or(|(other, _)| score > *other) {
                best = Some((score, path));
            }
        }
        best.filter(|(score, _)| *score > 0.6).map(|(_, path)| path)
    }

    /// The paths of a schema in its order, a recursive type once; the first ten thousand.
    #[must_use]
    pub fn paths(&self) -> Vec<Path> {
        let mut found = Vec::new();
        self.list(self.root, &Path::default(), &mut Vec::new(), &mut found);
        found
    }

    fn list(&self, id: NodeId, path: &Path, open: &mut Vec<NodeId>, found: &mut Vec<Path>) {
        let add = |below: Path, node: NodeId, open: &mut Vec<NodeId>, found: &mut Vec<Path>| {
            if found.len() < LISTED_MAX {
                found.push(below.clone());
                self.list(node, &below, open, found);
            }
        };
        match &self.node(id).kind {
            Kind::Record { fields, .. } if !open.contains(&id) && open.len() < 64 => {
                open.push(id);
                for field in fields {
                    add(path.field(&field.name), field.node, open, found);
                }
                open.pop();
            }
            Kind::Array(items) => add(path.with(Segment::Items), *items, open, found),
            Kind::Map(values) => add(path.with(Segment::Values), *values, open, found),
            Kind::Union(branches) => branches.iter().for_each(|branch| self.list(*branch, path, open, found)),
            _ => {}
        }
    }

    /// The nodes that stand at a path.
    fn nodes(&self, path: &Path) -> Vec<NodeId> {
        let step = |nodes: Vec<NodeId>, segment: &Segment| {
            let flat = self.flat(&nodes).into_iter();
            flat.flat_map(|node| self.step(node, segment)).collect()
        };
        path.0.iter().fold(vec![self.root], step)
    }

    /// The nodes with unions replaced by their branches.
    fn flat(&self, nodes: &[NodeId]) -> Vec<NodeId> {
        let branches = |id: &NodeId| match &self.node(*id).kind {
            Kind::Union(branches) => branches.clone(),
            _ => vec![*id],
        };
        nodes.iter().flat_map(branches).collect()
    }

    fn step(&self, id: NodeId, segment: &Segment) -> Option<NodeId> {
        match (&self.node(id).kind, segment) {
            (Kind::Record { fields, .. }, Segment::Field(name)) => {
                fields.iter().find(|field| field.name == *name).map(|field| field.node)
            }
            (Kind::Array(inner), Segment::Items) | (Kind::Map(inner), Segment::Values) => Some(*inner),
            _ => None,
        }
    }

    fn kind(&self, id: NodeId) -> PathKind {
        let node = self.node(id);
        match (&node.kind, node.logical) {
            (_, Some(Logical::Decimal { .. } | Logical::BigDecimal)) => PathKind::Number,
            (_, Some(Logical::Uuid)) => PathKind::Text,
            (Kind::Int | Kind::Long, Some(_)) => PathKind::Time,
            (Kind::Int | Kind::Long | Kind::Float | Kind::Double, _) => PathKind::Number,
            (Kind::Text | Kind::Enum { .. }, _) => PathKind::Text,
            (Kind::Array(_), _) => PathKind::Array,
            (Kind::Map(_), _) => PathKind::Map,
            (Kind::Record { .. }, _) => PathKind::Record,
            _ => PathKind::Other,
        }
    }
}
